"""The spec of a PersistentVolumeClaim, which claims, StatefulSets and ephemeral volumes of pods have.

Upstream: pkg/apis/core/v1/defaults.go, pkg/apis/core/validation/validation.go, pkg/api/persistentvolumeclaim/util.go. Left out: the
alpha gate CrossNamespaceVolumeDataSource (off), so a dataSourceRef with a namespace is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kplan.api.field import FieldErrors, forbidden, invalid, not_supported, required
from kplan.api.gotext import go_quote
from kplan.api.names import is_dns1123_subdomain, name_is_dns_label, name_is_dns_subdomain
from kplan.api.objects import Object, group_kind
from kplan.kinds.checks import typed
from kplan.kinds.kind import Reference
from kplan.kinds.labelselector import validate_label_selector
from kplan.kinds.metadata import validate_annotations, validate_labels
from kplan.kinds.resourcelist import default_resource_list, fractional_bytes, validate_positive_quantity

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
VOLUME_MODES = ("Block", "Filesystem")
_LEGACY_SOURCES = (("PersistentVolumeClaim", ""), ("VolumeSnapshot", "snapshot.storage.k8s.io"))
_NOT_IN_TEMPLATES = (
    ("name", "name"),
    ("generateName", "generateName"),
    ("namespace", "namespace"),
    ("selfLink", "selfLink"),
    ("uid", "uID"),
    ("resourceVersion", "resourceVersion"),
    ("generation", "generation"),
    ("creationTimestamp", "creationTimestamp"),
    ("deletionTimestamp", "deletionTimestamp"),
    ("deletionGracePeriodSeconds", "deletionGracePeriodSeconds"),
    ("ownerReferences", "ownerReferences"),
    ("finalizers", "finalizers"),
    ("managedFields", "managedFields"),
)


@dataclass(frozen=True, slots=True)
class ClaimSpecOptions:
    """What an update may keep because the stored object has it.   Upstream: PersistentVolumeClaimSpecValidationOptions."""

    allow_invalid_selector_values: bool = False
    allow_invalid_data_source_group: bool = False


STRICT = ClaimSpecOptions()


def default_claim_spec(spec: Object) -> None:
    """Defaults of a claim's spec, in place.   Upstream: SetDefaults_PersistentVolumeClaimSpec."""
    spec.setdefault("volumeMode", "Filesystem")
    resources = spec.get("resources") or {}
    default_resource_list(resources.get("limits"))
    default_resource_list(resources.get("requests"))


def default_claim_template(template: Object) -> None:
    """Defaults of the claim template of an ephemeral volume, in place."""
    default_claim_spec(template.setdefault("spec", {}))


def validate_claim_template(template: Object, path: str, options: ClaimSpecOptions = STRICT) -> FieldErrors:
    """The claim template of an ephemeral volume.   Upstream: ValidatePersistentVolumeClaimTemplate."""
    yield from validate_template_meta(template.get("metadata") or {}, f"{path}.metadata")
    yield from validate_claim_spec(template.get("spec") or {}, f"{path}.spec", options)


def validate_template_meta(meta: Object, path: str) -> FieldErrors:
    """Metadata of a template: labels and annotations only.   Upstream: ValidateTemplateObjectMeta."""
    yield from validate_annotations(meta.get("annotations") or {}, f"{path}.annotations")
    yield from validate_labels(meta.get("labels") or {}, f"{path}.labels")
    for key, name in _NOT_IN_TEMPLATES:
        if meta.get(key):
            yield forbidden(f"{path}.{name}", "cannot be set")


def validate_claim_spec(spec: Object, path: str, options: ClaimSpecOptions = STRICT) -> FieldErrors:
    """A claim's spec.   Upstream: ValidatePersistentVolumeClaimSpec."""
    modes = spec.get("accessModes") or ()
    if not modes:
        yield required(f"{path}.accessModes", "at least 1 access mode is required")
    if spec.get("selector") is not None:
        yield from validate_label_selector(spec["selector"], f"{path}.selector", allow_invalid_values=options.allow_invalid_selector_values)
    yield from validate_access_modes(modes, f"{path}.accessModes")
    storage = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    if storage is None:
        yield required(f"{path}.resources[storage]")
    else:
        yield from validate_positive_quantity(storage, f"{path}.resources[storage]")
    if spec.get("storageClassName"):
        yield from validate_class_name(spec["storageClassName"], f"{path}.storageClassName")
    mode = spec.get("volumeMode")
    if mode is not None and mode not in VOLUME_MODES:
        yield not_supported(f"{path}.volumeMode", typed(mode), VOLUME_MODES)
    source, source_ref = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is not None:
        yield from _validate_data_source(source, f"{path}.dataSource", options)
    if source_ref is not None:
        yield from _validate_data_source(source_ref, f"{path}.dataSourceRef", options)
        if source_ref.get("namespace"):
            for message in name_is_dns_label(source_ref["namespace"], False):
                yield invalid(f"{path}.dataSourceRef.namespace", source_ref["namespace"], message)
    if source is not None and source_ref is not None:
        if source_ref.get("namespace"):
            yield invalid(path, {}, "may not be specified when dataSourceRef.namespace is specified")
        elif any(source.get(key) != source_ref.get(key) for key in ("apiGroup", "kind", "name")):
            yield invalid(path, {}, "must match dataSourceRef")
    if spec.get("volumeAttributesClassName"):
        yield from validate_class_name(spec["volumeAttributesClassName"], f"{path}.volumeAttributesClassName")


