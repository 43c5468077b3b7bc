"""What nobody owns any more is deleted; what waits for its dependents goes last.

Upstream: pkg/controller/garbagecollector. Background, foreground and orphan deletion, dangling and wrong owner references.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.api.objects import Object, group_kind, group_of, replace, without
from kplan.api.reader import Entry, Reader
from kplan.apiserver.client import Client
from kplan.apiserver.deletion import FOREGROUND, ORPHAN
from kplan.apiserver.loops import EVERYTHING, Controller, Key, Watch


def _concerned(entry: Entry, reader: Reader) -> Iterable[Key]:
    """What a write may have made garbage: new dependents, dependents of the deleted, the deleted themselves."""
    assert isinstance(reader, Client)
    old, new = entry.old, entry.new
    if new is None:
        assert old is not None
        keys = [_key(kind, obj) for kind, obj in reader.dependents(old["metadata"]["uid"])]
        return [*keys, *_owners(old, reader)]
    meta = new["metadata"]
    unblocked = _owners(old, reader) if old is not None and old["metadata"].get("ownerReferences") != meta.get("ownerReferences") else ()
    if "deletionTimestamp" in meta and meta.get("finalizers"):
        return [_key(entry.kind, new), *_owners(new, reader), *unblocked]
    if meta.get("ownerReferences") and (old is None or old["metadata"].get("ownerReferences") != meta["ownerReferences"]):
        return [_key(entry.kind, new), *unblocked]
    return unblocked


def _key(kind: str, obj: Object) -> Key:
    meta = obj["metadata"]
    return (kind, meta.get("namespace") or "", meta["name"])


def _owners(obj: Object, reader: Client) -> list[Key]:
    """The owners that cannot go while this object is there."""
    found: list[Key] = []
    for reference in obj["metadata"].get("ownerReferences") or ():
        served = reader.door.registry.resolve(reference["apiVersion"], reference["kind"]) if reference.get("blockOwnerDeletion") else None
        if served is not None:
            namespace = obj["metadata"].get("namespace") or ""
            found.append((served.kind.group_kind, namespace if served.kind.namespaced else "", reference["name"]))
    return found


def _waits_for_dependents(obj: Object) -> bool:
    return "deletionTimestamp" in obj["metadata"] and FOREGROUND in (obj["metadata"].get("finalizers") or ())


def _owner_kind(reference: Object) -> str:
    return group_kind(reference["kind"], group_of(reference["apiVersion"]))


class GarbageCollector(Controller):
    """Keys: (group-kind, namespace, name)."""

    name = "garbage-collector-controller"
    watches = (Watch(EVERYTHING, _concerned),)

    def sync(self, key: Key, api: Client) -> float | None:
        """Delete one object, or take a finalizer of the collector's off it."""
        item = api.get(*key)
        if item is None:
            return None
        meta = item["metadata"]
        finalizers = meta.get("finalizers") or ()
        if "deletionTimestamp" in meta:
            if ORPHAN in finalizers:
                self._orphan(api, item)
            elif FOREGROUND in finalizers:
                self._finish_foreground(api, item)
            return None
        if meta.get("ownerReferences"):
            self._collect(api, key[0], item)
        return None

    def _collect(self, api: Client, kind: str, item: Object) -> None:
        """Upstream: attemptToDeleteItem."""
        solid, dangling, waiting = [], [], []
        for reference in item["metadata"]["ownerReferences"]:
            owner, known = self._owner(api, item, reference)
            if not known:
                return
            if owner is None:
                dangling.append(reference)
            elif _waits_for_dependents(owner):
                waiting.append(reference)
            else:
                solid.append(reference)
        if solid:
            if dangling or waiting:
                self._keep_owners(api, item, solid)
            return
        dependents = api.dependents(item["metadata"]["uid"]) if waiting else ()
        if dependents:
            if any(_waits_for_dependents(d) for _, d in dependents):  # two that wait for each other
                unblocked = [{**o, "blockOwnerDeletion": False} if o.get("blockOwnerDeletion") else o for o in item["metadata"]["ownerReferences"]]
                self._keep_owners(api, item, unblocked)
            api.delete(item, propagation="Foreground")
        else:
            finalizers = item["metadata"].get("finalizers") or ()
            policy = "Orphan" if ORPHAN in finalizers else "Foreground" if FOREGROUND in finalizers else "Background"
            api.delete(item, propagation=policy)

    def _owner(self, api: Client, item: Object, reference: Object) -> tuple[Object | None, bool]:
        """(owner, whether it is known if there is one): nobody knows of kinds that are not served, and of namespaced owners of what is cluster-scoped.

        One that is in another namespace is told of, and is none.
        """
        served = api.door.registry.resolve(reference["apiVersion"], reference["kind"])
        namespace = item["metadata"].get("namespace") or ""
        if served is None:
            return None, False
        kind = served.kind.group_kind
        owner = api.get(kind, namespace if served.kind.namespaced else "", reference["name"])
        if owner is not None and owner["metadata"]["uid"] == reference["uid"]:
            return owner, True
        if served.kind.namespaced and any(o["metadata"]["uid"] == reference["uid"] and o["metadata"]["namespace"] != namespace for o in api.list(kind)):
            message = (
                f"ownerRef [{reference['apiVersion']}/{reference['kind']}, namespace: {namespace}, name: {reference['name']}, uid: {reference['uid']}] "
                f'does not exist in namespace "{namespace}"'
            )
            api.event(item, "Warning", "OwnerRefInvalidNamespace", message)
        return None, namespace != "" or not served.kind.namespaced

    def _keep_owners(self, api: Client, item: Object, owners: list[Object]) -> None:
        path = ("metadata", "ownerReferences")
        api.write(replace(item, path, owners) if owners else without(item, path))

    def _orphan(self, api: Client, owner: Object) -> None:
        """Dependents forget the owner, then it goes.   Upstream: attemptToOrphanWorker."""
        uid = owner["metadata"]["uid"]
        for kind, dependent in api.dependents(uid):
            current = api.get(kind, dependent["metadata"].get("namespace") or "", dependent["metadata"]["name"])
            if current is not None:
                self._keep_owners(api, current, [o for o in current["metadata"].get("ownerReferences") or () if o["uid"] != uid])
        self._without_finalizer(api, owner, ORPHAN)

    def _finish_foreground(self, api: Client, owner: Object) -> None:
        """Wait for the dependents that block; delete those that are not going yet.   Upstream: processDeletingDependentsItem."""
        uid = owner["metadata"]["uid"]
        blocking = [
            (kind, d)
            for kind, d in api.dependents(uid)
            if any(o["uid"] == uid and o.get("blockOwnerDeletion") for o in d["metadata"].get("ownerReferences") or ())
        ]
        if not blocking:
            self._without_finalizer(api, owner, FOREGROUND)
        for kind, dependent in blocking:
            if "deletionTimestamp" not in dependent["metadata"]:
                self._collect(api, kind, dependent)

    def _without_finalizer(self, api: Client, obj: Object, finalizer: str) -> None:
        current = api.get(_owner_kind(obj), obj["metadata"].get("namespace") or "", obj["metadata"]["name"])
        if current is None:
            return
        kept = [f for f in current["metadata"].get("finalizers") or () if f != finalizer]
        path = ("metadata", "finalizers")
        api.write(replace(current, path, kept) if kept else without(current, path))
