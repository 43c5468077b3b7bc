"""LimitRange: bounds and defaults for the resources of containers, pods and claims of a namespace.

Upstream: pkg/apis/core/v1/defaults.go, ValidateLimitRange in pkg/apis/core/validation/validation.go,
pkg/registry/core/limitrange. What it does to pods is the LimitRanger admission plugin's.
"""

from __future__ import annotations

from kplan.api.field import FieldErrors, duplicate, forbidden, invalid, required
from kplan.api.names import is_qualified_name, name_is_dns_subdomain
from kplan.api.objects import Object, uid_of
from kplan.api.quantity import Quantity, parse_json
from kplan.kinds.checks import typed
from kplan.kinds.kind import Kind
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.resourcelist import default_resource_list
from kplan.kinds.resourcenames import is_overcommit_allowed, validate_container_resource_name, validate_resource_name

CONTAINER, POD, CLAIM = "Container", "Pod", "PersistentVolumeClaim"
QUANTITIES = ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")
ONE = parse_json("1")
MAX_MILLI_VALUE = (2**63 - 1) // 1000
Quantities = dict[str, Quantity]


def default(obj: Object) -> None:
    """Of container limits: default is max, default request is default, then min, where they are not stated."""
    items = (obj.get("spec") or {}).get("limits") or ()
    for item in items:
        if item.get("type") != CONTAINER:
            continue
        limits = {**(item.get("max") or {}), **(item.get("default") or {})}
        requests = {**(item.get("min") or {}), **limits, **(item.get("defaultRequest") or {})}
        if limits:
            item["default"] = limits
        if requests:
            item["defaultRequest"] = requests
    for item in items:
        for field in QUANTITIES:
            default_resource_list(item.get(field))


def prepare(obj: Object) -> None:
    """A limit range without a name is named after its uid (upstream: after another random one)."""
    meta = obj["metadata"]
    if not meta.get("name"):
        meta["name"] = uid_of(obj)


def validate(obj: Object) -> FieldErrors:
    """A LimitRange, new or changed."""
    yield from validate_object_meta(obj["metadata"], True, name_is_dns_subdomain)
    seen = set()
    for i, item in enumerate((obj.get("spec") or {}).get("limits") or ()):
        path = f"spec.limits[{i}]"
        kind = item.get("type") or ""
        yield from validate_type(kind, f"{path}.type")
        if kind in seen:
            yield duplicate(f"{path}.type", typed(kind))
        seen.add(kind)
        yield from validate_item(item, kind, path)


def validate_update(new: Object, _old: Object) -> FieldErrors:
    """A changed LimitRange is judged as a new one."""
    return validate(new)


def validate_type(kind: str, path: str) -> FieldErrors:
    """What is limited: a standard type, or a qualified name of one's own."""
    messages = is_qualified_name(kind)
    for message in messages:
        yield invalid(path, typed(kind), message)
    if not messages and "/" not in kind and kind not in (POD, CONTAINER, CLAIM):
        yield invalid(path, typed(kind), "must be a standard limit type or fully qualified")


def validate_item(item: Object, kind: str, path: str) -> FieldErrors:
    """One entry of `spec.limits`: the names of its resources, then each resource's bounds against each other."""
    check_name = validate_container_resource_name if kind in (POD, CONTAINER) else validate_resource_name
    for field in ("max", "min"):
        for name in sorted(item.get(field) or ()):
            yield from check_name(name, f"{path}.{field}[{name}]")
    defaults: tuple[str, ...] = ("default", "defaultRequest")
    if kind == POD:
        for field in defaults:
            if item.get(field):
                yield forbidden(f"{path}.{field}", "may not be specified when `type` is 'Pod'")
        defaults = ()
    for field in defaults:
        for name in sorted(item.get(field) or ()):
            yield from check_name(name, f"{path}.{field}[{name}]")
    if kind == CLAIM and "storage" not in (item.get("min") or {}) and "storage" not in (item.get("max") or {}):
        yield required(f"{path}.limits", "either minimum or maximum storage value is required, but neither was provided")
    for name in sorted(item.get("maxLimitRequestRatio") or ()):
        yield from check_name(name, f"{path}.maxLimitRequestRatio[{name}]")

    fields = ("max", "min", *defaults, "maxLimitRequestRatio")
    stated = {field: {name: parse_json(q) for name, q in (item.get(field) or {}).items()} for field in fields}
    for name in sorted({name for quantities in stated.values() for name in quantities}):
        yield from validate_bounds(name, stated, path)


def validate_bounds(name: str, stated: dict[str, Quantities], path: str) -> FieldErrors:
    """min ≤ default request ≤ default ≤ max, and a ratio that they allow."""
    least, most = stated["min"].get(name), stated["max"].get(name)
    limit, request = stated.get("default", {}).get(name), stated.get("defaultRequest", {}).get(name)
    ratio = stated["maxLimitRequestRatio"].get(name)

    if least is not None and most is not None and least > most:
        yield invalid(f"{path}.min[{name}]", typed(str(least)), f"min value {least} is greater than max value {most}")
    if request is not None:
        at, printed = f"{path}.defaultRequest[{name}]", typed(str(request))
        if least is not None and least > request:
            yield invalid(at, printed, f"min value {least} is greater than default request value {request}")
        if most is not None and request > most:
            yield invalid(at, printed, f"default request value {request} is greater than max value {most}")
        if limit is not None and request > limit:
            yield invalid(at, printed, f"default request value {request} is greater than default limit value {limit}")
    if limit is not None:
        at = f"{path}.default[{name}]"
        if least is not None and least > limit:
            yield invalid(at, typed(str(least)), f"min value {least} is greater than default value {limit}")
        if most is not None and limit > most:
            yield invalid(at, typed(str(most)), f"default value {limit} is greater than max value {most}")
    if ratio is not None:
        at, printed = f"{path}.maxLimitRequestRatio[{name}]", typed(str(ratio))
        if ratio < ONE:
            yield invalid(at, printed, f"ratio {ratio} is less than 1")
        if least is not None and most is not None:
            allowed = ratio_of(most, least, ratio)
            if allowed is not None:
                yield invalid(at, printed, f"ratio {ratio} is greater than max/min = {allowed}")
    if limit is not None and request is not None and limit != request and not is_overcommit_allowed(name):
        at, printed = f"{path}.defaultRequest[{name}]", typed(str(request))
        yield invalid(at, printed, f"default value {limit} must equal to defaultRequest value {request} in {name}")


def ratio_of(most: Quantity, least: Quantity, ratio: Quantity) -> str | None:
    """max/min as text where `ratio` is greater than that; in thousandths where these fit into 64 bits, as upstream reckons."""
    wanted, high, low = float(ratio.value()), float(most.value()), float(least.value())
    if max(ratio.value(), most.value(), least.value()) < MAX_MILLI_VALUE:
        wanted, high, low = ratio.milli_value() / 1000, float(most.milli_value()), float(least.milli_value())
    if low == 0:
        return None if high >= 0 else "-Inf"
    allowed = high / low
    return f"{allowed:.6f}" if wanted > allowed else None


KIND = Kind(
    group="",
    version="v1",
    kind="LimitRange",
    plural="limitranges",
    namespaced=True,
    short_names=("limits",),
    create_on_update=True,
    default=default,
    prepare=prepare,
    validate=validate,
    validate_update=validate_update,
)
