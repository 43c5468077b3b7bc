"""PriorityClass: a name for a pod priority.

Upstream: pkg/apis/scheduling/{v1,validation}, pkg/registry/scheduling/priorityclass. That only one class may be the
global default is for the Priority admission plugin to say.
"""

from __future__ import annotations

from kplan.api.field import FieldErrors, forbidden, not_supported, required
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object, name_of
from kplan.kinds.checks import immutable, typed
from kplan.kinds.kind import Kind
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.strategy import first_generation

SYSTEM_PREFIX = "system-"
SYSTEM_CLASSES = {"system-node-critical": 2000001000, "system-cluster-critical": 2000000000}
HIGHEST_USER_PRIORITY = 1000000000
POLICIES = ("PreemptLowerPriority", "Never")


def default(obj: Object) -> None:
    """Who has priority may preempt."""
    if obj.get("preemptionPolicy") is None:
        obj["preemptionPolicy"] = "PreemptLowerPriority"


def system_class_error(name: str, value: int, global_default: bool) -> str:
    """Why a class with the system prefix is none of the two that exist; empty if it is.   Upstream: IsKnownSystemPriorityClass."""
    if name not in SYSTEM_CLASSES:
        return f"{name} is not a known system priority class"
    if value != SYSTEM_CLASSES[name]:
        return f"value of {name} PriorityClass must be {SYSTEM_CLASSES[name]}"
    if global_default:
        return f"globalDefault of {name} PriorityClass must be false"
    return ""


def validate(obj: Object) -> FieldErrors:
    """A new PriorityClass."""
    yield from validate_object_meta(obj["metadata"], False, name_is_dns_subdomain)
    name, value = name_of(obj), obj.get("value") or 0
    if name.startswith(SYSTEM_PREFIX):
        why = system_class_error(name, value, bool(obj.get("globalDefault")))
        if why:
            yield forbidden("metadata.name", f"priority class names with '{SYSTEM_PREFIX}' prefix are reserved for system use only. error: {why}")
    elif value > HIGHEST_USER_PRIORITY:
        yield forbidden("value", f"maximum allowed value of a user defined priority is {HIGHEST_USER_PRIORITY}")
    policy = obj.get("preemptionPolicy")
    if policy == "":
        yield required("preemptionPolicy")
    elif policy is not None and policy not in POLICIES:
        yield not_supported("preemptionPolicy", typed(policy), POLICIES)


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Neither value nor preemption policy may change."""
    if (new.get("value") or 0) != (old.get("value") or 0):
        yield forbidden("value", "may not be changed in an update.")
    yield from immutable(new.get("preemptionPolicy"), old.get("preemptionPolicy"), "preemptionPolicy", typed(new.get("preemptionPolicy")))


KIND = Kind(
    group="scheduling.k8s.io",
    version="v1",
    kind="PriorityClass",
    plural="priorityclasses",
    namespaced=False,
    short_names=("pc",),
    default=default,
    prepare=first_generation,
    validate=validate,
    validate_update=validate_update,
)
