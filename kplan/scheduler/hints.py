"""Which writes to pods and nodes can help a pod that a plugin rejected: the queueing hints.

Upstream: each plugin's EventsToRegister and its isSchedulableAfter.. functions; those about volumes are in `volume_waits`. A hint that
says yes too often costs an attempt, one that says no too often a pod; so what is hard to tell says yes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kplan.api.objects import Object, labels_of
from kplan.api.reader import Entry
from kplan.scheduler import requests as ask
from kplan.scheduler import selectors
from kplan.scheduler.cluster_state import FINISHED, NODE, POD
from kplan.scheduler.plugins.taint_toleration import has_untolerated
from kplan.scheduler.podinfo import PodClass, resize_state

Hint = Callable[[Object, Entry], bool]


def can_help(plugin: str, pod: Object, entry: Entry) -> bool:
    """Whether a write can make a plugin change its mind about a pod."""
    hint = HINTS.get(plugin, {}).get(entry.kind)
    return hint is not None and hint(pod, entry)


def is_new(pod: Object, entry: Entry) -> bool:
    """A new object."""
    return entry.old is None


# ---------------------------------------------------------------------------------------------------- pods


def on_node(pod: Object | None) -> bool:
    """Whether a pod takes room on a node, or has a node kept for it."""
    if pod is None or (pod.get("status") or {}).get("phase") in FINISHED:
        return False
    return bool((pod.get("spec") or {}).get("nodeName") or (pod.get("status") or {}).get("nominatedNodeName"))


def room_is_made(pod: Object, entry: Entry) -> bool:
    """A pod leaves its node, or asks less of it."""
    if not on_node(entry.old):
        return False
    return not on_node(entry.new) or resized(entry)


def resized(entry: Entry) -> bool:
    """Whether a pod counts for less of something than before."""
    old, new = entry.old or {}, entry.new or {}
    if old["spec"] == new["spec"] and resize_state(old.get("status") or {}) == resize_state(new.get("status") or {}):
        return False
    before, now = asks(old), asks(new)
    return any(now.get(name, 0) < amount for name, amount in before.items())


def asks(pod: Object | None) -> ask.Amounts:
    """What a pod counts for."""
    return ask.pod_requests(pod["spec"], pod.get("status") or {}) if pod else {}


def leaves(pod: Object, entry: Entry) -> bool:
    """A pod leaves its node."""
    return on_node(entry.old) and not on_node(entry.new)


def company_changes(pod: Object, entry: Entry) -> bool:
    """A pod comes to a node, leaves it, or bears other labels there."""
    old, new = on_node(entry.old), on_node(entry.new)
    if old != new:
        return True
    return new and entry.old is not None and entry.new is not None and labels_of(entry.old) != labels_of(entry.new)


def neighbours_change(pod: Object, entry: Entry) -> bool:
    """The same in the pod's own namespace."""
    same = entry.object["metadata"].get("namespace") == pod["metadata"].get("namespace")
    return same and company_changes(pod, entry)


# ---------------------------------------------------------------------------------------------------- nodes


def spec_of(node: Object) -> Object:
    """A node's spec."""
    return node.get("spec") or {}


def status_of(node: Object) -> Object:
    """A node's status."""
    return node.get("status") or {}


def node_has_more(pod: Object, entry: Entry) -> bool:
    """A node comes, or has more of something that the pod asks, and would take the pod if it were empty."""
    if entry.new is None:
        return False
    have = ask.amounts(status_of(entry.new).get("allocatable"))
    wanted = {name: amount for name, amount in asks({**pod, "status": {}}).items() if amount}
    if any(amount > have.get(name, 0) for name, amount in wanted.items() if not ask.is_scalar(name)):
        return False
    if entry.old is None:
        return True
    had = ask.amounts(status_of(entry.old).get("allocatable"))
    return any(have.get(name, 0) > had.get(name, 0) for name in (*wanted, ask.PODS))


def taints_are_tolerated(pod: Object, entry: Entry) -> bool:
    """A node comes, or loses the taints, so that the pod tolerates all that keep pods off."""
    tolerations = pod["spec"].get("tolerations") or ()

    def kept_off(node: Object) -> bool:
        return has_untolerated([(t["key"], t.get("value") or "", t["effect"]) for t in spec_of(node).get("taints") or ()], tolerations)

    return entry.new is not None and not kept_off(entry.new) and (entry.old is None or kept_off(entry.old))


def is_uncordoned(pod: Object, entry: Entry) -> bool:
    """A node comes, or is cordoned no more."""
    if entry.new is None or spec_of(entry.new).get("unschedulable"):
        return False
    return entry.old is None or bool(spec_of(entry.old).get("unschedulable"))


def is_selected(pod: Object, entry: Entry) -> bool:
    """A node comes, or has other labels, and the pod's node affinity allows it now."""

    def allowed(node: Object) -> bool:
        # Imported here, because the table is of no use to most hints.
        from kplan.scheduler.node_table import NodeTable

        cls = PodClass(pod)
        return bool(selectors.required_match(NodeTable([node]).at(0), pod["spec"].get("nodeSelector"), cls.required_nodes))

    if entry.new is None or (entry.old is not None and labels_of(entry.old) == labels_of(entry.new)):
        return False
    return allowed(entry.new) and (entry.old is None or not allowed(entry.old))


def labels_change(pod: Object, entry: Entry) -> bool:
    """A node comes, or bears other labels."""
    return entry.new is not None and (entry.old is None or labels_of(entry.old) != labels_of(entry.new))


def topology_changes(pod: Object, entry: Entry) -> bool:
    """A node comes or goes, or bears other labels or taints."""
    if entry.old is None or entry.new is None:
        return True
    return labels_of(entry.old) != labels_of(entry.new) or spec_of(entry.old).get("taints") != spec_of(entry.new).get("taints")


def features_change(pod: Object, entry: Entry) -> bool:
    """A node comes, or declares other features."""
    if entry.new is None:
        return False
    return entry.old is None or status_of(entry.old).get("declaredFeatures") != status_of(entry.new).get("declaredFeatures")


HINTS: Mapping[str, Mapping[str, Hint]] = {
    "NodeUnschedulable": {NODE: is_uncordoned},
    "NodeName": {NODE: is_new},
    "TaintToleration": {NODE: taints_are_tolerated},
    "NodeAffinity": {NODE: is_selected},
    "NodePorts": {NODE: is_new, POD: leaves},
    "NodeResourcesFit": {NODE: node_has_more, POD: room_is_made},
    "VolumeRestrictions": {NODE: is_new, POD: leaves},
    "NodeVolumeLimits": {POD: leaves},
    "VolumeBinding": {NODE: labels_change},
    "VolumeZone": {NODE: labels_change},
    "PodTopologySpread": {NODE: topology_changes, POD: neighbours_change},
    "InterPodAffinity": {NODE: labels_change, POD: company_changes},
    "DynamicResources": {NODE: is_new, POD: leaves},
    "NodeDeclaredFeatures": {NODE: features_change},
}
"""By plugin and kind."""
