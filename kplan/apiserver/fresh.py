"""What a cluster has before anyone asks for anything.

Upstream: kube-apiserver's post-start hooks (system namespaces, priority classes). ServiceAccounts come from their controller in a real cluster; here
they are there at once, so that pods can be validated without a run. RBAC bootstrap roles are left out but for their names in `SYSTEM_ROLES`.
"""

from __future__ import annotations

from kplan.api.objects import Object

CREATED = "2026-01-01T00:00:00Z"
CLUSTER_CRITICAL = "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."
NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


def _uid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def _namespace(name: str, number: int) -> Object:
    meta = {"name": name, "uid": _uid(number), "creationTimestamp": CREATED, "labels": {"kubernetes.io/metadata.name": name}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}


def _service_account(namespace: str, number: int) -> Object:
    meta = {"name": "default", "namespace": namespace, "uid": _uid(number), "creationTimestamp": CREATED}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta}


def _priority_class(name: str, value: int, description: str, number: int) -> Object:
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": name, "uid": _uid(number), "creationTimestamp": CREATED, "generation": 1},
        "value": value,
        "description": description,
        "preemptionPolicy": "PreemptLowerPriority",
    }


FIRST_OBJECTS: tuple[tuple[str, Object], ...] = (
    *(("Namespace", _namespace(name, i)) for i, name in enumerate(NAMESPACES, 1)),
    *(("ServiceAccount", _service_account(name, i)) for i, name in enumerate(NAMESPACES, 11)),
    (
        "PriorityClass.scheduling.k8s.io",
        _priority_class("system-cluster-critical", 2000000000, CLUSTER_CRITICAL, 21),
    ),
    (
        "PriorityClass.scheduling.k8s.io",
        _priority_class("system-node-critical", 2000001000, "Used for system critical pods that must not be moved from their current node.", 22),
    ),
)
