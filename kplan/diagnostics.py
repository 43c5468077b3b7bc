"""What any stage has to say: one type for parse errors, refusals, findings and simulation outcomes.

A stage yields diagnostics and never prints them; `kplan.report` draws them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kplan.api.ref import Ref


class Severity(enum.IntEnum):
    """How much a diagnostic weighs; `--fail-on` compares these."""

    NOTE = 1
    WARNING = 2
    ERROR = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place in a source: `file` as the user named it, `line` and `column` from 1 (0: unknown)."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing to say.

    `rule` is its stable name (`yaml/syntax`, `field/invalid`, `dangling-service`), `path` the field path as Kubernetes
    writes it (`spec.template.spec.containers[0].image`), `hint` the remedy as an imperative, `related` other
    places that belong to it, each with a few words.
    """

    rule: str
    severity: Severity
    message: str
    ref: Ref | None = None
    path: str = ""
    span: Span | None = None
    hint: str = ""
    related: tuple[tuple[Span, str], ...] = ()
