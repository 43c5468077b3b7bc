"""The cluster as it would be if some objects were others: a Reader over a Reader, with which questions try what they advise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from kplan.api.objects import Object, group_kind_of
from kplan.api.reader import Reader
from kplan.api.ref import Ref
from kplan.apiserver.clock import START
from kplan.schema import CURRENT

Key = tuple[str, str, str]  # group-kind, namespace, name


def key_of(obj: Object) -> Key:
    """Where an object is."""
    meta = obj["metadata"]
    return group_kind_of(obj), meta.get("namespace") or "", meta["name"]


class Supposed:
    """A Reader. `instead` holds what is different: an object, or None for one that is not there."""

    def __init__(self, reader: Reader, instead: Mapping[Key, Object | None]) -> None:
        self._reader, self._instead = reader, instead

    @property
    def version(self) -> str:
        """As it is."""
        return self._reader.version

    @property
    def now(self) -> datetime:
        """As it is."""
        return self._reader.now

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """One object, or None."""
        key = (kind, namespace, name)
        return self._instead[key] if key in self._instead else self._reader.get(*key)

    def list(self, kind: str, namespace: str | None = None) -> Sequence[Object]:
        """All objects of a kind, sorted by namespace and name."""
        there = self._reader.list(kind, namespace)
        mine = {k: o for k, o in self._instead.items() if k[0] == kind and namespace in (None, k[1])}
        if not mine:
            return there
        kept = [o for o in there if (kind, o["metadata"].get("namespace") or "", o["metadata"]["name"]) not in mine]
        return sorted([*kept, *filter(None, mine.values())], key=lambda o: (o["metadata"].get("namespace") or "", o["metadata"]["name"]))

    def owned(self, kind: str, uid: str) -> Sequence[Object]:
        """The objects of a kind with an owner reference to `uid`."""
        return [o for o in self.list(kind) if any(r["uid"] == uid for r in o["metadata"].get("ownerReferences") or ())]

    def on_node(self, node: str) -> Sequence[Object]:
        """The Pods bound to a node."""
        return [p for p in self.list("Pod") if p["spec"].get("nodeName") == node]


class Kept:
    """A Reader of a state that was kept; it has no clock of its own."""

    version = CURRENT
    now = START

    def __init__(self, state: Mapping[Ref, Object]) -> None:
        self._state = state
        self._refs: dict[str, list[Ref]] = {}
        for ref in state:
            self._refs.setdefault(ref.group_kind, []).append(ref)
        self._held: dict[tuple[str, str | None], list[Object]] = {}

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """One object, or None."""
        bare, _, group = kind.partition(".")
        return self._state.get(Ref(group, bare, namespace, name))

    def list(self, kind: str, namespace: str | None = None) -> Sequence[Object]:
        """All objects of a kind, sorted by namespace and name."""
        key = (kind, namespace)
        if key not in self._held:
            mine = (r for r in self._refs.get(kind, ()) if namespace in (None, r.namespace))
            self._held[key] = [self._state[r] for r in sorted(mine, key=lambda r: (r.namespace, r.name))]
        return self._held[key]

    def owned(self, kind: str, uid: str) -> Sequence[Object]:
        """The objects of a kind with an owner reference to `uid`."""
        return [o for o in self.list(kind) if any(r["uid"] == uid for r in o["metadata"].get("ownerReferences") or ())]

    def on_node(self, node: str) -> Sequence[Object]:
        """The Pods bound to a node."""
        return [p for p in self.list("Pod") if p["spec"].get("nodeName") == node]
