"""Roles that make more of themselves."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.grants import ROLES, grants
from kplan.lint.rule import Context, Finding, rule

WAYS = (
    (("rbac.authorization.k8s.io", "roles"), ("escalate", "bind"), "grant any role"),
    (("rbac.authorization.k8s.io", "clusterroles"), ("escalate", "bind"), "grant any role"),
    (("", "users"), ("impersonate",), "act as any user"),
    (("", "groups"), ("impersonate",), "act as any group"),
    (("", "serviceaccounts"), ("impersonate",), "act as any ServiceAccount"),
    (("", "serviceaccounts/token"), ("create",), "make tokens of any ServiceAccount"),
    (("", "nodes/proxy"), ("get", "create"), "run commands in any pod by the kubelet"),
    (("certificates.k8s.io", "certificatesigningrequests/approval"), ("update", "patch"), "approve certificates of any user"),
)


@rule("rbac-escalation", Severity.WARNING, ROLES, profile="security")
def rbac_escalation(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A role allows its holder to get rights that the role does not state.

    Why: escalate, bind, impersonate, tokens of others and the kubelet's proxy all lead to cluster-admin.
    Example: `resources: [serviceaccounts/token], verbs: [create]`.
    Fix: leave it out, or limit it by `resourceNames`.
    Upstream: Checkov CKV2_K8S_1, _2, _3, _4; the RBAC good practices of the documentation.
    """
    for i, each in enumerate(obj.get("rules") or ()):
        if each.get("resourceNames") or "*" in (each.get("resources") or ()):
            continue
        for (group, resource), verbs, means in WAYS:
            verb = grants(each, group, resource, verbs)
            if verb:
                yield Finding(f"rules[{i}]", f"{verb} on {resource} is enough to {means}", "leave it out, or name the objects")
