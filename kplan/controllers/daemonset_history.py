"""The revisions of a DaemonSet: the present one found or made, duplicates removed, old ones forgotten.

Upstream: constructHistory, snapshot and cleanupHistory in pkg/controller/daemon/update.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kplan.api.objects import Object, labels_of, replace
from kplan.api.selectors import selector
from kplan.apiserver.client import Client
from kplan.controllers.daemonset_nodes import HASH_LABEL
from kplan.controllers.history import REVISIONS, new_revision, renumber, template_patch
from kplan.controllers.ownership import claim
from kplan.kinds.template_hash import pod_template_hash

LABEL = ("metadata", "labels", HASH_LABEL)


class Revisions(NamedTuple):
    """The revision of the present template, and the others."""

    current: Object
    old: Sequence[Object]


def find(api: Client, owner: Object) -> Revisions | None:
    """The DaemonSet's revisions, the present one with the highest number; None where a write failed.   Upstream: constructHistory."""
    data = template_patch(owner["spec"]["template"])
    matching: list[Object] = []
    old: list[Object] = []
    for revision in claim(api, owner, REVISIONS, selector(owner["spec"].get("selector"))):
        if HASH_LABEL not in labels_of(revision):
            labelled = api.write(replace(revision, LABEL, revision["metadata"]["name"])).object
            if labelled is None:
                return None
            revision = labelled
        (matching if revision.get("data") == data else old).append(revision)
    number = max((_number(r) for r in old), default=0) + 1
    current = _only(api, owner, matching) if matching else _made(api, owner, data, number)
    if current is not None and _number(current) < number:
        current = renumber(api, current, number).object
    return None if current is None else Revisions(current, old)


def _number(revision: Object) -> int:
    return revision.get("revision") or 0


def _made(api: Client, owner: Object, data: Object, number: int) -> Object | None:
    """A new revision; where its name is another template's, the next try gets another name.   Upstream: snapshot."""
    status, template = owner.get("status") or {}, owner["spec"]["template"]
    hash = pod_template_hash(template, status.get("collisionCount"))
    name = f"{owner['metadata']['name']}-{hash}"
    answer = api.create(new_revision(owner, data, number, name, {**labels_of(template), HASH_LABEL: hash}))
    if answer.reason == "AlreadyExists":
        held = api.get(REVISIONS, owner["metadata"]["namespace"], name)
        if held is not None and held.get("data") == data:
            return held
        api.write_status(owner, {**status, "collisionCount": (status.get("collisionCount") or 0) + 1})
    return answer.object if answer.accepted else None


def _only(api: Client, owner: Object, matching: Sequence[Object]) -> Object | None:
    """Of several revisions of the present template the one with the highest number; pods get its label, the others go.   Upstream: dedupCurHistories."""
    kept = matching[0]
    for revision in matching[1:]:
        kept = revision if _number(revision) >= _number(kept) else kept
    if len(matching) == 1:
        return kept
    label = labels_of(kept).get(HASH_LABEL)
    for pod in claim(api, owner, "Pod", selector(owner["spec"].get("selector"))):
        if labels_of(pod).get(HASH_LABEL) != label and not api.write(replace(pod, LABEL, label)).accepted:
            return None
    for revision in matching:
        if revision is not kept and not api.delete(revision).accepted:
            return None
    return kept


def forget(api: Client, owner: Object, old: Sequence[Object], pods: Iterable[Object]) -> bool:
    """Delete the oldest revisions that no pod has, beyond the limit; whether that worked.   Upstream: cleanupHistory."""
    surplus = len(old) - owner["spec"].get("revisionHistoryLimit", 10)
    if surplus <= 0:
        return True
    live = {labels_of(p).get(HASH_LABEL) for p in pods}
    dead = [r for r in sorted(old, key=_number) if labels_of(r).get(HASH_LABEL) not in live]
    return all(api.delete(revision).accepted for revision in dead[:surplus])
