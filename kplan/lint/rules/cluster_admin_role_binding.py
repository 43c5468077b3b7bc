"""Bindings to cluster-admin."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.grants import BINDINGS, role_of, rules_of, subjects_of
from kplan.lint.rule import Context, Finding, rule


@rule("cluster-admin-role-binding", Severity.WARNING, BINDINGS, profile="security")
def cluster_admin_role_binding(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A binding grants cluster-admin, or a role that may do everything as well.

    Why: any bug of its subjects is then a bug of the whole cluster.
    Example: `roleRef: {kind: ClusterRole, name: cluster-admin}`.
    Fix: make a role with what is needed.
    Upstream: kube-linter cluster-admin-role-binding, Polaris clusterrolebindingClusterAdmin, rolebindingClusterAdminClusterRole, rolebindingClusterAdminRole.
    """
    role = obj.get("roleRef") or {}
    if role.get("kind") == "ClusterRole" and role.get("name") == "cluster-admin":
        yield Finding("roleRef.name", f"makes {subjects_of(obj)} cluster-admin", "grant what is needed")
        return
    found = role_of(obj, ref, context)
    for _, each in rules_of(found[1], context) if found else ():
        if all("*" in (each.get(field) or ()) for field in ("apiGroups", "resources", "verbs")):
            message = f"grants {subjects_of(obj)} everything, by {role.get('kind')} {role.get('name')}"
            yield Finding("roleRef.name", message, "grant what is needed", related=((found[0], "rules", "the role"),) if found else ())
            return
