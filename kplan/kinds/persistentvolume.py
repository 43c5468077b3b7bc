"""PersistentVolume.

Upstream: pkg/apis/core/validation/validation.go, pkg/registry/core/persistentvolume/strategy.go, pkg/volume/validation/pv_validation.go,
pkg/api/persistentvolume/util.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.field import FieldErrors, forbidden, invalid
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object, annotations_of
from kplan.kinds.checks import same, typed
from kplan.kinds.internalform import difference, internal
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.nodeselector import has_invalid_label_value, term_warnings
from kplan.kinds.persistentvolumespec import SOURCE_FIELDS, default_volume_source, validate_persistent_volume_spec
from kplan.kinds.strategy import keep_all_but_status, keep_status

STORAGE_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
MOUNT_OPTIONS_ANNOTATION = "volume.beta.kubernetes.io/mount-options"
IMMUTABLE_AFFINITY = "field is immutable, except for updating from beta label to GA"
_WITH_MOUNT_OPTIONS = (
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "nfs",
    "rbd",
    "quobyte",
    "iscsi",
    "cinder",
    "cephfs",
    "azureFile",
    "vsphereVolume",
    "azureDisk",
    "photonPersistentDisk",
)
_DEPRECATED_ANNOTATIONS = (
    (STORAGE_CLASS_ANNOTATION, 'deprecated since v1.8; use "storageClassName" attribute instead'),
    (MOUNT_OPTIONS_ANNOTATION, 'deprecated since v1.31; use "mountOptions" attribute instead'),
)
_DEPRECATED_SOURCES = (
    ("cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"),
)
_GA_LABELS = {
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
    "beta.kubernetes.io/os": "kubernetes.io/os",
    "beta.kubernetes.io/arch": "kubernetes.io/arch",
    "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
}


def default(volume: Object) -> None:
    """Upstream: SetDefaults_PersistentVolume."""
    spec, status = volume.setdefault("spec", {}), volume.setdefault("status", {})
    if not status.get("phase"):
        status["phase"] = "Pending"
    if not spec.get("persistentVolumeReclaimPolicy"):
        spec["persistentVolumeReclaimPolicy"] = "Retain"
    spec.setdefault("volumeMode", "Filesystem")
    default_volume_source(spec)


def prepare(volume: Object) -> None:
    """A new volume is pending from the moment it is made."""
    volume["status"] = {"phase": "Pending"}
    if made := volume["metadata"].get("creationTimestamp"):
        volume["status"]["lastPhaseTransitionTime"] = made


def prepare_status(new: Object, old: Object) -> None:
    """Upstream: the status strategy. The time of a change of phase is its writer's to give: there is no clock here."""
    keep_all_but_status(new, old)
    status, held = new.setdefault("status", {}), old.get("status") or {}
    if status.get("phase") == held.get("phase") and not status.get("lastPhaseTransitionTime") and held.get("lastPhaseTransitionTime"):
        status["lastPhaseTransitionTime"] = held["lastPhaseTransitionTime"]


def validate(volume: Object) -> FieldErrors:
    """Upstream: ValidatePersistentVolume."""
    return _validate(volume, False)


