"""Which JSON values are objects to kubectl, and what a list of them holds.

Upstream: unstructuredJSONScheme of k8s.io/apimachinery, FlattenListVisitor and metadataValidatingDecoder of
k8s.io/cli-runtime.
"""

from __future__ import annotations

from typing import Any

from kplan.api.gotext import go_json
from kplan.manifests.errors import YamlError

_TEXT, _WHOLE, _FLAG, _TEXTS, _TEXT_MAP, _TIME = "string", "int64", "bool", "[]string", "map[string]string", "time"
_OWNER = {"apiVersion": _TEXT, "kind": _TEXT, "name": _TEXT, "uid": _TEXT, "controller": _FLAG, "blockOwnerDeletion": _FLAG}
_MANAGER = {"manager": _TEXT, "operation": _TEXT, "apiVersion": _TEXT, "time": _TIME, "fieldsType": _TEXT, "subresource": _TEXT}
_METADATA: dict[str, Any] = {
    **dict.fromkeys(("name", "generateName", "namespace", "selfLink", "uid", "resourceVersion"), _TEXT),
    **dict.fromkeys(("generation", "deletionGracePeriodSeconds"), _WHOLE),
    **dict.fromkeys(("creationTimestamp", "deletionTimestamp"), _TIME),
    **dict.fromkeys(("labels", "annotations"), _TEXT_MAP),
    "finalizers": _TEXTS,
    "ownerReferences": _OWNER,
    "managedFields": _MANAGER,
}


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of one document: itself, or the items of a list. Raises YamlError (without a place) where kubectl would stop."""
    if not isinstance(value, dict):
        raise YamlError(f"json: cannot unmarshal {_kind(value)} into Go value of type unstructured.detector")
    if "items" not in value:
        check(value)
        return [value]
    items = listed(value)
    check(value)
    for item in items:
        check(item, item=True)
    return items


def check(value: dict[str, Any], item: bool = False) -> None:
    """Raises YamlError for an object that kubectl refuses; of a list's item it looks at less."""
    if not item:
        _check_object(value)
    elif not named(value):
        raise YamlError("Object 'Kind' is missing in 'object has no kind field '")
    elif not value.get("apiVersion"):
        raise YamlError("Object 'apiVersion' is missing in 'object has no apiVersion field'")
    elif isinstance(value.get("items"), list):
        raise YamlError("*unstructured.Unstructured is not a list: no Items field in this object", path="items")


def listed(value: dict[str, Any]) -> list[dict[str, Any]]:
    """The items of a list; those of a typed list that name no kind get the one the list's kind implies."""
    items = value["items"]
    if items is None:
        return []
    if not isinstance(items, list):
        raise YamlError(f"json: cannot unmarshal {_kind(items)} into Go struct field decodeList.items of type []json.RawMessage")
    found = []
    for item in items:
        if not isinstance(item, dict | None):
            raise YamlError(f"json: cannot unmarshal {_kind(item)} into Go value of type map[string]interface {{}}")
        if not item or not (_text(item, "kind") or _text(item, "apiVersion")):
            item = {**(item or {}), "kind": _text(value, "kind").removesuffix("List"), "apiVersion": _text(value, "apiVersion")}
        found.append(item)
    return found


def named(value: dict[str, Any]) -> bool:
    """Whether an object names its kind: kind is a text, and apiVersion one that parses (or none)."""
    return bool(_text(value, "kind")) and _text(value, "apiVersion").count("/") < 2


def _text(value: dict[str, Any], field: str) -> str:
    text = value.get(field)
    return text if isinstance(text, str) else ""


def _check_object(value: dict[str, Any]) -> None:
    if not named(value):
        raise YamlError(f"Object 'Kind' is missing in '{_quoted(value)}'")
    for field in ("kind", "apiVersion"):
        if not isinstance(value.get(field), str | None):
            raise _mismatch(value[field], f"metadataOnlyObject.TypeMeta.{field}", "string")
    metadata = value.get("metadata")
    if metadata is None:
        return
    if not isinstance(metadata, dict):
        raise _mismatch(metadata, "metadataOnlyObject.metadata", "v1.ObjectMeta")
    for field, content in metadata.items():
        wanted = _METADATA.get(field)
        if wanted is not None and content is not None:
            _check_field(content, wanted, f"ObjectMeta.metadata.{field}")


def _check_field(value: Any, wanted: Any, field: str) -> None:
    if wanted in (_TEXT, _TIME):
        if not isinstance(value, str):
            raise _mismatch(value, field, "string")
    elif wanted == _WHOLE:
        if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
            raise _mismatch(value, field, "int64")
    elif wanted == _FLAG:
        if not isinstance(value, bool):
            raise _mismatch(value, field, "bool")
    elif wanted == _TEXT_MAP:
        if not isinstance(value, dict):
            raise _mismatch(value, field, _TEXT_MAP)
        for name, content in value.items():
            if not isinstance(content, str | None):
                raise _mismatch(content, field, "string", f"[{name}]")
    else:
        if not isinstance(value, list):
            raise _mismatch(value, field, _TEXTS if wanted == _TEXTS else "[]v1.OwnerReference" if wanted is _OWNER else "[]v1.ManagedFieldsEntry")
        for item in value:
            if wanted == _TEXTS:
                if not isinstance(item, str | None):
                    raise _mismatch(item, field, "string")
            elif not isinstance(item, dict | None):
                raise _mismatch(item, field, "v1.OwnerReference" if wanted is _OWNER else "v1.ManagedFieldsEntry")
            else:
                for name, content in (item or {}).items():
                    if name in wanted and content is not None:
                        _check_field(content, wanted[name], f"{field}.{name}")


def _quoted(value: dict[str, Any]) -> str:
    try:
        return go_json(value)
    except RecursionError:
        return "{…}"


def _mismatch(value: Any, field: str, wanted: str, inside: str = "") -> YamlError:
    path = field.removeprefix("ObjectMeta.").removeprefix("metadataOnlyObject.").removeprefix("TypeMeta.")
    return YamlError(f"json: cannot unmarshal {_kind(value)} into Go struct field {field} of type {wanted}", path=path + inside)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object" if isinstance(value, dict) else "number"
