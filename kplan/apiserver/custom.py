"""Custom resources: what a CustomResourceDefinition adds to what is served.

Upstream: apiextensions-apiserver. A definition is served from the moment it is written; its schema decides how objects are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplan import schema
from kplan.api.objects import Object, copy_tree
from kplan.api.reader import Entry
from kplan.apiserver.registry import Served
from kplan.kinds.generic import generic_kind

if TYPE_CHECKING:
    from kplan.apiserver.door import Door

DEFINITION = "CustomResourceDefinition.apiextensions.k8s.io"


def serve(door: Door, entry: Entry) -> None:
    """Follow a write of a definition: its served versions come, change or go."""
    spec = entry.object["spec"]
    gk = f"{spec['names']['kind']}.{spec['group']}"
    door.registry.remove_custom(gk)
    if entry.action == "DELETED":
        return
    names = spec["names"]
    storage = next((v["name"] for v in spec["versions"] if v.get("storage")), spec["versions"][0]["name"])
    kind = generic_kind(spec["group"], storage, names["kind"], names.get("plural", ""), spec["scope"] == "Namespaced")
    for version in spec["versions"]:
        if version.get("served"):
            door.registry.add_custom(Served(kind, version["name"]))


def decode(door: Door, served: Served, obj: Object, strict: bool) -> schema.Decoded | None:
    """Read a custom object; None where the kind is built in."""
    if not door.registry.is_custom(served.kind.group_kind):
        return None
    new = copy_tree(obj)
    new["apiVersion"] = served.kind.api_version
    return schema.Decoded(new, None)


def merge_schema(door: Door, served: Served) -> Any:
    """How a custom kind's fields merge; None where the kind is built in."""
    return schema.UNTYPED if door.registry.is_custom(served.kind.group_kind) else None
