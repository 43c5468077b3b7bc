"""Role.

Upstream: pkg/apis/rbac/validation (ValidateRole), pkg/registry/rbac/role.
"""

from __future__ import annotations

from kplan.api.field import FieldErrors
from kplan.api.objects import Object
from kplan.kinds.kind import Kind
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.rbac import GROUP, name_rule, validate_rules


def default(obj: Object) -> None:
    """The list of rules is printed also where there are none."""
    obj.setdefault("rules", None)


def validate(obj: Object) -> FieldErrors:
    """Upstream: ValidateRole."""
    yield from validate_object_meta(obj["metadata"], True, name_rule)
    yield from validate_rules(obj.get("rules") or [], True)


KIND = Kind(
    group=GROUP,
    version="v1",
    kind="Role",
    plural="roles",
    namespaced=True,
    default=default,
    validate=validate,
    validate_update=lambda new, old: validate(new),
)
