"""The manifests of files, folders, globs and standard input, and what is wrong with any of them.

One document never hides the others, and one file never hides the others: whatever cannot be read is a diagnostic. Kustomizations and charts are
rendered, or reported once as not rendered; each kustomization (one that no other pulls in) is a cluster of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from kplan.diagnostics import Diagnostic, Severity, Span
from kplan.manifests import helm, kustomize, recognise
from kplan.manifests.discovery import CHART, KUSTOMIZATIONS, STDIN, Found, Unrendered, discover, is_component, problem
from kplan.manifests.documents import Document
from kplan.manifests.errors import YamlError
from kplan.manifests.files import Read, parallel, read_files, read_text
from kplan.manifests.manifest import Manifest, first_line
from kplan.manifests.objects import check, listed
from kplan.manifests.rendering import Rendered, Rendering, together

MAX_BYTES = 64 << 20
MAX_DEPTH = 500
_RENDER = {
    "kustomization": "install one of them, or render it and read the result: kubectl kustomize {path} | kplan … -",
    "chart": "install it, or render the chart and read the result: helm template {path} | kplan … -",
}


@dataclass(frozen=True, slots=True)
class Skipped:
    """A YAML document that is no manifest, such as Helm values or a CI workflow."""

    source: str
    line: int


@dataclass(frozen=True, slots=True)
class Sources:
    """What the given paths hold, in an order that does not depend on theirs.

    `opaque` are manifests whose kind and name may be known and whose content is not: encrypted, or with placeholders. `unread` are the kinds that
    stand in documents that could not be read; the empty text where a document does not let that be seen. `overlays` are the kustomizations that were
    rendered, `charts` the folders of Helm charts that were, or were to be.
    """

    manifests: tuple[Manifest, ...]
    opaque: tuple[Manifest, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    files: int = 0
    documents: int = 0
    overlays: tuple[str, ...] = ()
    charts: tuple[str, ...] = ()
    unread: frozenset[str] = frozenset()

    def clusters(self) -> tuple[tuple[str, Sources], ...]:
        """What goes to one cluster, by name: each of several overlays with all that is no overlay; else everything, without a name."""
        if len(self.overlays) < 2:
            return (("", self),)
        return tuple((overlay, self._without({o for o in self.overlays if o != overlay}, overlay)) for overlay in self.overlays)

    def _without(self, others: set[str], overlay: str) -> Sources:
        kept = tuple(m for m in self.manifests if m.render not in others)
        opaque = tuple(m for m in self.opaque if m.render not in others)
        return replace(self, manifests=kept, opaque=opaque, overlays=(overlay,))


@dataclass(slots=True)
class _Reading:
    manifests: list[Manifest] = field(default_factory=list)
    opaque: list[Manifest] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    files: int = 0
    documents: int = 0
    overlays: list[str] = field(default_factory=list)
    known: dict[str, Document] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)


def load(
    paths: Sequence[str],
    exclude: Sequence[str] = (),
    stdin: str | bytes | None = None,
    max_bytes: int = MAX_BYTES,
    max_depth: int = MAX_DEPTH,
    rendering: Rendering | None = None,
    jobs: int = 1,
) -> Sources:
    """All manifests of the paths; `-` stands for `stdin`. A file of more than `max_bytes` is not read. Charts are rendered as `rendering` says.

    `jobs`: how many processes may work at once (0: as many as there are processors).
    """
    reading, jobs = _Reading(), parallel(jobs)
    found: Found = discover(paths, exclude)
    reading.diagnostics.extend(found.diagnostics)
    files = read_files(found.files, max_bytes, max_depth, jobs, reading.known)
    for (path, named), read in zip(found.files.items(), files, strict=True):
        _take(reading, path, read, named)
    if "-" in paths:
        _take(reading, STDIN, read_text(STDIN, stdin or b"", max_depth, reading.known), True)
    asked = {os.path.normpath(os.path.dirname(p) if os.path.basename(p) in (CHART, *KUSTOMIZATIONS) else p) for p in paths}
    rendered = together([_renderer(folder, rendering or Rendering()) for folder in found.unrendered], jobs)
    for folder, result in zip(found.unrendered, rendered, strict=True):
        _render(reading, folder, result, folder.path in asked or not (found.files or is_component(folder.path)), max_depth)
    return Sources(
        tuple(reading.manifests),
        tuple(reading.opaque),
        tuple(reading.diagnostics),
        tuple(reading.skipped),
        reading.files,
        reading.documents,
        tuple(reading.overlays),
        tuple(folder.path for folder in found.unrendered if folder.kind == "chart"),
        frozenset(reading.unread),
    )


def _renderer(folder: Unrendered, rendering: Rendering) -> Callable[[], Rendered]:
    return partial((helm if folder.kind == "chart" else kustomize).render, folder.path, rendering)


def _render(reading: _Reading, folder: Unrendered, rendered: Rendered, named: bool, max_depth: int) -> None:
    """Reads what a kustomization or chart renders to. That it cannot be rendered is an error if it was asked for, or a tool that is there fails.

    A component that no kustomization pulls in is not broken by that.
    """
    chart = folder.kind == "chart"
    if rendered.problem:
        severity = Severity.ERROR if named or rendered.tried else Severity.WARNING
        if not chart and not named and is_component(folder.path):
            severity = Severity.NOTE
        hint = rendered.hint if rendered.tried or rendered.hint else _RENDER[folder.kind].format(path=folder.path)
        message = f'"{folder.path}" is a {"Helm chart" if chart else "kustomization"} and was not rendered: {rendered.problem}'
        reading.diagnostics.append(problem("not-rendered", folder.path, message, severity, hint))
        return
    if not chart:
        reading.overlays.append(folder.path)
    origins = None if chart else kustomize.origins(folder.path)
    before = len(reading.manifests), len(reading.opaque)
    _take(reading, folder.path, read_text(folder.path, rendered.text, max_depth, reading.known), False)
    for found, first in ((reading.manifests, before[0]), (reading.opaque, before[1])):
        for at in range(first, len(found)):
            source = helm.source_of(found[at].document.text, folder.path) if origins is None else origins.of(found[at].data)
            found[at] = replace(found[at], source=source, line=0, render=folder.path)


def _take(reading: _Reading, source: str, found: Read, named: bool) -> None:
    """Sorts one file's documents into `reading`."""
    if isinstance(found, Diagnostic):
        reading.files += found.rule == "manifests/binary"
        reading.diagnostics.append(found)
        return
    reading.files += 1
    index, read, template = 0, 0, False
    objects = len(reading.manifests) + len(reading.opaque)
    for document in found.documents:
        if document.error is None and document.value is None:
            continue
        reading.documents += 1
        read += 1
        if document.error:
            at = recognise.template(document.text, document.error.line - document.line + 1)
            if not named and (at is not None or source.endswith(".json")) and not recognise.may_be_manifest(document.text):
                reading.skipped.append(Skipped(source, document.line))
                continue
            reading.unread |= recognise.kinds_in(document.text)
            if at is None or _limit(document.error):
                reading.diagnostics.append(_syntax(source, document, document.error))
            elif not template:
                template = True
                reading.diagnostics.append(_template(source, document, at))
        elif not recognise.is_manifest(document.value):
            line = first_line(document)
            reading.skipped.append(Skipped(source, line))
            if named:
                message = "not a Kubernetes manifest: no apiVersion and kind"
                reading.diagnostics.append(Diagnostic("manifests/not-a-manifest", Severity.ERROR, message, span=Span(source, line, 1)))
        else:
            marked = recognise.marked(document.text) or "sops" in document.value
            for manifest in _manifests(source, document, index, reading.diagnostics):
                index = manifest.index + 1
                if marked:
                    _sort_out(reading, manifest)
                else:
                    reading.manifests.append(manifest)
    if found.misread is not None and len(reading.manifests) + len(reading.opaque) > objects:  # other texts are nobody's business
        reading.diagnostics.append(found.misread)
    if named and not read:
        reading.diagnostics.append(problem("none-found", source, "no objects found"))