def validate_access_modes(modes: Iterable[str], path: str) -> FieldErrors:
    """Access modes of claims and volumes."""
    once_per_pod = others = False
    for mode in modes:
        if mode not in ACCESS_MODES:
            yield not_supported(path, typed(mode), ACCESS_MODES)
        elif mode == "ReadWriteOncePod":
            once_per_pod = True
        else:
            others = True
    if once_per_pod and others:
        yield forbidden(path, "may not use ReadWriteOncePod with other access modes")


def validate_class_name(name: str, path: str) -> FieldErrors:
    """The name of a storage or volume attributes class."""
    for message in name_is_dns_subdomain(name, False):
        yield invalid(path, name, message)


def _validate_data_source(source: Object, path: str, options: ClaimSpecOptions) -> FieldErrors:
    kind, group = source.get("kind") or "", source.get("apiGroup") or ""
    if not source.get("name"):
        yield required(f"{path}.name")
    if not kind:
        yield required(f"{path}.kind")
    if not group:
        if kind != "PersistentVolumeClaim":
            yield invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup")
    elif not options.allow_invalid_data_source_group:
        for message in is_dns1123_subdomain(group):
            yield invalid(f"{path}.apiGroup", group, message)


def claim_spec_warnings(spec: Object, path: str) -> Iterator[str]:
    """Fractions of bytes.   Upstream: GetWarningsForPersistentVolumeClaimSpec."""
    resources = spec.get("resources") or {}
    for part in ("requests", "limits"):
        text = (resources.get(part) or {}).get("storage")
        if text is not None and fractional_bytes(text):
            yield f"{path}.resources.{part}[storage]: fractional byte value {go_quote(text)} is invalid, must be an integer"


def claim_spec_references(spec: Object, namespace: str, path: str) -> Iterator[Reference]:
    """What a claim's spec names: classes, a volume, a claim or snapshot to start from."""
    if spec.get("storageClassName"):
        yield Reference(f"{path}.storageClassName", "StorageClass.storage.k8s.io", "", spec["storageClassName"])
    if spec.get("volumeName"):
        yield Reference(f"{path}.volumeName", "PersistentVolume", "", spec["volumeName"])
    if spec.get("volumeAttributesClassName"):
        yield Reference(f"{path}.volumeAttributesClassName", "VolumeAttributesClass.storage.k8s.io", "", spec["volumeAttributesClassName"])
    for field in ("dataSourceRef", "dataSource"):
        source = spec.get(field)
        if source and source.get("name") and source.get("kind"):
            where = source.get("namespace") or namespace
            yield Reference(f"{path}.{field}.name", group_kind(source["kind"], source.get("apiGroup") or ""), where, source["name"])
            return


def drop_disabled_claim_fields(spec: Object, old: Object | None = None) -> None:
    """A data source in another namespace needs a gate that is off.   Upstream: DropDisabledFields."""
    if (spec.get("dataSourceRef") or {}).get("namespace") and not (old and old.get("dataSourceRef") is not None):
        del spec["dataSourceRef"]


def normalize_data_sources(spec: Object, old: Object | None = None) -> None:
    """`dataSource` and `dataSourceRef` say the same; what neither is claim nor snapshot is dropped from `dataSource` alone.

    Upstream: EnforceDataSourceBackwardsCompatibility, NormalizeDataSources.
    """
    in_use = old is not None and (old.get("dataSource") is not None or old.get("dataSourceRef") is not None)
    source = spec.get("dataSource")
    legacy = source is None or (source.get("kind"), source.get("apiGroup") or "") in _LEGACY_SOURCES
    if not (in_use or legacy) and spec.get("dataSourceRef") is None:
        del spec["dataSource"]
    mirror_data_sources(spec)


def mirror_data_sources(spec: Object) -> None:
    """Each of the two fields fills in the other.   Upstream: NormalizeDataSources."""
    source, source_ref = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is not None and source_ref is None:
        spec["dataSourceRef"] = dict(source)
    elif source_ref is not None and source is None and not source_ref.get("namespace"):
        spec["dataSource"] = {key: value for key, value in source_ref.items() if key != "namespace"}
