"""Bytes that are no text, or not the text that they were meant to be.

kubectl reads UTF-8, and UTF-16 after a byte order mark; what is neither it takes for U+FFFD without a word (upstream: FileVisitor in
k8s.io/cli-runner/pkg/resource/visitor.go decodes with golang.org/x/text/encoding/unicode). So does kplan, and says so.
"""

from __future__ import annotations

from kplan.diagnostics import Diagnostic, Severity, Span

UTF_16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_MARK = b"\xef\xbb\xbf"
_LOOKED_AT = 8192


def is_binary(data: bytes) -> bool:
    """Whether bytes are no text at all."""
    return b"\0" in data[:_LOOKED_AT] and data[:2] not in UTF_16


def misread(source: str, data: bytes) -> Diagnostic | None:
    """The first of the bytes that is read as U+FFFD, at its line and column (in characters, from 1); None where there is none."""
    name = UTF_16.get(data[:2], "utf-8")
    text = data[2:] if data[:2] in UTF_16 else data.removeprefix(_MARK)
    try:
        text.decode(name)
    except UnicodeDecodeError as error:
        before = text[: error.start].decode(name)
        span = Span(source, before.count("\n") + 1, len(before) - before.rfind("\n"))
        said = f'the byte 0x{text[error.start]:02X} is not {name.upper()}: kubectl reads "\ufffd" (U+FFFD) instead of it, here and wherever there are others'
        return Diagnostic("manifests/encoding", Severity.WARNING, said, span=span, hint="save the file as UTF-8: iconv -f latin1 -t utf-8 FILE")
    return None


__all__ = ["UTF_16", "is_binary", "misread"]
