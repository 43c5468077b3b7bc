"""etcd's part: all objects by kind, an append-only watch log, and the few indexes that the loops live on.

Objects in here are frozen by convention: a write replaces the whole dict. `managedFields` are kept beside the objects
(see `kplan.apiserver.ownership`), so that equality and diffs are about what users and controllers said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from kplan.api.objects import Object, controller_of
from kplan.api.podvolumes import claims_of
from kplan.api.reader import Entry
from kplan.apiserver.clock import Clock

ADOPTABLE = frozenset({"Pod", "ReplicaSet.apps", "ControllerRevision.apps"})  # what controllers adopt by selector

Labels = frozenset[tuple[str, str]]
Key = tuple[str, str]  # namespace ("" for cluster-scoped), name


class Store:
    """Implements `kplan.api.reader.Reader`. Kinds are named by group-kind."""

    def __init__(self, version: str, clock: Clock) -> None:
        self.version = version
        self.clock = clock
        self.revision = 0
        self.log: list[Entry] = []
        self._objects: dict[str, dict[str, dict[str, Object]]] = {}  # kind -> namespace -> name -> object
        self._sorted: dict[tuple[str, str | None], Sequence[Object]] = {}
        self._owned: dict[str, dict[str, dict[Key, Object]]] = {}  # owner's uid -> kind -> objects
        self._pods: dict[str, dict[Key, Object]] = defaultdict(dict)
        self._orphans: dict[tuple[str, str], dict[str, Object]] = defaultdict(dict)
        self._labelled: dict[str, dict[Labels, dict[str, Object]]] = defaultdict(dict)  # namespace -> labels -> name -> Pod
        self._having: dict[str, dict[tuple[str, str], dict[Labels, None]]] = defaultdict(dict)  # namespace -> label -> the keys of _labelled with it
        self._claimants: dict[Key, set[str]] = defaultdict(set)  # claim -> names of the pods whose volumes use it
        self.listeners: list[Callable[[Entry], None]] = []

    @property
    def now(self) -> datetime:
        """The virtual time, UTC."""
        return self.clock.now

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """One object, or None."""
        return self._objects.get(kind, {}).get(namespace, {}).get(name)

    def list(self, kind: str, namespace: str | None = None) -> Sequence[Object]:
        """All objects of a kind, in one namespace or in all, sorted by namespace and name."""
        found = self._sorted.get((kind, namespace))
        if found is None:
            spaces = self._objects.get(kind, {})
            if namespace is not None:
                here = spaces.get(namespace, {})
                found = [here[n] for n in sorted(here)]
            else:
                found = [o for ns in sorted(spaces) for o in self.list(kind, ns)]
            self._sorted[kind, namespace] = found
        return found

    def owned(self, kind: str, uid: str) -> Sequence[Object]:
        """The objects of a kind with an owner reference to `uid`."""
        here = self._owned.get(uid, {}).get(kind)
        return [here[k] for k in sorted(here)] if here else ()

    def dependents(self, uid: str) -> Sequence[tuple[str, Object]]:
        """(kind, object) of all that have an owner reference to `uid`."""
        kinds = self._owned.get(uid)
        return [(kind, kinds[kind][k]) for kind in sorted(kinds) for k in sorted(kinds[kind])] if kinds else ()

    def on_node(self, node: str) -> Sequence[Object]:
        """The Pods bound to a node."""
        here = self._pods.get(node)
        return [here[k] for k in sorted(here)] if here else ()

    def orphans(self, kind: str, namespace: str) -> Sequence[Object]:
        """The objects of a kind in a namespace that no controller owns."""
        here = self._orphans.get((kind, namespace))
        return [here[n] for n in sorted(here)] if here else ()

    def using_claim(self, namespace: str, claim: str) -> Sequence[Object]:
        """The Pods whose volumes use a claim, ephemeral volumes' claims included."""
        names = self._claimants.get((namespace, claim))
        here = self._objects["Pod"][namespace] if names else {}
        return [here[n] for n in sorted(names or ())]

    def selected(self, namespace: str, matches: Callable[[dict[str, str]], bool]) -> Sequence[Object]:
        """The Pods of a namespace whose labels match, by name. Looks once at each set of labels, which replicas share."""
        found: dict[str, Object] = {}
        for labels, here in self._labelled.get(namespace, {}).items():
            if matches(dict(labels)):
                found.update(here)
        return [found[name] for name in sorted(found)]

    def labelled(self, namespace: str, labels: dict[str, str]) -> Sequence[Object]:
        """The Pods of a namespace that have all these labels, by name. Looks at the sets of labels that have the rarest of them."""
        groups, wanted = self._labelled.get(namespace, {}), frozenset(labels.items())
        having = self._having.get(namespace, {})
        sets: list[Collection[Labels]] = [groups, *(having.get(pair, {}) for pair in wanted)]
        found: dict[str, Object] = {}
        for group in min(sets, key=len):
            if wanted <= group:
                found.update(groups[group])
        return [found[name] for name in sorted(found)]

    def kinds(self) -> Sequence[str]:
        """The group-kinds of which there is or was an object, sorted."""
        return sorted(self._objects)

    def put(self, kind: str, obj: Object) -> Object:
        """Write an object and give it the next resourceVersion; `obj` must not be changed afterwards."""
        meta = obj["metadata"]
        namespace, name = meta.get("namespace") or "", meta["name"]
        self.revision += 1
        obj = {**obj, "metadata": {**meta, "resourceVersion": str(self.revision)}}
        spaces = self._objects.setdefault(kind, {})
        here = spaces.setdefault(namespace, {})
        old = here.get(name)
        here[name] = obj
        self._indexed(kind, (namespace, name), old, obj)
        self._append(Entry("MODIFIED" if old else "ADDED", kind, old, obj), namespace)
        return obj

    def reread(self, kind: str, read: Callable[[Object], Object]) -> None:
        """Show the objects of a kind otherwise than they were written (their definition changed): no new revision, nothing in the log."""
        for namespace, here in self._objects.get(kind, {}).items():
            for name, old in here.items():
                here[name] = new = read(old)
                self._indexed(kind, (namespace, name), old, new)
            self._sorted.pop((kind, namespace), None)
        self._sorted.pop((kind, None), None)

    def remove(self, kind: str, namespace: str, name: str) -> Object:
        """Take an object out; its last state is returned."""
        old = self._objects[kind][namespace].pop(name)
        self.revision += 1
        self._indexed(kind, (namespace, name), old, None)
        self._append(Entry("DELETED", kind, old, None), namespace)
        return old

    def _append(self, entry: Entry, namespace: str) -> None:
        self._sorted.pop((entry.kind, namespace), None)
        self._sorted.pop((entry.kind, None), None)
        self.log.append(entry)
        for listener in self.listeners:
            listener(entry)

    def _indexed(self, kind: str, key: Key, old: Object | None, new: Object | None) -> None:
        for obj in (old, new):
            for owner in (obj["metadata"].get("ownerReferences") or ()) if obj else ():
                if obj is new:
                    self._owned.setdefault(owner["uid"], {}).setdefault(kind, {})[key] = obj  # type: ignore[assignment]
                elif owner["uid"] in self._owned:
                    self._owned[owner["uid"]].get(kind, {}).pop(key, None)
        if kind in ADOPTABLE:
            if new is not None and controller_of(new) is None:
                self._orphans[kind, key[0]][key[1]] = new
            else:
                self._orphans[kind, key[0]].pop(key[1], None)
        if kind == "Pod":
            self._by_labels(key, old, new)
            for obj in (old, new):
                node = obj.get("spec", {}).get("nodeName") if obj else None
                if node and obj is new:
                    self._pods[node][key] = obj  # type: ignore[assignment]
                elif node:
                    self._pods[node].pop(key, None)
            self._claims_indexed(key, old, new)

    def _claims_indexed(self, key: Key, old: Object | None, new: Object | None) -> None:
        before, after = ((p.get("spec") or {}).get("volumes") if p else None for p in (old, new))
        if before is after:
            return
        for claim, _ in claims_of(old) if old and before else ():
            self._claimants[key[0], claim].discard(key[1])
        for claim, _ in claims_of(new) if new and after else ():
            self._claimants[key[0], claim].add(key[1])

    def _by_labels(self, key: Key, old: Object | None, new: Object | None) -> None:
        namespace, name = key
        groups = self._labelled[namespace]
        before = frozenset((old["metadata"].get("labels") or {}).items()) if old is not None else None
        after = frozenset((new["metadata"].get("labels") or {}).items()) if new is not None else None
        if before is not None and before != after:
            del groups[before][name]
            if not groups[before]:
                del groups[before]
                for pair in before:
                    del self._having[namespace][pair][before]
        if after is not None and new is not None:
            if after not in groups:
                groups[after] = {}
                for pair in after:
                    self._having[namespace].setdefault(pair, {})[after] = None
            groups[after][name] = new
