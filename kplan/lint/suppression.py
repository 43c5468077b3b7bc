"""Findings that are accepted: by annotation on the object or its pod template, by a comment on the line, by the configuration.

    metadata:
      annotations:
        ignore.kplan.dev/latest-tag: pinned by the registry mirror       # this object; also on a pod template
        ignore-check.kube-linter.io/latest-tag: the same, in kube-linter's words
    image: web   # kplan: ignore=latest-tag -- pinned by the registry mirror

Rule names may be globs (`dangling-*`; in annotations `all`). Every suppression is counted, and one that suppresses nothing is told.
The annotations of other linters count too, for the rules that look for the same: `kube-linter.io/ignore-all`, `kube-score/ignore: a,b`,
`polaris.fairwinds.com/exempt: "true"`, `polaris.fairwinds.com/CHECK-exempt: "true"`; of these nobody is told that they are not needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from kplan.api.objects import Object, annotations_of
from kplan.api.ref import Ref
from kplan.config import Suppression
from kplan.diagnostics import Diagnostic, Severity, Span
from kplan.graph import pod_template
from kplan.manifests.manifest import Manifest

OWN, KUBE_LINTER, POLARIS = "ignore.kplan.dev/", "ignore-check.kube-linter.io/", "polaris.fairwinds.com/"
COMMENT = re.compile(r"#\s*kplan:\s*ignore=(?P<rules>[\w/*,.-]+)(?:\s+--\s*(?P<reason>.*))?")
NEVER = ("yaml/syntax", "manifests/")  # what cannot be read cannot be accepted


@dataclass(slots=True)
class Accepted:
    """One suppression. `where` is its own place; `line` (file, line) for comments, `ref` for annotations, `globs` for the configuration.

    `foreign`: it speaks to another linter.
    """

    rule: str
    reason: str
    where: Span | None
    ref: Ref | None = None
    line: tuple[str, int] | None = None
    globs: Suppression | None = None
    foreign: bool = False
    used: int = 0

    def covers(self, diagnostic: Diagnostic) -> bool:
        """Whether a finding is accepted by this."""
        if not fnmatchcase(diagnostic.rule, self.rule) or diagnostic.rule.startswith(NEVER):
            return False
        span, ref = diagnostic.span, diagnostic.ref
        if self.line is not None:
            return span is not None and (span.file, span.line) == self.line
        if self.ref is not None:
            return ref == self.ref
        globs = self.globs
        assert globs is not None
        subject = ref or Ref("", "", "", "")
        return (
            fnmatchcase(subject.kind, globs.kind)
            and fnmatchcase(subject.namespace, globs.namespace)
            and fnmatchcase(subject.name, globs.name)
            and fnmatchcase(diagnostic.path, globs.path.replace("[", "[[]"))
            and fnmatchcase(span.file if span else "", globs.file)
        )


@dataclass(slots=True)
class Suppressions:
    """All suppressions of a run. `peers`: what other linters' checks are called here."""

    peers: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    accepted: list[Accepted] = field(default_factory=list)

    def add_config(self, suppressions: Iterable[Suppression], file: str) -> None:
        """Those of kplan.yaml."""
        self.accepted += [Accepted(s.rule, s.reason, Span(file, s.line), globs=s) for s in suppressions]

    def add_manifest(self, ref: Ref, manifest: Manifest) -> None:
        """Those that a manifest carries."""
        data = manifest.data
        holders: list[tuple[str, Object]] = [("metadata", data)]
        template = pod_template(data) if isinstance(data.get("spec"), dict) else None
        if template is not None and template is not data:
            holders.append(("spec.template.metadata", template))
        for path, holder in holders:
            notes = annotations_of(holder) if isinstance(holder.get("metadata"), dict) else {}
            for key, reason in notes.items() if isinstance(notes, dict) else ():
                for rule, foreign in self._annotated(key, reason):
                    where = manifest.locate(f"{path}.annotations[{key}]")
                    self.accepted.append(Accepted(rule, str(reason), where, ref=ref, foreign=foreign))

    def _annotated(self, key: object, value: object) -> Iterator[tuple[str, bool]]:
        """(rule, whether it speaks to another linter) for each rule that an annotation suppresses."""
        if not isinstance(key, str):
            return
        if key.startswith(OWN):
            name = key.removeprefix(OWN)
            yield ("*" if name == "all" else name), False
        elif key.startswith(KUBE_LINTER):
            name = key.removeprefix(KUBE_LINTER)
            yield from (("*" if n == "all" else n, True) for n in self.peers.get(("kube-linter", name), (name,)))
        elif key == "kube-linter.io/ignore-all" or (key == f"{POLARIS}exempt" and value == "true"):
            yield "*", True
        elif key == "kube-score/ignore":
            for name in str(value).split(","):
                yield from ((n, True) for n in self.peers.get(("kube-score", name.strip()), ()))
        elif key.startswith(POLARIS) and key.endswith("-exempt") and value == "true":
            yield from ((n, True) for n in self.peers.get(("Polaris", key.removeprefix(POLARIS).removesuffix("-exempt")), ()))

    def add_comments(self, manifest: Manifest) -> None:
        """Those that stand in comments of a manifest's document."""
        text = manifest.document.text
        if "kplan:" not in text:
            return
        known = {(a.rule, a.line) for a in self.accepted if a.line is not None}
        for number, line in enumerate(text.split("\n")):
            match = COMMENT.search(line)
            if match is None:
                continue
            at = manifest.document.line + number
            for rule in match["rules"].split(","):
                where = Span(manifest.source, at, match.start() + 1)
                if (rule, (manifest.source, at)) not in known:
                    known.add((rule, (manifest.source, at)))
                    self.accepted.append(Accepted(rule, match["reason"] or "", where, line=(manifest.source, at)))

    def split(self, diagnostics: Sequence[Diagnostic]) -> tuple[list[Diagnostic], list[Diagnostic]]:
        """(those that stay, those that are accepted)."""
        kept, gone = [], []
        everywhere = [a for a in self.accepted if a.globs is not None]
        placed: dict[object, list[Accepted]] = {}
        for accepted in self.accepted:
            if accepted.globs is None:
                placed.setdefault(accepted.line or accepted.ref, []).append(accepted)
        for diagnostic in diagnostics:
            span = diagnostic.span
            near = (*placed.get((span.file, span.line) if span else None, ()), *placed.get(diagnostic.ref, ()), *everywhere)
            found = next((a for a in near if a.covers(diagnostic)), None)
            if found is None:
                kept.append(diagnostic)
            else:
                found.used += 1
                gone.append(diagnostic)
        return kept, gone

    def unused(self, known: frozenset[str]) -> Iterable[Diagnostic]:
        """Suppressions that suppressed nothing. `known` are the rules that ran: others may have had something to say."""
        for accepted in self.accepted:
            if not accepted.used and not accepted.foreign and (accepted.rule in known or "*" in accepted.rule):
                message = f'nothing to suppress: "{accepted.rule}" finds nothing here'
                yield Diagnostic("unused-suppression", Severity.NOTE, message, accepted.ref, "", accepted.where, "remove it")
