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
Member = Callable[[Object], bool]


def _any(obj: Object) -> bool:
    return True


def claim(api: Client, owner: Object, kind: str, matches: Match, *, adopt: bool = True, member: Member = _any, finalizer: str = "") -> list[Object]:
    """The objects of `kind` that `owner` owns after adopting orphans that match and releasing its own that do not.

    `member` says more of what matches than its labels; `finalizer`, if given, is put on what is adopted and taken off what is released.
    """
    meta = owner["metadata"]
    deleted = "deletionTimestamp" in meta
    claimed: list[Object] = []
    for obj in api.owned(kind, meta["uid"]):
        controller = controller_of(obj)
        if controller is None or controller["uid"] != meta["uid"]:
            continue
        if matches(labels_of(obj)) and member(obj):
            claimed.append(obj)
        elif not deleted:
            release(api, obj, meta["uid"], finalizer)
    if not deleted and adopt:
        claimed += adopted(api, owner, filter(member, api.orphans(kind, meta["namespace"])), matches, finalizer)
    claimed.sort(key=lambda o: o["metadata"]["name"])
    return claimed


def adopted(api: Client, owner: Object, orphans: Iterable[Object], matches: Match, finalizer: str = "") -> list[Object]:
    """Take over the orphans that match."""
    taken = []
    for obj in orphans:
        if matches(labels_of(obj)) and "deletionTimestamp" not in obj["metadata"]:
            owners = [*(obj["metadata"].get("ownerReferences") or ()), owner_reference(owner)]
            taken_over = replace(obj, ("metadata", "ownerReferences"), owners)
            held = obj["metadata"].get("finalizers") or []
            if finalizer and finalizer not in held:
                taken_over = replace(taken_over, ("metadata", "finalizers"), [*held, finalizer])
            answer = api.write(taken_over)
            if answer.accepted and answer.object is not None:
                taken.append(answer.object)
    return taken


def release(api: Client, obj: Object, uid: str, finalizer: str = "") -> None:
    """Give up an object that does not match any more."""
    owners: list[Any] = [o for o in obj["metadata"]["ownerReferences"] if o["uid"] != uid]
    path = ("metadata", "ownerReferences")
    given_up = replace(obj, path, owners) if owners else without(obj, path)
    if finalizer:
        path = ("metadata", "finalizers")
        held = [f for f in obj["metadata"].get("finalizers") or () if f != finalizer]
        given_up = replace(given_up, path, held) if held else without(given_up, path)
    api.write(given_up)
