"""Node selectors (`nodeSelectorTerms`) of volumes, pods and device slices: validation, and warnings of labels out of use.

Upstream: ValidateNodeSelector and its parts in pkg/apis/core/validation/validation.go; pkg/api/node/util.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.field import FieldErrors, forbidden, invalid, required
from kplan.api.names import is_label_value, name_is_dns_subdomain
from kplan.api.objects import Object
from kplan.kinds.checks import typed
from kplan.kinds.metadata import validate_label_name

DEPRECATED_NODE_LABELS = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}


def validate_node_selector(selector: Object, path: str, *, allow_invalid_values: bool = False) -> FieldErrors:
    """A required node selector: at least one term."""
    terms = selector.get("nodeSelectorTerms")
    if not terms:
        yield required(f"{path}.nodeSelectorTerms", "must have at least one node selector term")
        return
    for index, term in enumerate(terms):
        yield from validate_node_selector_term(term, f"{path}.nodeSelectorTerms[{index}]", allow_invalid_values=allow_invalid_values)


def validate_node_selector_term(term: Object, path: str, *, allow_invalid_values: bool = False) -> FieldErrors:
    """One term: expressions on labels and on fields."""
    for index, requirement in enumerate(term.get("matchExpressions") or ()):
        yield from validate_node_selector_requirement(requirement, f"{path}.matchExpressions[{index}]", allow_invalid_values=allow_invalid_values)
    for index, requirement in enumerate(term.get("matchFields") or ()):
        yield from _validate_field_requirement(requirement, f"{path}.matchFields[{index}]")


def validate_node_selector_requirement(requirement: Object, path: str, *, allow_invalid_values: bool = False) -> FieldErrors:
    """An expression on a label.   Upstream: ValidateNodeSelectorRequirement."""
    operator, values = requirement.get("operator") or "", requirement.get("values") or ()
    match operator:
        case "In" | "NotIn":
            if not values:
                yield required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'")
        case "Exists" | "DoesNotExist":
            if values:
                yield forbidden(f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
        case "Gt" | "Lt":
            if len(values) != 1:
                yield required(f"{path}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'")
        case _:
            yield invalid(f"{path}.operator", typed(operator), "not a valid selector operator")
    yield from validate_label_name(requirement.get("key") or "", f"{path}.key")
    if not allow_invalid_values:
        for index, value in enumerate(values):
            for message in is_label_value(value):
                yield invalid(f"{path}.values[{index}]", value, message)


def _validate_field_requirement(requirement: Object, path: str) -> FieldErrors:
    operator, values, key = requirement.get("operator") or "", requirement.get("values") or (), requirement.get("key") or ""
    if operator not in ("In", "NotIn"):
        yield invalid(f"{path}.operator", typed(operator), "not a valid selector operator")
    elif len(values) != 1:
        yield required(f"{path}.values", "must be only one value when `operator` is 'In' or 'NotIn' for node field selector")
    if key != "metadata.name":
        yield invalid(f"{path}.key", key, "not a valid field selector key")
        return
    for index, value in enumerate(values):
        for message in name_is_dns_subdomain(value, False):
            yield invalid(f"{path}.values[{index}]", value, message)


def has_invalid_label_value(terms: list[Object] | None) -> bool:
    """Whether stored terms have a bad label value, which an update may then keep.   Upstream: HasInvalidLabelValueInNodeSelectorTerms."""
    return any(is_label_value(v) for t in terms or () for r in t.get("matchExpressions") or () for v in r.get("values") or ())


def term_warnings(term: Object, path: str, *, check_values: bool = False) -> Iterator[str]:
    """Node labels out of use in a term.   Upstream: GetWarningsForNodeSelectorTerm."""
    for index, expression in enumerate(term.get("matchExpressions") or ()):
        key = expression.get("key") or ""
        if key in DEPRECATED_NODE_LABELS:
            yield f"{path}.matchExpressions[{index}].key: {key} is {DEPRECATED_NODE_LABELS[key]}"
        if check_values:
            for at, value in enumerate(expression.get("values") or ()):
                for message in is_label_value(value):
                    yield f"{path}.matchExpressions[{index}].values[{at}]: {value} is invalid, {message}"


def label_selector_warnings(selector: Object | None, path: str) -> Iterator[str]:
    """Node labels out of use in a label selector over nodes.   Upstream: GetWarningsForNodeSelector."""
    if not selector:
        return
    for index, expression in enumerate(selector.get("matchExpressions") or ()):
        key = expression.get("key") or ""
        if key in DEPRECATED_NODE_LABELS:
            yield f"{path}.matchExpressions[{index}].key: {key} is {DEPRECATED_NODE_LABELS[key]}"
    for key in sorted(selector.get("matchLabels") or {}):
        if key in DEPRECATED_NODE_LABELS:
            yield f"{path}.matchLabels.{key}: {DEPRECATED_NODE_LABELS[key]}"
