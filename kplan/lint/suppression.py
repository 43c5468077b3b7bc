"""Findings that are accepted: by annotation on the object or its pod template, by a comment on the line, by the configuration.

    metadata:
      annotations:
        ignore.kplan.dev/latest-tag: pinned by the registry mirror       # this object; also on a pod template
        ignore-check.kube-linter.io/latest-tag: the same, in kube-linter's words
    image: web   # kplan: ignore=latest-tag -- pinned by the registry mirror

Rule names may be globs (`dangling-*`; in annotations `all`). Every suppression is counted, and one that suppresses nothing is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from kplan.api.objects import Object, annotations_of
from kplan.api.ref import Ref
from kplan.config import Suppression
from kplan.diagnostics import Diagnostic, Severity, Span
from kplan.graph import pod_template
from kplan.manifests.manifest import Manifest

PREFIXES = ("ignore.kplan.dev/", "ignore-check.kube-linter.io/")
COMMENT = re.compile(r"#\s*kplan:\s*ignore=(?P<rules>[\w/*,.-]+)(?:\s+--\s*(?P<reason>.*))?")
NEVER = ("yaml/syntax", "manifests/")  # what cannot be read cannot be accepted


@dataclass(slots=True)
class Accepted:
    """One suppression. `where` is its own place; `lines` (file, line) for comments, `ref` for annotations, `globs` for the configuration."""

    rule: str
    reason: str
    where: Span | None
    ref: Ref | None = None
    line: tuple[str, int] | None = None
    globs: Suppression | None = None
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
    """All suppressions of a run."""

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
                prefix = next((p for p in PREFIXES if isinstance(key, str) and key.startswith(p)), None)
                if prefix is not None:
                    rule = key.removeprefix(prefix)
                    self.accepted.append(Accepted("*" if rule == "all" else rule, str(reason), manifest.locate(f"{path}.annotations[{key}]"), ref=ref))

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
            if not accepted.used and (accepted.rule in known or "*" in accepted.rule):
                message = f'nothing to suppress: "{accepted.rule}" finds nothing here'
                yield Diagnostic("unused-suppression", Severity.NOTE, message, accepted.ref, "", accepted.where, "remove it")
