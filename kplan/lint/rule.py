"""What a rule is: a generator over one object, with a name, a severity and a docstring that is its documentation."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from kplan.api.objects import Object, controller_of
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.graph import REFERS, SELECTS, Edge, Graph
from kplan.kinds import Reference
from kplan.lint.operators import makes_pods
from kplan.lint.pods import WORKLOADS, Container, Pods, pods_of
from kplan.lint.unseen import Unseen
from kplan.manifests.manifest import Manifest

RENAME, QUOTE, UNQUOTE, VALUE = "rename", "quote", "unquote", "value"


class Edit(NamedTuple):
    """A change of the text that mends a finding with no judgement: rename the field at its path, (un)quote its value, or give it another."""

    action: str
    text: str = ""


class Finding(NamedTuple):
    """What a rule says of the object it looks at. `related` names other objects, whose places are shown too; `edit` mends it (`--fix`)."""

    path: str
    message: str
    hint: str = ""
    severity: Severity | None = None
    related: tuple[tuple[Ref | Manifest, str, str], ...] = ()  # (object, its field path, a few words)
    edit: Edit | None = None


@dataclass(frozen=True)
class Context:
    """What a rule may look at besides its object. `edges` are those that start at the object of a ref. Of manifests of one object the
    last stands for it (`manifests`); `stated` has all, in their order. `unseen` is what stands in the input and cannot be looked at.
    """

    graph: Graph
    edges: dict[Ref, tuple[Edge, ...]]
    manifests: dict[Ref, Manifest]
    stated: dict[Ref, list[Manifest]]
    version: str
    unseen: Unseen = field(default_factory=Unseen)

    def ambiguous(self, ref: Ref) -> bool:
        """Whether several manifests state an object, so that which of them is meant cannot be told."""
        return len(self.stated.get(ref, ())) > 1

    def dangling(self, ref: Ref) -> Iterator[tuple[Edge, Reference]]:
        """The references of an object to what is not there and should be."""
        for edge in self.edges.get(ref, ()):
            reference = edge.reference
            if edge.kind == REFERS and edge.target is None and reference is not None and not reference.optional:
                yield edge, reference

    def selected(self, ref: Ref, path: str = "") -> list[Ref]:
        """What the selectors of an object select (at one path or anywhere)."""
        edges = self.edges.get(ref, ())
        return [e.target for e in edges if e.kind == SELECTS and e.target is not None and (not path or e.path == path)]

    def selecting(self, ref: Ref, kind: str, path: str = "") -> list[Ref]:
        """The objects of a group-kind whose selectors select an object."""
        edges = self.graph.incoming.get(ref, ())
        return [e.source for e in edges if e.kind == SELECTS and e.source.group_kind == kind and (not path or e.path == path)]

    def referring(self, ref: Ref, kind: str) -> list[Ref]:
        """The objects of a group-kind that name an object."""
        return [e.source for e in self.graph.incoming.get(ref, ()) if e.kind == REFERS and e.source.group_kind == kind]

    @cached_property
    def _by_kind(self) -> dict[str, list[tuple[Ref, Object]]]:
        found: dict[str, list[tuple[Ref, Object]]] = {}
        for ref in sorted(self.graph.objects):
            found.setdefault(ref.group_kind, []).append((ref, self.graph.objects[ref]))
        return found

    @cached_property
    def _by_namespace(self) -> dict[tuple[str, str], list[tuple[Ref, Object]]]:
        found: dict[tuple[str, str], list[tuple[Ref, Object]]] = {}
        for kind, pairs in self._by_kind.items():
            for pair in pairs:
                found.setdefault((kind, pair[0].namespace), []).append(pair)
        return found

    def of_kind(self, kind: str, namespace: str | None = None) -> Sequence[tuple[Ref, Object]]:
        """All objects of a group-kind, in one namespace or in all, sorted."""
        return self._by_kind.get(kind, ()) if namespace is None else self._by_namespace.get((kind, namespace), ())

    def pods(self, ref: Ref) -> Pods:
        """The pods of a workload; of other kinds none, with an empty template."""
        found = self._pods.get(ref)
        if found is None:
            found = self._pods[ref] = pods_of(self.graph.objects.get(ref) or {"apiVersion": "", "kind": ""})
        return found

    def containers(self, ref: Ref) -> tuple[Container, ...]:
        """All containers of a workload's pods."""
        return self.pods(ref).containers

    @cached_property
    def _pods(self) -> dict[Ref, Pods]:
        return {}

    @cached_property
    def workloads(self) -> dict[str, list[Ref]]:
        """The workloads of each namespace, less those that a controller made."""
        found: dict[str, list[Ref]] = {}
        for kind in WORKLOADS:
            for ref, obj in self._by_kind.get(kind, ()):
                if controller_of(obj) is None:
                    found.setdefault(ref.namespace, []).append(ref)
        return found

    def operated(self, namespace: str) -> bool:
        """Whether an operator may make pods in a namespace: there are custom resources whose kinds are not known to make none."""
        return namespace in self._operated

    @cached_property
    def _operated(self) -> frozenset[str]:
        kinds = [k for k in self._by_kind if makes_pods(k)]
        return frozenset(r.namespace for k in kinds for r, _ in self._by_kind[k])

    def unplaced(self, kind: str, name: str) -> Ref | None:
        """An object of a group-kind and name whose manifest leaves the namespace to whoever applies it: it may be meant for any."""
        return self._unplaced.get((kind, name))

    @cached_property
    def _unplaced(self) -> dict[tuple[str, str], Ref]:
        free = (r for r, m in sorted(self.manifests.items()) if r.namespace and not (m.data.get("metadata") or {}).get("namespace"))
        return {(r.group_kind, r.name): r for r in free}

    @cached_property
    def memo(self) -> dict[Any, Any]:
        """What rules work out once for all their objects, by their own keys."""
        return {}


Check = Callable[..., Iterable[Finding]]  # (ref, object, context, *, options)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `kinds` are group-kinds (empty: all); its documentation is the docstring of `check`, its options are the keyword
    parameters of `check`. `profile` is the smallest that has it; `whole`: it looks for what is not there, so it needs the whole input;
    `absent`: the group-kinds that it looks for other than by name, which may hide in documents that cannot be looked at.
    `simulated`: a plan finds out by doing it, and says so in the cluster's words.
    """

    name: str
    severity: Severity
    check: Check
    kinds: tuple[str, ...] = ()
    profile: str = "default"
    whole: bool = False
    absent: tuple[str, ...] = ()
    simulated: bool = False

    @property
    def options(self) -> dict[str, Any]:
        """The options with their defaults."""
        parameters = inspect.signature(self.check).parameters.values()
        return {p.name: p.default for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}

    @property
    def documentation(self) -> str:
        """Summary, Why, Example, Fix, Upstream."""
        return inspect.cleandoc(self.check.__doc__ or "")


def rule(
    name: str,
    severity: Severity,
    kinds: tuple[str, ...] = (),
    *,
    profile: str = "default",
    whole: bool = False,
    absent: tuple[str, ...] = (),
    simulated: bool = False,
) -> Callable[[Check], Rule]:
    """Make a rule of a generator function; one with `absent` needs the whole input."""
    return lambda check: Rule(name, severity, check, kinds, profile, whole or bool(absent), absent, simulated)
