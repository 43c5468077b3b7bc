"""ValidatingAdmissionPolicy.

Upstream: pkg/apis/admissionregistration/{v1,validation}, pkg/registry/admissionregistration/validatingadmissionpolicy. The types of expressions
are checked against the schemas of what a policy matches by a controller, not here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kplan.api.field import FieldErrors, duplicate, invalid, required
from kplan.api.names import is_qualified_name, name_is_dns_subdomain
from kplan.api.objects import Object, name_of
from kplan.kinds import policies
from kplan.kinds.enums import unsupported
from kplan.kinds.internalform import internal_list
from kplan.kinds.kind import Kind
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.policies import error_of
from kplan.kinds.strategy import clear_status, count_generation, first_generation, keep_all_but_status, keep_metadata_for_status, keep_status
from kplan.kinds.webhooks import static_name_warnings

if TYPE_CHECKING:
    from kplan.kinds.policycompile import PolicyCompiler

REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge")
MAX_AUDIT_ANNOTATIONS = 20
MAX_VALUE_EXPRESSION_BYTES = 5 * 1024
NO_ITEMS = "validations or auditAnnotations must contain at least one item"
_LINE_BREAK = re.compile(r"[\n\r]")


def default(obj: Object) -> None:
    """Fail where an expression does; match what is equivalent."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("failurePolicy", "Fail")
    policies.default_match_resources(spec.get("matchConstraints"))


def prepare(obj: Object) -> None:
    """No status, first generation."""
    clear_status(obj)
    obj["status"] = {}
    first_generation(obj)


def prepare_update(new: Object, old: Object) -> None:
    """The status stays; a change of the spec counts."""
    keep_status(new, old)
    count_generation(new, old, "spec")


def prepare_status(new: Object, old: Object) -> None:
    """Nothing but the status."""
    keep_all_but_status(new, old)
    keep_metadata_for_status(new, old)


def validate(obj: Object) -> FieldErrors:
    """A new policy."""
    return _validate(obj, ignore_conditions=False)


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Match conditions that stand as they did are not looked at again."""
    return _validate(new, ignore_conditions=policies.conditions_unchanged(new, old))


def _validate(obj: Object, ignore_conditions: bool) -> FieldErrors:
    yield from validate_object_meta(obj["metadata"], False, name_is_dns_subdomain)
    spec = obj.get("spec") or {}
    from kplan.kinds.policycompile import PolicyCompiler  # what compiles is only read where there is something to compile

    compiler = PolicyCompiler(spec, composed=False)
    yield from policies.validate_failure_policy(spec)
    if spec.get("paramKind") is not None:
        yield from policies.validate_param_kind(spec["paramKind"])
    yield from policies.validate_match_constraints(spec)
    if not ignore_conditions:
        yield from policies.validate_conditions(spec.get("matchConditions") or [], compiler.condition)
    yield from policies.validate_variables(spec, (found for _name, found in compiler.variables))
    validations, annotations = spec.get("validations") or [], spec.get("auditAnnotations") or []
    if not validations and not annotations:
        yield required("spec.validations", NO_ITEMS)
        yield required("spec.auditAnnotations", NO_ITEMS)
        return
    for i, validation in enumerate(validations):
        yield from _validate_validation(validation, compiler, f"spec.validations[{i}]")
    yield from _validate_annotations(annotations, name_of(obj), compiler)


def _validate_validation(validation: Object, compiler: PolicyCompiler, path: str) -> FieldErrors:
    expression, message = validation.get("expression") or "", validation.get("message") or ""
    if not expression.strip():
        yield required(f"{path}.expression", "expression is not specified")
    elif error := error_of(compiler.validation(expression)):
        yield invalid(f"{path}.expression", expression, error)
    message_expression = validation.get("messageExpression") or ""
    if message_expression and not message_expression.strip():
        yield invalid(f"{path}.messageExpression", message_expression, "must be non-empty if specified")
    elif message_expression and (error := error_of(compiler.message(message_expression))):
        yield invalid(f"{path}.messageExpression", message_expression, error)
    if message and not message.strip():
        yield invalid(f"{path}.message", message, "must be non-empty if specified")
    elif _LINE_BREAK.search(message.strip()):
        yield invalid(f"{path}.message", message, "must not contain line breaks")
    if "reason" in validation and validation["reason"] not in REASONS:
        yield unsupported(f"{path}.reason", validation["reason"], REASONS)


def _validate_annotations(annotations: list[Object], name: str, compiler: PolicyCompiler) -> FieldErrors:
    path = "spec.auditAnnotations"
    if len(annotations) > MAX_AUDIT_ANNOTATIONS:
        yield invalid(path, internal_list("AuditAnnotation", annotations), f"must not have more than {MAX_AUDIT_ANNOTATIONS} auditAnnotations")
    seen: set[str] = set()
    for i, annotation in enumerate(annotations):
        key, expression = annotation.get("key") or "", annotation.get("valueExpression") or ""
        if name:
            for message in is_qualified_name(f"{name}/{key}"):
                yield invalid(f"{path}[{i}].key", f"{name}/{key}", message)
        else:
            yield invalid(f"{path}[{i}].key", key, "requires metadata.name be non-empty")
        trimmed = expression.strip()
        if not trimmed:
            yield required(f"{path}[{i}].valueExpression", "valueExpression is not specified")
        elif len(trimmed.encode()) > MAX_VALUE_EXPRESSION_BYTES:
            yield required(f"{path}[{i}].valueExpression", f"must not exceed {MAX_VALUE_EXPRESSION_BYTES} bytes in length")
        elif error := error_of(compiler.annotation(trimmed)):
            yield invalid(f"{path}[{i}].valueExpression", expression, error)
        if key in seen:
            yield duplicate(f"{path}[{i}].key", key)
        seen.add(key)


KIND = Kind(
    group="admissionregistration.k8s.io",
    version="v1",
    kind="ValidatingAdmissionPolicy",
    plural="validatingadmissionpolicies",
    namespaced=False,
    status=True,
    unconditional_update=False,
    default=default,
    prepare=prepare,
    prepare_update=prepare_update,
    prepare_status=prepare_status,
    validate=validate,
    validate_update=validate_update,
    warnings=static_name_warnings,
    update_warnings=lambda new, _old: static_name_warnings(new),
)
