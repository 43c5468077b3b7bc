"""What linting finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from kplan.api.ref import Ref
from kplan.diagnostics import Diagnostic, Severity, Span

DUPLICATE = "duplicate-object"


@dataclass(frozen=True, slots=True)
class Findings:
    """What linting found. `objects` counts the manifests looked at, `kinds` how many of each."""

    diagnostics: tuple[Diagnostic, ...]
    objects: int
    kinds: dict[str, int]
    suppressed: int = 0
    times: dict[str, float] = field(default_factory=dict)

    def worst(self) -> Severity | None:
        """The highest severity, None if there is nothing."""
        return max((d.severity for d in self.diagnostics), default=None)


def together(found: Sequence[Findings]) -> Findings:
    """What was found for several clusters, each finding once; a suppression is unused if none of them needs it."""
    told = dict.fromkeys(d for findings in found for d in findings.diagnostics)
    most: dict[Ref | None, Diagnostic] = {}  # an object that each cluster has once more: the finding with the most places says it all
    for d in sorted((d for d in told if d.rule == DUPLICATE), key=lambda d: (d.severity, len(d.related))):
        most[d.ref] = d
    told = dict.fromkeys(d for d in told if d.rule != DUPLICATE or d is most[d.ref])
    kept = [d for d in told if d.rule != "unused-suppression" or all(d in findings.diagnostics for findings in found)]
    kinds = sum((Counter(findings.kinds) for findings in found), Counter[str]())
    objects, suppressed = sum(f.objects for f in found), sum(f.suppressed for f in found)
    return Findings(tuple(sorted(kept, key=in_order)), objects, dict(sorted(kinds.items())), suppressed)


def in_order(diagnostic: Diagnostic) -> tuple[Any, ...]:
    """By place, the gravest first."""
    span = diagnostic.span or Span("")
    return (span.file, span.line, span.column, -diagnostic.severity, diagnostic.rule, diagnostic.path, diagnostic.message)


__all__ = ["DUPLICATE", "Findings", "in_order", "together"]
