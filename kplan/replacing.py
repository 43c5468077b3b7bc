"""Updates that the server refuses because fields cannot change: which fields, and what would have to be done."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.apiserver.response import Response
from kplan.cluster import Cluster
from kplan.diff import FieldChange, fields_of

SPARE = "-kplan-spare"
TOKEN_VOLUME = "kube-api-access-"  # and five letters, see kplan.admission.service_account
_QUOTED = re.compile(r"'(\w+)'")  # fields that a refusal names as those that may change
REMEDIES = {
    "StatefulSet": "to replace it and keep its pods: kubectl delete statefulset {name}{namespace} --cascade=orphan, then apply",
    "Job": "a Job's template cannot change: delete the Job first, or give it another name",
    "PersistentVolumeClaim": "a new claim gets a new volume: copy the data first, then delete the claim and apply",
    "Pod": "delete the pod and apply, or let a Deployment do it",
}
HELD = {"kubernetes.io/pvc-protection": "it was deleted and stays ({}) until no pod uses it: scale down what does, then apply again"}
STILL_THERE = "it was deleted and stays until its finalizers are done ({}): then apply again"
RENAME = "give it another name and let the workloads name that, so that they roll out with it; or delete it and apply: pods that run keep the old contents"
CLAIMS = " (claims that are there stay as they are: change each by itself)"
GENERAL = "to replace it: kubectl delete {kind} {name}{namespace}, then apply"
SIMULATE = "; --replace shows what that does"


@dataclass(frozen=True, slots=True)
class Replacement:
    """An object that would have to be replaced: as it is, and the fields that are responsible. `waiting`: it was deleted, and what it still waits for."""

    live: Object
    fields: tuple[FieldChange, ...]
    waiting: str = ""


def replacement(cluster: Cluster, data: Object, live: Object, answer: Response, namespace: str) -> Replacement | None:
    """What would have to be replaced for a manifest whose update was refused.

    None where a new object would be refused too, and where the manifest as a whole would be taken: then the merge with what is there is to blame.
    """
    if answer.code != 422 or not answer.causes or cluster.update(data, namespace=namespace, dry_run=True).accepted:
        return None
    wanted = _new(cluster, data, live, namespace)
    if wanted is None:
        return None
    changes = sorted(fields_of(live, wanted), key=lambda c: c.path)
    free = [f"{cause.field}.{name}" for cause in answer.causes for name in _QUOTED.findall(cause.message)]
    blamed = [cause.field for cause in answer.causes if cause.field]
    near = [c for c in changes if any(_within(c.path, b) or _within(b, c.path) for b in blamed) and not any(_within(c.path, f) for f in free)]
    fields = tuple(c for c in near if _stated(data, c.path)) or tuple(c for c in near if c.after is None) or tuple(near)
    return Replacement({**live, "metadata": {k: v for k, v in live["metadata"].items() if k != "managedFields"}}, fields)


def remedy(ref: Ref, found: Replacement) -> str:
    """What must be done, in a line."""
    if found.waiting:
        return HELD.get(found.waiting, STILL_THERE).format(found.waiting)
    if found.live.get("immutable") is True:
        return RENAME + SIMULATE
    namespace = f" -n {ref.namespace}" if ref.namespace else ""
    if any(f.path.startswith("spec.volumeClaimTemplates") for f in found.fields):
        return (REMEDIES[ref.kind] + CLAIMS).format(name=ref.name, namespace=namespace) + SIMULATE
    return REMEDIES.get(ref.kind, GENERAL).format(kind=ref.kind.lower(), name=ref.name, namespace=namespace) + SIMULATE


def _new(cluster: Cluster, data: Object, live: Object, namespace: str) -> Object | None:
    """The object that the manifest would become if it were new, under the name of the live one; None if it would be refused."""
    name = live["metadata"]["name"]
    spare = name[: 50 - len(SPARE)] + SPARE
    answer = cluster.create({**data, "metadata": {**data["metadata"], "name": spare}}, namespace=namespace, dry_run=True)
    if not answer.accepted or answer.object is None:
        return None
    text = json.dumps(answer.object).replace(spare, name)
    for drawn, there in zip(_drawn(answer.object), _drawn(live), strict=False):
        text = text.replace(drawn, there)
    made = json.loads(text)
    meta = {**live["metadata"], **{k: v for k, v in made["metadata"].items() if k in ("labels", "annotations")}}
    meta = {k: v for k, v in meta.items() if k not in ("labels", "annotations") or k in made["metadata"]}
    return {**made, "metadata": {**meta, "name": name}}


def _drawn(obj: Object) -> list[str]:
    """The names of volumes that admission draws for each pod."""
    return [v["name"] for v in (obj.get("spec") or {}).get("volumes") or () if isinstance(v, dict) and str(v.get("name", "")).startswith(TOKEN_VOLUME)]


def _stated(data: Object, path: str) -> bool:
    """Whether a manifest says anything about the field at a path, or about the list or map around it."""
    value: Any = data
    for part in _parts(path):
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
        if isinstance(value, list):
            return True
    return True


def _parts(path: str) -> Iterator[str]:
    for part in path.split("."):
        yield part.partition("[")[0]


def _within(path: str, outer: str) -> bool:
    """Whether a field path is another one or below it; keys of list items are not compared."""
    inner, around = list(_parts(path)), list(_parts(outer))
    return inner[: len(around)] == around
