"""Role.

Upstream: pkg/apis/rbac/validation (ValidateRole), pkg/registry/rbac/role.
"""

from __future__ import annotations

from kplan.api.field import FieldErrors
from kplan.api.objects import Object
from kplan.kinds.kind import Kind
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.rbac import GROUP, name_rule, validate_rules


def finish(obj: Object) -> None:
    """Storage knows no empty list, and the API prints null."""
    obj["rules"] = obj.get("rules") or None


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
    finish=finish,
    validate=validate,
    validate_update=lambda new, _old: validate(new),
)
