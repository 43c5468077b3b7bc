"""Adoption and release: a controller owns what its selector matches and nobody else owns.

Upstream: pkg/controller/controller_ref_manager.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kplan.api.objects import Object, controller_of, labels_of, replace, without
from kplan.apiserver.client import Client
from kplan.apiserver.loops import owner_reference

Match = Callable[[dict[str, str]], bool]


def claim(api: Client, owner: Object, kind: str, matches: Match, *, adopt: bool = True) -> list[Object]:
    """The objects of `kind` that `owner` owns after adopting orphans that match and releasing its own that do not."""
    meta = owner["metadata"]
    deleted = "deletionTimestamp" in meta
    claimed: list[Object] = []
    for obj in api.owned(kind, meta["uid"]):
        controller = controller_of(obj)
        if controller is None or controller["uid"] != meta["uid"]:
            continue
        if matches(labels_of(obj)):
            claimed.append(obj)
        elif not deleted:
            release(api, obj, meta["uid"])
    if not deleted and adopt:
        claimed += adopted(api, owner, api.orphans(kind, meta["namespace"]), matches)
    claimed.sort(key=lambda o: o["metadata"]["name"])
    return claimed


def adopted(api: Client, owner: Object, orphans: Iterable[Object], matches: Match) -> list[Object]:
    """Take over the orphans that match."""
    taken = []
    for obj in orphans:
        if matches(labels_of(obj)) and "deletionTimestamp" not in obj["metadata"]:
            owners = [*(obj["metadata"].get("ownerReferences") or ()), owner_reference(owner)]
            answer = api.write(replace(obj, ("metadata", "ownerReferences"), owners))
            if answer.accepted and answer.object is not None:
                taken.append(answer.object)
    return taken


def release(api: Client, obj: Object, uid: str) -> None:
    """Give up an object that does not match any more."""
    owners: list[Any] = [o for o in obj["metadata"]["ownerReferences"] if o["uid"] != uid]
    path = ("metadata", "ownerReferences")
    api.write(replace(obj, path, owners) if owners else without(obj, path))
