"""A manifest: one object, and where it was read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from kplan.api.objects import Object
from kplan.diagnostics import Span
from kplan.manifests import blocks
from kplan.manifests.documents import Document
from kplan.manifests.positions import Place, find, segments, tree
from kplan.manifests.templates import place_in

_BEFORE = re.compile(r"(?:[ \t]*(?:#.*)?\n|---.*\n|%.*\n)*")


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object of a source: `source` as the user named it, `index` counting its objects from 0, `line` from 1.

    `place` is the path of a list's item inside its document, such as `items[3]`; `render` the kustomization or chart that it was rendered from
    (its `line` is 0 then, and its places are those in `source` that can be told).
    """

    source: str
    index: int
    line: int
    data: Object
    document: Document = field(repr=False, compare=False)
    place: str = ""
    render: str = ""

    def locate(self, path: str = "", key: bool = False) -> Span:
        """Where the value at a field path stands, or (for unknown and duplicate fields) its key.

        A field that is missing is located at its nearest parent's key. Paths are those of diagnostics:
        `spec.containers[0].image`, `metadata.labels[a.b/c]`; the empty path is the object.
        """
        whole = self.place + ("." if self.place and path[:1] not in ("", "[", ".") else "") + path
        plain = blocks.place(self.document.text, whole, key) if self.document.ordinary else None
        if plain is not None:
            return _span(self, plain)
        last_wins = self.document.repeated or "<<" in self.document.text
        found = tree(self.document.text, None if last_wins else next(iter(segments(whole)), ""))
        if found is None:
            return Span(self.source, self.line)
        return _span(self, find(found.root, whole, key))


def first_line(document: Document) -> int:
    """The line of a document's first token, from 1."""
    before = _BEFORE.match(document.text)
    return document.line + (document.text.count("\n", 0, before.end()) if before and before.end() < len(document.text) else 0)


def duplicates(manifest: Manifest) -> list[tuple[str, Span, Span]]:
    """The keys that a manifest has twice: path, first and second place; those of a list's items only in the item's manifest."""
    if not manifest.document.repeated:
        return []
    found = tree(manifest.document.text)
    result = []
    for path, first, second in found.duplicates if found else ():
        inner = path.removeprefix(manifest.place)
        if manifest.place and (inner == path or inner[0] not in ".["):
            continue
        result.append((inner.removeprefix("."), _span(manifest, first), _span(manifest, second)))
    return result


def _span(manifest: Manifest, place: Place) -> Span:
    if manifest.render:
        return Span(manifest.source, *place_in(manifest.source, manifest.document.text.split("\n")[place.line - 1]))
    return Span(manifest.source, manifest.document.line - 1 + place.line, place.column)
