"""Selectors ready to match: of pods by label, of nodes by label columns.

Upstream: metav1.LabelSelectorAsSelector, staging/src/k8s.io/component-helpers/scheduling/corev1/nodeaffinity. What cannot be
parsed matches nothing, as upstream ignores such errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from kplan.api.objects import Object
from kplan.api.selectors import parse_int64
from kplan.scheduler.columns import Nodes

Labels = Mapping[str, str]


class Requirement(NamedTuple):
    """One condition on the value of one key. `operator` as in the API: In, NotIn, Exists, DoesNotExist, Gt, Lt."""

    key: str
    operator: str
    values: frozenset[str]

    def met(self, labels: Labels) -> bool:
        """Whether labels meet it; In and NotIn, Exists and DoesNotExist."""
        if self.operator == "In":
            return labels.get(self.key) in self.values
        if self.operator == "NotIn":
            return labels.get(self.key) not in self.values
        if self.operator == "Exists":
            return self.key in labels
        return self.key not in labels


class Selector(NamedTuple):
    """A label selector. `nothing`: it selects nothing at all (a selector that is absent)."""

    requirements: tuple[Requirement, ...] = ()
    nothing: bool = False

    @property
    def empty(self) -> bool:
        """Whether it selects everything."""
        return not self.requirements and not self.nothing

    def matches(self, labels: Labels) -> bool:
        """Whether it selects an object with these labels."""
        if self.nothing:
            return False
        return all(requirement.met(labels) for requirement in self.requirements)

    def plus(self, other: Selector) -> Selector:
        """Both must select."""
        return Selector(self.requirements + other.requirements, self.nothing or other.nothing)


NOTHING = Selector(nothing=True)


def of_labels(labels: Labels) -> Selector:
    """Selects what has all these labels."""
    return Selector(tuple(Requirement(key, "In", frozenset((value,))) for key, value in sorted(labels.items())))


def of_label_selector(selector: Object | None) -> Selector:
    """A LabelSelector: absent selects nothing, empty everything."""
    if selector is None:
        return NOTHING
    found = of_labels(selector.get("matchLabels") or {})
    expressions = selector.get("matchExpressions")
    if not expressions:
        return found
    return Selector(found.requirements + tuple(Requirement(e["key"], e["operator"], frozenset(e.get("values") or ())) for e in expressions))


class NodeSelector(NamedTuple):
    """Terms of which one must be met; each is a tuple of requirements on labels and one on names."""

    terms: tuple[tuple[tuple[Requirement, ...], tuple[Requirement, ...]], ...]

    def match(self, nodes: Nodes) -> Any:
        """A mask over the nodes (a bool for one)."""
        found: Any = nodes.no
        for term in self.terms:
            found = found | term_mask(nodes, term)
        return found

    def keys(self) -> set[str]:
        """The labels it looks at."""
        return {r.key for labels, _ in self.terms for r in labels}


Term = tuple[tuple[Requirement, ...], tuple[Requirement, ...]]


def node_term(term: Object) -> Term | None:
    """A NodeSelectorTerm; None for one that is empty or cannot be parsed, which matches no node."""
    expressions, fields = term.get("matchExpressions"), term.get("matchFields")
    if not expressions and not fields:
        return None
    labels = tuple(Requirement(e["key"], e["operator"], frozenset(e.get("values") or ())) for e in expressions or ())
    names = tuple(Requirement(e["key"], e["operator"], frozenset(e.get("values") or ())) for e in fields or ())
    if any(len(r.values) != 1 or r.operator not in ("In", "NotIn") for r in names):
        return None
    if any(r.operator in ("Gt", "Lt") and (len(r.values) != 1 or parse_int64(next(iter(r.values))) is None) for r in labels):
        return None
    return labels, names


def node_selector(selector: Object) -> NodeSelector:
    """A NodeSelector."""
    terms = (node_term(t) for t in selector.get("nodeSelectorTerms") or ())
    return NodeSelector(tuple(t for t in terms if t is not None))


def required_match(nodes: Nodes, node_labels: Labels | None, selector: NodeSelector | None) -> Any:
    """`spec.nodeSelector` and the required node affinity together.   Upstream: nodeaffinity.RequiredNodeAffinity."""
    found: Any = nodes.yes
    for key, value in (node_labels or {}).items():
        found = found & nodes.label(key).among((value,))
    return found if selector is None else found & selector.match(nodes)


def term_mask(nodes: Nodes, term: Term) -> Any:
    """Which nodes meet one term."""
    found: Any = nodes.yes
    for requirement in term[0]:
        found = found & requirement_mask(nodes, requirement)
    for requirement in term[1]:
        is_named = nodes.name.among(requirement.values) if requirement.key == "metadata.name" else nodes.no
        found = found & (is_named if requirement.operator == "In" else is_named ^ True)
    return found


def requirement_mask(nodes: Nodes, requirement: Requirement) -> Any:
    """Which nodes' labels meet one requirement."""
    column = nodes.label(requirement.key)
    if requirement.operator == "In":
        return column.among(requirement.values)
    if requirement.operator == "NotIn":
        return column.among(requirement.values) ^ True
    if requirement.operator == "Exists":
        return column.codes >= 0
    if requirement.operator == "DoesNotExist":
        return column.codes < 0
    bound = parse_int64(next(iter(requirement.values)))
    greater = requirement.operator == "Gt"

    def beyond(value: str | None) -> bool:
        number = parse_int64(value) if value else None
        return number is not None and bound is not None and (number > bound if greater else number < bound)

    return column.map(beyond)


def topology_match(nodes: Nodes, terms: Iterable[Object]) -> Any:
    """A StorageClass's allowedTopologies: any term, all its label expressions; none given allows every node."""
    found: Any = None
    for term in terms:
        mask: Any = nodes.yes if term.get("matchLabelExpressions") else nodes.no
        for expression in term.get("matchLabelExpressions") or ():
            mask = mask & nodes.label(expression["key"]).among(expression.get("values") or ())
        found = mask if found is None else found | mask
    return nodes.yes if found is None else found
