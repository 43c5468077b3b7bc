"""API objects are plain JSON dicts. Once stored they are never changed in place: changes copy the path to the field.

`Object` values handed out by a Reader are frozen by convention; `replace` and `without` give changed copies that
share everything that did not change.
"""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""The annotation in which `kubectl apply` keeps the manifest that it applied from the client side."""


def name_of(obj: Object) -> str:
    """`metadata.name`, or the empty string."""
    return (obj.get("metadata") or {}).get("name") or ""


def namespace_of(obj: Object) -> str:
    """`metadata.namespace`, or the empty string."""
    return (obj.get("metadata") or {}).get("namespace") or ""


def uid_of(obj: Object) -> str:
    """`metadata.uid`, or the empty string."""
    return (obj.get("metadata") or {}).get("uid") or ""


def labels_of(obj: Object) -> dict[str, str]:
    """`metadata.labels`; an empty dict where there are none."""
    return (obj.get("metadata") or {}).get("labels") or {}


def annotations_of(obj: Object) -> dict[str, str]:
    """`metadata.annotations`; an empty dict where there are none."""
    return (obj.get("metadata") or {}).get("annotations") or {}


def controller_of(obj: Object) -> Object | None:
    """The owner reference with `controller: true`.   Upstream: metav1.GetControllerOf."""
    for owner in (obj.get("metadata") or {}).get("ownerReferences") or ():
        if owner.get("controller"):
            return owner  # type: ignore[no-any-return]
    return None


def group_of(api_version: str) -> str:
    """The group part of an apiVersion: `apps/v1` -> `apps`, `v1` -> the empty string."""
    return api_version.rpartition("/")[0]


def group_kind(kind: str, group: str) -> str:
    """A kind with its group as upstream prints it: `Deployment.apps`, `Pod`.   Upstream: schema.GroupKind.String."""
    return f"{kind}.{group}" if group else kind


def group_kind_of(obj: Object) -> str:
    """The `Kind.group` key of an object."""
    return group_kind(obj["kind"], group_of(obj["apiVersion"]))


def replace(obj: Object, path: tuple[str, ...], value: Any) -> Object:
    """A copy of `obj` with the value at `path` (keys of nested maps, made where absent) set."""
    key, rest = path[0], path[1:]
    return {**obj, key: replace(obj.get(key) or {}, rest, value) if rest else value}


def without(obj: Object, path: tuple[str, ...]) -> Object:
    """A copy of `obj` that lacks what stands at `path`; `obj` itself where nothing stands there."""
    key, rest = path[0], path[1:]
    if key not in obj:
        return obj
    if not rest:
        return {k: v for k, v in obj.items() if k != key}
    inner = obj[key]
    return {**obj, key: without(inner, rest)} if isinstance(inner, dict) else obj


def copy_tree(value: Any) -> Any:
    """A private copy of a JSON value, for those who need a whole tree to fill in (decoding does this once)."""
    if isinstance(value, dict):
        return {k: copy_tree(v) for k, v in value.items()}
    if isinstance(value, list):
        return [copy_tree(v) for v in value]
    return value
