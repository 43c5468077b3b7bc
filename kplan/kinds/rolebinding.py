"""RoleBinding.

Upstream: pkg/apis/rbac/{v1,validation} (ValidateRoleBinding), pkg/registry/rbac/rolebinding.
"""

from __future__ import annotations

from kplan.api.field import FieldErrors
from kplan.api.objects import Object
from kplan.kinds.kind import Kind
from kplan.kinds.rbac import GROUP, binding_references, default_binding, validate_binding, validate_role_ref_kept

ROLE_KINDS = ("Role", "ClusterRole")


def validate(obj: Object) -> FieldErrors:
    """Upstream: ValidateRoleBinding."""
    return validate_binding(obj, True, ROLE_KINDS)


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateRoleBindingUpdate."""
    yield from validate(new)
    yield from validate_role_ref_kept(new, old)


KIND = Kind(
    group=GROUP,
    version="v1",
    kind="RoleBinding",
    plural="rolebindings",
    namespaced=True,
    default=default_binding,
    validate=validate,
    validate_update=validate_update,
    references=binding_references,
)
