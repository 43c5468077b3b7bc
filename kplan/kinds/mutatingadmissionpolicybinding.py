"""MutatingAdmissionPolicyBinding.

Upstream: pkg/apis/admissionregistration/{v1,validation}, pkg/registry/admissionregistration/mutatingadmissionpolicybinding.
"""

from __future__ import annotations

from kplan.api.field import FieldErrors
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object
from kplan.kinds import policies
from kplan.kinds.kind import Kind
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.strategy import count_generation, first_generation
from kplan.kinds.webhooks import static_name_warnings


def default(obj: Object) -> None:
    """Match what is equivalent."""
    policies.default_match_resources(obj.setdefault("spec", {}).get("matchResources"))


def validate(obj: Object) -> FieldErrors:
    """A new binding, or a changed one."""
    yield from validate_object_meta(obj["metadata"], False, name_is_dns_subdomain)
    spec = obj.get("spec") or {}
    yield from policies.validate_policy_name(spec)
    if spec.get("paramRef") is not None:
        yield from policies.validate_param_ref(spec["paramRef"])
    if spec.get("matchResources") is not None:
        yield from policies.validate_match_resources(spec["matchResources"], "spec.matchResources")
        yield from policies.validate_mutating_operations(spec["matchResources"], "spec.matchResources")


KIND = Kind(
    group="admissionregistration.k8s.io",
    version="v1",
    kind="MutatingAdmissionPolicyBinding",
    plural="mutatingadmissionpolicybindings",
    namespaced=False,
    unconditional_update=False,
    default=default,
    prepare=first_generation,
    prepare_update=lambda new, old: count_generation(new, old, "spec"),
    validate=validate,
    validate_update=lambda new, _old: validate(new),
    warnings=static_name_warnings,
    update_warnings=lambda new, _old: static_name_warnings(new),
    references=policies.binding_references("MutatingAdmissionPolicy.admissionregistration.k8s.io"),
)
