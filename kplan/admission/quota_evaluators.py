"""What objects use of a ResourceQuota: pods their requests, claims their storage, Services their ports, all others one each.

Upstream: pkg/quota/v1/evaluator/core, apiserver's pkg/quota/v1. Admission charges by these rules, the quota controller counts
again by them. Left out: that the claims the scheduler makes for extended resources are not counted twice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from kplan.admission.persistent_volume_claim_resize import class_name
from kplan.admission.request import Request
from kplan.api.names import is_label_key
from kplan.api.objects import Object
from kplan.api.podrequests import Amounts, add, pod_limit_quantities, pod_request_quantities, qos_class, quantities
from kplan.api.quantity import Quantity, parse_json
from kplan.api.reader import Reader
from kplan.api.selectors import requirement
from kplan.api.times import parse_time
from kplan.kinds.kind import Kind

Matching = Callable[[Iterable[str], Reader], list[str]]

ONE = Quantity(1)
ZERO = Quantity(0)
_COMPUTE = ("cpu", "memory", "ephemeral-storage")
_POD_RESOURCES = frozenset({"count/pods", "pods", *_COMPUTE, *(f"requests.{r}" for r in _COMPUTE), *(f"limits.{r}" for r in _COMPUTE)})
_MUST_BE_STATED = frozenset({"cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"})
_SERVICE_RESOURCES = frozenset({"count/services", "services", "services.nodeports", "services.loadbalancers"})
_STORAGE_CLASS = ".storageclass.storage.k8s.io/"
_DEVICE_CLASS = ".deviceclass.resource.k8s.io/devices"
_IMPLICIT_DEVICE_CLASS = "deviceclass.resource.kubernetes.io/"
_DEVICES_AT_MOST = 32
_CLAIM_COUNT = "count/resourceclaims.resource.k8s.io"
_ALIASES = {"configmaps", "resourcequotas", "replicationcontrollers", "secrets"}


def _no_scope(scope: Object, obj: Object) -> bool:
    """Kinds that know no scopes match none."""
    return False


def _nothing_missing(names: Iterable[str], obj: Object) -> str:
    """Kinds that need not state what they use."""
    return ""


def _only(mine: Collection[str]) -> Matching:
    """Those of a quota's resources that are among `mine`."""

    def matching(names: Iterable[str], reader: Reader) -> list[str]:
        return [name for name in names if name in mine]

    return matching


@dataclass(frozen=True, slots=True)
class Evaluator:
    """How objects of one kind count. `group_kind` names the kind to the reader."""

    group_kind: str
    matching: Matching
    usage: Callable[[Object, Reader], Amounts]
    handles: Callable[[Request], bool]
    in_scope: Callable[[Object, Object], bool] = _no_scope
    missing: Callable[[Iterable[str], Object], str] = _nothing_missing

    def matches(self, quota: Object, obj: Object, reader: Reader) -> bool:
        """Whether a quota limits something that this object uses, and its scopes have the object."""
        hard = (quota.get("status") or {}).get("hard") or {}
        return bool(self.matching(hard, reader)) and all(self.in_scope(scope, obj) for scope in scopes_of(quota))


def scopes_of(quota: Object) -> list[Object]:
    """The scopes of a quota, all as selector requirements."""
    spec = quota.get("spec") or {}
    plain = [{"scopeName": scope, "operator": "Exists"} for scope in spec.get("scopes") or ()]
    return [*plain, *((spec.get("scopeSelector") or {}).get("matchExpressions") or ())]


def evaluator_of(kind: Kind) -> Evaluator:
    """How a kind counts."""
    special = _SPECIAL.get(kind.group_kind)
    if special is not None:
        return special
    found = _counted.get(kind.resource)
    if found is None:
        found = _counted[kind.resource] = _object_count(kind)
    return found


_counted: dict[str, Evaluator] = {}


