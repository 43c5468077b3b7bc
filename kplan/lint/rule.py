"""What a rule is: a generator over one object, with a name, a severity and a docstring that is its documentation."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.graph import Edge, Graph
from kplan.manifests.manifest import Manifest


class Finding(NamedTuple):
    """What a rule says of the object it looks at. `related` names other objects, whose places are shown too."""

    path: str
    message: str
    hint: str = ""
    severity: Severity | None = None
    related: tuple[tuple[Ref, str, str], ...] = ()  # (object, its field path, a few words)


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may look at besides its object. `edges` are those that start at the object of a ref."""

    graph: Graph
    edges: dict[Ref, tuple[Edge, ...]]
    manifests: dict[Ref, Manifest]
    version: str


Check = Callable[[Ref, Object, Context], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `kinds` are group-kinds (empty: all); its documentation is the docstring of `check`."""

    name: str
    severity: Severity
    check: Check
    kinds: tuple[str, ...] = ()

    @property
    def documentation(self) -> str:
        """Summary, Why, Example, Fix, Upstream."""
        return inspect.cleandoc(self.check.__doc__ or "")


def rule(name: str, severity: Severity, kinds: tuple[str, ...] = ()) -> Callable[[Check], Rule]:
    """Make a rule of a generator function."""
    return lambda check: Rule(name, severity, check, kinds)
