"""What Roles, ClusterRoles and their bindings share.

Upstream: pkg/apis/rbac/{v1,validation}.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.field import FieldErrors, invalid, not_supported, required
from kplan.api.gotext import Struct
from kplan.api.names import is_path_segment_name, name_is_dns_subdomain
from kplan.api.objects import Object, namespace_of
from kplan.kinds.kind import Reference
from kplan.kinds.metadata import validate_object_meta

GROUP = "rbac.authorization.k8s.io"
SUBJECT_KINDS = ("ServiceAccount", "User", "Group")


def name_rule(name: str, _prefix: bool) -> list[str]:
    """A part of a URL path.   Upstream: ValidateRBACName."""
    return is_path_segment_name(name)


def validate_rules(rules: list[Object], namespaced: bool) -> FieldErrors:
    """Upstream: ValidatePolicyRule, for each."""
    for i, rule in enumerate(rules):
        path = f"rules[{i}]"
        if not rule.get("verbs"):
            yield required(f"{path}.verbs", "verbs must contain at least one value")
        urls = rule.get("nonResourceURLs")
        if urls:
            if namespaced:
                yield invalid(f"{path}.nonResourceURLs", urls, "namespaced rules cannot apply to non-resource URLs")
            if rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames"):
                yield invalid(f"{path}.nonResourceURLs", urls, "rules cannot apply to both regular resources and non-resource URLs")
            continue
        if not rule.get("apiGroups"):
            yield required(f"{path}.apiGroups", "resource rules must supply at least one api group")
        if not rule.get("resources"):
            yield required(f"{path}.resources", "resource rules must supply at least one resource")


def default_binding(obj: Object) -> None:
    """The API group of the role, and of users and groups."""
    role = obj.setdefault("roleRef", {})
    if not role.get("apiGroup"):
        role["apiGroup"] = GROUP
    for subject in obj.get("subjects") or ():
        if not subject.get("apiGroup") and subject.get("kind") in ("User", "Group"):
            subject["apiGroup"] = GROUP


def validate_binding(obj: Object, namespaced: bool, role_kinds: tuple[str, ...]) -> FieldErrors:
    """Upstream: ValidateRoleBinding, ValidateClusterRoleBinding."""
    yield from validate_object_meta(obj["metadata"], namespaced, name_rule)
    role = obj.get("roleRef") or {}
    group, kind, name = (role.get(field) or "" for field in ("apiGroup", "kind", "name"))
    if group != GROUP:
        yield not_supported("roleRef.apiGroup", group, (GROUP,))
    if kind not in role_kinds:
        yield not_supported("roleRef.kind", kind, role_kinds)
    if not name:
        yield required("roleRef.name")
    for message in is_path_segment_name(name) if name else ():
        yield invalid("roleRef.name", name, message)
    for i, subject in enumerate(obj.get("subjects") or ()):
        yield from _validate_subject(subject, namespaced, f"subjects[{i}]")


def _validate_subject(subject: Object, namespaced: bool, path: str) -> FieldErrors:
    kind, name, group = (subject.get(field) or "" for field in ("kind", "name", "apiGroup"))
    if not name:
        yield required(f"{path}.name")
    if kind == "ServiceAccount":
        for message in name_is_dns_subdomain(name, False) if name else ():
            yield invalid(f"{path}.name", name, message)
        if group:
            yield not_supported(f"{path}.apiGroup", group, ("",))
        if not namespaced and not subject.get("namespace"):
            yield required(f"{path}.namespace")
    elif kind in ("User", "Group"):
        if group != GROUP:
            yield not_supported(f"{path}.apiGroup", group, (GROUP,))
    else:
        yield not_supported(f"{path}.kind", kind, SUBJECT_KINDS)


def validate_role_ref_kept(new: Object, old: Object) -> FieldErrors:
    """A binding stays with its role."""
    role = new.get("roleRef") or {}
    if role != (old.get("roleRef") or {}):
        printed = Struct(APIGroup=role.get("apiGroup") or "", Kind=role.get("kind") or "", Name=role.get("name") or "")
        yield invalid("roleRef", printed, "cannot change roleRef")


def binding_references(obj: Object) -> Iterator[Reference]:
    """The role, and the service accounts that get it."""
    role, namespace = obj.get("roleRef") or {}, namespace_of(obj)
    kind, name = role.get("kind"), role.get("name")
    if kind in ("Role", "ClusterRole") and name:
        yield Reference("roleRef.name", f"{kind}.{GROUP}", namespace if kind == "Role" else "", name)
    for i, subject in enumerate(obj.get("subjects") or ()):
        if subject.get("kind") == "ServiceAccount" and subject.get("name"):
            yield Reference(f"subjects[{i}]", "ServiceAccount", subject.get("namespace") or namespace, subject["name"])