def _object_count(kind: Kind) -> Evaluator:
    names = [f"count/{kind.resource}", *([kind.plural] if kind.resource in _ALIASES else [])]
    one_each: Amounts = dict.fromkeys(names, ONE)

    def handles(request: Request) -> bool:
        return not request.subresource and request.operation == "CREATE"

    def usage(obj: Object, reader: Reader) -> Amounts:
        return one_each

    return Evaluator(kind.group_kind, _only(names), usage, handles)


def calculate_usage(quota: Object, reader: Reader, kinds: Iterable[Kind]) -> dict[str, str]:
    """`status.used` of a quota, counted from what is there. `kinds`: all that are served.   Upstream: CalculateUsage."""
    hard = (quota.get("spec") or {}).get("hard") or {}
    namespace = quota["metadata"]["namespace"]
    scopes = scopes_of(quota)
    total: Amounts = {}
    for kind in kinds:
        if not kind.namespaced:
            continue
        evaluator = evaluator_of(kind)
        names = evaluator.matching(hard, reader)
        if not names:
            continue
        for name in names:
            total.setdefault(name, ZERO)
        # Replicas share the amounts that they use, so each amount is added once, times their number.
        shared: dict[int, tuple[Amounts, int]] = {}
        for obj in reader.list(kind.group_kind, namespace):
            if all(evaluator.in_scope(scope, obj) for scope in scopes):
                usage = evaluator.usage(obj, reader)
                shared[id(usage)] = usage, shared.get(id(usage), (usage, 0))[1] + 1
        for usage, number in shared.values():
            add(total, {name: q * number for name, q in usage.items() if name in hard})
    return {name: str(q) for name, q in total.items()}


# -- pods


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
    return [n for n in names if n in _POD_RESOURCES or n.startswith(("hugepages-", "requests.hugepages-")) or _is_extended_request(n)]


def _is_native(name: str) -> bool:
    return "/" not in name or "kubernetes.io/" in name


def _is_extended_request(name: str) -> bool:
    return name.startswith("requests.") and (not _is_native(name) or name.startswith(f"requests.{_IMPLICIT_DEVICE_CLASS}"))


def _is_extended(name: str) -> bool:
    if name.startswith(_IMPLICIT_DEVICE_CLASS):
        return True
    return not _is_native(name) and not name.startswith("requests.") and not is_label_key(f"requests.{name}")


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


_ENDED: Amounts = {"count/pods": ONE}
_MEMO_SIZE = 4096
_memo: dict[int, tuple[tuple[object, ...], Amounts]] = {}


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
        return _selects(scope, [given] if given else [])
    return name == "CrossNamespacePodAffinity" and _crosses_namespaces(pod["spec"])


def _selects(scope: Object, values: list[str]) -> bool:
    """Whether a scope's requirement selects one of the values, or the lack of any."""
    test = requirement(scope["scopeName"], scope.get("operator") or "", tuple(scope.get("values") or ()))
    return any(test({scope["scopeName"]: value}) for value in values) if values else test({})


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


# -- claims, services, devices


def _created_or_updated(request: Request) -> bool:
    return not request.subresource and request.operation in ("CREATE", "UPDATE")


def _claim_handles(request: Request) -> bool:
    return request.subresource == "status" or _created_or_updated(request)


def _claim_matching(names: Iterable[str], reader: Reader) -> list[str]:
    mine = ("persistentvolumeclaims", "requests.storage")
    return [n for n in names if n == "count/persistentvolumeclaims" or n in mine or n.endswith(tuple(_STORAGE_CLASS + m for m in mine))]


def _claim_usage(claim: Object, reader: Reader) -> Amounts:
    usage: Amounts = {"persistentvolumeclaims": ONE, "count/persistentvolumeclaims": ONE}
    storage = _storage(claim)
    if storage is not None:
        usage["requests.storage"] = storage
    of_class = class_name(claim)
    if of_class:
        usage[f"{of_class}{_STORAGE_CLASS}persistentvolumeclaims"] = ONE
        if storage is not None:
            usage[f"{of_class}{_STORAGE_CLASS}requests.storage"] = storage
    return usage


