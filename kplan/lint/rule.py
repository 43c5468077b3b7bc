"""What a rule is: a generator over one object, with a name, a severity and a docstring that is its documentation."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

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


Check = Callable[..., Iterable[Finding]]  # (ref, object, context, *, options)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `kinds` are group-kinds (empty: all); its documentation is the docstring of `check`, its options are the keyword
    parameters of `check`. `profile` is the smallest that has it; `whole`: it looks for what is not there, so it needs the whole input.
    """

    name: str
    severity: Severity
    check: Check
    kinds: tuple[str, ...] = ()
    profile: str = "default"
    whole: bool = False

    @property
    def options(self) -> dict[str, Any]:
        """The options with their defaults."""
        parameters = inspect.signature(self.check).parameters.values()
        return {p.name: p.default for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}

    @property
    def documentation(self) -> str:
        """Summary, Why, Example, Fix, Upstream."""
        return inspect.cleandoc(self.check.__doc__ or "")


def rule(name: str, severity: Severity, kinds: tuple[str, ...] = (), *, profile: str = "default", whole: bool = False) -> Callable[[Check], Rule]:
    """Make a rule of a generator function."""
    return lambda check: Rule(name, severity, check, kinds, profile, whole)
