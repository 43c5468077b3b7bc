"""Where a pod may run: node selectors, affinity, tolerations, topology spread.

Upstream: validateAffinity, ValidateNodeSelector, ValidateTolerations and validateTopologySpreadConstraints in
pkg/apis/core/validation/validation.go.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kplan.api import names
from kplan.api.field import FieldErrors, duplicate, forbidden, invalid, not_supported, required
from kplan.api.gotext import go_quote
from kplan.api.objects import Object
from kplan.kinds.checks import typed
from kplan.kinds.labelselector import validate_label_selector
from kplan.kinds.metadata import validate_label_name
from kplan.kinds.podspec.options import PodValidationOptions
from kplan.kinds.podspec.values import each, validate_positive_field

TAINT_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
WHEN_UNSATISFIABLE = ("DoNotSchedule", "ScheduleAnyway")
NODE_INCLUSION_POLICIES = ("Honor", "Ignore")
ANY_KEY = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
WITHOUT_SELECTOR = "must not be specified when labelSelector is not set"
IN_BOTH = "exists in both matchLabelKeys and labelSelector"
_INT = re.compile("[+-]?[0-9]+")
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def validate_node_selector_requirement(requirement: Object, path: str, allow_invalid_values: bool = False) -> FieldErrors:
    """One expression about a node's labels."""
    operator, values, key = requirement.get("operator", ""), requirement.get("values") or (), requirement.get("key", "")
    if operator in ("In", "NotIn"):
        if not values:
            yield required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            yield forbidden(f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    elif operator in ("Gt", "Lt"):
        if len(values) != 1:
            yield required(f"{path}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'")
    else:
        yield invalid(f"{path}.operator", typed(operator), "not a valid selector operator")
    yield from validate_label_name(key, f"{path}.key")
    if not allow_invalid_values:
        for i, value in enumerate(values):
            for message in names.is_label_value(value):
                yield invalid(f"{path}.values[{i}]", value, message)


def validate_node_field_selector_requirement(requirement: Object, path: str) -> FieldErrors:
    """One expression about a node's fields, of which there is one: `metadata.name`."""
    operator, values, key = requirement.get("operator", ""), requirement.get("values") or (), requirement.get("key", "")
    if operator in ("In", "NotIn"):
        if len(values) != 1:
            yield required(f"{path}.values", "must be only one value when `operator` is 'In' or 'NotIn' for node field selector")
    else:
        yield invalid(f"{path}.operator", typed(operator), "not a valid selector operator")
    if key != "metadata.name":
        yield invalid(f"{path}.key", key, "not a valid field selector key")
        return
    for i, value in enumerate(values):
        yield from each(f"{path}.values[{i}]", value, names.name_is_dns_subdomain(value, False))


def validate_node_selector_term(term: Object, path: str, allow_invalid_values: bool = False) -> FieldErrors:
    """Expressions that a node must meet all."""
    for i, requirement in enumerate(term.get("matchExpressions") or ()):
        yield from validate_node_selector_requirement(requirement, f"{path}.matchExpressions[{i}]", allow_invalid_values)
    for i, requirement in enumerate(term.get("matchFields") or ()):
        yield from validate_node_field_selector_requirement(requirement, f"{path}.matchFields[{i}]")


def validate_node_selector(selector: Object, path: str, allow_invalid_values: bool = False) -> FieldErrors:
    """Terms of which a node must meet one."""
    terms = selector.get("nodeSelectorTerms")
    if not terms:
        yield required(f"{path}.nodeSelectorTerms", "must have at least one node selector term")
        return
    for i, term in enumerate(terms):
        yield from validate_node_selector_term(term, f"{path}.nodeSelectorTerms[{i}]", allow_invalid_values)


def _validate_weight(term: Object, path: str) -> FieldErrors:
    weight = term.get("weight", 0)
    if not 0 < weight <= 100:
        yield invalid(f"{path}.weight", weight, "must be in the range 1-100")


def validate_node_affinity(affinity: Object, path: str, options: PodValidationOptions) -> FieldErrors:
    """Which nodes a pod needs and which it likes. Label values of what it merely likes may be anything."""
    if (needed := affinity.get(REQUIRED)) is not None:
        yield from validate_node_selector(needed, f"{path}.{REQUIRED}", options.allow_invalid_label_value_in_required_node_affinity)
    for i, term in enumerate(affinity.get(PREFERRED) or ()):
        yield from _validate_weight(term, f"{path}.{PREFERRED}[{i}]")
        yield from validate_node_selector_term(term.get("preference") or {}, f"{path}.{PREFERRED}[{i}].preference", True)


def validate_pod_affinity_term(term: Object, path: str, allow_invalid_values: bool) -> FieldErrors:
    """Pods to be near to or far from."""
    key = term.get("topologyKey", "")
    for field in ("labelSelector", "namespaceSelector"):
        if (selector := term.get(field)) is not None:
            yield from validate_label_selector(selector, f"{path}.{field}", allow_invalid_values=allow_invalid_values)
    for name in term.get("namespaces") or ():
        yield from each(f"{path}.namespace", name, names.name_is_dns_label(name, False))
    yield from validate_match_label_keys(term.get("matchLabelKeys") or (), term.get("mismatchLabelKeys") or (), term.get("labelSelector"), path)
    if not key:
        yield required(f"{path}.topologyKey", "can not be empty")
    yield from validate_label_name(key, f"{path}.topologyKey")


def validate_pod_affinity(affinity: Object, path: str, options: PodValidationOptions) -> FieldErrors:
    """Pod affinity or anti-affinity."""
    allow = options.allow_invalid_label_value_in_selector
    for i, term in enumerate(affinity.get(REQUIRED) or ()):
        yield from validate_pod_affinity_term(term, f"{path}.{REQUIRED}[{i}]", allow)
    for i, term in enumerate(affinity.get(PREFERRED) or ()):
        yield from _validate_weight(term, f"{path}.{PREFERRED}[{i}]")
        yield from validate_pod_affinity_term(term.get("podAffinityTerm") or {}, f"{path}.{PREFERRED}[{i}].podAffinityTerm", allow)


def validate_affinity(affinity: Object, path: str, options: PodValidationOptions) -> FieldErrors:
    """All three kinds of affinity."""
    if (node := affinity.get("nodeAffinity")) is not None:
        yield from validate_node_affinity(node, f"{path}.nodeAffinity", options)
    for field in ("podAffinity", "podAntiAffinity"):
        if (pod := affinity.get(field)) is not None:
            yield from validate_pod_affinity(pod, f"{path}.{field}", options)


def _validate_label_keys(keys: Sequence[str], selector: Object | None, path: str) -> FieldErrors:
    if keys and selector is None:
        yield forbidden(path, WITHOUT_SELECTOR)
        return
    for i, key in enumerate(keys):
        yield from validate_label_name(key, f"{path}[{i}]")


def validate_match_label_keys(match: Sequence[str], mismatch: Sequence[str], selector: Object | None, path: str) -> FieldErrors:
    """Labels that the pods selected must share with this one, or not. The server adds them to the selector before it validates."""
    if not match and not mismatch:
        return
    yield from _validate_label_keys(match, selector, f"{path}.matchLabelKeys")
    yield from _validate_label_keys(mismatch, selector, f"{path}.mismatchLabelKeys")
    if selector is not None:
        index = {key: i for i, key in enumerate(match)}
        selected = set(selector.get("matchLabels") or ())
        for expression in selector.get("matchExpressions") or ():
            key = expression.get("key", "")
            if key in index and key in selected:
                yield invalid(f"{path}[{index[key]}]", key, IN_BOTH)
            selected.add(key)
    for i, key in enumerate(match):
        if key in mismatch:
            yield invalid(f"{path}.matchLabelKeys[{i}]", key, "exists in both matchLabelKeys and mismatchLabelKeys")


def validate_match_label_keys_of_old(keys: Sequence[str], selector: Object | None, path: str) -> FieldErrors:
    """The rule for spread constraints stored before the server merged keys into selectors."""
    if not keys:
        return
    selected: set[str] = set()
    if selector is None:
        yield forbidden(path, WITHOUT_SELECTOR)
    else:
        selected.update(selector.get("matchLabels") or (), (e.get("key", "") for e in selector.get("matchExpressions") or ()))
    for i, key in enumerate(keys):
        yield from validate_label_name(key, f"{path}[{i}]")
        if key in selected:
            yield invalid(f"{path}[{i}]", key, IN_BOTH)


def validate_topology_spread_constraints(constraints: Sequence[Object], path: str, options: PodValidationOptions) -> FieldErrors:
    """How evenly pods are spread."""
    for i, constraint in enumerate(constraints):
        at = f"{path}[{i}]"
        key, action, selector = constraint.get("topologyKey", ""), constraint.get("whenUnsatisfiable", ""), constraint.get("labelSelector")
        yield from validate_positive_field(constraint.get("maxSkew", 0), f"{at}.maxSkew")
        if not key:
            yield required(f"{at}.topologyKey", "can not be empty")
        if action not in WHEN_UNSATISFIABLE:
            yield not_supported(f"{at}.whenUnsatisfiable", typed(action), WHEN_UNSATISFIABLE)
        if any((other.get("topologyKey", ""), other.get("whenUnsatisfiable", "")) == (key, action) for other in constraints[i + 1 :]):
            yield duplicate(f"{at}.{{topologyKey, whenUnsatisfiable}}", f"{{{key}, {action}}}")
        domains = constraint.get("minDomains")
        if domains is not None:
            yield from validate_positive_field(domains, f"{at}.minDomains")
            if action != "DoNotSchedule":
                yield invalid(f"{at}.minDomains", domains, f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}")
        for field in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            policy = constraint.get(field)
            if policy is not None and policy not in NODE_INCLUSION_POLICIES:
                yield not_supported(f"{at}.{field}", typed(policy), NODE_INCLUSION_POLICIES)
        keys = constraint.get("matchLabelKeys") or ()
        if options.old_pod_violates_match_label_keys_validation:
            yield from validate_match_label_keys_of_old(keys, selector, f"{at}.matchLabelKeys")
        else:
            yield from validate_match_label_keys(keys, (), selector, at)
        if selector is not None and not options.allow_invalid_topology_spread_constraint_label_selector:
            yield from validate_label_selector(selector, f"{at}.labelSelector")


def validate_tolerations(tolerations: Sequence[Object], path: str, options: PodValidationOptions) -> FieldErrors:
    """Which taints a pod bears."""
    for i, toleration in enumerate(tolerations):
        key, operator = toleration.get("key", ""), toleration.get("operator", "")
        value, effect = toleration.get("value", ""), toleration.get("effect", "")
        at = f"{path}[{i}]"
        if key:
            yield from validate_label_name(key, f"{at}.key")
        elif operator != "Exists":
            yield invalid(f"{at}.operator", typed(operator), ANY_KEY)
        if effect != "NoExecute" and toleration.get("tolerationSeconds") is not None:
            yield invalid(f"{at}.effect", typed(effect), "effect must be 'NoExecute' when `tolerationSeconds` is set")
        if operator in ("Equal", ""):
            if messages := names.is_label_value(value):
                yield invalid(f"{at}.operator", value, ";".join(messages))
        elif operator == "Exists":
            if value:
                yield invalid(f"{at}.operator", value, "value must be empty when `operator` is 'Exists'")
        elif operator in ("Lt", "Gt"):
            yield from _validate_comparison(operator, value, at, options)
        else:
            yield not_supported(f"{at}.operator", typed(operator), ("Equal", "Exists"))
        if effect and effect not in TAINT_EFFECTS:
            yield not_supported(f"{at}.effect", typed(effect), TAINT_EFFECTS)


def _validate_comparison(operator: str, value: str, path: str, options: PodValidationOptions) -> FieldErrors:
    if not options.allow_taint_toleration_comparison_operators:
        yield not_supported(f"{path}.operator", typed(operator), ("Equal", "Exists", "Lt", "Gt"))
        return
    yield from each(f"{path}.value", value, names.is_decimal_integer(value))
    if not _INT.fullmatch(value):
        yield invalid(f"{path}.value", value, f"strconv.ParseInt: parsing {go_quote(value)}: invalid syntax")
    elif not -(2**63) <= int(value) < 2**63:
        yield invalid(f"{path}.value", value, f"strconv.ParseInt: parsing {go_quote(value)}: value out of range")
