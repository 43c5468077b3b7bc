"""ResourceQuota: how much of what a namespace may use.

Upstream: ValidateResourceQuota* in pkg/apis/core/validation/validation.go, pkg/registry/core/resourcequota. Counting and
refusing is the ResourceQuota admission plugin's and the quota controller's.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.field import FieldErrors, invalid, required
from kplan.api.gotext import Struct
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object
from kplan.api.quantity import parse_json
from kplan.kinds.checks import IMMUTABLE, typed
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.resourcelist import default_resource_list
from kplan.kinds.resourcenames import is_standard_quota_resource, validate_quota_resource_name, validate_resource_quantity
from kplan.kinds.strategy import keep_all_but_status, keep_status

POD_RESOURCES = frozenset(("pods", "cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"))
CLAIM_RESOURCES = frozenset(("persistentvolumeclaims", "requests.storage"))
SCOPES = {
    "Terminating": POD_RESOURCES,
    "NotTerminating": POD_RESOURCES,
    "BestEffort": frozenset(("pods",)),
    "NotBestEffort": POD_RESOURCES,
    "PriorityClass": POD_RESOURCES,
    "VolumeAttributesClass": CLAIM_RESOURCES,
    "CrossNamespacePodAffinity": POD_RESOURCES,
}
CONFLICTS = (("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating"))
EXISTS_ONLY = frozenset(SCOPES) - {"PriorityClass", "VolumeAttributesClass"}
EXISTS_ONLY_MESSAGE = (
    "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
    "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
)
REQUESTED = (("cpu", True), ("memory", True), ("storage", False), ("ephemeral-storage", False))


def default(obj: Object) -> None:
    """Amounts in thousandths at the finest."""
    default_resource_list((obj.get("spec") or {}).get("hard"))
    for field in ("hard", "used"):
        default_resource_list((obj.get("status") or {}).get(field))


def prepare(obj: Object) -> None:
    """Nobody but the quota controller says what is used."""
    obj["status"] = {}


def validate(obj: Object) -> FieldErrors:
    """A new ResourceQuota."""
    yield from validate_object_meta(obj["metadata"], True, name_is_dns_subdomain)
    yield from validate_spec(obj.get("spec") or {})
    yield from validate_status(obj, obj)


def validate_spec(spec: Object) -> FieldErrors:
    """Amounts, scopes, and that the scopes fit the amounts."""
    yield from validate_amounts(spec, "hard", "spec")
    yield from validate_scopes(spec)
    yield from validate_scope_selector(spec)


def validate_amounts(holder: Object, field: str, path: str) -> FieldErrors:
    """Names and quantities of one map of amounts."""
    for name, quantity in sorted((holder.get(field) or {}).items()):
        at = f"{path}.{field}[{name}]"
        yield from validate_quota_resource_name(name, at)
        yield from validate_resource_quantity(name, quantity, at)


def misfits(scope: str, spec: Object) -> Iterator[str]:
    """The limited resources to which a scope cannot apply."""
    fitting = SCOPES.get(scope)
    for name in sorted(spec.get("hard") or ()):
        if fitting is not None and name not in fitting and is_standard_quota_resource(name):
            yield name


def validate_scopes(spec: Object) -> FieldErrors:
    """`spec.scopes`."""
    scopes = spec.get("scopes") or []
    for scope in scopes:
        if scope not in SCOPES:
            yield invalid("spec.scopes", scopes, "unsupported scope")
        for _ in misfits(scope, spec):
            yield invalid("spec.scopes", scopes, "unsupported scope applied to resource")
    for pair in CONFLICTS:
        if all(scope in scopes for scope in pair):
            yield invalid("spec.scopes", scopes, "conflicting scopes")


def validate_scope_selector(spec: Object) -> FieldErrors:
    """`spec.scopeSelector`; upstream's paths have no index."""
    selector = spec.get("scopeSelector")
    if selector is None:
        return
    path = "spec.scopeSelector.matchExpressions"
    seen = set()
    for requirement in selector.get("matchExpressions") or ():
        scope, operator, values = requirement.get("scopeName") or "", requirement.get("operator") or "", requirement.get("values")
        if scope not in SCOPES:
            yield invalid(f"{path}.scopeName", typed(scope), "unsupported scope")
        for _ in misfits(scope, spec):
            yield invalid(path, printed_selector(selector), "unsupported scope applied to resource")
        if scope in EXISTS_ONLY and operator != "Exists":
            yield invalid(f"{path}.operator", typed(operator), EXISTS_ONLY_MESSAGE)
        if operator in ("In", "NotIn"):
            if not values:
                yield required(f"{path}.values", "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector")
        elif operator in ("Exists", "DoesNotExist"):
            if values:
                yield invalid(f"{path}.values", values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector")
        else:
            yield invalid(f"{path}.operator", typed(operator), "not a valid selector operator")
        seen.add(scope)
    for pair in CONFLICTS:
        if seen.issuperset(pair):
            yield invalid(path, typed(spec.get("scopes")), "conflicting scopes")


def printed_selector(selector: Object) -> Object:
    """A scope selector as messages print the Go struct."""
    requirements = selector.get("matchExpressions")
    return Struct(
        MatchExpressions=requirements
        and [Struct(ScopeName=r.get("scopeName") or "", Operator=r.get("operator") or "", Values=r.get("values")) for r in requirements]
    )


def validate_update(new: Object, old: Object) -> FieldErrors:
    """A changed ResourceQuota: its scopes stay."""
    spec = new.get("spec") or {}
    yield from validate_spec(spec)
    if set(spec.get("scopes") or ()) != set((old.get("spec") or {}).get("scopes") or ()):
        yield invalid("spec.scopes", typed(spec.get("scopes")), IMMUTABLE)


def validate_status(new: Object, old: Object) -> FieldErrors:
    """What the quota controller may write."""
    status = new.get("status") or {}
    yield from validate_amounts(status, "hard", "status")
    yield from validate_amounts(status, "used", "status")


def warnings(obj: Object) -> Iterator[str]:
    """Requests that are above the limits of the same resource."""
    hard = (obj.get("spec") or {}).get("hard") or {}
    for resource, bare in REQUESTED:
        name = f"requests.{resource}"
        if name not in hard and bare:
            name = resource
        limit = hard.get(f"limits.{resource}")
        if name in hard and limit is not None and parse_json(hard[name]) > parse_json(limit):
            yield f"ResourceQuota {name} ({hard[name]}) should be less than limits.{resource} ({limit})"


def references(obj: Object) -> Iterator[Reference]:
    """The priority classes that a scope selector names."""
    selector = (obj.get("spec") or {}).get("scopeSelector") or {}
    for i, requirement in enumerate(selector.get("matchExpressions") or ()):
        if requirement.get("scopeName") == "PriorityClass":
            for j, name in enumerate(requirement.get("values") or ()):
                path = f"spec.scopeSelector.matchExpressions[{i}].values[{j}]"
                yield Reference(path, "PriorityClass.scheduling.k8s.io", "", name, optional=True)


KIND = Kind(
    group="",
    version="v1",
    kind="ResourceQuota",
    plural="resourcequotas",
    namespaced=True,
    short_names=("quota",),
    status=True,
    default=default,
    prepare=prepare,
    prepare_update=keep_status,
    prepare_status=keep_all_but_status,
    validate=validate,
    validate_update=validate_update,
    validate_status=validate_status,
    warnings=warnings,
    references=references,
)
