"""On which nodes the pods of a DaemonSet belong, and the pods that are made for them.

Upstream: NodeShouldRunDaemonPod in pkg/controller/daemon/daemon_controller.go, pkg/controller/daemon/util/daemonset_util.go.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.api.nodeselectors import matches_required
from kplan.api.objects import Object, annotations_of, labels_of
from kplan.api.reader import Entry, Reader
from kplan.api.tolerations import HARD, untolerated
from kplan.apiserver.client import Client
from kplan.apiserver.loops import Key
from kplan.controllers.podcontrol import pod_from_template
from kplan.kinds.daemonset import TEMPLATE_GENERATION
from kplan.kinds.workload import parse_int64

HASH_LABEL = "controller-revision-hash"
GENERATION_LABEL = "pod-template-generation"
NODE_NAME = "metadata.name"


def _existing(key: str, effect: str) -> Object:
    return {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": effect}


TOLERATED = (
    _existing("not-ready", "NoExecute"),
    _existing("unreachable", "NoExecute"),
    _existing("disk-pressure", "NoSchedule"),
    _existing("memory-pressure", "NoSchedule"),
    _existing("pid-pressure", "NoSchedule"),
    _existing("unschedulable", "NoSchedule"),
)
NO_NETWORK = _existing("network-unavailable", "NoSchedule")  # what pods on the host's network tolerate, too


def tolerations_of(spec: Object) -> list[Object]:
    """The pod's tolerations and those that every daemon has.   Upstream: AddOrUpdateDaemonPodTolerations."""
    found = list(spec.get("tolerations") or ())
    for added in (*TOLERATED, NO_NETWORK) if spec.get("hostNetwork") else TOLERATED:
        same = [t for t in found if _same_toleration(t, added)]
        found = [added if t in same else t for t in found] if same else [*found, added]
    return found


def _same_toleration(one: Object, other: Object) -> bool:
    """All but the seconds agree.   Upstream: Toleration.MatchToleration."""
    return all((one.get(field) or "") == (other.get(field) or "") for field in ("key", "effect", "operator", "value"))


def template_generation(owner: Object) -> int | None:
    """The deprecated number of the template, where the annotation has one."""
    text = annotations_of(owner).get(TEMPLATE_GENERATION)
    return None if text is None else parse_int64(text)


def up_to_date(pod: Object, owner: Object, hash: str) -> bool:
    """The pod was made from the present template.   Upstream: IsPodUpdated."""
    labels, generation = labels_of(pod), template_generation(owner)
    return bool(hash and labels.get(HASH_LABEL) == hash) or (generation is not None and labels.get(GENERATION_LABEL) == str(generation))


class Placement:
    """Which nodes a DaemonSet's pods belong on, its template looked at once."""

    def __init__(self, owner: Object) -> None:
        self._spec: Object = owner["spec"]["template"]["spec"]
        self._tolerations = tolerations_of(self._spec)

    def fits(self, node: Object) -> tuple[bool, bool]:
        """(a pod should run there, a pod that is there may stay).   Upstream: NodeShouldRunDaemonPod."""
        named = self._spec.get("nodeName")
        if (named and named != node["metadata"]["name"]) or not matches_required(self._spec, node):
            return False, False
        taints = (node.get("spec") or {}).get("taints")
        if not taints or untolerated(taints, self._tolerations, HARD) is None:
            return True, True
        return False, untolerated(taints, self._tolerations, ("NoExecute",)) is None


def new_pod(owner: Object, hash: str) -> Object:
    """A pod of the DaemonSet, not yet meant for a node.   Upstream: CreatePodTemplate."""
    pod = pod_from_template(owner["spec"]["template"], owner)
    generation = template_generation(owner)
    numbered = {GENERATION_LABEL: str(generation)} if generation is not None else {}
    pod["metadata"]["labels"] = {**(pod["metadata"].get("labels") or {}), **numbered, HASH_LABEL: hash}
    pod["spec"] = {**pod["spec"], "tolerations": tolerations_of(pod["spec"])}
    return pod


def meant_for(pod: Object, node: str) -> Object:
    """The pod with a required affinity to one node.   Upstream: ReplaceDaemonSetPodNodeNameNodeAffinity."""
    affinity = pod["spec"].get("affinity") or {}
    of_node = affinity.get("nodeAffinity") or {}
    terms = [{"matchFields": [{"key": NODE_NAME, "operator": "In", "values": [node]}]}]
    required = {**(of_node.get("requiredDuringSchedulingIgnoredDuringExecution") or {}), "nodeSelectorTerms": terms}
    of_node = {**of_node, "requiredDuringSchedulingIgnoredDuringExecution": required}
    return {**pod, "spec": {**pod["spec"], "affinity": {**affinity, "nodeAffinity": of_node}}}


def target_of(pod: Object) -> str | None:
    """The node that a pod is on or meant for; None where nothing tells.   Upstream: GetTargetNodeName."""
    spec = pod["spec"]
    if spec.get("nodeName"):
        return str(spec["nodeName"])
    of_node = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = of_node.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    for term in required.get("nodeSelectorTerms") or ():
        for wanted in term.get("matchFields") or ():
            if wanted["key"] == NODE_NAME and wanted["operator"] == "In":
                values: list[str] = wanted.get("values") or []
                return str(values[0]) if len(values) == 1 else None
    return None


def concerned(entry: Entry, reader: Reader) -> Iterable[Key]:
    """The DaemonSets that have to act, or to count again, because a node came, or its labels or taints changed.   Upstream: syncNodeUpdate."""
    assert isinstance(reader, Client)
    node = entry.new
    if node is None or (entry.old is not None and _looks(entry.old) == _looks(node)):
        return ()
    there = set()
    for pod in reader.on_node(node["metadata"]["name"]):
        for owner in pod["metadata"].get("ownerReferences") or ():
            if owner.get("controller") and owner["kind"] == "DaemonSet":
                there.add((pod["metadata"]["namespace"], owner["name"]))
    keys = []
    for owner in reader.list("DaemonSet.apps"):
        key = (owner["metadata"]["namespace"], owner["metadata"]["name"])
        wanted, may_stay = Placement(owner).fits(node)
        miscounted = ((owner.get("status") or {}).get("numberMisscheduled") or 0) > 0
        if (not may_stay or miscounted) if key in there else wanted:
            keys.append(key)
    return keys


def _looks(node: Object) -> tuple[Object, object]:
    return labels_of(node), (node.get("spec") or {}).get("taints") or []
