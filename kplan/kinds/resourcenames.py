"""Names of resources: which are standard, which are extended, which count whole units, which a quota may limit.

Upstream: pkg/apis/core/helper/helpers.go and the validate*ResourceName functions of pkg/apis/core/validation/validation.go.
"""

from __future__ import annotations

from functools import lru_cache

from kplan.api.field import FieldErrors, invalid
from kplan.api.names import is_qualified_name
from kplan.api.quantity import parse_json
from kplan.kinds.checks import NEGATIVE, typed

COMPUTE = ("cpu", "memory", "ephemeral-storage")
CONTAINER_RESOURCES = frozenset(COMPUTE)
OBJECT_COUNTS = frozenset(
    (
        "pods",
        "resourcequotas",
        "services",
        "replicationcontrollers",
        "secrets",
        "configmaps",
        "persistentvolumeclaims",
        "services.nodeports",
        "services.loadbalancers",
    )
)
QUOTA_RESOURCES = frozenset((*COMPUTE, *(f"{side}.{r}" for side in ("requests", "limits") for r in COMPUTE), "requests.storage", *OBJECT_COUNTS))
STANDARD_RESOURCES = QUOTA_RESOURCES | {"storage"}
HUGE_PAGES = "hugepages-"


def is_huge_page(name: str) -> bool:
    """`hugepages-2Mi`."""
    return name.startswith(HUGE_PAGES)


def is_quota_huge_page(name: str) -> bool:
    """`hugepages-2Mi`, `requests.hugepages-2Mi`."""
    return name.startswith((HUGE_PAGES, f"requests.{HUGE_PAGES}"))


def is_native(name: str) -> bool:
    """Of Kubernetes itself: without a prefix, or one in kubernetes.io."""
    return "/" not in name or "kubernetes.io/" in name


@lru_cache(maxsize=4096)
def is_extended(name: str) -> bool:
    """A resource that a device plugin or an administrator offers: `example.com/gpu`."""
    return not is_native(name) and not name.startswith("requests.") and not is_qualified_name(f"requests.{name}")


def is_integer(name: str) -> bool:
    """Counted in whole units."""
    return name in OBJECT_COUNTS or is_extended(name)


def is_overcommit_allowed(name: str) -> bool:
    """Requests may be below limits."""
    return is_native(name) and not is_huge_page(name)


def is_standard_container_resource(name: str) -> bool:
    """What a container may ask for, of the names without a prefix."""
    return name in CONTAINER_RESOURCES or is_huge_page(name)


def is_standard_quota_resource(name: str) -> bool:
    """What a quota may limit, of the names without a prefix."""
    return name in QUOTA_RESOURCES or is_quota_huge_page(name)


def validate_resource_name(name: str, path: str) -> FieldErrors:
    """A qualified name; a standard one if it has no prefix."""
    messages = is_qualified_name(name)
    for message in messages:
        yield invalid(path, typed(name), message)
    if not messages and "/" not in name and name not in STANDARD_RESOURCES and not is_quota_huge_page(name):
        yield invalid(path, typed(name), "must be a standard resource type or fully qualified")


def validate_container_resource_name(name: str, path: str) -> FieldErrors:
    """What a container may ask for."""
    yield from validate_resource_name(name, path)
    if "/" not in name:
        if not is_standard_container_resource(name):
            yield invalid(path, typed(name), "must be a standard resource for containers")
    elif not is_native(name) and not is_extended(name):
        yield invalid(path, typed(name), "doesn't follow extended resource name standard")


def validate_quota_resource_name(name: str, path: str) -> FieldErrors:
    """What a quota may limit."""
    yield from validate_resource_name(name, path)
    if "/" not in name and not is_standard_quota_resource(name):
        yield invalid(path, typed(name), "must be a standard resource for quota")


def validate_resource_quantity(name: str, quantity: str, path: str) -> FieldErrors:
    """Not negative, and whole where the resource is counted."""
    value = parse_json(quantity)
    if value.sign < 0:
        yield invalid(path, quantity, NEGATIVE)
    if is_integer(name) and value.milli_value() % 1000:
        yield invalid(path, typed(quantity), "must be an integer")
