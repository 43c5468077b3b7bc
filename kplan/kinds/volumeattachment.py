"""VolumeAttachment.

Upstream: pkg/apis/storage/validation/validation.go, pkg/registry/storage/volumeattachment/strategy.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.field import FieldErrors, forbidden, invalid, required, too_long
from kplan.api.names import inclusive_range_error, name_is_dns_subdomain
from kplan.api.objects import Object
from kplan.kinds.checks import same
from kplan.kinds.internalform import internal
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.persistentvolumespec import default_volume_source, validate_persistent_volume_spec
from kplan.kinds.podspec.volumesources import validate_csi_driver_name
from kplan.kinds.strategy import clear_status, keep_all_but_status, keep_metadata_for_status, keep_status

MAX_METADATA_BYTES = 256 * 1024
MAX_ERROR_BYTES = 1024
ONE_SOURCE = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"


def default(attachment: Object) -> None:
    """Upstream: SetObjectDefaults_VolumeAttachment."""
    inline = ((attachment.get("spec") or {}).get("source") or {}).get("inlineVolumeSpec")
    if inline is not None:
        default_volume_source(inline)


def finish(attachment: Object) -> None:
    """A status always says whether the volume is attached."""
    attachment.setdefault("status", {"attached": False})


def prepare_status(new: Object, old: Object) -> None:
    """Status alone; the metadata stay too."""
    keep_all_but_status(new, old)
    keep_metadata_for_status(new, old)


def validate(attachment: Object) -> FieldErrors:
    """Upstream: ValidateVolumeAttachment."""
    spec, status = attachment["spec"], attachment.get("status") or {}
    yield from validate_object_meta(attachment["metadata"], False, name_is_dns_subdomain)
    yield from validate_csi_driver_name(spec.get("attacher") or "", "spec.attacher")
    source = spec.get("source") or {}
    yield from _validate_source(source, "spec.source")
    node = spec.get("nodeName") or ""
    for message in name_is_dns_subdomain(node, False):
        yield invalid("spec.nodeName", node, message)
    metadata = status.get("attachmentMetadata") or {}
    if sum(len(key.encode()) + len(value.encode()) for key, value in metadata.items()) > MAX_METADATA_BYTES:
        yield too_long("status.attachmentMetadata", MAX_METADATA_BYTES)
    for field in ("attachError", "detachError"):
        yield from _validate_error(status.get(field) or {}, f"status.{field}")
    volume = source.get("persistentVolumeName")
    if volume is not None:
        for message in name_is_dns_subdomain(volume, False):
            yield invalid("spec.source.persistentVolumeName", volume, message)


def _validate_source(source: Object, path: str) -> FieldErrors:
    inline, name = source.get("inlineVolumeSpec"), source.get("persistentVolumeName")
    if inline is None and name is None:
        yield required(path, ONE_SOURCE)
    elif inline is not None and name is not None:
        yield forbidden(path, ONE_SOURCE)
    elif inline is not None:
        yield from validate_persistent_volume_spec(inline, f"{path}.inlineVolumeSpec", name="", inline=True)
    elif not name:
        yield required(f"{path}.persistentVolumeName", "must specify non empty persistentVolumeName")


def _validate_error(error: Object, path: str) -> FieldErrors:
    if len((error.get("message") or "").encode()) > MAX_ERROR_BYTES:
        yield too_long(f"{path}.message", MAX_METADATA_BYTES)  # upstream names the limit of the metadata
    code = error.get("errorCode")
    if code is not None and code < 0:
        yield invalid(f"{path}.errorCode", code, inclusive_range_error(0, 2**31 - 1))


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateVolumeAttachmentUpdate; the status subresource is checked the same way."""
    yield from validate(new)
    if not same(new["spec"], old["spec"]):
        yield invalid("spec", internal("VolumeAttachmentSpec", new["spec"]), "field is immutable")


def references(attachment: Object) -> Iterator[Reference]:
    """Driver, node and volume."""
    spec = attachment.get("spec") or {}
    volume = (spec.get("source") or {}).get("persistentVolumeName")
    if spec.get("attacher"):
        yield Reference("spec.attacher", "CSIDriver.storage.k8s.io", "", spec["attacher"], optional=True)
    if volume:
        yield Reference("spec.source.persistentVolumeName", "PersistentVolume", "", volume)
    if spec.get("nodeName"):
        yield Reference("spec.nodeName", "Node", "", spec["nodeName"])


KIND = Kind(
    group="storage.k8s.io",
    version="v1",
    kind="VolumeAttachment",
    plural="volumeattachments",
    namespaced=False,
    status=True,
    unconditional_update=False,
    default=default,
    prepare=clear_status,
    prepare_update=keep_status,
    prepare_status=prepare_status,
    validate=validate,
    validate_update=validate_update,
    validate_status=validate_update,
    finish=finish,
    references=references,
)
