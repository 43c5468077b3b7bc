"""ControllerRevisions: the templates that StatefulSets and DaemonSets had, numbered.

Upstream: pkg/controller/history/controller_history.go and the getPatch functions of both controllers. Left out: Go reads the template back into
floats on the way, so integers beyond 2^53 lose digits there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from kplan.api.objects import Object, controller_of, labels_of, replace
from kplan.apiserver.client import Client
from kplan.apiserver.loops import owner_reference
from kplan.apiserver.response import Response
from kplan.controllers.ownership import Match
from kplan.kinds.template_hash import revision_hash

REVISIONS = "ControllerRevision.apps"
HASH_LABEL = "controller.kubernetes.io/hash"
MAX_PREFIX = 223
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})
_MEMO_SIZE = 1024

_templates: dict[int, tuple[Object, Object]] = {}


def template_patch(template: Object) -> Object:
    """The `data` of a revision: a patch that puts the template back.   Upstream: getPatch."""
    return {"spec": {"template": {**template, "$patch": "replace"}}}


def patch_bytes(data: Object) -> bytes:
    """A revision's data as Go's encoder writes it: keys sorted, no spaces, `<`, `>` and `&` escaped."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).translate(_ESCAPES).encode()


def template_of(revision: Object) -> Object:
    """The pod template that a revision keeps; the same object for the same revision, so that its pods are recognised as equal."""
    known = _templates.get(id(revision))
    if known is None or known[0] is not revision:
        if len(_templates) >= _MEMO_SIZE:
            _templates.clear()
        template = (revision["data"].get("spec") or {}).get("template") or {}
        known = _templates[id(revision)] = revision, {k: v for k, v in template.items() if k != "$patch"}
    return known[1]


def in_order(revisions: Iterable[Object]) -> list[Object]:
    """Oldest first: by number, age and name.   Upstream: SortControllerRevisions."""
    return sorted(revisions, key=lambda r: (r.get("revision") or 0, r["metadata"]["creationTimestamp"], r["metadata"]["name"]))


def revisions_of(api: Client, owner: Object, matches: Match) -> list[Object]:
    """The revisions that match and that `owner` or nobody controls, oldest first.   Upstream: ListControllerRevisions."""
    uid, namespace = owner["metadata"]["uid"], owner["metadata"]["namespace"]
    mine = [r for r in api.owned(REVISIONS, uid) if (controller_of(r) or {}).get("uid") == uid]
    return in_order(r for r in (*mine, *api.orphans(REVISIONS, namespace)) if matches(labels_of(r)))


def next_number(revisions: Sequence[Object]) -> int:
    """The number of the next revision, `revisions` being in order."""
    return (revisions[-1].get("revision") or 0) + 1 if revisions else 1


def adopt(api: Client, owner: Object, revision: Object) -> Response:
    """Make `owner` the controller of an orphaned revision."""
    owners = [*(revision["metadata"].get("ownerReferences") or ()), owner_reference(owner)]
    return api.write(replace(revision, ("metadata", "ownerReferences"), owners))


def renumber(api: Client, revision: Object, number: int) -> Response:
    """Make an old revision the newest one again."""
    return api.write({**revision, "revision": number})


def new_revision(owner: Object, data: Object, number: int, name: str, labels: Object) -> Object:
    """A revision of `owner`'s present template."""
    meta = {"name": name, "namespace": owner["metadata"]["namespace"], "labels": labels, "ownerReferences": [owner_reference(owner)]}
    if owner["metadata"].get("annotations"):
        meta["annotations"] = owner["metadata"]["annotations"]
    return {"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": meta, "data": data, "revision": number}


def create_hashed(api: Client, owner: Object, data: Object, number: int, collisions: int) -> tuple[Response, int]:
    """Make a revision named after the hash of its data, trying others while other data has that name; (answer, collisions).

    Upstream: NewControllerRevision and CreateControllerRevision.
    """
    text, prefix = patch_bytes(data), owner["metadata"]["name"][:MAX_PREFIX]
    labels = {**labels_of(owner["spec"]["template"]), HASH_LABEL: revision_hash(text, collisions)}
    while True:
        name = f"{prefix}-{revision_hash(text, collisions)}"
        answer = api.create(new_revision(owner, data, number, name, labels))
        held = api.get(REVISIONS, owner["metadata"]["namespace"], name) if answer.reason == "AlreadyExists" else None
        if held is None:
            return answer, collisions
        if held.get("data") == data:
            return Response(True, 200, object=held), collisions
        collisions += 1
