"""Two plans of the same manifests side by side: what one says and the other does not, and objects that come out differently."""

from __future__ import annotations

from dataclasses import dataclass

from kplan.api.ref import Ref
from kplan.diagnostics import Diagnostic
from kplan.diff import Change, FieldChange, fields_of
from kplan.plan import Plan


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a `second` plan differs from a `first`. `fields` are those in which an object of both comes out differently."""

    first: str
    second: str
    lost: tuple[Diagnostic, ...]
    found: tuple[Diagnostic, ...]
    only_first: tuple[Change, ...]
    only_second: tuple[Change, ...]
    fields: tuple[tuple[Ref, tuple[FieldChange, ...]], ...]

    @property
    def same(self) -> bool:
        """Nothing differs."""
        return not (self.lost or self.found or self.only_first or self.only_second or self.fields)


def compare(first: Plan, second: Plan) -> Comparison:
    """Compare two plans; what controllers made of the stated objects is left out where its object differs already."""
    one, other = ({(c.ref, c.action): c for c in p.changes if c.cause is None} for p in (first, second))
    differing = []
    for key in sorted(one.keys() & other.keys()):
        before, after = one[key].after, other[key].after
        if before is not None and after is not None:
            fields = tuple(f for f in fields_of(before, after) if not f.path.startswith("status"))
            if fields:
                differing.append((key[0], fields))
    return Comparison(
        first.version,
        second.version,
        tuple(d for d in first.diagnostics if d not in second.diagnostics),
        tuple(d for d in second.diagnostics if d not in first.diagnostics),
        tuple(one[k] for k in sorted(one.keys() - other.keys())),
        tuple(other[k] for k in sorted(other.keys() - one.keys())),
        tuple(differing),
    )
