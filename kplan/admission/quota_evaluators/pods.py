"""Pods use what they request, until they end.

Upstream: pkg/quota/v1/evaluator/core/pods.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from kplan.admission.quota_evaluators.evaluator import IMPLICIT_DEVICE_CLASS, ONE, Evaluator, is_extended_request, is_native, selects
from kplan.admission.request import Request
from kplan.api.names import is_label_key
from kplan.api.objects import Object
from kplan.api.podrequests import Amounts, pod_limit_quantities, pod_request_quantities, qos_class, quantities
from kplan.api.reader import Reader
from kplan.api.times import parse_time

_COMPUTE = ("cpu", "memory", "ephemeral-storage")
_POD_RESOURCES = frozenset({"count/pods", "pods", *_COMPUTE, *(f"requests.{r}" for r in _COMPUTE), *(f"limits.{r}" for r in _COMPUTE)})
_MUST_BE_STATED = frozenset({"cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"})
_ENDED: Amounts = {"count/pods": ONE}
_MEMO_SIZE = 4096
_memo: dict[int, tuple[tuple[object, ...], Amounts]] = {}


def is_terminating(pod: Object) -> bool:
    """A pod with a deadline, in the sense of the scope Terminating."""
    deadline = pod["spec"].get("activeDeadlineSeconds")
    return deadline is not None and deadline >= 0


def _pod_handles(request: Request) -> bool:
    if request.subresource == "resize":
        return request.operation == "UPDATE"
    if request.subresource:
        return False
    if request.operation == "UPDATE" and request.object is not None and request.old is not None:
        return is_terminating(request.object) != is_terminating(request.old)
    return request.operation == "CREATE"


def _pod_matching(names: Iterable[str], reader: Reader) -> list[str]:
    return [n for n in names if n in _POD_RESOURCES or n.startswith(("hugepages-", "requests.hugepages-")) or is_extended_request(n)]


def _is_extended(name: str) -> bool:
    if name.startswith(IMPLICIT_DEVICE_CLASS):
        return True
    return not is_native(name) and not name.startswith("requests.") and not is_label_key(f"requests.{name}")


def _compute_usage(requests: Amounts, limits: Amounts) -> Amounts:
    usage: Amounts = {"pods": ONE}
    for name in _COMPUTE:
        if name in requests:
            usage[name] = usage[f"requests.{name}"] = requests[name]
        if name in limits:
            usage[f"limits.{name}"] = limits[name]
    for name, q in requests.items():
        if name.startswith("hugepages-"):
            usage[name] = usage[f"requests.{name}"] = q
        elif name not in _COMPUTE and _is_extended(name):
            usage[f"requests.{name}"] = q
    return usage


def _pod_usage(pod: Object, reader: Reader) -> Amounts:
    """Remembered by the identity of what it follows from, which pods of one template share."""
    if not _still_counts(pod, reader):
        return _ENDED
    spec = pod["spec"]
    if _says_what_it_has(pod.get("status") or {}):
        return _measured(pod)
    sources = spec.get("containers"), spec.get("initContainers"), spec.get("resources"), spec.get("overhead")
    known = _memo.get(id(sources[0]))
    if known is None or any(mine is not theirs for mine, theirs in zip(sources, known[0], strict=True)):
        if len(_memo) >= _MEMO_SIZE:
            _memo.clear()
        known = _memo[id(sources[0])] = sources, _measured(pod)
    return known[1]


def _says_what_it_has(status: Object) -> bool:
    """Whether a kubelet reports resources, which then count beside those asked for."""
    reports = [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ()), status]
    return any("resources" in report for report in reports)


def _measured(pod: Object) -> Amounts:
    return {**_ENDED, **_compute_usage(pod_request_quantities(pod, use_status=True), pod_limit_quantities(pod))}


def _still_counts(pod: Object, reader: Reader) -> bool:
    """Neither ended nor overdue in its deletion.   Upstream: QuotaV1Pod."""
    if (pod.get("status") or {}).get("phase") in ("Failed", "Succeeded"):
        return False
    meta = pod["metadata"]
    deleted, grace = meta.get("deletionTimestamp"), meta.get("deletionGracePeriodSeconds")
    return not (deleted and grace is not None and reader.now > parse_time(deleted) + timedelta(seconds=grace))


def _pod_in_scope(scope: Object, pod: Object) -> bool:
    name = scope.get("scopeName")
    if name == "Terminating":
        return is_terminating(pod)
    if name == "NotTerminating":
        return not is_terminating(pod)
    if name in ("BestEffort", "NotBestEffort"):
        found = (pod.get("status") or {}).get("qosClass") or qos_class(pod["spec"])
        return (found == "BestEffort") is (name == "BestEffort")
    if name == "PriorityClass":
        given = pod["spec"].get("priorityClassName")
        return selects(scope, [given] if given else [])
    return name == "CrossNamespacePodAffinity" and _crosses_namespaces(pod["spec"])


def _crosses_namespaces(spec: Object) -> bool:
    affinity = spec.get("affinity") or {}
    for key in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(key) or {}
        required = terms.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
        preferred = terms.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
        for term in [*required, *(p.get("podAffinityTerm") or {} for p in preferred)]:
            if term.get("namespaces") or term.get("namespaceSelector") is not None:
                return True
    return False


def _pod_missing(names: Iterable[str], pod: Object) -> str:
    """What a quota needs each container to state and it does not.   Upstream: podEvaluator.Constraints."""
    spec = pod["spec"]
    pod_level = spec.get("resources") or {}
    if any(n in ("cpu", "memory") or n.startswith("hugepages-") for key in ("requests", "limits") for n in pod_level.get(key) or ()):
        return ""
    wanted = _MUST_BE_STATED.intersection(names)
    missing: dict[str, set[str]] = {}
    for container in [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]:
        resources = container.get("resources") or {}
        stated = _compute_usage(quantities(resources.get("requests")), quantities(resources.get("limits")))
        for name in wanted.difference(stated):
            missing.setdefault(name, set()).add(container["name"])
    if not missing:
        return ""
    return "must specify " + "; ".join(f"{name} for: {','.join(sorted(missing[name]))}" for name in sorted(missing))


PODS = Evaluator("Pod", _pod_matching, _pod_usage, _pod_handles, _pod_in_scope, _pod_missing)
