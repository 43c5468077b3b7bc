"""What linting finds."""

from __future__ import annotations

from dataclasses import dataclass, field

from kplan.diagnostics import Diagnostic, Severity


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
