"""The ReplicaSet of a Deployment's present template: found, kept annotated, or made.

Upstream: getNewReplicaSet in pkg/controller/deployment/sync.go.
"""

from __future__ import annotations

from kplan.api.objects import Object, annotations_of, controller_of, replace
from kplan.apiserver.loops import owner_reference
from kplan.apiserver.response import Response
from kplan.controllers import rollout
from kplan.controllers.conditions import condition
from kplan.controllers.deployment_progress import conditioned, deadline_of
from kplan.controllers.deployment_sync import StoppedError, Sync
from kplan.controllers.podcontrol import namespace_terminating
from kplan.kinds.template_hash import pod_template_hash

SETS = "ReplicaSet.apps"
MAX_NAME = 253


def find_new(sync: Sync, *, create: bool) -> None:
    """The ReplicaSet of the present template, its annotations in order; made where it is wanted.   Upstream: getNewReplicaSet."""
    template = sync.deployment["spec"]["template"]
    sync.new = next((s for s in sync.sets if rollout.same_template(s["spec"]["template"], template)), None)
    newest = max((rollout.revision(s) for s in sync.old), default=0) + 1
    if sync.new is not None:
        _keep_annotated(sync, newest)
    elif create:
        _create(sync, newest)


def _keep_annotated(sync: Sync, newest: int) -> None:
    assert sync.new is not None
    held = annotations_of(sync.new)
    notes = rollout.annotate_new(sync.deployment, held, newest, exists=True)
    ready_after = sync.deployment["spec"].get("minReadySeconds")
    if notes != held or sync.new["spec"].get("minReadySeconds") != ready_after:
        changed = replace(sync.new, ("metadata", "annotations"), notes)
        spec = {k: v for k, v in changed["spec"].items() if k != "minReadySeconds"}
        if ready_after:
            spec["minReadySeconds"] = ready_after
        sync.new = sync.put({**changed, "spec": spec})
        return
    status = sync.deployment.get("status") or {}
    note = held.get(rollout.REVISION, "")
    before = sync.deployment
    if annotations_of(sync.deployment).get(rollout.REVISION) != note:
        sync.deployment = replace(sync.deployment, ("metadata", "annotations"), {**annotations_of(sync.deployment), rollout.REVISION: note})
    if deadline_of(sync) is not None and condition(status, "Progressing") is None:
        status = conditioned(sync, status, "Progressing", "True", "FoundNewReplicaSet", f'Found new replica set "{sync.new["metadata"]["name"]}"')
    if sync.deployment is not before or status is not (before.get("status") or status):
        sync.write(status)


def _create(sync: Sync, newest: int) -> None:
    """Make the new ReplicaSet; a name that is taken by another template's counts as a collision."""
    spec, status = sync.deployment["spec"], sync.deployment.get("status") or {}
    template = spec["template"]
    digest = pod_template_hash(template, status.get("collisionCount"))
    meta = template.get("metadata") or {}
    labels = {**(meta.get("labels") or {}), rollout.HASH_LABEL: digest}
    chosen = {**spec["selector"], "matchLabels": {**(spec["selector"].get("matchLabels") or {}), rollout.HASH_LABEL: digest}}
    name = sync.deployment["metadata"]["name"][: MAX_NAME - 1 - len(digest)] + "-" + digest
    made: Object = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": name,
            "namespace": sync.deployment["metadata"]["namespace"],
            "labels": labels,
            "annotations": rollout.annotate_new(sync.deployment, {}, newest, exists=False),
            "ownerReferences": [owner_reference(sync.deployment)],
        },
        "spec": {"replicas": 0, "selector": chosen, "template": {**template, "metadata": {**meta, "labels": labels}}},
    }
    if spec.get("minReadySeconds"):
        made["spec"]["minReadySeconds"] = spec["minReadySeconds"]
    size = rollout.new_replicas(sync.deployment, [*sync.sets, made], made)
    made["spec"]["replicas"] = size
    answer = sync.api.create(made)
    fresh = answer.accepted
    if answer.accepted and answer.object is not None:
        sync.new = answer.object
    else:
        sync.new = _already(sync, answer, name, template)
    if fresh and size > 0:
        sync.api.event(sync.deployment, "Normal", "ScalingReplicaSet", f"Scaled up replica set {name} from 0 to {size}")
    sync.sets = rollout.by_age([*(s for s in sync.sets if s["metadata"]["uid"] != sync.new["metadata"]["uid"]), sync.new])
    sync.deployment = replace(sync.deployment, ("metadata", "annotations"), {**annotations_of(sync.deployment), rollout.REVISION: str(newest)})
    if fresh and deadline_of(sync) is not None:
        status = conditioned(sync, status, "Progressing", "True", "NewReplicaSetCreated", f'Created new replica set "{name}"')
    sync.write(status)


def _already(sync: Sync, answer: Response, name: str, template: Object) -> Object:
    """The ReplicaSet of a refused creation if it is ours after all; else the refusal is told and the sync ends."""
    status = sync.deployment.get("status") or {}
    if answer.reason == "AlreadyExists":
        held = sync.api.get(SETS, sync.deployment["metadata"]["namespace"], name)
        owner = controller_of(held) if held else None
        if held and owner and owner["uid"] == sync.deployment["metadata"]["uid"] and rollout.same_template(held["spec"]["template"], template):
            return held
        sync.write({**status, "collisionCount": (status.get("collisionCount") or 0) + 1})
        raise StoppedError
    if namespace_terminating(answer):
        raise StoppedError
    message = f'Failed to create new replica set "{name}": {answer.message}'
    if deadline_of(sync) is not None:
        sync.write(conditioned(sync, status, "Progressing", "False", "ReplicaSetCreateError", message))
    sync.api.event(sync.deployment, "Warning", "ReplicaSetCreateError", message)
    raise StoppedError
