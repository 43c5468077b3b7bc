"""What a namespace does to the pods of a workload: defaults and bounds of LimitRanges, quotas, the pod security standard.

The admission plugins themselves are asked, about a pod made from the template.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from kplan.admission.limit_ranger import LimitRanger
from kplan.admission.quota_evaluators import evaluator_of, scopes_of
from kplan.admission.request import Request
from kplan.admission.runtime_class import RuntimeClass
from kplan.api.objects import Object, copy_tree
from kplan.api.podrequests import Amounts, add
from kplan.api.quantity import Quantity
from kplan.api.ref import Ref
from kplan.api.status import StatusError
from kplan.kinds import KINDS, Kind
from kplan.lint.rule import Context

BY_KIND = {k.group_kind: k for k in KINDS}
POD, CLAIM = BY_KIND["Pod"], BY_KIND["PersistentVolumeClaim"]
HPA = "HorizontalPodAutoscaler.autoscaling"
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
Count = Callable[[Ref, Context], int]


class Known:
    """The objects of the input and the base state, as admission reads them."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.version, self.now = context.version, _NOW

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """One object, or None."""
        plain, _, group = kind.partition(".")
        return self.context.graph.objects.get(Ref(group, plain, namespace, name))

    def list(self, kind: str, namespace: str | None = None) -> Sequence[Object]:
        """All objects of a kind, in one namespace or in all."""
        return [o for _, o in self.context.of_kind(kind, namespace)]

    def owned(self, kind: str, uid: str) -> Sequence[Object]:
        """None: nothing here was made by a controller."""
        return ()

    def on_node(self, node: str) -> Sequence[Object]:
        """None: nothing runs."""
        return ()


def pod_from(ref: Ref, context: Context) -> Object:
    """A pod of a workload as its RuntimeClass (overhead, nodes) and its namespace's LimitRanges leave it."""
    key = ("pod-from", ref)
    if key not in context.memo:
        template = context.pods(ref).template
        meta = {**(template.get("metadata") or {}), "name": ref.name, "namespace": ref.namespace}
        pod: Object = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": template.get("spec") or {}}
        limited, runtime = bool(context.of_kind("LimitRange", ref.namespace)), Ref("node.k8s.io", "RuntimeClass", "", pod["spec"].get("runtimeClassName") or "")
        if limited or runtime in context.graph.objects:
            pod = copy_tree(pod)
        if runtime in context.graph.objects:
            with suppress(StatusError):  # what the class does not agree with is refused elsewhere
                RuntimeClass().admit(_request(POD, ref.namespace, pod), Known(context))
        if limited:
            LimitRanger().admit(_request(POD, ref.namespace, pod), Known(context))
        context.memo[key] = pod
    found: Object = context.memo[key]
    return found


def refused_by_limits(kind: Kind, namespace: str, obj: Object, context: Context) -> str:
    """What LimitRanges refuse a pod or claim for, the empty text if for nothing."""
    try:
        LimitRanger().validate(_request(kind, namespace, obj), Known(context))
    except StatusError as error:
        return error.status.message.partition(" is forbidden: ")[2]
    return ""


def _request(kind: Kind, namespace: str, obj: Object) -> Request:
    return Request(operation="CREATE", kind=kind, namespace=namespace, name=obj["metadata"].get("name") or "", object=obj)


def scalers(ref: Ref, context: Context) -> list[Object]:
    """The HorizontalPodAutoscalers of a workload."""
    return [context.graph.objects[r] for r in context.referring(ref, HPA)]


def at_least(ref: Ref, context: Context) -> int:
    """How many pods of a workload there will be at least: its replicas, or the least that its autoscaler may leave."""
    pods = context.pods(ref)
    if pods.replicas is None:
        return len(context.of_kind("Node")) if ref.kind == "DaemonSet" else 0
    if pods.replicas == 0:
        return 0
    return min((s["spec"].get("minReplicas", 1) for s in scalers(ref, context)), default=pods.replicas)


def at_most(ref: Ref, context: Context) -> int:
    """How many pods of a workload an autoscaler may make of it."""
    return max((s["spec"].get("maxReplicas", 1) for s in scalers(ref, context)), default=at_least(ref, context))


def hard_of(quota: Object) -> Mapping[str, str]:
    """What a quota limits."""
    found: Mapping[str, str] = quota["spec"].get("hard") or {}
    return found


def counted(quota: Object, obj: Object, kind: Kind, context: Context) -> bool:
    """Whether a quota counts an object: all its scopes have it."""
    evaluator = evaluator_of(kind)
    return all(evaluator.in_scope(scope, obj) for scope in scopes_of(quota))


def usage_of_pod(ref: Ref, context: Context) -> Amounts:
    """What one pod of a workload uses of quotas."""
    key = ("pod-usage", ref)
    if key not in context.memo:
        context.memo[key] = {"pods": Quantity(1), **evaluator_of(POD).usage(pod_from(ref, context), Known(context))}
    found: Amounts = context.memo[key]
    return found


def usage(quota: Ref, obj: Object, context: Context, count: Count) -> Amounts:
    """What all objects of a quota's namespace use of it, `count` pods of each workload."""
    total: Amounts = {}
    known, names = Known(context), set(hard_of(obj))
    for ref in context.workloads.get(quota.namespace, ()):
        number = count(ref, context)
        if number and counted(obj, pod_from(ref, context), POD, context):
            add(total, {n: q * number for n, q in usage_of_pod(ref, context).items() if n in names})
        for claim in claims_of(ref, context):
            if counted(obj, claim, CLAIM, context):
                add(total, {n: q * number for n, q in evaluator_of(CLAIM).usage(claim, known).items() if n in names})
    if scopes_of(obj):
        return total
    for group_kind, kind in BY_KIND.items():
        if group_kind == "Pod" or not kind.namespaced:
            continue
        for _, each in context.of_kind(group_kind, quota.namespace):
            add(total, {n: q for n, q in evaluator_of(kind).usage(each, known).items() if n in names})
    for name in ("configmaps", "count/configmaps"):  # every namespace has kube-root-ca.crt
        if name in names:
            add(total, {name: Quantity(1)})
    return total


def claims_of(ref: Ref, context: Context) -> Iterator[Object]:
    """The claims that a StatefulSet makes for each of its pods."""
    if ref.kind == "StatefulSet":
        for claim in context.graph.objects[ref]["spec"].get("volumeClaimTemplates") or ():
            yield {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **claim, "metadata": {**claim["metadata"], "namespace": ref.namespace}}
