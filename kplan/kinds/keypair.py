"""Whether the certificate and the key of a TLS Secret can be read.

Upstream: crypto/tls.X509KeyPair, of which only the PEM part is here: that the blocks are there, that certificate and key
are DER sequences. What x509 says of a broken certificate or key, and whether the two belong together, is left out.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable

_BLOCK = re.compile(rb"(?:^|\n)-----BEGIN ([^\n]*?)-----[ \t\r]*\n(.*?)\n?-----END \1-----[ \t\r]*(?=\n|$)", re.DOTALL)


def key_pair_error(certificate: bytes, key: bytes) -> str:
    """What is wrong, or the empty string."""
    blocks, skipped = _blocks(certificate, lambda kind: kind == "CERTIFICATE")
    if not blocks:
        if not skipped:
            return "tls: failed to find any PEM data in certificate input"
        if len(skipped) == 1 and skipped[0].endswith("PRIVATE KEY"):
            return "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched"
        return f'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [{" ".join(skipped)}]'
    keys, skipped = _blocks(key, lambda kind: kind == "PRIVATE KEY" or kind.endswith(" PRIVATE KEY"))
    if not keys:
        if not skipped:
            return "tls: failed to find any PEM data in key input"
        if len(skipped) == 1 and skipped[0] == "CERTIFICATE":
            return "tls: found a certificate rather than a key in the PEM for the private key"
        found = " ".join(skipped)
        return f'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [{found}]'
    length = _sequence_length(blocks[0])
    if length is None or length > len(blocks[0]):
        return "x509: malformed certificate"
    if length < len(blocks[0]):
        return "x509: trailing data"
    return "" if _sequence_length(keys[0]) == len(keys[0]) else "tls: failed to parse private key"


def _sequence_length(der: bytes) -> int | None:
    """Bytes of a DER sequence, its head included; None of anything else."""
    if len(der) < 2 or der[0] != 0x30:
        return None
    if der[1] < 0x80:
        return 2 + der[1]
    count = der[1] & 0x7F
    return 2 + count + int.from_bytes(der[2 : 2 + count]) if 0 < count <= 4 and len(der) >= 2 + count else None


def _blocks(text: bytes, wanted: Callable[[str], bool]) -> tuple[list[bytes], list[str]]:
    found, skipped = [], []
    for match in _BLOCK.finditer(text):
        kind, body = match[1].decode(errors="replace"), match[2]
        head, blank, rest = body.partition(b"\n\n")
        try:
            data = base64.b64decode(b"".join((rest if blank and b":" in head else body).split()), validate=True)
        except binascii.Error:
            continue
        if wanted(kind):
            found.append(data)
        else:
            skipped.append(kind)
    return found, skipped


def certificate_bundle_error(bundle: str) -> str:
    """What is wrong with certificate authorities given in base64; empty where nothing.   Upstream: webhook.ValidateCABundle, cert.ParseCertsPEM."""
    blocks, _ = _blocks(base64.b64decode(bundle), lambda kind: kind == "CERTIFICATE")
    if not blocks:
        return "unable to load root certificates: unable to parse bytes as PEM block"
    return "" if all(_sequence_length(block) == len(block) for block in blocks) else "unable to load root certificates: x509: malformed certificate"
