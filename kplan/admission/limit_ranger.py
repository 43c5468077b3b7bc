"""LimitRanger: default requests and limits, and their bounds.

Upstream: plugin/pkg/admission/limitranger. Go's maps have no order: resources are taken sorted here, LimitRanges by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kplan.admission.refusal import aggregate, forbidden
from kplan.admission.request import Plugin, Request
from kplan.api.objects import Object
from kplan.api.podrequests import Amounts, pod_limit_quantities, pod_request_quantities, quantities
from kplan.api.quantity import Quantity, parse_json
from kplan.api.reader import Reader

ANNOTATION = "kubernetes.io/limit-ranger"
_MAX_MILLI_VALUE = (2**63 - 1) // 1000
_ZERO = Quantity(0)


class LimitRanger(Plugin):
    """Pods get the defaults of their namespace's LimitRanges; pods and claims must keep within the bounds."""

    name = "LimitRanger"
    kinds = frozenset({"Pod", "PersistentVolumeClaim"})

    def admit(self, request: Request, reader: Reader) -> None:
        """Fill in default requests and limits of containers."""
        if request.kind.group_kind != "Pod" or request.object is None:
            return
        for limit_range in _limit_ranges(request, reader):
            _fill_in(limit_range["spec"].get("limits") or (), request.object)

    def validate(self, request: Request, reader: Reader) -> None:
        """Hold containers, pods and claims against the bounds."""
        if request.kind.group_kind not in self.kinds or request.object is None:
            return
        check = _pod_errors if request.kind.group_kind == "Pod" else _claim_errors
        for limit_range in _limit_ranges(request, reader):
            errors = list(check(limit_range["spec"].get("limits") or (), request.object))
            if errors:
                raise forbidden(request, aggregate(errors))


def _limit_ranges(request: Request, reader: Reader) -> Sequence[Object]:
    """The LimitRanges that count for a request: none for subresources but resize, none for updates of pods."""
    if request.operation == "DELETE":
        return ()
    resize = request.subresource == "resize" and request.operation == "UPDATE"
    if not resize and (request.subresource or (request.kind.group_kind == "Pod" and request.operation == "UPDATE")):
        return ()
    if request.old is not None and request.old["metadata"].get("deletionTimestamp"):
        return ()
    return reader.list("LimitRange", request.namespace)


def _fill_in(limits: Sequence[Object], pod: Object) -> None:
    """Upstream: mergePodResourceRequirements."""
    default_requests: dict[str, str] = {}
    default_limits: dict[str, str] = {}
    for limit in limits:
        if limit.get("type") == "Container":
            default_requests.update(limit.get("defaultRequest") or {})
            default_limits.update(limit.get("default") or {})
    if not default_requests and not default_limits:
        return
    notes: list[str] = []
    spec = pod["spec"]
    for what, containers in (("container", spec.get("containers")), ("init container", spec.get("initContainers"))):
        for container in containers or ():
            resources = container.setdefault("resources", {})
            for word, key, defaults in (("request", "requests", default_requests), ("limit", "limits", default_limits)):
                mine = resources.get(key) or {}
                added = sorted(name for name in defaults if name not in mine)
                if added:
                    resources[key] = {**mine, **{name: defaults[name] for name in added}}
                    notes.append(f"{', '.join(added)} {word} for {what} {container['name']}")
    if notes:
        pod["metadata"].setdefault("annotations", {})[ANNOTATION] = f"LimitRanger plugin set: {'; '.join(notes)}"


def _pod_errors(limits: Sequence[Object], pod: Object) -> Iterator[str]:
    spec = pod["spec"]
    for limit in limits:
        kind = limit.get("type")
        if kind == "Container":
            for container in [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]:
                resources = container.get("resources") or {}
                yield from _errors(limit, quantities(resources.get("requests")), quantities(resources.get("limits")))
        elif kind == "Pod":
            yield from _errors(limit, pod_request_quantities(pod, overhead=False), pod_limit_quantities(pod, overhead=False))


def _claim_errors(limits: Sequence[Object], claim: Object) -> Iterator[str]:
    requests = quantities((claim["spec"].get("resources") or {}).get("requests"))
    for limit in limits:
        if limit.get("type") == "PersistentVolumeClaim":
            yield from _minimum(limit, requests, {})
            for name, bound in _bounds(limit, "max"):
                head = f"maximum {name} usage per PersistentVolumeClaim is {bound}"
                if name not in requests:
                    yield f"{head}.  No request is specified"
                elif requests[name] > bound:
                    yield f"{head}, but request is {requests[name]}"


def _errors(limit: Object, requests: Amounts, limits: Amounts) -> Iterator[str]:
    yield from _minimum(limit, requests, limits)
    yield from _maximum(limit, requests, limits)
    yield from _ratio(limit, requests, limits)


def _bounds(limit: Object, key: str) -> Iterator[tuple[str, Quantity]]:
    bounds: Mapping[str, str] = limit.get(key) or {}
    for name in sorted(bounds):
        yield name, parse_json(bounds[name])


def _values(request: Quantity, limit: Quantity, bound: Quantity) -> tuple[int, int, int]:
    """In thousandths where all fit, else whole.   Upstream: requestLimitEnforcedValues."""
    whole = request.value(), limit.value(), bound.value()
    if all(value <= _MAX_MILLI_VALUE for value in whole):
        return request.milli_value(), limit.milli_value(), bound.milli_value()
    return whole


def _minimum(limit: Object, requests: Amounts, limits: Amounts) -> Iterator[str]:
    for name, bound in _bounds(limit, "min"):
        head = f"minimum {name} usage per {limit['type']} is {bound}"
        request, limited, least = _values(requests.get(name, _ZERO), limits.get(name, _ZERO), bound)
        if name not in requests:
            yield f"{head}.  No request is specified"
        elif request < least:
            yield f"{head}, but request is {requests[name]}"
        elif name in limits and limited < least:
            yield f"{head}, but limit is {limits[name]}"


def _maximum(limit: Object, requests: Amounts, limits: Amounts) -> Iterator[str]:
    for name, bound in _bounds(limit, "max"):
        head = f"maximum {name} usage per {limit['type']} is {bound}"
        request, limited, most = _values(requests.get(name, _ZERO), limits.get(name, _ZERO), bound)
        if name not in limits:
            yield f"{head}.  No limit is specified"
        elif limited > most:
            yield f"{head}, but limit is {limits[name]}"
        elif name in requests and request > most:
            yield f"{head}, but request is {requests[name]}"


def _ratio(limit: Object, requests: Amounts, limits: Amounts) -> Iterator[str]:
    for name, bound in _bounds(limit, "maxLimitRequestRatio"):
        head = f"{name} max limit to request ratio per {limit['type']} is {bound}"
        request, limited, _ = _values(requests.get(name, _ZERO), limits.get(name, _ZERO), bound)
        if not request:
            yield f"{head}, but no request is specified or request is 0"
            continue
        if not limited:
            yield f"{head}, but no limit is specified or limit is 0"
            continue
        ratio, most = limited / request, float(bound.value())
        shown = ratio
        if bound.value() <= _MAX_MILLI_VALUE:
            ratio, most = ratio * 1000, float(bound.milli_value())
        if ratio > most:
            yield f"{head}, but provided ratio is {shown:.6f}"
