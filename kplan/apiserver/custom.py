"""Custom resources: what a CustomResourceDefinition adds to what is served.

Upstream: apiextensions-apiserver/pkg/apiserver/customresource_handler.go. A definition is served from the moment it is written, unless
its names turn out to be taken; a real server needs a moment more.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kplan import schema
from kplan.api import status
from kplan.api.content import Remembered
from kplan.api.objects import Object, group_kind
from kplan.api.reader import Entry
from kplan.apiserver.customversion import CustomVersion
from kplan.apiserver.registry import Served
from kplan.kinds import Kind
from kplan.kinds.customresourcedefinition import condition_is

if TYPE_CHECKING:
    from kplan.apiserver.door import Door

DEFINITION = "CustomResourceDefinition.apiextensions.k8s.io"
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
TERMINATING = "create not allowed while custom resource definition is terminating"
_VERSIONS = Remembered[tuple[CustomVersion, list[CustomVersion]]](256)  # many servers know the same definitions
_KUBE_VERSION = re.compile("v([0-9]+)(?:(alpha|beta)([0-9]+))?")


def serve(door: Door, entry: Entry) -> None:
    """Follow a write of a definition: its served versions come, change or go."""
    new = entry.new
    if entry.old is not None and new is not None and entry.old["spec"] is new["spec"] and _named(entry.old) == _named(new):
        return
    name = entry.object["metadata"]["name"]
    if entry.old is not None and _server(door, gk := _group_kind(entry.old)) == name:
        door.registry.remove_custom(gk)
    if new is None or not new["spec"].get("versions") or not _named(new):
        return
    spec, gk = new["spec"], _group_kind(new)
    if _server(door, gk) not in ("", name):
        return  # the kind is another definition's
    storage, versions = _VERSIONS.get(spec, name, lambda: _versions(name, spec))
    made = {v.name: Served(_kind(door, v), v.name, custom=v) for v in versions}
    if entry.old is not None:
        door.store.reread(gk, storage.reread)
    door.registry.add_custom(made[storage.name], [made[v["name"]] for v in spec["versions"] if v.get("served")])


def _versions(name: str, spec: Object) -> tuple[CustomVersion, list[CustomVersion]]:
    """The version that is stored, and all of them."""
    chosen = next((v for v in spec["versions"] if v.get("storage")), spec["versions"][0])
    storage = CustomVersion(name, spec, chosen)
    return storage, [storage if v is chosen else CustomVersion(name, spec, v, storage) for v in spec["versions"]]


def _named(definition: Object) -> bool:
    """Whether the names are the definition's, as far as is known."""
    return condition_is(definition, "Established", "True") or not condition_is(definition, "NamesAccepted", "False")


def _group_kind(definition: Object) -> str:
    return group_kind(definition["spec"]["names"]["kind"], definition["spec"]["group"])


def _server(door: Door, gk: str) -> str:
    """The name of the definition that serves a kind; empty where none does."""
    served = door.registry.preferred(gk)
    return served.custom.definition if served is not None and served.custom is not None else ""


def _kind(door: Door, version: CustomVersion) -> Kind:
    """The record of a custom kind in one version."""
    names = version.spec["names"]

    def prepare(obj: Object) -> None:
        held = door.store.get(DEFINITION, "", version.definition)
        if held is not None and condition_is(held, "Terminating", "True"):
            raise status.forbidden(kind.resource, obj["metadata"].get("name") or "", TERMINATING)
        version.prepare(obj)

    kind = Kind(
        group=version.spec["group"],
        version=version.storage.name,
        kind=names["kind"],
        plural=names["plural"],
        namespaced=version.namespaced,
        short_names=tuple(names.get("shortNames") or ()),
        status=version.has_status,
        unconditional_update=False,
        kube_finalizers=False,
        deprecated=deprecation(version) if version.version.get("deprecated") else "",
        prepare=prepare,
        prepare_update=version.prepare_update,
        prepare_status=version.prepare_status,
        validate=version.validate,
        validate_update=version.validate_update,
        validate_status=version.validate_status,
        warnings=version.warnings,
        update_warnings=version.update_warnings,
        finish=version.finish,
        other_versions=tuple(v["name"] for v in version.spec["versions"] if v.get("served") and v["name"] != version.storage.name),
        to_preferred=version.to_storage,
        from_preferred=version.from_storage,
    )
    return kind


def terminating(definition: Object, now: str) -> Object:
    """A definition that is deleted: marked, held until its objects are gone.   Upstream: registry/customresourcedefinition/etcd.go."""
    meta, held = definition["metadata"], definition.get("status") or {}
    finalizers = meta.get("finalizers") or []
    condition = {
        "type": "Terminating",
        "status": "True",
        "lastTransitionTime": now,
        "reason": "InstanceDeletionPending",
        "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
    }
    conditions = [*(c for c in held.get("conditions") or () if c["type"] != "Terminating"), condition]
    meta = {**meta, "deletionTimestamp": now, "finalizers": finalizers if CLEANUP in finalizers else [*finalizers, CLEANUP]}
    return {**definition, "metadata": meta, "status": {**held, "conditions": conditions}}


def decode(served: Served, obj: Object, strict: bool) -> schema.Decoded | None:
    """Read a custom object; None where the kind is built in."""
    return None if served.custom is None else served.custom.decode(obj, strict)


def merge_schema(served: Served) -> schema.Node | None:
    """How a custom kind's fields merge; None where the kind is built in."""
    return None if served.custom is None else served.custom.node


def deprecation(version: CustomVersion) -> str:
    """The warning that comes with a deprecated version: its own, or one that names the version to use."""
    stated = version.version.get("deprecationWarning")
    if stated is not None:
        return str(stated)
    group, kind = version.spec["group"], version.spec["names"]["kind"]
    better = [v["name"] for v in version.spec["versions"] if v.get("served") and not v.get("deprecated") and precedence(v["name"]) > precedence(version.name)]
    use = f"; use {group}/{max(better, key=precedence)} {kind}" if better else ""
    return f"{group}/{version.name} {kind} is deprecated{use}"


def precedence(version: str) -> tuple[int, int, int, int, tuple[int, ...]]:
    """Versions in the order of their maturity: v2, v1, v1beta2, v1alpha1, then others by name.   Upstream: CompareKubeAwareVersionStrings."""
    found = _KUBE_VERSION.fullmatch(version)
    if found is None:
        return (0, 0, 0, 0, (*(-ord(char) for char in version), 1))
    stage = {"alpha": 0, "beta": 1}.get(found[2] or "", 2)
    return (1, stage, int(found[1]), int(found[3] or 0), ())
