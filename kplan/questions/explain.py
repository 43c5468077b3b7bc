"""Why a pod is on its node, or on none: every node, every plugin's verdict and score, and the shortest change that would let it in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kplan.api.objects import Object, controller_of, labels_of
from kplan.api.podrequests import pod_requests
from kplan.api.quantity import milli_of, value_of
from kplan.api.ref import Ref
from kplan.api.tolerations import untolerated
from kplan.cluster import Cluster
from kplan.scheduler.decision import Decision

UNITS = ("", "Ki", "Mi", "Gi", "Ti", "Pi")


class UnknownPodError(LookupError):
    """There is no such pod, and no workload of that name has one."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One pod. `decision` is the scheduler's; `taken`: it is the decision that was taken, else the one that would be taken now.

    `remedies` are changes that would make the pod fit, the smallest first; none where it fits.
    """

    pod: Object
    decision: Decision
    taken: bool
    remedies: tuple[str, ...] = ()


def explain(cluster: Cluster, ref: Ref) -> Explanation:
    """Explain a pod, or the first pod of a workload that is not on a node (else its first pod)."""
    pod = _pod(cluster, ref)
    key = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
    taken = next((d for d in reversed(cluster.decisions) if d.pod == key), None)
    decision = taken or cluster.explain(pod)
    remedies = () if decision.chosen or pod["spec"].get("nodeName") else tuple(_remedies(cluster, pod, decision))
    return Explanation(pod, decision, taken is not None, remedies)


def _pod(cluster: Cluster, ref: Ref) -> Object:
    if ref.kind == "Pod":
        found = cluster.get(ref)
        if found is None:
            raise UnknownPodError(f"there is no {ref}")
        return found
    if cluster.get(ref) is None:
        raise UnknownPodError(f"there is no {ref}")
    pods = [p for p in cluster.objects("Pod", ref.namespace) if ref in _owners(cluster, p)]
    if not pods:
        raise UnknownPodError(f"{ref} has no pods: see its events and conditions")
    return next((p for p in pods if not p["spec"].get("nodeName")), pods[0])


def _owners(cluster: Cluster, obj: Object) -> Iterator[Ref]:
    """The controllers of an object, upwards."""
    current: Object | None = obj
    while current is not None:
        owner = controller_of(current)
        if owner is None:
            return
        ref = Ref(owner["apiVersion"].rpartition("/")[0], owner["kind"], current["metadata"].get("namespace", ""), owner["name"])
        yield ref
        current = cluster.get(ref)


def _remedies(cluster: Cluster, pod: Object, decision: Decision) -> Iterator[str]:
    """What would let the pod in, by what keeps it off the nodes."""
    wanted = pod_requests(pod)
    short: list[tuple[float, str, dict[str, int]]] = []
    taints: dict[str, list[str]] = {}
    selected: list[str] = []
    for name, verdict in decision.nodes.items():
        node = cluster.get(Ref("", "Node", "", name))
        if verdict.fits or node is None:
            continue
        if all(r.startswith("Insufficient ") or r == "Too many pods" for r in verdict.reasons):
            lacking = _lacking(cluster, node, wanted)
            short.append((_weight(lacking, wanted), name, lacking))
        elif verdict.plugin == "TaintToleration":
            taint = untolerated(node["spec"].get("taints") or (), pod["spec"].get("tolerations") or ())
            if taint is not None:
                taints.setdefault("=".join(filter(None, (taint["key"], taint.get("value")))) + ":" + taint["effect"], []).append(name)
        elif verdict.plugin in ("NodeAffinity", "NodeName", "NodeUnschedulable"):
            selected.append(name)
    if short:
        _, nearest, least = min(short, key=lambda s: s[:2])
        words = " and ".join(f"{_amount(resource, amount)} more {resource}" for resource, amount in least.items())
        yield f"{words} on {nearest}, or one more node like it"
    for text, names in sorted(taints.items(), key=lambda item: -len(item[1])):
        yield f"a toleration for the taint {text} of {_list(names)}"
    if selected and pod["spec"].get("nodeSelector"):
        yield from _labels(cluster, pod, selected)
    if not decision.nodes and decision.message:
        yield decision.message.partition(": ")[2] or decision.message


def _lacking(cluster: Cluster, node: Object, wanted: dict[str, int]) -> dict[str, int]:
    """What the node has too little of: cpu in millicores, the rest in their own units."""
    have = (node.get("status") or {}).get("allocatable") or {}
    used: dict[str, int] = {"pods": 0}
    for other in cluster.objects("Pod"):
        if other["spec"].get("nodeName") == node["metadata"]["name"] and (other.get("status") or {}).get("phase") not in ("Succeeded", "Failed"):
            used["pods"] += 1
            for resource, amount in pod_requests(other).items():
                used[resource] = used.get(resource, 0) + amount
    lacking = {}
    for resource, amount in {**wanted, "pods": 1}.items():
        size = milli_of(have.get(resource, "0")) if resource == "cpu" else value_of(have.get(resource, "0"))
        missing = used.get(resource, 0) + amount - size
        if missing > 0 and amount > 0:
            lacking[resource] = missing
    return lacking


def _weight(lacking: dict[str, int], wanted: dict[str, int]) -> float:
    return sum(amount / max(wanted.get(resource, 1), 1) for resource, amount in lacking.items())


def _labels(cluster: Cluster, pod: Object, names: list[str]) -> Iterator[str]:
    """The node that lacks fewest of the labels that the pod selects."""
    selector = pod["spec"]["nodeSelector"]
    missing = []
    for name in names:
        labels = labels_of(cluster.get(Ref("", "Node", "", name)) or {})
        missing.append((sorted(f"{k}={v}" for k, v in selector.items() if labels.get(k) != v), name))
    lacks, name = min(missing, key=lambda pair: (len(pair[0]), pair[1]))
    if lacks:
        yield f"the label{'s' if len(lacks) > 1 else ''} {', '.join(lacks)} on {name}"


def _amount(resource: str, amount: int) -> str:
    """As a quantity that people write."""
    if resource == "cpu":
        return f"{amount}m" if amount % 1000 else str(amount // 1000)
    if resource in ("memory", "ephemeral-storage") or resource.startswith("hugepages-"):
        power = 0
        while amount and amount % 1024 == 0 and power + 1 < len(UNITS):
            amount, power = amount // 1024, power + 1
        return f"{amount}{UNITS[power]}"
    return str(amount)


def _list(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more nodes" if len(names) > 3 else "")
