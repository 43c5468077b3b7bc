"""Objects that stand in for what exists and cannot be seen: with what is known of them, and otherwise empty."""

from __future__ import annotations

from collections.abc import Iterable

from kplan.api.objects import Object
from kplan.api.ref import Ref


def namespace(name: str) -> Object:
    """A Namespace without anything of its own."""
    meta = {"name": name, "labels": {"kubernetes.io/metadata.name": name}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}


def core(ref: Ref, keys: Iterable[str] = ()) -> Object:
    """A ConfigMap or Secret with these keys, whose values are empty; another object of the core group that is nothing but its name."""
    obj: Object = {"apiVersion": "v1", "kind": ref.kind, "metadata": metadata(ref)}
    if ref.kind == "Secret":
        obj["type"] = "Opaque"
    return {**obj, "data": dict.fromkeys(sorted(keys), "")} if ref.kind in ("ConfigMap", "Secret") else obj


def metadata(ref: Ref) -> Object:
    """The metadata that a ref says."""
    return {"name": ref.name, **({"namespace": ref.namespace} if ref.namespace else {})}
