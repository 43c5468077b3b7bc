"""CertificateSubjectRestriction: nobody asks for a client certificate of system:masters.

Upstream: plugin/pkg/admission/certificates/subjectrestriction. Of the request's ASN.1 only the subject is read; whether it is
well formed is the kind's to say.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from kplan.admission.refusal import forbidden
from kplan.admission.request import Plugin, Request
from kplan.api.reader import Reader

SIGNER = "kubernetes.io/kube-apiserver-client"
GROUP = "system:masters"
_ORGANIZATION = bytes((0x55, 0x04, 0x0A))
_BEGIN, _END = "-----BEGIN CERTIFICATE REQUEST-----", "-----END CERTIFICATE REQUEST-----"


class CertificateSubjectRestriction(Plugin):
    """Requests to the API server's client signer may not name the group system:masters."""

    name = "CertificateSubjectRestriction"
    kinds = frozenset({"CertificateSigningRequest.certificates.k8s.io"})

    def validate(self, request: Request, reader: Reader) -> None:
        """Look at the organizations of the subject."""
        if request.kind.group_kind not in self.kinds or request.operation != "CREATE" or request.subresource or request.object is None:
            return
        spec = request.object.get("spec") or {}
        if spec.get("signerName") == SIGNER and GROUP in organizations(spec.get("request") or ""):
            raise forbidden(request, f"use of {SIGNER} signer with {GROUP} group is not allowed")


def organizations(encoded: str) -> list[str]:
    """The organizations in the subject of a certificate request: base64 of PEM of DER, as `spec.request` has it."""
    try:
        pem = base64.b64decode(encoded).decode("ascii")
        der = base64.b64decode(pem.partition(_BEGIN)[2].partition(_END)[0])
        ((_, whole),) = _elements(der)
        (_, info), *_rest = _elements(whole)
        _version, (_, subject), *_rest = _elements(info)
        return [
            text.decode("utf-8", "replace")
            for _, names in _elements(subject)
            for _, attribute in _elements(names)
            for (_, oid), (_, text) in [_elements(attribute)]
            if oid == _ORGANIZATION
        ]
    except (ValueError, binascii.Error, IndexError):
        return []


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of the DER elements that follow each other in `data`."""
    position = 0
    while position < len(data):
        tag, length = data[position], data[position + 1]
        position += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[position : position + size], "big")
            position += size
        yield tag, data[position : position + length]
        position += length
