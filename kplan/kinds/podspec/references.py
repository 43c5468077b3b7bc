"""The edges that a pod spec states: config maps, secrets, claims, service account, classes.

Upstream: VisitPodSecretNames and VisitPodConfigmapNames in pkg/api/pod/util.go, and the fields that admission, scheduler
and kubelet resolve. Host paths, disks and images are nothing in the cluster and are left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.kinds.claimspec import claim_spec_references
from kplan.kinds.kind import Reference
from kplan.kinds.podspec.container import visit_containers

SECRET_OF_SOURCE = {
    "azureFile": "secretName",
    "cephfs": "secretRef.name",
    "cinder": "secretRef.name",
    "flexVolume": "secretRef.name",
    "rbd": "secretRef.name",
    "scaleIO": "secretRef.name",
    "iscsi": "secretRef.name",
    "storageos": "secretRef.name",
    "csi": "nodePublishSecretRef.name",
}
SECRET_PROVIDER = "SecretProviderClass.secrets-store.csi.x-k8s.io"


def pod_spec_references(spec: Object, namespace: str, path: str) -> Iterator[Reference]:
    """Every reference of the pod spec at `path`, in the order volumes, containers, the rest. Pull secrets may be missing."""
    for i, volume in enumerate(spec.get("volumes") or ()):
        yield from _volume_references(volume, namespace, f"{path}.volumes[{i}]")
    for container, at in visit_containers(spec, path):
        yield from _container_references(container, namespace, at)
    if account := spec.get("serviceAccountName"):
        yield Reference(f"{path}.serviceAccountName", "ServiceAccount", namespace, account)
    for i, secret in enumerate(spec.get("imagePullSecrets") or ()):
        if secret.get("name"):
            yield Reference(f"{path}.imagePullSecrets[{i}].name", "Secret", namespace, secret["name"], optional=True)
    if priority := spec.get("priorityClassName"):
        yield Reference(f"{path}.priorityClassName", "PriorityClass.scheduling.k8s.io", "", priority)
    if runtime := spec.get("runtimeClassName"):
        yield Reference(f"{path}.runtimeClassName", "RuntimeClass.node.k8s.io", "", runtime)
    if node := spec.get("nodeName"):
        yield Reference(f"{path}.nodeName", "Node", "", node)
    for i, claim in enumerate(spec.get("resourceClaims") or ()):
        for field, kind in (("resourceClaimName", "ResourceClaim"), ("resourceClaimTemplateName", "ResourceClaimTemplate")):
            if claim.get(field):
                yield Reference(f"{path}.resourceClaims[{i}].{field}", f"{kind}.resource.k8s.io", namespace, claim[field])


def _keys(source: Object, name_field: str, kind: str, namespace: str, path: str) -> Iterator[Reference]:
    """A ConfigMap or Secret as files: the object, or each of the keys that are picked."""
    name, optional = source.get(name_field), bool(source.get("optional"))
    if not name:
        return
    items = source.get("items")
    if not items:
        yield Reference(f"{path}.{name_field}", kind, namespace, name, optional=optional)
    for i, item in enumerate(items or ()):
        yield Reference(f"{path}.items[{i}].key", kind, namespace, name, item.get("key", ""), optional)


def _volume_references(volume: Object, namespace: str, path: str) -> Iterator[Reference]:
    for kind, source in volume.items():
        at = f"{path}.{kind}"
        if kind == "configMap":
            yield from _keys(source, "name", "ConfigMap", namespace, at)
        elif kind == "secret":
            yield from _keys(source, "secretName", "Secret", namespace, at)
        elif kind == "projected":
            for i, part in enumerate(source.get("sources") or ()):
                for field, target in (("configMap", "ConfigMap"), ("secret", "Secret")):
                    if field in part:
                        yield from _keys(part[field], "name", target, namespace, f"{at}.sources[{i}].{field}")
        elif kind == "persistentVolumeClaim":
            if source.get("claimName"):
                yield Reference(f"{at}.claimName", "PersistentVolumeClaim", namespace, source["claimName"])
        elif kind == "ephemeral":
            template = source.get("volumeClaimTemplate") or {}
            yield from claim_spec_references(template.get("spec") or {}, namespace, f"{at}.volumeClaimTemplate.spec")
        elif kind == "glusterfs":
            if source.get("endpoints"):
                yield Reference(f"{at}.endpoints", "Endpoints", namespace, source["endpoints"])
        elif kind in SECRET_OF_SOURCE:
            field, _, inner = SECRET_OF_SOURCE[kind].partition(".")
            name = (source.get(field) or {}).get(inner) if inner else source.get(field)
            if name:
                yield Reference(f"{at}.{SECRET_OF_SOURCE[kind]}", "Secret", namespace, name)
            if kind == "csi" and source.get("driver"):
                yield Reference(f"{at}.driver", "CSIDriver.storage.k8s.io", "", source["driver"], optional=True)
                provider = (source.get("volumeAttributes") or {}).get("secretProviderClass")
                if provider:
                    yield Reference(f"{at}.volumeAttributes.secretProviderClass", SECRET_PROVIDER, namespace, provider)


def _container_references(container: Object, namespace: str, path: str) -> Iterator[Reference]:
    for i, source in enumerate(container.get("envFrom") or ()):
        for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            ref = source.get(field)
            if ref and ref.get("name"):
                yield Reference(f"{path}.envFrom[{i}].{field}.name", kind, namespace, ref["name"], optional=bool(ref.get("optional")))
    for i, variable in enumerate(container.get("env") or ()):
        source = variable.get("valueFrom") or {}
        for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            ref = source.get(field)
            if ref and ref.get("name"):
                at = f"{path}.env[{i}].valueFrom.{field}"
                yield Reference(f"{at}.name", kind, namespace, ref["name"], ref.get("key", ""), bool(ref.get("optional")))