def _manifests(source: str, document: Document, index: int, diagnostics: list[Diagnostic]) -> Iterator[Manifest]:
    """The objects of a document; those that kubectl would refuse become diagnostics."""
    line = first_line(document)
    whole = Manifest(source, index, line, document.value, document)
    parts: list[tuple[str, Any]] = [("", document.value)]
    if "items" in document.value:
        try:
            parts = [(f"items[{number}]", item) for number, item in enumerate(listed(document.value))]
            check({name: value for name, value in document.value.items() if name != "items"})
        except YamlError as error:
            diagnostics.append(_refused(whole, error))
            return
    for place, data in parts:
        manifest = Manifest(source, index, line, data, document, place)
        try:
            check(data, item=bool(place))
        except YamlError as error:
            diagnostics.append(_refused(manifest, error))
            continue
        if not data.get("apiVersion"):  # read without complaint, and then found by nobody
            message = f'no matches for kind "{data["kind"]}" in version ""'
            diagnostics.append(Diagnostic("manifests/object", Severity.ERROR, message, None, "apiVersion", manifest.locate(), "set apiVersion"))
            continue
        yield manifest
        index += 1


def _sort_out(reading: _Reading, manifest: Manifest) -> None:
    if recognise.encrypted(manifest.data):
        message = "encrypted with SOPS: its content is not checked"
        hint = "decrypt it before: sops -d FILE | kplan … -"
        reading.diagnostics.append(Diagnostic("manifests/encrypted", Severity.WARNING, message, span=manifest.locate(), hint=hint))
        reading.opaque.append(manifest)
        return
    found = recognise.placeholders(manifest.data)
    if not found:
        reading.manifests.append(manifest)
        return
    spans = [(manifest.locate(path), f"{path}: {value}") for path, value in found[:10]]
    message = f'"{found[0][1]}" is a placeholder that something else fills in: the manifest is not checked'
    hint = "render it before (envsubst, helm template, kustomize build, …)"
    reading.diagnostics.append(
        Diagnostic("manifests/placeholder", Severity.WARNING, message, None, found[0][0], spans[0][0], hint, tuple(spans[1:]))
    )
    reading.opaque.append(manifest)