def _validate(volume: Object, allow_invalid_affinity_values: bool) -> FieldErrors:
    meta, spec = volume["metadata"], volume["spec"]
    yield from validate_object_meta(meta, False, name_is_dns_subdomain)
    yield from validate_persistent_volume_spec(
        spec, "spec", name=meta.get("name") or "", allow_invalid_affinity_values=allow_invalid_affinity_values
    )
    if MOUNT_OPTIONS_ANNOTATION in annotations_of(volume) and not any(spec.get(field) is not None for field in _WITH_MOUNT_OPTIONS):
        yield forbidden(f"metadata.annotations.{MOUNT_OPTIONS_ANNOTATION}", "may not specify mount options for this volume type")


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidatePersistentVolumeUpdate."""
    spec, held = new["spec"], old["spec"]
    held_affinity = held.get("nodeAffinity")
    held_terms = ((held_affinity or {}).get("required") or {}).get("nodeSelectorTerms")
    yield from _validate(new, has_invalid_label_value(held_terms))

    source = {field: spec[field] for field in SOURCE_FIELDS if spec.get(field) is not None}
    held_source = {field: held[field] for field in SOURCE_FIELDS if held.get(field) is not None}
    csi, held_csi = source.get("csi"), held_source.get("csi")
    if csi is not None and held_csi is not None and held_csi.get("controllerExpandSecretRef") is None:
        source["csi"] = {key: value for key, value in csi.items() if key != "controllerExpandSecretRef"}
    if source.keys() != held_source.keys() or not same(source, held_source):
        shown = difference(internal("PersistentVolumeSource", held_source), internal("PersistentVolumeSource", source))
        yield forbidden("spec.persistentvolumesource", f"spec.persistentvolumesource is immutable after creation\n{shown}")
    if spec.get("volumeMode") != held.get("volumeMode"):
        yield invalid("volumeMode", typed(spec.get("volumeMode")), "field is immutable")
    if held_affinity is not None:
        affinity = spec.get("nodeAffinity")
        if not same(affinity, held_affinity) and not _only_ga_labels(affinity, held_affinity):
            yield invalid("nodeAffinity", internal("VolumeNodeAffinity", affinity), IMMUTABLE_AFFINITY)
    if held.get("volumeAttributesClassName") is not None and spec.get("volumeAttributesClassName") is None:
        yield forbidden("spec.volumeAttributesClassName", "update from non-nil value to nil is forbidden")


def _only_ga_labels(new: Object | None, old: Object) -> bool:
    """Whether affinities differ only by keys that became those of the stable labels."""
    if new is None or new.get("required") is None or old.get("required") is None:
        return False
    terms, held = new["required"].get("nodeSelectorTerms") or [], old["required"].get("nodeSelectorTerms") or []
    return len(terms) == len(held) and all(
        _same_but_keys(t.get(part) or [], h.get(part) or []) for t, h in zip(terms, held, strict=True) for part in ("matchExpressions", "matchFields")
    )


def _same_but_keys(new: list[Object], old: list[Object]) -> bool:
    return len(new) == len(old) and all(
        same({**n, "key": ""}, {**o, "key": ""}) and n.get("key") in (o.get("key"), _GA_LABELS.get(o.get("key") or "", o.get("key")))
        for n, o in zip(new, old, strict=True)
    )


def warnings(volume: Object) -> Iterator[str]:
    """Upstream: GetWarningsForPersistentVolume."""
    spec, annotations = volume["spec"], annotations_of(volume)
    for key, message in _DEPRECATED_ANNOTATIONS:
        if key in annotations:
            yield f"metadata.annotations[{key}]: {message}"
    if spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        yield (
            "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. "
            "Instead, the recommended approach is to use dynamic provisioning."
        )
    terms = ((spec.get("nodeAffinity") or {}).get("required") or {}).get("nodeSelectorTerms") or ()
    for index, term in enumerate(terms):
        yield from term_warnings(term, f"spec.nodeAffinity.required.nodeSelectorTerms[{index}]")
    for field, shown, message in _DEPRECATED_SOURCES:
        if spec.get(field) is not None:
            yield f"spec.{shown}: {message}"


def update_warnings(new: Object, old: Object) -> Iterator[str]:
    """As on create."""
    return warnings(new)


_SECRET_FIELDS = (
    ("csi", ("controllerPublishSecretRef", "nodeStageSecretRef", "nodePublishSecretRef", "controllerExpandSecretRef", "nodeExpandSecretRef")),
    ("rbd", ("secretRef",)),
    ("iscsi", ("secretRef",)),
    ("flexVolume", ("secretRef",)),
    ("cinder", ("secretRef",)),
    ("cephfs", ("secretRef",)),
    ("scaleIO", ("secretRef",)),
    ("storageos", ("secretRef",)),
)


def references(volume: Object) -> Iterator[Reference]:
    """The claim, the classes, and the Secrets that mounting needs."""
    spec = volume.get("spec") or {}
    claim = spec.get("claimRef")
    if claim and claim.get("name"):
        yield Reference("spec.claimRef.name", "PersistentVolumeClaim", claim.get("namespace") or "", claim["name"], optional=True)
    if spec.get("storageClassName"):
        yield Reference("spec.storageClassName", "StorageClass.storage.k8s.io", "", spec["storageClassName"], optional=True)
    if spec.get("volumeAttributesClassName"):
        yield Reference("spec.volumeAttributesClassName", "VolumeAttributesClass.storage.k8s.io", "", spec["volumeAttributesClassName"])
    for field, refs in _SECRET_FIELDS:
        source = spec.get(field) or {}
        for ref in refs:
            secret = source.get(ref)
            if secret and secret.get("name"):
                yield Reference(f"spec.{field}.{ref}.name", "Secret", secret.get("namespace") or "", secret["name"])
    azure_file = spec.get("azureFile") or {}
    if azure_file.get("secretName"):
        yield Reference("spec.azureFile.secretName", "Secret", azure_file.get("secretNamespace") or "", azure_file["secretName"])


KIND = Kind(
    group="",
    version="v1",
    kind="PersistentVolume",
    plural="persistentvolumes",
    namespaced=False,
    short_names=("pv",),
    status=True,
    default=default,
    prepare=prepare,
    prepare_update=keep_status,
    prepare_status=prepare_status,
    validate=validate,
    validate_update=validate_update,
    warnings=warnings,
    update_warnings=update_warnings,
    references=references,
    empties=(("spec", "capacity"),),
)
