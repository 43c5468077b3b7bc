"""What a control loop is: which writes wake it, and what it does about one key.

Upstream: client-go's informers, work queues and the `sync<Kind>` functions of kube-controller-manager. Level-triggered: `sync` looks
at the state as it is, never at what changed, so it may be called once more at any time and then does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple

from kplan.api.objects import Object, controller_of
from kplan.api.reader import Entry, Reader
from kplan.apiserver.client import Client

Key = tuple[str, ...]  # usually (namespace, name)
Keys = Callable[[Entry, Reader], Iterable[Hashable]]


EVERYTHING = "*"
NOBODY = ""  # the owner of what no controller owns


class Watch(NamedTuple):
    """Writes to `kind` (a group-kind, or EVERYTHING) wake the keys that `keys` names, at once or `after` seconds (so that several are seen together).

    `owners`: only writes to objects whose controller, before or afterwards, is of one of these kinds (`ReplicaSet`, or NOBODY); None: all writes.
    Most watches of Pods are after those of one owner.
    """

    kind: str
    keys: Keys
    after: float = 0.0
    owners: tuple[str, ...] | None = None


class Controller:
    """A control loop. `name` is that of kube-controller-manager (`deployment-controller`)."""

    name: str
    watches: tuple[Watch, ...] = ()

    def sync(self, key: Key, api: Client) -> float | None:
        """Bring one key nearer to what is wanted. Returns seconds after which to look again, RETRY (rate-limited), or None."""
        raise NotImplementedError(self.name)

    def seen_singly(self, key: Key, api: Client) -> bool:
        """Of a kubelet or driver: whether others may act upon what it is about to write for this key alone, so that they must see it before the next."""
        return True

    def start(self, api: Client) -> Iterable[Key]:
        """Keys to look at once when the loop starts, for loops that run on timers."""
        return ()


RETRY = -1.0  # what `sync` returns when a write failed: again after 5 ms, 10 ms, 20 ms ..


def itself(entry: Entry, reader: Reader) -> Iterable[Key]:
    """The object that was written."""
    meta = entry.object["metadata"]
    return ((meta.get("namespace") or "", meta["name"]),)


def owned_by(owner: str, kind: str) -> Watch:
    """Writes to objects of a group-kind wake the controlling owner, if it is of the kind `owner` (`ReplicaSet`)."""
    return Watch(kind, _controller_of_kind(owner), owners=(owner,))


def owner_kind(obj: Object | None) -> str | None:
    """The kind of an object's controller, NOBODY where it has none; None where there is no object."""
    if obj is None:
        return None
    owner = controller_of(obj)
    return NOBODY if owner is None else owner.get("kind")


def _controller_of_kind(kind: str) -> Keys:

    def keys(entry: Entry, reader: Reader) -> Iterable[Key]:
        found = []
        for obj in (entry.old, entry.new):
            owner = controller_of(obj) if obj else None
            if owner is not None and owner["kind"] == kind and obj is not None:
                found.append((obj["metadata"].get("namespace") or "", owner["name"]))
        return dict.fromkeys(found)

    return keys


def owner_reference(owner: Object) -> Object:
    """A controller reference to `owner`.   Upstream: metav1.NewControllerRef."""
    meta = owner["metadata"]
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
