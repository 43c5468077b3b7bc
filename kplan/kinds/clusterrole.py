"""ClusterRole.

Upstream: pkg/apis/rbac/validation (ValidateClusterRole), pkg/registry/rbac/clusterrole.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.field import FieldErrors, invalid, required
from kplan.api.objects import Object
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.labelselector import validate_label_selector
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.rbac import GROUP, name_rule, validate_rules
from kplan.kinds.role import finish

SELECTORS = "aggregationRule.clusterRoleSelectors"


def validate(obj: Object) -> FieldErrors:
    """Upstream: ValidateClusterRole."""
    return _validate(obj, False)


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Wrong values in selectors may stay, but then no selector can be made of them."""
    selectors = (old.get("aggregationRule") or {}).get("clusterRoleSelectors") or ()
    return _validate(new, any(True for selector in selectors for _ in validate_label_selector(selector, "")))


def _validate(obj: Object, invalid_values: bool) -> FieldErrors:
    yield from validate_object_meta(obj["metadata"], False, name_rule)
    yield from validate_rules(obj.get("rules") or [], False)
    rule = obj.get("aggregationRule")
    if rule is None:
        return
    selectors = rule.get("clusterRoleSelectors") or ()
    if not selectors:
        yield required(SELECTORS, "at least one clusterRoleSelector required if aggregationRule is non-nil")
    for i, selector in enumerate(selectors):
        path = f"{SELECTORS}[{i}]"
        yield from validate_label_selector(selector, path, allow_invalid_values=invalid_values)
        if any(True for _ in validate_label_selector(selector, path)):
            yield invalid(path, None, "invalid label selector.")


def references(obj: Object) -> Iterator[Reference]:
    """The ClusterRoles whose rules are gathered."""
    for i, selector in enumerate((obj.get("aggregationRule") or {}).get("clusterRoleSelectors") or ()):
        yield Reference(f"{SELECTORS}[{i}]", f"ClusterRole.{GROUP}", "", "", selects=selector, optional=True)


KIND = Kind(
    group=GROUP,
    version="v1",
    kind="ClusterRole",
    plural="clusterroles",
    namespaced=False,
    finish=finish,
    validate=validate,
    validate_update=validate_update,
    references=references,
)
