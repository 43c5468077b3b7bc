"""What would let a waiting pod in: each change is tried against the scheduler before it is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kplan.api.objects import Object, labels_of, replace
from kplan.api.podrequests import pod_requests
from kplan.api.quantity import milli_of, value_of
from kplan.api.reader import Reader
from kplan.api.tolerations import untolerated
from kplan.api.words import some
from kplan.cluster import Cluster
from kplan.questions.supposing import Key, Supposed, key_of
from kplan.scheduler.decision import Decision

UNITS = ("", "Ki", "Mi", "Gi", "Ti", "Pi")
HOSTNAME = "kubernetes.io/hostname"
HARD = ("NoSchedule", "NoExecute")
MOST_TRIES = 5  # of a kind: each asks the scheduler about the whole cluster
EXTRA = "one-more"


def remedies_of(cluster: Cluster, pod: Object, decision: Decision) -> Iterator[str]:
    """Changes after any of which the pod has a node, the smallest first."""
    store = cluster.door.store
    if decision.gated:
        gates = [g["name"] for g in pod["spec"].get("schedulingGates") or ()]
        yield f"remove the scheduling gate {', '.join(gates)}" if gates else "; ".join(decision.gated)
        return
    if not decision.nodes:
        yield decision.message.partition(": ")[2] or decision.message
        return
    nodes = {n["metadata"]["name"]: n for n in store.list("Node")}
    near = _shortfalls(store, pod, decision, nodes)
    enough = _fitting(cluster, pod, {}, [_larger(nodes[name], lacking) for _, name, lacking in near])
    grown = next((r for r in near if r[1] in enough), None)
    another = next((n for n in _candidates(near, decision, nodes) if _fitting(cluster, pod, {}, [_twin(n)])), None)
    if grown is not None:
        _, name, lacking = grown
        words = " and ".join(f"{amount_text(resource, amount)} more {resource}" for resource, amount in lacking.items())
        like = ", or one more node like it" if another is not None and another["metadata"]["name"] == name else ""
        like = like or ("" if another is not None else " (an empty node like it is too small)")
        yield f"{words} on {name}{like}"
    if another is not None and (grown is None or another["metadata"]["name"] != grown[1]):
        yield f"one more node like {another['metadata']['name']}"
    yield from _toleration(cluster, pod, decision, nodes)
    yield from _uncordoned(cluster, pod, decision, nodes)
    yield from _labelled(cluster, pod, decision, nodes)


def _fitting(cluster: Cluster, pod: Object, instead: dict[Key, Object | None], nodes: Sequence[Object] = ()) -> set[str]:
    """The nodes that the pod fits on where things are different."""
    if not instead and not nodes:
        return set()
    supposed = Supposed(cluster.door.store, {**instead, **{key_of(n): n for n in nodes}})
    changed = supposed.get("Pod", pod["metadata"]["namespace"], pod["metadata"]["name"]) or pod
    return {name for name, verdict in cluster.scheduler_over(supposed).explain(changed).nodes.items() if verdict.fits}


def _shortfalls(reader: Reader, pod: Object, decision: Decision, nodes: dict[str, Object]) -> list[tuple[float, str, dict[str, int]]]:
    """Nodes that are too small or too full: how much relative to what is asked, which, and what is lacking; the nearest first."""
    wanted = pod_requests(pod)
    found = []
    for name, verdict in decision.nodes.items():
        if not verdict.fits and verdict.plugin == "NodeResourcesFit" and name in nodes:
            lacking = _lacking(reader, nodes[name], wanted)
            if lacking:
                found.append((sum(n / max(1, wanted.get(r, 1)) for r, n in lacking.items()), name, lacking))
    return sorted(found, key=lambda f: f[:2])


def _lacking(reader: Reader, node: Object, wanted: dict[str, int]) -> dict[str, int]:
    """What the node has too little of: cpu in millicores, the rest in their own units."""
    used = used_on(reader, node["metadata"]["name"])
    size = allocatable(node)
    missing = {r: used.get(r, 0) + amount - size.get(r, 0) for r, amount in {**wanted, "pods": 1}.items() if amount > 0}
    return {r: n for r, n in missing.items() if n > 0}


def used_on(reader: Reader, node: str) -> dict[str, int]:
    """What the pods on a node ask for, `pods` being their number; those that have ended ask for nothing."""
    used: dict[str, int] = {"pods": 0}
    for pod in reader.on_node(node):
        if (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed"):
            used["pods"] += 1
            for resource, amount in pod_requests(pod, use_status=True).items():
                used[resource] = used.get(resource, 0) + amount
    return used


def allocatable(node: Object) -> dict[str, int]:
    """A node's allocatable: cpu in millicores, the rest in their own units."""
    have = (node.get("status") or {}).get("allocatable") or {}
    return {r: milli_of(q) if r == "cpu" else value_of(q) for r, q in have.items()}


