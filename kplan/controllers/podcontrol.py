"""Making and deleting pods on behalf of a workload, with the events that tell of it.

Upstream: RealPodControl and GetPodFromTemplate in pkg/controller/controller_utils.go; slowStartBatch of the ReplicaSet controller.
"""

from __future__ import annotations

from collections.abc import Callable

from kplan.api import selectors
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object, labels_of
from kplan.apiserver.client import Client
from kplan.apiserver.loops import owner_reference
from kplan.apiserver.response import Response

TERMINATING_NAMESPACE = "NamespaceTerminating"


def selects_own(wanted: Object | None, template: Object) -> bool:
    """Whether a workload's selector has the pods of its template. A server stores no other; a restored one would make pods without end."""
    return selectors.matches(wanted, labels_of(template))


def pod_from_template(template: Object, owner: Object) -> Object:
    """A pod for `owner`: the template's labels, annotations, finalizers and spec, and a generated name."""
    meta = template.get("metadata") or {}
    prefix = owner["metadata"]["name"] + "-"
    if name_is_dns_subdomain(prefix, True):
        prefix = owner["metadata"]["name"]
    made: Object = {"generateName": prefix, "namespace": owner["metadata"]["namespace"], "ownerReferences": [owner_reference(owner)]}
    for field in ("labels", "annotations", "finalizers"):
        if meta.get(field):
            made[field] = meta[field]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": made, "spec": template["spec"]}


def create_pod(api: Client, owner: Object, pod: Object, template: Object) -> Response:
    """Create a pod and say so; the answer tells whether it worked."""
    answer = api.create_pod(pod, template)
    if answer.accepted and answer.object is not None:
        api.event(owner, "Normal", "SuccessfulCreate", f"Created pod: {answer.object['metadata']['name']}")
    elif not namespace_terminating(answer):
        api.event(owner, "Warning", "FailedCreate", f"Error creating: {answer.message}")
    return answer


def delete_pod(api: Client, owner: Object, pod: Object) -> Response:
    """Delete a pod and say so."""
    answer = api.delete(pod)
    if answer.accepted:
        api.event(owner, "Normal", "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")
    elif answer.code != 404:
        api.event(owner, "Warning", "FailedDelete", f"Error deleting: {answer.message}")
    return answer


def namespace_terminating(answer: Response) -> bool:
    """The refusal says that the namespace is going away: nothing more can be made in it."""
    return any(c.reason == TERMINATING_NAMESPACE for c in answer.causes)


def slow_start(count: int, make: Callable[[], Response]) -> Response | None:
    """Call `make` up to `count` times in batches of 1, 2, 4 ..; a batch with a failure is the last. The first failure, or None."""
    batch, done = 1, 0
    while done < count:
        size = min(batch, count - done)
        failure: Response | None = None
        for _ in range(size):
            answer = make()
            done += 1
            if not answer.accepted and failure is None and not namespace_terminating(answer):
                failure = answer
        if failure is not None:
            return failure
        batch *= 2
    return None
