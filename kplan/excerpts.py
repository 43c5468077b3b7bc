"""The source lines around what diagnostics point at, as a report may show them: of a Secret the keys, never the values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from kplan.diagnostics import Diagnostic, Span
from kplan.diff import MASK
from kplan.manifests.manifest import Manifest

AROUND = 2  # lines before and after
MOST_BYTES = 16 << 20
LONGEST = 400  # characters of a line
HARMLESS = ("apiVersion", "kind", "metadata", "type", "immutable")  # fields of a Secret that may be shown
_ROOT = re.compile(r"[.\[]")
_VALUES = re.compile(r"[Dd]ata[\"']?\s*:|last-applied-configuration")
_PLAIN = re.compile(r"(?:apiVersion|kind)\s*:\s+[\w./-]+\s*$|\s*(?:metadata|labels|annotations|data|stringData)\s*:\s*$")
_SECRET = re.compile(r"(?<!\w)kind[\"']?\s*:\s*[\"']?Secret\b")
_KEY = re.compile(r"(\s*(?:-\s+)?[\w.\"'/-]+\s*:)\s*\S")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Consecutive lines of a source; `first` is the number of the first of them."""

    first: int
    lines: tuple[str, ...]

    def line(self, number: int) -> str | None:
        """One of them by its number."""
        index = number - self.first
        return self.lines[index] if 0 <= index < len(self.lines) else None


def excerpts(diagnostics: Iterable[Diagnostic], manifests: Iterable[Manifest]) -> dict[Span, Excerpt]:
    """An excerpt for each place that diagnostics point at and whose source can be read; it does not leave the YAML document."""
    parts: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        parts.setdefault(manifest.source, []).append(manifest)
    found: dict[Span, Excerpt] = {}
    for diagnostic in diagnostics:
        span = diagnostic.span
        if span is not None and span.line and span not in found:
            excerpt = _excerpt(span, parts.get(span.file, ()), diagnostic.path)
            if excerpt is not None:
                found[span] = excerpt
    return found


def _excerpt(span: Span, manifests: Iterable[Manifest], path: str) -> Excerpt | None:
    holding = None
    for manifest in manifests:
        first = manifest.document.line
        if first <= span.line <= first + manifest.document.text.count("\n"):
            holding = manifest.document
            secret = manifest.data.get("kind") == "Secret"
            if secret:
                break
    if holding is not None:
        lines, start = holding.text.replace("\r\n", "\n").split("\n"), holding.line
    else:
        lines, start, secret = list(_file(span.file)), 1, _in_secret(span)
    at = span.line - start
    if not 0 <= at < len(lines):
        return None
    low, high = max(0, at - AROUND), min(len(lines), at + AROUND + 1)
    while low < at and (not lines[low].strip() or any(_separates(x) for x in lines[low:at])):
        low += 1
    high = next((i for i in range(at + 1, high) if _separates(lines[i])), high)
    while high - 1 > at and not lines[high - 1].strip():
        high -= 1
    shown = [line.expandtabs(1)[:LONGEST] for line in lines[low:high]]
    if secret:
        shown = [_masked(line, path if low + i == at else "") for i, line in enumerate(shown)]
    return Excerpt(start + low, tuple(shown))


def _separates(line: str) -> bool:
    return line.startswith("---")


def _masked(line: str, path: str = "") -> str:
    """A line of a Secret, what stands at a field path on it: what names the object as it is, of anything else only its key."""
    if _ROOT.split(path)[0] in HARMLESS and not _VALUES.search(line):
        return line
    if not line.strip() or line.lstrip().startswith("#") or _PLAIN.match(line):
        return line
    key = _KEY.match(line)
    indent = line[: len(line) - len(line.lstrip())]
    return f"{key.group(1)} {MASK}" if key else line if line.rstrip().endswith(":") else indent + MASK


@lru_cache(maxsize=64)
def _file(name: str) -> tuple[str, ...]:
    """The lines of a file that is no manifest; none where it cannot be read (standard input, a folder)."""
    try:
        with open(name, "rb") as source:
            data = source.read(MOST_BYTES)
    except OSError:
        return ()
    return tuple(data.decode("utf-8", errors="replace").replace("\r\n", "\n").split("\n"))


@lru_cache(maxsize=64)
def _secrets(name: str) -> tuple[range, ...]:
    """The line numbers of the documents of a file that are Secrets, or have some among others."""
    found, first, secret = [], 1, False
    for number, line in enumerate((*_file(name), "---"), 1):
        if _separates(line):
            if secret:
                found.append(range(first, number))
            first, secret = number + 1, False
        elif _SECRET.search(line):
            secret = True
    return tuple(found)


def _in_secret(span: Span) -> bool:
    return any(span.line in lines for lines in _secrets(span.file))


def excerpt_of(span: Span, known: Mapping[Span, Excerpt], path: str = "") -> str | None:
    """The line that a span is on: as it was read, else as the file has it now; of a Secret not its values. `path`: the field that it is about."""
    excerpt = known.get(span)
    if excerpt is not None:
        return excerpt.line(span.line)
    lines = _file(span.file)
    if not 0 < span.line <= len(lines):
        return None
    line = lines[span.line - 1].expandtabs(1)
    return _masked(line, path) if _in_secret(span) else line