def _larger(node: Object, more: dict[str, int]) -> Object:
    """A node with more of some resources."""
    size = allocatable(node)
    grown = {r: f"{size.get(r, 0) + n}m" if r == "cpu" else str(size.get(r, 0) + n) for r, n in more.items()}
    return replace(node, ("status", "allocatable"), {**(node["status"].get("allocatable") or {}), **grown})


def _twin(node: Object) -> Object:
    """An empty node that is otherwise like another."""
    name = f"{node['metadata']['name']}-{EXTRA}"
    meta = {**node["metadata"], "name": name, "uid": name}
    if HOSTNAME in labels_of(node):
        meta["labels"] = {**labels_of(node), HOSTNAME: name}
    return {**node, "metadata": meta}


def _candidates(near: Sequence[tuple[float, str, dict[str, int]]], decision: Decision, nodes: dict[str, Object]) -> Iterator[Object]:
    """Of which node another might help: the nearest first, then one of each reason."""
    seen: set[tuple[str, ...]] = set()
    left = MOST_TRIES
    for name in [*(n for _, n, _ in near[: MOST_TRIES - 2]), *(n for n, v in decision.nodes.items() if not v.fits and v.plugin != "NodeResourcesFit")]:
        verdict = decision.nodes[name]
        if left and name in nodes and (verdict.plugin == "NodeResourcesFit" or verdict.reasons not in seen):
            seen.add(verdict.reasons)
            left -= 1
            yield nodes[name]


def _toleration(cluster: Cluster, pod: Object, decision: Decision, nodes: dict[str, Object]) -> Iterator[str]:
    """Tolerations for the taints of one node, those of the most nodes first."""
    found: dict[tuple[tuple[str, str, str], ...], list[str]] = {}
    for name, verdict in decision.nodes.items():
        if verdict.plugin == "TaintToleration" and name in nodes:
            taints = [t for t in nodes[name]["spec"].get("taints") or () if t["effect"] in HARD]
            unmet = [t for t in taints if untolerated([t], pod["spec"].get("tolerations") or ()) is not None]
            found.setdefault(tuple((t["key"], t.get("value") or "", t["effect"]) for t in unmet), []).append(name)
    for taint, names in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))[:MOST_TRIES]:
        more = [{"key": k, "operator": "Equal", "value": v, "effect": e} for k, v, e in taint]
        changed = replace(pod, ("spec", "tolerations"), [*(pod["spec"].get("tolerations") or ()), *more])
        if _fitting(cluster, pod, {key_of(pod): changed}):
            words = " and ".join(f"{k}={v}:{e}" if v else f"{k}:{e}" for k, v, e in taint)
            yield f"{'tolerations for the taints' if len(taint) > 1 else 'a toleration for the taint'} {words} of {some(names, noun='nodes')}"


def _uncordoned(cluster: Cluster, pod: Object, decision: Decision, nodes: dict[str, Object]) -> Iterator[str]:
    """Cordoned nodes that could take the pod."""
    cordoned = [n for n, v in decision.nodes.items() if n in nodes and nodes[n]["spec"].get("unschedulable")]
    could = sorted(_fitting(cluster, pod, {}, [_open(nodes[n]) for n in cordoned]))
    if could:
        yield f"uncordon {some(could, noun='nodes')}"


def _open(node: Object) -> Object:
    spec = {k: v for k, v in node["spec"].items() if k != "unschedulable"}
    spec["taints"] = [t for t in spec.get("taints") or () if t["key"] != "node.kubernetes.io/unschedulable"]
    return {**node, "spec": spec}


def _labelled(cluster: Cluster, pod: Object, decision: Decision, nodes: dict[str, Object]) -> Iterator[str]:
    """The labels that nodeSelector asks for, on a node that lacks the fewest."""
    wanted = pod["spec"].get("nodeSelector") or {}
    unfit = [name for name, v in decision.nodes.items() if name in nodes and not v.fits]
    lacking = [(name, {k: v for k, v in wanted.items() if labels_of(nodes[name]).get(k) != v}) for name in unfit]
    for name, missing in sorted((x for x in lacking if x[1]), key=lambda x: (len(x[1]), x[0]))[:MOST_TRIES]:
        node = replace(nodes[name], ("metadata", "labels"), {**labels_of(nodes[name]), **missing})
        if _fitting(cluster, pod, {}, [node]):
            yield f"the label {', '.join(f'{k}={v}' for k, v in sorted(missing.items()))} on {name}"
            return


def amount_text(resource: str, amount: int) -> str:
    """An amount as a quantity that people write: cpu is in millicores."""
    if resource == "cpu":
        return f"{amount}m" if amount % 1000 else str(amount // 1000)
    if resource in ("memory", "ephemeral-storage") or resource.startswith("hugepages-"):
        power = 0
        while amount and amount % 1024 == 0 and power + 1 < len(UNITS):
            amount, power = amount // 1024, power + 1
        return f"{amount}{UNITS[power]}"
    return str(amount)




__all__ = ["allocatable", "amount_text", "remedies_of", "used_on"]
