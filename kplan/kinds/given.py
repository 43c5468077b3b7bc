"""Objects that every cluster has without being told: those that the API server, its controllers and cluster set-up make."""

from __future__ import annotations

# By kind and name in every namespace (or in none), by kind, namespace and name in one.
GIVEN = frozenset(
    {
        ("ConfigMap", "kube-root-ca.crt"),
        ("ConfigMap", "kube-system", "extension-apiserver-authentication"),
        ("Namespace", "default"),
        ("Namespace", "kube-node-lease"),
        ("Namespace", "kube-public"),
        ("Namespace", "kube-system"),
        ("PriorityClass.scheduling.k8s.io", "system-cluster-critical"),
        ("PriorityClass.scheduling.k8s.io", "system-node-critical"),
        ("Service", "default", "kubernetes"),
        ("ServiceAccount", "default"),
    }
)
ROLES = ("cluster-admin", "admin", "edit", "view", "extension-apiserver-authentication-reader")


def given(kind: str, namespace: str, name: str) -> bool:
    """Whether every cluster has an object without being told."""
    if kind.endswith("rbac.authorization.k8s.io"):
        return name.startswith("system:") or name in ROLES
    return (kind, name) in GIVEN or (kind, namespace, name) in GIVEN
