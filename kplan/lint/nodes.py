"""Which of the known nodes take the pods of a workload, by what does not change from minute to minute.

Upstream: the scheduler's NodeAffinity, TaintToleration and NodeResourcesFit, and pkg/controller/daemon for DaemonSets. Left out: what
other pods use, cordons and the taints that stand for a node's condition.
"""

from __future__ import annotations

from collections import Counter

from kplan.api.nodeselectors import matches_required
from kplan.api.objects import Object, labels_of, name_of
from kplan.api.podrequests import in_integers, pod_request_quantities, quantities
from kplan.api.ref import Ref
from kplan.api.tolerations import untolerated
from kplan.lint.namespaces import pod_from
from kplan.lint.rule import Context

TRANSIENT = "node.kubernetes.io/"


def nodes_of(context: Context) -> list[Object]:
    """All known nodes."""
    return [o for _, o in context.of_kind("Node")]


def why_not(pod: Object, node: Object) -> tuple[str, str]:
    """(why a node never takes a pod, the field of the pod spec that says so); empty texts where it may."""
    spec = pod["spec"]
    if not matches_required(spec, node):
        return "do not match its node selector or affinity", "nodeSelector" if spec.get("nodeSelector") else "affinity.nodeAffinity"
    taints = [t for t in (node.get("spec") or {}).get("taints") or () if not t.get("key", "").startswith(TRANSIENT)]
    taint = untolerated(taints, spec.get("tolerations") or ())
    if taint is not None:
        return f"have the taint {taint['key']}, which it does not tolerate", "tolerations"
    for i, constraint in enumerate(spec.get("topologySpreadConstraints") or ()):
        key = constraint.get("topologyKey")
        if constraint.get("whenUnsatisfiable") != "ScheduleAnyway" and key not in labels_of(node):
            return f"lack the label {key}, over which it must be spread", f"topologySpreadConstraints[{i}].topologyKey"
    status = node.get("status") or {}
    has = in_integers(quantities(status.get("allocatable") or status.get("capacity") or {}))
    if has:
        asked = pod_request_quantities(pod)
        for name, amount in sorted(in_integers(asked).items()):
            if amount > has.get(name, 0):
                return f"have less {name} than the {asked[name]} that it requests", "containers"
    return "", ""


def fitting(ref: Ref, context: Context) -> tuple[list[Object], Counter[tuple[str, str]]]:
    """The nodes that may take a workload's pods, and why the others do not, counted."""
    key = ("fitting", ref)
    if key not in context.memo:
        pod, good, reasons = pod_from(ref, context), [], Counter[tuple[str, str]]()
        for node in nodes_of(context):
            if pod["spec"].get("nodeName") in (None, "", name_of(node)):
                reason = why_not(pod, node)
                if reason[0]:
                    reasons[reason] += 1
                else:
                    good.append(node)
        context.memo[key] = good, reasons
    found: tuple[list[Object], Counter[tuple[str, str]]] = context.memo[key]
    return found
