"""ClusterRoleBinding.

Upstream: pkg/apis/rbac/{v1,validation} (ValidateClusterRoleBinding), pkg/registry/rbac/clusterrolebinding.
"""

from __future__ import annotations

from kplan.api.field import FieldErrors
from kplan.api.objects import Object
from kplan.kinds.kind import Kind
from kplan.kinds.rbac import GROUP, binding_references, default_binding, validate_binding, validate_role_ref_kept

ROLE_KINDS = ("ClusterRole",)


def validate(obj: Object) -> FieldErrors:
    """Upstream: ValidateClusterRoleBinding."""
    return validate_binding(obj, False, ROLE_KINDS)


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateClusterRoleBindingUpdate."""
    yield from validate(new)
    yield from validate_role_ref_kept(new, old)


KIND = Kind(
    group=GROUP,
    version="v1",
    kind="ClusterRoleBinding",
    plural="clusterrolebindings",
    namespaced=False,
    default=default_binding,
    validate=validate,
    validate_update=validate_update,
    references=binding_references,
)
