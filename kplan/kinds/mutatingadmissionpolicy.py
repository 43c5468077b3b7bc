"""MutatingAdmissionPolicy.

Upstream: pkg/apis/admissionregistration/{v1,validation}, pkg/registry/admissionregistration/mutatingadmissionpolicy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplan.api.field import FieldErrors, Printed, invalid, required
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object
from kplan.kinds import policies
from kplan.kinds.enums import unsupported
from kplan.kinds.kind import Kind
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.policies import error_of
from kplan.kinds.strategy import count_generation, first_generation
from kplan.kinds.webhooks import REINVOCATION_POLICIES, static_name_warnings

if TYPE_CHECKING:
    from kplan.kinds.policycompile import PolicyCompiler

PATCH_FIELDS = {"JSONPatch": "jsonPatch", "ApplyConfiguration": "applyConfiguration"}
PATCH_TYPES = ("ApplyConfiguration", "JSONPatch")


def default(obj: Object) -> None:
    """Fail where an expression does; match what is equivalent."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("failurePolicy", "Fail")
    policies.default_match_resources(spec.get("matchConstraints"))


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

    compiler = PolicyCompiler(spec, composed=True)
    yield from policies.validate_failure_policy(spec)
    if spec.get("paramKind") is not None:
        yield from policies.validate_param_kind(spec["paramKind"])
    yield from policies.validate_match_constraints(spec)
    if spec.get("matchConstraints") is not None:
        yield from policies.validate_mutating_operations(spec["matchConstraints"], "spec.matchConstraints")
    if not ignore_conditions:
        yield from policies.validate_conditions(spec.get("matchConditions") or [], compiler.condition)
    yield from policies.validate_variables(spec, (found for _name, found in compiler.variables))
    if not spec.get("mutations"):
        yield required("spec.mutations", "mutations must contain at least one item")
    for i, mutation in enumerate(spec.get("mutations") or ()):
        yield from _validate_mutation(mutation, compiler, f"spec.mutations[{i}]")
    reinvocation = spec.get("reinvocationPolicy") or ""
    if not reinvocation:
        yield required("spec.reinvocationPolicy")
    elif reinvocation not in REINVOCATION_POLICIES:
        yield unsupported("spec.reinvocationPolicy", reinvocation, REINVOCATION_POLICIES)


def _validate_mutation(mutation: Object, compiler: PolicyCompiler, path: str) -> FieldErrors:
    patch_type = mutation.get("patchType") or ""
    if not patch_type:
        yield required(f"{path}.patchType")
        return
    if patch_type not in PATCH_TYPES:
        yield unsupported(f"{path}.patchType", patch_type, PATCH_TYPES)
        return
    field = PATCH_FIELDS[patch_type]
    patch = mutation.get(field)
    if patch is None:
        yield required(f"{path}.{field}", f"must be specified when patchType is {patch_type}")
    else:
        expression = (patch.get("expression") or "").strip()
        if not expression:
            yield required(f"{path}.{field}.expression")
        elif error := error_of(compiler.patch(field, expression)):
            yield invalid(f"{path}.{field}.expression", expression, error)
    other = "applyConfiguration" if field == "jsonPatch" else "jsonPatch"
    if mutation.get(other) is not None:
        yield invalid(f"{path}.{other}", Printed(f'"{{{other}}}"'), f"must not be specified when patchType is {patch_type}")


KIND = Kind(
    group="admissionregistration.k8s.io",
    version="v1",
    kind="MutatingAdmissionPolicy",
    plural="mutatingadmissionpolicies",
    namespaced=False,
    unconditional_update=False,
    default=default,
    prepare=first_generation,
    prepare_update=lambda new, old: count_generation(new, old, "spec"),
    validate=validate,
    validate_update=validate_update,
    warnings=static_name_warnings,
    update_warnings=lambda new, _old: static_name_warnings(new),
)
