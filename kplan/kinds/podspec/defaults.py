"""The v1 defaults of pod specs and pod templates, and of whole Pods.

Upstream: pkg/apis/core/v1/defaults.go, zz_generated.defaults.go, and what conversion.go does to a pod on its way in
(service account alias, negative grace period, annotations of long ago).
"""

from __future__ import annotations

from kplan.api.objects import Object
from kplan.api.podrequests import pod_limit_quantities, pod_request_quantities
from kplan.kinds.claimspec import default_claim_template
from kplan.kinds.podspec.images import pull_policy_of
from kplan.kinds.podspec.volumes import SOURCES
from kplan.kinds.resourcelist import default_resource_list
from kplan.kinds.resourcenames import HUGE_PAGES, is_overcommit_allowed

MODE = 0o644
INIT_CONTAINER_ANNOTATIONS = tuple(f"pod.{stage}.kubernetes.io/init-container{what}" for stage in ("beta", "alpha") for what in ("s", "-statuses"))

# what the fields of a volume source are where they are not given
SOURCE_DEFAULTS: dict[str, Object] = {
    "hostPath": {"type": ""},
    "secret": {"defaultMode": MODE},
    "configMap": {"defaultMode": MODE},
    "downwardAPI": {"defaultMode": MODE},
    "projected": {"defaultMode": MODE},
    "iscsi": {"iscsiInterface": "default"},
    "rbd": {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"},
    "azureDisk": {"cachingMode": "ReadWrite", "fsType": "ext4", "readOnly": False, "kind": "Shared"},
    "scaleIO": {"storageMode": "ThinProvisioned", "fsType": "xfs"},
}


def default_pod_spec(spec: Object) -> None:
    """Fill in, in place, what the server fills into every pod spec, in a Pod and in a template alike."""
    default = spec.setdefault
    default("dnsPolicy", "ClusterFirst")
    default("restartPolicy", "Always")
    default("securityContext", {})
    default("terminationGracePeriodSeconds", 30)
    default("schedulerName", "default-scheduler")
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for volume in spec.get("volumes") or ():
        default_volume(volume)
    for field in ("containers", "initContainers", "ephemeralContainers"):
        for container in spec.get(field) or ():
            default_container(container)
    default_resource_list(spec.get("overhead"))
    _default_resources(spec.get("resources"))


def default_pod_template(template: Object) -> None:
    """Fill in a PodTemplateSpec in place."""
    _drop_init_container_annotations(template)
    default_pod_spec(template.setdefault("spec", {}))


def default_pod(pod: Object) -> None:
    """Fill in a Pod in place: what a pod has beyond its spec's defaults comes first."""
    _drop_init_container_annotations(pod)
    spec = pod.setdefault("spec", {})
    for field in ("containers", "initContainers"):
        for container in spec.get(field) or ():
            _default_requests(container)
    if spec.get("resources") is not None:
        _default_pod_resources(spec)
    spec.setdefault("enableServiceLinks", True)
    if spec.get("hostNetwork"):
        for field in ("containers", "initContainers"):
            for container in spec.get(field) or ():
                for port in container.get("ports") or ():
                    if not port.get("hostPort") and port.get("containerPort"):
                        port["hostPort"] = port["containerPort"]
    default_pod_spec(spec)
    if spec["terminationGracePeriodSeconds"] < 0:
        spec["terminationGracePeriodSeconds"] = 1


def _drop_init_container_annotations(obj: Object) -> None:
    annotations = (obj.get("metadata") or {}).get("annotations")
    if not annotations:
        return
    for key in INIT_CONTAINER_ANNOTATIONS:
        annotations.pop(key, None)
    if not annotations:
        del obj["metadata"]["annotations"]


def _default_requests(container: Object) -> None:
    """What is limited is requested to the same amount unless said otherwise."""
    resources = container.get("resources")
    if resources and resources.get("limits"):
        requests = resources.setdefault("requests", {})
        for name, amount in resources["limits"].items():
            requests.setdefault(name, amount)


def _default_pod_resources(spec: Object) -> None:
    """Pod-level hugepage limits follow the containers'; requests follow the containers' requests, then the pod's limits."""
    resources = spec["resources"]
    containers = {"spec": {key: spec[key] for key in ("containers", "initContainers") if spec.get(key)}}
    limits, requests = dict(resources.get("limits") or {}), dict(resources.get("requests") or {})
    if limits or requests:
        for name, amount in pod_limit_quantities(containers).items():
            if name.startswith(HUGE_PAGES) and name not in requests:
                limits.setdefault(name, str(amount))
    if limits:
        resources["limits"] = limits
        for name, amount in pod_request_quantities(containers).items():
            if name in ("cpu", "memory") and is_overcommit_allowed(name):
                requests.setdefault(name, str(amount))
        for name, limit in limits.items():
            if name in ("cpu", "memory") or name.startswith(HUGE_PAGES):
                requests.setdefault(name, limit)
    if requests:
        resources["requests"] = requests


def _default_resources(resources: Object | None) -> None:
    if resources:
        default_resource_list(resources.get("limits"))
        default_resource_list(resources.get("requests"))


def default_volume(volume: Object) -> None:
    """A volume that is nothing is an empty directory."""
    if len(volume) == 1 or not any(key in SOURCES for key in volume):
        volume["emptyDir"] = {}
        return
    for kind, source in volume.items():
        for field, value in (SOURCE_DEFAULTS.get(kind) or {}).items():
            source.setdefault(field, value)
        if kind == "downwardAPI":
            _default_files(source)
        elif kind == "projected":
            for part in source.get("sources") or ():
                if "downwardAPI" in part:
                    _default_files(part["downwardAPI"])
                if "serviceAccountToken" in part:
                    part["serviceAccountToken"].setdefault("expirationSeconds", 3600)
        elif kind == "ephemeral" and source.get("volumeClaimTemplate") is not None:
            default_claim_template(source["volumeClaimTemplate"])
        elif kind == "image":
            source.setdefault("pullPolicy", pull_policy_of(source.get("reference", "")))


def _default_files(source: Object) -> None:
    for file in source.get("items") or ():
        if "fieldRef" in file:
            file["fieldRef"].setdefault("apiVersion", "v1")


def default_container(container: Object) -> None:
    """A container of any sort."""
    default = container.setdefault
    default("imagePullPolicy", pull_policy_of(container.get("image", "")))
    default("terminationMessagePath", "/dev/termination-log")
    default("terminationMessagePolicy", "File")
    for port in container.get("ports") or ():
        port.setdefault("protocol", "TCP")
    for variable in container.get("env") or ():
        source = variable.get("valueFrom")
        if source:
            if "fieldRef" in source:
                source["fieldRef"].setdefault("apiVersion", "v1")
            if "fileKeyRef" in source:
                source["fileKeyRef"].setdefault("optional", False)
    _default_resources(container.get("resources"))
    for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
        if kind in container:
            default_probe(container[kind])
    for hook in (container.get("lifecycle") or {}).values():
        if isinstance(hook, dict) and "httpGet" in hook:
            _default_http_get(hook["httpGet"])


def default_probe(probe: Object) -> None:
    """A probe: every ten seconds, one second to answer, three failures in a row."""
    default = probe.setdefault
    default("timeoutSeconds", 1)
    default("periodSeconds", 10)
    default("successThreshold", 1)
    default("failureThreshold", 3)
    if "httpGet" in probe:
        _default_http_get(probe["httpGet"])
    if "grpc" in probe and probe["grpc"].get("service") is None:
        probe["grpc"]["service"] = ""


def _default_http_get(action: Object) -> None:
    action.setdefault("path", "/")
    action.setdefault("scheme", "HTTP")
