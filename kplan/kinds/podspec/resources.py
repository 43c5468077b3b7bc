"""Resource requests and limits: names, amounts, hugepages, claims, and how containers fit into pod-level resources.

Upstream: validateResourceRequirements, validatePodResources and validateResourceName in pkg/apis/core/validation/validation.go;
pkg/apis/core/helper/helpers.go; staging/src/k8s.io/component-helpers/resource/helpers.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from kplan.api.field import NOT_FOUND, FieldError, FieldErrors, duplicate, forbidden, invalid, not_supported, required
from kplan.api.objects import Object
from kplan.api.podrequests import pod_limit_quantities, pod_request_quantities
from kplan.api.quantity import Quantity, QuantityError, parse
from kplan.kinds.checks import typed
from kplan.kinds.podspec.options import PodValidationOptions
from kplan.kinds.podspec.values import validate_dns1123_label
from kplan.kinds.resourcenames import HUGE_PAGES, is_integer, is_overcommit_allowed, validate_container_resource_name, validate_resource_name

POD_RESOURCES = ("cpu", "hugepages-", "memory")

Validate = Callable[[str, str], Iterable[FieldError]]


def validate_pod_resource_name(name: str, path: str) -> FieldErrors:
    """A resource that a pod as a whole can ask for."""
    errors = list(validate_resource_name(name, path))
    yield from errors
    if not errors and name not in ("cpu", "memory") and not name.startswith(HUGE_PAGES):
        yield not_supported(path, typed(name), POD_RESOURCES)


def validate_resource_quantity_value(name: str, amount: Quantity, path: str) -> FieldErrors:
    """Not negative, and whole for what is counted."""
    if amount.sign < 0:
        yield invalid(path, str(amount), "must be greater than or equal to 0")
    if amount.milli_value() % 1000 and is_integer(name):
        yield invalid(path, str(amount), "must be an integer")


def is_huge_page_value_divisible(name: str, amount: Quantity) -> bool:
    """A whole number of pages of the size that the resource's name says."""
    try:
        page = parse(name.removeprefix(HUGE_PAGES))
    except QuantityError:
        return False
    return page.sign > 0 and page.milli_value() % 1000 == 0 and amount.value() % page.value() == 0


def validate_resource_requirements(
    requirements: Object,
    path: str,
    options: PodValidationOptions,
    claim_names: frozenset[str] = frozenset(),
    validate_name: Validate = validate_container_resource_name,
) -> FieldErrors:
    """Requests, limits and claims of one container (or, with its name rule, of a pod). Amounts are upstream's Quantities."""
    limits, requests = requirements.get("limits") or {}, requirements.get("requests") or {}
    huge = False
    for name in sorted(limits):
        huge |= name.startswith(HUGE_PAGES)
        yield from _validate_amount(name, parse(limits[name]), f"{path}.limits[{name}]", options, validate_name)
    for name in sorted(requests):
        amount = parse(requests[name])
        at = f"{path}.requests[{name}]"
        yield from validate_name(name, at)
        yield from validate_resource_quantity_value(name, amount, at)
        limit = limits.get(name)
        if limit is not None:
            order = 0 if limit == requests[name] else amount.compare(parse(limit))
            if order and not is_overcommit_allowed(name):
                yield invalid(f"{path}.requests", str(amount), f"must be equal to {name} limit of {parse(limit)}")
            elif order > 0:
                yield invalid(f"{path}.requests", str(amount), f"must be less than or equal to {name} limit of {parse(limit)}")
        elif not is_overcommit_allowed(name):
            yield required(f"{path}.limits", "Limit must be set for non overcommitable resources")
        if name.startswith(HUGE_PAGES):
            huge = True
            yield from _validate_pages(name, amount, at, options)
    if huge and not any(name in ("cpu", "memory") for name in (*limits, *requests)):
        yield forbidden(path, "HugePages require cpu or memory")
    if claims := requirements.get("claims"):
        yield from validate_resource_claim_names(claims, claim_names, f"{path}.claims")


def _validate_amount(name: str, amount: Quantity, path: str, options: PodValidationOptions, validate_name: Validate) -> FieldErrors:
    yield from validate_name(name, path)
    yield from validate_resource_quantity_value(name, amount, path)
    if name.startswith(HUGE_PAGES):
        yield from _validate_pages(name, amount, path, options)


def _validate_pages(name: str, amount: Quantity, path: str, options: PodValidationOptions) -> FieldErrors:
    if not options.allow_indivisible_huge_pages_values and not is_huge_page_value_divisible(name, amount):
        yield invalid(path, str(amount), f"{amount} is not positive integer multiple of {name}")


def validate_resource_claim_names(claims: Sequence[Object], claim_names: frozenset[str], path: str) -> FieldErrors:
    """A container's claims, each one of `spec.resourceClaims`."""
    seen: set[str] = set()
    for i, claim in enumerate(claims):
        name, request = claim.get("name", ""), claim.get("request", "")
        at = f"{path}[{i}]"
        if not name:
            yield required(at)
            continue
        if name in seen:
            yield duplicate(at, name)
        else:
            key = f"{name}/{request}" if request else name
            if request:
                yield from validate_dns1123_label(request, f"{at}.request")
            if key in seen:
                yield duplicate(at, key)
            elif not request:
                for other in sorted(seen):
                    if other.partition("/")[0] == name:
                        yield duplicate(at, name)
            seen.add(key)
        if name not in claim_names:
            known = f": {', '.join(sorted(claim_names))}" if claim_names else " which is empty"
            yield FieldError(NOT_FOUND, at, name, f"must be one of the names in pod.spec.resourceClaims{known}")


def validate_pod_resources(spec: Object, path: str, options: PodValidationOptions, claim_names: frozenset[str]) -> FieldErrors:
    """Pod-level resources, and that the containers fit into them."""
    resources = spec.get("resources")
    if resources is None:
        return
    at = f"{path}.resources"
    if (spec.get("os") or {}).get("name") == "windows":
        yield forbidden(at, "may not be set for a windows pod")
        return
    if resources.get("claims"):
        yield forbidden(f"{at}.claims", "claims may not be set for Resources at pod-level")
    yield from validate_resource_requirements(resources, at, options, claim_names, validate_pod_resource_name)
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    containers = {"spec": {key: spec[key] for key in ("containers", "initContainers") if spec.get(key)}}
    for name, amount in sorted(pod_request_quantities(containers).items()):
        if name in requests and amount > parse(requests[name]):
            yield invalid(f"{at}.requests[{name}]", requests[name], f"must be greater than or equal to aggregate container requests of {amount}")
    for name, amount in sorted(pod_limit_quantities(containers).items()):
        if name.startswith(HUGE_PAGES) and name in limits and amount > parse(limits[name]):
            yield invalid(f"{at}.limits[{name}]", limits[name], f"must be greater than or equal to aggregate container limits of {amount}")
    for i, container in enumerate(spec.get("containers") or ()):
        own = (container.get("resources") or {}).get("limits") or {}
        for name in sorted(own):
            if name in limits and parse(own[name]) > parse(limits[name]):
                yield invalid(f"{at}.containers[{i}][{name}].limits", own[name], f"must be less than or equal to pod limits of {limits[name]}")