def _limit(error: YamlError) -> bool:
    return error.message.startswith(("exceeded max depth", "json: exceeded", "document contains excessive"))


def _syntax(source: str, document: Document, error: YamlError) -> Diagnostic:
    rule = "yaml/limit" if _limit(error) else "yaml/syntax"
    span = Span(source, error.line or document.line, error.column or 1)
    return Diagnostic(rule, Severity.ERROR, error.message, span=span, hint=_hint(error, document))


def _hint(error: YamlError, document: Document) -> str:
    """What most often helps."""
    lines = document.text.split("\n")
    number = error.line - document.line
    line = lines[number] if 0 <= number < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "indent with spaces: YAML takes no tabs"
    if "mapping values are not allowed" in error.message:
        return "check the indentation, or quote the value that holds ': '"
    if "cannot start any token" in error.message:
        return "quote the value: it starts with a character that YAML reserves"
    if "end of stream" in error.message and "scalar" not in error.message:
        return "a quote is not closed"
    if "invalid Yaml document separator" in error.message:
        return "put the document on the lines after ---"
    if "did not find expected key" in error.message or "could not find expected ':'" in error.message:
        return "check the indentation of this line and those before it"
    return ""


def _template(source: str, document: Document, at: int) -> Diagnostic:
    line = document.line + document.text.count("\n", 0, at)
    column = at - document.text.rfind("\n", 0, at)
    message = "a template, not a manifest: it was not read"
    hint = "render it before (helm template, jinja, envsubst, …) and read the result"
    return Diagnostic("manifests/template", Severity.WARNING, message, span=Span(source, line, column), hint=hint)


def _refused(manifest: Manifest, error: YamlError) -> Diagnostic:
    return Diagnostic("manifests/object", Severity.ERROR, error.message, None, error.path, manifest.locate(error.path))
