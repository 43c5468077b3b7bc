"""Which nodes a pod asks for: `nodeSelector` and node affinity; node selectors of volumes are the same.

Upstream: component-helpers' scheduling/corev1/nodeaffinity. A term with a requirement that cannot be parsed matches nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kplan.api.objects import Object, labels_of, name_of
from kplan.api.selectors import requirement, requirement_error

Labels = Mapping[str, str]


def required_node_affinity(spec: Object) -> Object | None:
    """The required node selector of a pod spec."""
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    found: Object | None = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return found


def preferred_node_affinity(spec: Object) -> Sequence[Object]:
    """The preferred terms of a pod spec."""
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    found: Sequence[Object] = affinity.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
    return found


def matches_required(spec: Object, node: Object) -> bool:
    """Whether a node satisfies a pod's nodeSelector and required affinity.   Upstream: RequiredNodeAffinity.Match."""
    labels = labels_of(node)
    wanted = spec.get("nodeSelector")
    if wanted and any(labels.get(k) != v for k, v in wanted.items()):
        return False
    required = required_node_affinity(spec)
    return required is None or matches_selector(required, labels, name_of(node))


def matches_selector(selector: Object, labels: Labels, name: str) -> bool:
    """Whether one of the terms of a node selector matches; an empty term matches nothing."""
    return any(matches_term(term, labels, name) for term in selector.get("nodeSelectorTerms") or ())


def matches_term(term: Object, labels: Labels, name: str) -> bool:
    """Whether all requirements of a term match; an empty term does not."""
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not fields:
        return False
    for e in expressions:
        values = tuple(e.get("values") or ())
        if not requirement(e.get("key") or "", e.get("operator") or "", values)(labels):
            return False
        if requirement_error(e.get("key") or "", e.get("operator") or "", values):
            return False
    return all(_matches_field(f, name) for f in fields)


def _matches_field(field: Object, name: str) -> bool:
    values, operator = list(field.get("values") or ()), field.get("operator")
    if len(values) != 1 or operator not in ("In", "NotIn"):
        return False
    found = name if field.get("key") == "metadata.name" else ""
    return bool((found == values[0]) is (operator == "In"))


def preference_score(spec: Object, labels: Labels, name: str) -> int:
    """The sum of the weights of the preferred terms that match.   Upstream: PreferredSchedulingTerms.Score."""
    return sum(t["weight"] for t in preferred_node_affinity(spec) if t.get("weight") and matches_term(t.get("preference") or {}, labels, name))
