"""What holds for the metadata of all kinds.

Upstream: apimachinery's pkg/api/validation/objectmeta.go, pkg/apis/meta/v1/validation/validation.go, and
ValidateObjectMeta of pkg/apis/core/validation, which adds a rule for finalizers. Go's maps have no order: keys are
taken sorted here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kplan.api.field import FieldErrors, forbidden, invalid, required, too_long
from kplan.api.gotext import Struct, go_quote
from kplan.api.names import NameRule, is_label_key, is_label_value, name_is_dns_label, size
from kplan.api.objects import Object

IMMUTABLE = "field is immutable"
NEGATIVE = "must be greater than or equal to 0"
TOTAL_ANNOTATION_SIZE = 256 * 1024
STANDARD_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")
_OWNER_FIELDS = ("apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion")


def validate_object_meta(
    meta: Object,
    namespaced: bool,
    name_rule: NameRule,
    path: str = "metadata",
    *,
    kube_finalizers: bool = True,
    check_generate_name: bool = True,
) -> FieldErrors:
    """The metadata of a new object.

    `kube_finalizers`: finalizers must be standard or have a domain (all built-in groups, not custom resources and definitions).
    `check_generate_name` is false for kinds on upstream's newer ValidateObjectMetaWithOpts.
    """
    generate = meta.get("generateName")
    if generate and check_generate_name:
        for message in name_rule(generate, True):
            yield invalid(f"{path}.generateName", generate, message)
    name = meta.get("name")
    if not name:
        yield required(f"{path}.name", "name or generateName is required")
    else:
        for message in name_rule(name, False):
            yield invalid(f"{path}.name", name, message)
    namespace = meta.get("namespace")
    if not namespaced:
        if namespace:
            yield forbidden(f"{path}.namespace", "not allowed on this type")
    elif not namespace:
        yield required(f"{path}.namespace")
    else:
        for message in name_is_dns_label(namespace, False):
            yield invalid(f"{path}.namespace", namespace, message)
    if (meta.get("generation") or 0) < 0:
        yield invalid(f"{path}.generation", meta["generation"], NEGATIVE)
    if labels := meta.get("labels"):
        yield from validate_labels(labels, f"{path}.labels")
    if annotations := meta.get("annotations"):
        yield from validate_annotations(annotations, f"{path}.annotations")
    if owners := meta.get("ownerReferences"):
        yield from validate_owner_references(owners, f"{path}.ownerReferences")
    finalizers = meta.get("finalizers")
    if finalizers:
        yield from validate_finalizers(finalizers, f"{path}.finalizers")
    if managed := meta.get("managedFields"):
        yield from validate_managed_fields(managed, f"{path}.managedFields")
    if finalizers and kube_finalizers:
        yield from validate_kube_finalizers(finalizers, f"{path}.finalizers")


def validate_object_meta_update(new: Object, old: Object, path: str = "metadata", *, kube_finalizers: bool = True) -> FieldErrors:
    """The metadata of an object that is updated."""
    if old.get("deletionTimestamp"):
        extra = sorted(set(new.get("finalizers") or ()) - set(old.get("finalizers") or ()))
        if extra:
            shown = ", ".join(go_quote(e) for e in extra)
            yield forbidden(
                f"{path}.finalizers",
                f"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{shown}}}",
            )
    if not new.get("resourceVersion"):
        yield invalid(f"{path}.resourceVersion", "", "must be specified for an update")
    if (new.get("generation") or 0) < (old.get("generation") or 0):
        yield invalid(f"{path}.generation", new.get("generation") or 0, "must not be decremented")
    for key in ("name", "namespace", "uid"):
        yield from validate_immutable(new.get(key) or "", old.get(key) or "", f"{path}.{key}")
    for key in ("creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"):
        yield from validate_immutable(new.get(key), old.get(key), f"{path}.{key}")
    yield from validate_labels(new.get("labels") or {}, f"{path}.labels")
    yield from validate_annotations(new.get("annotations") or {}, f"{path}.annotations")
    yield from validate_owner_references(new.get("ownerReferences") or (), f"{path}.ownerReferences")
    yield from validate_managed_fields(new.get("managedFields") or (), f"{path}.managedFields")
    if kube_finalizers:
        yield from validate_kube_finalizers(new.get("finalizers") or (), f"{path}.finalizers")


def validate_immutable(new: Any, old: Any, path: str) -> FieldErrors:
    """A field that may not change.   Upstream: ValidateImmutableField; unset and empty lists and maps are equal."""
    if new != old and not (_is_empty(new) and _is_empty(old)):
        yield invalid(path, new, IMMUTABLE)


def _is_empty(value: Any) -> bool:
    return value is None or value == [] or value == {}


def validate_nonnegative(value: int, path: str) -> FieldErrors:
    """Zero or more.   Upstream: ValidateNonnegativeField."""
    if value < 0:
        yield invalid(path, value, NEGATIVE)


def validate_label_name(name: str, path: str) -> FieldErrors:
    """A label key in a field."""
    for message in is_label_key(name):
        yield invalid(path, name, message)


def validate_labels(labels: Mapping[str, str], path: str) -> FieldErrors:
    """A map of labels."""
    for key in sorted(labels):
        for message in is_label_key(key):
            yield invalid(path, key, message)
        for message in is_label_value(labels[key] or ""):
            yield invalid(path, labels[key] or "", message)


def validate_annotations(annotations: Mapping[str, str], path: str) -> FieldErrors:
    """A map of annotations: label keys of any case, any values, 256 KiB in all."""
    total = 0
    for key in sorted(annotations):
        total += size(key) + size(annotations[key] or "")
        for message in is_label_key(key.lower()):
            yield invalid(path, key, message)
    if total > TOTAL_ANNOTATION_SIZE:
        yield too_long(path, TOTAL_ANNOTATION_SIZE)


def validate_owner_references(owners: Sequence[Object], path: str) -> FieldErrors:
    """Owner references: complete, at most one controller."""
    controller = ""
    for owner in owners:
        yield from _validate_owner(owner, path)
        if owner.get("controller"):
            current = f"{owner.get('kind') or ''}/{owner.get('name') or ''}"
            if controller:
                yield invalid(
                    path,
                    [_printed_owner(o) for o in owners],
                    f'Only one reference can have Controller set to true. Found "true" in references for {controller} and {current}',
                )
            else:
                controller = current


def _validate_owner(owner: Object, path: str) -> FieldErrors:
    api_version, kind = owner.get("apiVersion") or "", owner.get("kind") or ""
    group, version = _group_version(api_version)
    if not version:
        yield invalid(f"{path}.apiVersion", api_version, "version must not be empty")
    if not kind:
        yield invalid(f"{path}.kind", "", "must not be empty")
    for key in ("name", "uid"):
        if not owner.get(key):
            yield invalid(f"{path}.{key}", "", "must not be empty")
    if (group, version, kind) == ("", "v1", "Event"):
        yield invalid(path, _printed_owner(owner), "/v1, Kind=Event is disallowed from being an owner")


def _group_version(api_version: str) -> tuple[str, str]:
    """Upstream: schema.FromAPIVersionAndKind, which takes what it cannot read for empty."""
    if api_version.count("/") > 1:
        return "", ""
    group, _, version = api_version.rpartition("/")
    return group, version


def _printed_owner(owner: Object) -> Struct:
    always = ("apiVersion", "kind", "name", "uid")
    return Struct({key: owner.get(key) if owner.get(key) is not None else "" for key in _OWNER_FIELDS if key in always or owner.get(key) is not None})


def validate_finalizers(finalizers: Sequence[str], path: str) -> FieldErrors:
    """Finalizers are label keys; the two of the garbage collector exclude each other."""
    for finalizer in finalizers:
        yield from validate_label_name(finalizer, path)
    if "orphan" in finalizers and "foregroundDeletion" in finalizers:
        yield invalid(path, list(finalizers), "finalizer orphan and foregroundDeletion cannot be both set")


def validate_kube_finalizers(finalizers: Sequence[str], path: str) -> FieldErrors:
    """Finalizers of built-in kinds have a domain, unless they are standard."""
    for index, finalizer in enumerate(finalizers):
        if "/" not in finalizer and finalizer not in STANDARD_FINALIZERS:
            yield invalid(f"{path}[{index}]", finalizer, "name is neither a standard finalizer name nor is it fully qualified")


def validate_managed_fields(entries: Iterable[Object], path: str) -> FieldErrors:
    """Who manages which fields."""
    for index, entry in enumerate(entries):
        operation = entry.get("operation") or ""
        if operation not in ("Apply", "Update"):
            yield invalid(f"{path}[{index}].operation", operation, "must be `Apply` or `Update`")
        fields_type = entry.get("fieldsType") or ""
        if fields_type not in ("", "FieldsV1"):
            yield invalid(f"{path}[{index}].fieldsType", fields_type, "must be `FieldsV1`")
        yield from validate_field_manager(entry.get("manager") or "", f"{path}[{index}].manager")
        if size(entry.get("subresource") or "") > 256:
            yield too_long(f"{path}[{index}].subresource", 256)


def validate_field_manager(manager: str, path: str = "fieldManager") -> FieldErrors:
    """The name under which someone applies: at most 128 bytes, all printable."""
    if size(manager) > 128:
        yield too_long(path, 128)
    if not manager.isprintable():
        offset = 0
        for char in manager:
            if not char.isprintable():
                yield invalid(path, manager, f"invalid character U+{ord(char):04X} (at position {offset})")
            offset += len(char.encode())
