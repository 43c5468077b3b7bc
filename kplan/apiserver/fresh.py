"""What a cluster has before anyone asks for anything.

Upstream: kube-apiserver's post-start hooks (system namespaces, priority classes). ServiceAccounts come from their controller in a real cluster; here
they are there at once, so that pods can be validated without a run. RBAC bootstrap roles are left out but for their names in `SYSTEM_ROLES`.
"""

from __future__ import annotations

from kplan.api.objects import Object

CREATED = "2026-01-01T00:00:00Z"
CLUSTER_CRITICAL = "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."
SERVICE_ADDRESS, SERVER_ADDRESS = "10.96.0.1", "10.0.0.100"
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


def _kubernetes_service() -> Object:
    """The API server's own Service.   Upstream: pkg/controlplane/controller/kubernetesservice."""
    spec = {
        "type": "ClusterIP",
        "clusterIP": SERVICE_ADDRESS,
        "clusterIPs": [SERVICE_ADDRESS],
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "internalTrafficPolicy": "Cluster",
        "sessionAffinity": "None",
        "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}],
    }
    meta = _kubernetes_meta(31, {"component": "apiserver", "provider": "kubernetes"})
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec, "status": {"loadBalancer": {}}}


def _kubernetes_endpoints() -> Object:
    """Upstream: pkg/controlplane/reconcilers. The EndpointSlice beside it is written by the server too, so nothing mirrors it."""
    subset = {"addresses": [{"ip": SERVER_ADDRESS}], "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}]}
    meta = _kubernetes_meta(32, {"endpointslice.kubernetes.io/skip-mirror": "true"})
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta, "subsets": [subset]}


def _kubernetes_slice() -> Object:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {**_kubernetes_meta(33, {"kubernetes.io/service-name": "kubernetes"}), "generation": 1},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [SERVER_ADDRESS], "conditions": {"ready": True}}],
        "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}],
    }


def _kubernetes_meta(number: int, labels: dict[str, str]) -> Object:
    return {"name": "kubernetes", "namespace": "default", "uid": _uid(number), "creationTimestamp": CREATED, "labels": labels}


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
    ("Service", _kubernetes_service()),
    ("Endpoints", _kubernetes_endpoints()),
    ("EndpointSlice.discovery.k8s.io", _kubernetes_slice()),
)