def _storage(claim: Object) -> Quantity | None:
    asked = ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage")
    if asked is None:
        return None
    allocated = ((claim.get("status") or {}).get("allocatedResources") or {}).get("storage")
    size = parse_json(asked)
    if allocated is not None:
        size = max(size, parse_json(allocated))
    whole = Quantity(size.value(), 0, size.format)
    return size if whole == size else whole


def _claim_in_scope(scope: Object, claim: Object) -> bool:
    if scope.get("scopeName") != "VolumeAttributesClass":
        return False
    status = claim.get("status") or {}
    target = (status.get("modifyVolumeStatus") or {}).get("targetVolumeAttributesClassName")
    names = {claim["spec"].get("volumeAttributesClassName"), status.get("currentVolumeAttributesClassName"), target} - {None, ""}
    return _selects(scope, sorted(names))


def _service_usage(service: Object, reader: Reader) -> Amounts:
    spec = service["spec"]
    ports = spec.get("ports") or ()
    node_ports = balancers = 0
    kind = spec.get("type")
    if kind == "NodePort":
        node_ports = len(ports)
    elif kind == "LoadBalancer":
        balancers = 1
        node_ports = sum(1 for p in ports if p.get("nodePort")) if spec.get("allocateLoadBalancerNodePorts") is False else len(ports)
    return {
        "count/services": ONE,
        "services": ONE,
        "services.nodeports": Quantity(node_ports),
        "services.loadbalancers": Quantity(balancers),
    }


def _device_classes(reader: Reader) -> Mapping[str, str]:
    """Extended resource -> the device class that stands behind it; the first by name."""
    found: dict[str, str] = {}
    for device_class in reader.list("DeviceClass.resource.k8s.io"):
        resource = (device_class.get("spec") or {}).get("extendedResourceName")
        if resource:
            found.setdefault(resource, device_class["metadata"]["name"])
    return found


def _device_matching(names: Iterable[str], reader: Reader) -> list[str]:
    found = []
    for name in names:
        if name == _CLAIM_COUNT or name.endswith(_DEVICE_CLASS):
            found.append(name)
        elif name.startswith(f"requests.{_IMPLICIT_DEVICE_CLASS}"):
            if name.removeprefix(f"requests.{_IMPLICIT_DEVICE_CLASS}") in _device_classes(reader).values():
                found.append(name)
        elif _is_extended_request(name) and name.removeprefix("requests.") in _device_classes(reader):
            found.append(name)
    return found


def _device_usage(claim: Object, reader: Reader) -> Amounts:
    devices: dict[str, int] = {}
    for request in ((claim.get("spec") or {}).get("devices") or {}).get("requests") or ():
        wanted: dict[str, int] = {}
        for option in request.get("firstAvailable") or ([request["exactly"]] if "exactly" in request else []):
            everything = option.get("allocationMode") == "All"
            count = _DEVICES_AT_MOST if everything else option.get("count") or 0
            name = option.get("deviceClassName") or ""
            wanted[name] = max(wanted.get(name, 0), count)
        for name, count in wanted.items():
            devices[name] = devices.get(name, 0) + count
    usage: Amounts = {_CLAIM_COUNT: ONE}
    resources = {device_class: resource for resource, device_class in _device_classes(reader).items()}
    for name, count in devices.items():
        usage[name + _DEVICE_CLASS] = Quantity(count)
        if count:
            usage[f"requests.{_IMPLICIT_DEVICE_CLASS}{name}"] = Quantity(count)
            if name in resources:
                usage[f"requests.{resources[name]}"] = Quantity(count)
    return usage


_SPECIAL: dict[str, Evaluator] = {
    "Pod": Evaluator("Pod", _pod_matching, _pod_usage, _pod_handles, _pod_in_scope, _pod_missing),
    "Service": Evaluator("Service", _only(_SERVICE_RESOURCES), _service_usage, _created_or_updated),
    "PersistentVolumeClaim": Evaluator("PersistentVolumeClaim", _claim_matching, _claim_usage, _claim_handles, _claim_in_scope),
    "ResourceClaim.resource.k8s.io": Evaluator("ResourceClaim.resource.k8s.io", _device_matching, _device_usage, _created_or_updated),
}
