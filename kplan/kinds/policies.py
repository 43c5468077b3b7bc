"""Admission policies: what validating and mutating ones, and their bindings, share.

Upstream: pkg/apis/admissionregistration/{v1,validation}. Whoever writes a policy is of system:masters, so nobody is asked whether parameters
may be read. New and stored expressions have the same environment in this version, so nothing that stood there before is treated apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from kplan.api.field import FieldErrors, duplicate, forbidden, invalid, not_supported, required, too_many
from kplan.api.names import is_dns1035_label, is_dns1123_subdomain, is_path_segment_name, is_qualified_name, name_is_dns_subdomain
from kplan.api.objects import Object
from kplan.kinds.enums import unsupported
from kplan.kinds.kind import Reference
from kplan.kinds.labelselector import validate_label_selector
from kplan.kinds.webhooks import FAILURE_POLICIES, MATCH_POLICIES, MAX_MATCH_CONDITIONS, validate_rule_with_operations

MUTATING_OPERATIONS = ("*", "CONNECT", "CREATE", "UPDATE")
PARAMETER_NOT_FOUND_ACTIONS = ("Deny", "Allow")
CEL_RESERVED = frozenset(
    {
        *("as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop", "package"),
        *("namespace", "null", "return", "true", "var", "void", "while"),
    }
)
_CEL_IDENTIFIER = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*\Z")

Compile = Callable[[str], object]
"""A program, or the text that says why there is none."""


def error_of(compiled: object) -> str:
    """Why an expression did not compile; empty where it did."""
    return compiled if isinstance(compiled, str) else ""


def default_match_resources(match: Object | None) -> None:
    """Upstream: SetDefaults_MatchResources, SetDefaults_Rule."""
    if match is None:
        return
    match.setdefault("matchPolicy", "Equivalent")
    match.setdefault("namespaceSelector", {})
    match.setdefault("objectSelector", {})
    for field in ("resourceRules", "excludeResourceRules"):
        for rule in match.get(field) or ():
            rule.setdefault("scope", "*")


def validate_failure_policy(spec: Object) -> FieldErrors:
    """What happens when an expression fails."""
    policy = spec.get("failurePolicy")
    if policy is None:
        yield required("spec.failurePolicy")
    elif policy not in FAILURE_POLICIES:
        yield unsupported("spec.failurePolicy", policy, FAILURE_POLICIES)


def validate_param_kind(kind: Object) -> FieldErrors:
    """Of what kind parameters are."""
    path, version, name = "spec.paramKind.apiVersion", kind.get("apiVersion") or "", kind.get("kind") or ""
    if not version:
        yield required(path)
    elif version.count("/") > 1:
        yield invalid(path, version, f"unexpected GroupVersion string: {version}")
    else:
        group, slash, bare = version.partition("/")
        group, bare = ("", "") if version == "/" else (group, bare) if slash else ("", version)
        if group and (errors := is_dns1123_subdomain(group)):
            yield invalid(path, group, ",".join(errors))
        if not bare:
            yield invalid(path, version, "version must be specified")
        elif errors := is_dns1035_label(bare):
            yield invalid(path, bare, ",".join(errors))
    if not name:
        yield required("spec.paramKind.kind")
    elif errors := is_dns1035_label(name.lower()):
        yield invalid("spec.paramKind.kind", name, "may have mixed case, but should otherwise match: " + ",".join(errors))


def validate_match_constraints(spec: Object) -> FieldErrors:
    """Which requests a policy is about; there must be at least one rule."""
    match = spec.get("matchConstraints")
    if match is None:
        yield required("spec.matchConstraints")
        return
    yield from validate_match_resources(match, "spec.matchConstraints")
    if not match.get("resourceRules"):
        yield required("spec.matchConstraints.resourceRules")


def validate_match_resources(match: Object, path: str) -> FieldErrors:
    """Policy, selectors, rules."""
    policy = match.get("matchPolicy")
    if policy is None:
        yield required(f"{path}.matchPolicy")
    elif policy not in MATCH_POLICIES:
        yield unsupported(f"{path}.matchPolicy", policy, MATCH_POLICIES)
    for field in ("namespaceSelector", "objectSelector"):
        if match.get(field) is None:
            yield required(f"{path}.{field}")
        else:
            yield from validate_label_selector(match[field], f"{path}.{field}")
    for field in ("resourceRules", "excludeResourceRules"):
        for i, rule in enumerate(match.get(field) or ()):
            yield from _validate_named_rule(rule, f"{path}.{field}[{i}]")


def _validate_named_rule(rule: Object, path: str) -> FieldErrors:
    seen: set[str] = set()
    for i, name in enumerate(rule.get("resourceNames") or ()):
        for message in is_path_segment_name(name):
            yield invalid(f"{path}.resourceNames[{i}]", name, message)
        if name in seen:
            yield duplicate(f"{path}.resourceNames[{i}]", name)
        seen.add(name)
    yield from validate_rule_with_operations(rule, path)


def validate_mutating_operations(match: Object, path: str) -> FieldErrors:
    """Deletions cannot be mutated. The path has no index, as upstream has it."""
    for rule in match.get("resourceRules") or ():
        for operation in rule.get("operations") or ():
            if operation not in MUTATING_OPERATIONS:
                yield unsupported(f"{path}.resourceRules.operations", operation, MUTATING_OPERATIONS)


def validate_conditions(conditions: list[Object], compiled: Compile) -> FieldErrors:
    """What a request must meet beyond the rules.   Upstream: validateMatchConditions."""
    path = "spec.matchConditions"
    if len(conditions) > MAX_MATCH_CONDITIONS:
        yield too_many(path, len(conditions), MAX_MATCH_CONDITIONS)
    seen: set[str] = set()
    for i, condition in enumerate(conditions):
        expression, name = (condition.get("expression") or "").strip(), condition.get("name") or ""
        if not expression:
            yield required(f"{path}[{i}].expression")
        elif error := error_of(compiled(expression)):
            yield invalid(f"{path}[{i}].expression", expression, error)
        if not name:
            yield required(f"{path}[{i}].name")
            continue
        for message in is_qualified_name(name):
            yield invalid(f"{path}[{i}].name", name, message)
        if name in seen:
            yield duplicate(f"{path}[{i}].name", name)
        seen.add(name)


def validate_variable(variable: Object, compiled: Compile, path: str) -> FieldErrors:
    """One variable of a policy."""
    name, expression = variable.get("name") or "", variable.get("expression") or ""
    if not name.strip():
        yield required(f"{path}.name", "name is not specified")
    elif name in CEL_RESERVED or not _CEL_IDENTIFIER.match(name):
        yield invalid(f"{path}.name", name, "must be a valid CEL identifier")
    if not expression.strip():
        yield required(f"{path}.expression", "expression is not specified")
    elif error := error_of(compiled(expression)):
        yield invalid(f"{path}.expression", expression, error)


def validate_variables(spec: Object, compiled: Iterator[object]) -> FieldErrors:
    """All variables of a policy; `compiled` are those that have an expression, in order."""
    for i, variable in enumerate(spec.get("variables") or ()):
        yield from validate_variable(variable, lambda _text: next(compiled), f"spec.variables[{i}]")


def conditions_unchanged(new: Object, old: Object) -> bool:
    """Whether match conditions that were taken once still stand as they did."""
    now, was = new["spec"], old["spec"]
    return (now.get("paramKind") or {}) == (was.get("paramKind") or {}) and (now.get("matchConditions") or []) == (was.get("matchConditions") or [])


def validate_policy_name(spec: Object) -> FieldErrors:
    """The policy that is bound."""
    name = spec.get("policyName") or ""
    if not name:
        yield required("spec.policyName")
    for message in name_is_dns_subdomain(name, False) if name else ():
        yield invalid("spec.policyName", name, message)


def validate_param_ref(ref: Object) -> FieldErrors:
    """Which objects are parameters: one by name, or some by labels."""
    path, name, selector, exclusive = "spec.paramRef", ref.get("name") or "", ref.get("selector"), "name and selector are mutually exclusive"
    for message in is_path_segment_name(name) if name else ():
        yield invalid(f"{path}.name", name, message)
    if name and selector is not None:
        yield forbidden(f"{path}.name", exclusive)
    if selector is not None:
        yield from validate_label_selector(selector, f"{path}.selector")
        if name:
            yield forbidden(f"{path}.selector", exclusive)
    elif not name:
        yield required(path, "one of name or selector must be specified")
    action = ref.get("parameterNotFoundAction")
    if not action:
        yield required(f"{path}.parameterNotFoundAction")
    elif action not in PARAMETER_NOT_FOUND_ACTIONS:
        yield not_supported(f"{path}.parameterNotFoundAction", action, PARAMETER_NOT_FOUND_ACTIONS)


def binding_references(kind: str) -> Callable[[Object], Iterator[Reference]]:
    """The policy that a binding names."""

    def references(obj: Object) -> Iterator[Reference]:
        name = (obj.get("spec") or {}).get("policyName")
        if name:
            yield Reference("spec.policyName", kind, "", name)

    return references
