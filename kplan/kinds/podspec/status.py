"""What an update of a Pod's status may say.

Upstream: ValidatePodStatusUpdate in pkg/apis/core/validation/validation.go; ContainerShouldRestart in pkg/api/v1/pod/util.go.
"""

from __future__ import annotations

from collections.abc import Sequence

from kplan.api import names
from kplan.api.addresses import is_valid_ip_for_legacy_field
from kplan.api.field import FieldErrors, duplicate, forbidden, internal_error, invalid, not_supported, required, too_long
from kplan.api.gotext import Struct
from kplan.api.objects import Object
from kplan.api.quantity import parse
from kplan.kinds.addresses import family_of, is_dual_stack, unreadable_ip
from kplan.kinds.checks import typed
from kplan.kinds.podspec.values import validate_dns1123_label, validate_object_name, validate_qualified_name
from kplan.kinds.resourcenames import is_native

SYSTEM_CONDITIONS = ("PodScheduled", "Ready", "Initialized")
HEALTH = ("Healthy", "Unhealthy", "Unknown")
NOT_AGAIN = "may not be transitioned to non-terminated state"
CLAIM_RESOURCE = "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty"
MAX_HEALTH_MESSAGE = 1024
NO_REQUEST = "must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests"
NO_CONTAINER = "must match the name of an entry in spec.initContainers.name or spec.containers.name"


def validate_pod_status_update(new: Object, old: Object) -> FieldErrors:
    """The status of the Pod `new`, whose spec is that of `old`."""
    status, before, spec = new.get("status") or {}, old.get("status") or {}, old["spec"]
    for i, condition in enumerate(status.get("conditions") or ()):
        if condition.get("observedGeneration", 0) < 0:
            yield invalid(f"status.conditions[{i}].observedGeneration", condition["observedGeneration"], "must be a non-negative integer")
        if condition.get("type", "") not in SYSTEM_CONDITIONS:
            yield from validate_qualified_name(condition.get("type", ""), f"status.conditions[{i}].Type")
    nominated = status.get("nominatedNodeName", "")
    if nominated and nominated != before.get("nominatedNodeName", ""):
        yield from validate_object_name(nominated, "status.nominatedNodeName")
        if spec.get("nodeName"):
            yield forbidden("status.nominatedNodeName", "may not be set on pods that are already bound to a node")
    if status.get("observedGeneration", 0) < 0:
        yield invalid("status.observedGeneration", status["observedGeneration"], "must be a non-negative integer")
    if status.get("qosClass", "") != before.get("qosClass", ""):
        yield invalid("status.qosClass", typed(status.get("qosClass", "")), "field is immutable")
    if not _all_could_restart(spec):
        for field, containers in (("containerStatuses", "containers"), ("initContainerStatuses", "initContainers")):
            yield from _validate_transitions(status.get(field) or (), before.get(field) or (), f"status.{field}", spec, spec.get(containers) or ())
    yield from _validate_transitions(
        status.get("ephemeralContainerStatuses") or (), before.get("ephemeralContainerStatuses") or (), "status.ephemeralContainerStatuses", spec, None
    )
    yield from _validate_claims(status, spec)
    for field, singular in (("podIPs", ""), ("hostIPs", "hostIP")):
        yield from _validate_addresses(status, before, field, singular)
    for field, containers in (("containerStatuses", "containers"), ("initContainerStatuses", "initContainers"), ("ephemeralContainerStatuses", "")):
        for i, container in enumerate(status.get(field) or ()):
            yield from _validate_user(container, f"status.{field}[{i}].user.linux", (spec.get("os") or {}).get("name", "linux"))
            allocated = container.get("allocatedResourcesStatus") or ()
            if allocated and not containers:
                yield forbidden(f"status.{field}[{i}].allocatedResourcesStatus", "must not be specified in container status")
            elif allocated:
                owner = next((c for c in spec.get(containers) or () if c.get("name") == container.get("name")), None)
                yield from _validate_health(allocated, owner, f"status.{field}[{i}].allocatedResourcesStatus")


def _all_could_restart(spec: Object) -> bool:
    """A rule of some container may restart all of them, so any may run again."""
    return any(
        rule.get("action") == "RestartAllContainers"
        for field in ("initContainers", "containers")
        for container in spec.get(field) or ()
        for rule in container.get("restartPolicyRules") or ()
    )


def should_restart(container: Object, spec: Object, exit_code: int) -> bool:
    """Whether a container that ended with `exit_code` is started again."""
    policy = container.get("restartPolicy")
    if policy is not None:
        for rule in container.get("restartPolicyRules") or ():
            codes = rule.get("exitCodes") or {}
            listed = exit_code in (codes.get("values") or ())
            if (codes.get("operator") == "In" and listed) or (codes.get("operator") == "NotIn" and not listed):
                if rule.get("action") in ("Restart", "RestartAllContainers"):
                    return True
                break
    if policy not in ("Always", "OnFailure", "Never"):
        policy = spec.get("restartPolicy")
    return policy not in ("OnFailure", "Never") or (policy == "OnFailure" and exit_code != 0)


def _validate_transitions(
    new: Sequence[Object], old: Sequence[Object], path: str, spec: Object, containers: Sequence[Object] | None
) -> FieldErrors:
    """What has ended for good stays ended. `containers`: those of the spec; None for ephemeral ones, which never start again."""
    for i, before in enumerate(old):
        ended = (before.get("state") or {}).get("terminated")
        if ended is None:
            continue
        for status in new:
            if status.get("name") != before.get("name") or "terminated" in (status.get("state") or ()):
                continue
            owner = next((c for c in containers or () if c.get("name") == before.get("name")), None)
            if owner is None or not should_restart(owner, spec, ended.get("exitCode", 0)):
                yield forbidden(f"{path}[{i}].state", NOT_AGAIN)
            if containers is not None:
                break


def _validate_claims(status: Object, spec: Object) -> FieldErrors:
    known = {c.get("name", "") for c in spec.get("resourceClaims") or ()}
    seen: set[str] = set()
    for i, claim in enumerate(status.get("resourceClaimStatuses") or ()):
        name, at = claim.get("name", ""), f"status.resourceClaimStatuses[{i}]"
        if name not in known:
            yield invalid(f"{at}.name", name, "must match the name of an entry in `spec.resourceClaims`")
        if name in seen:
            yield duplicate(f"{at}.name", name)
        seen.add(name)
        if claim.get("resourceClaimName") is not None:
            for message in names.name_is_dns_subdomain(claim["resourceClaimName"], False):
                yield invalid(f"{at}.resourceClaimName", typed(claim["resourceClaimName"]), message)
    if (extended := status.get("extendedResourceClaimStatus")) is not None:
        yield from _validate_extended_claim(extended, spec, "status.extendedResourceClaimStatus")
    yield from _validate_node_claims(status, spec)


def _validate_extended_claim(claim: Object, spec: Object, path: str) -> FieldErrors:
    containers = {c.get("name", ""): c for field in ("initContainers", "containers") for c in spec.get(field) or ()}
    mappings = claim.get("requestMappings") or ()
    if not mappings:
        yield required(f"{path}.requestMappings", "at least one request mapping is required")
    seen: set[tuple[str, str, str]] = set()
    for i, mapping in enumerate(mappings):
        at = f"{path}.requestMappings[{i}]"
        key = (mapping.get("containerName", ""), mapping.get("resourceName", ""), mapping.get("requestName", ""))
        container = containers.get(key[0])
        if container is None:
            yield invalid(f"{at}.containerName", key[0], NO_CONTAINER)
        elif key[1] not in ((container.get("resources") or {}).get("requests") or ()):
            yield invalid(f"{at}.resourceName", key[1], NO_REQUEST)
        yield from validate_dns1123_label(key[2], f"{path}.requestName")
        if key in seen:
            for field, value in zip(("containerName", "resourceName", "requestName"), key, strict=True):
                yield duplicate(f"{at}.{field}", value)
        seen.add(key)
    if not claim.get("resourceClaimName"):
        yield required(f"{path}.resourceClaimName")
    else:
        yield from validate_object_name(claim["resourceClaimName"], f"{path}.resourceClaimName")


def _validate_node_claims(status: Object, spec: Object) -> FieldErrors:
    known = {c.get("resourceClaimName") for c in (*(spec.get("resourceClaims") or ()), *(status.get("resourceClaimStatuses") or ()))}
    for i, claim in enumerate(status.get("nodeAllocatableResourceClaimStatuses") or ()):
        at, name = f"status.nodeAllocatableResourceClaimStatuses[{i}]", claim.get("resourceClaimName", "")
        if not name:
            yield required(f"{at}.resourceClaimName", "must not be empty")
        if name not in known:
            yield invalid(f"{at}.resourceClaimName", name, "no mapping found in pod reference")
        for field in ("containers", "resources"):
            if not claim.get(field):
                yield required(f"{at}.{field}", "must not be empty")
        for resource, amount in sorted((claim.get("resources") or {}).items()):
            if not is_native(resource):
                yield invalid(f"{at}.resources[{resource}]", typed(resource), "must be a node allocatable resource name")
            if parse(amount).sign < 0:
                yield invalid(f"{at}.resources[{resource}]", amount, "must be non-negative")


def _validate_addresses(status: Object, before: Object, field: str, singular: str) -> FieldErrors:
    given = [item.get("ip", "") for item in status.get(field) or ()]
    held = [item.get("ip", "") for item in before.get(field) or ()]
    if given and singular and status.get(singular, "") != given[0]:
        yield invalid(f"status.{field}[0].ip", given[0], f"must be equal to `{singular}`")
    for i, address in enumerate(given):
        yield from is_valid_ip_for_legacy_field(f"status.{field}[{i}]", address, old_values=held)
    if len(given) < 2:
        return
    unreadable = unreadable_ip(given)
    if unreadable:
        yield internal_error(f"status.{field}", f"failed to check for dual stack with error:{unreadable}")
    if unreadable or len(given) > 2 or not is_dual_stack([family_of(text) for text in given]):
        yield invalid(f"status.{field}", [Struct(IP=ip) for ip in given], "may specify no more than one IP for each IP family")


def _validate_user(container: Object, path: str, os: str) -> FieldErrors:
    user = (container.get("user") or {}).get("linux")
    if user is None:
        return
    if os == "windows":
        yield forbidden(path, "cannot be set for a windows pod")
        return
    for field, value in (("uid", user.get("uid", 0)), ("gid", user.get("gid", 0))):
        for message in names.is_valid_user_id(value):
            yield invalid(f"{path}.{field}", value, message)
    for i, group in enumerate(user.get("supplementalGroups") or ()):
        for message in names.is_valid_user_id(group):
            yield invalid(f"{path}.supplementalGroups[{i}]", group, message)


def _validate_health(allocated: Sequence[Object], container: Object | None, path: str) -> FieldErrors:
    for i, resource in enumerate(allocated):
        name = resource.get("name", "")
        resources = (container or {}).get("resources") or {}
        if container is not None:
            if name.startswith("claim:"):
                claims = {f"claim:{c.get('name', '')}" + (f"/{c['request']}" if c.get("request") else "") for c in resources.get("claims") or ()}
                if name not in claims:
                    yield invalid(f"{path}[{i}].name", typed(name), CLAIM_RESOURCE)
            elif name not in (resources.get("requests") or ()):
                yield invalid(f"{path}[{i}].name", typed(name), "must match one of the container's resource requests")
        seen: set[str] = set()
        for j, health in enumerate(resource.get("resources") or ()):
            at, ident, message = f"{path}[{i}].resources[{j}]", health.get("resourceID", ""), health.get("message")
            if health.get("health", "") not in HEALTH:
                yield not_supported(f"{at}.health", typed(health.get("health", "")), HEALTH)
            if message == "":
                yield required(f"{at}.message", "must be non-empty if specified")
            elif message is not None and len(message.encode()) > MAX_HEALTH_MESSAGE:
                yield too_long(f"{at}.message", MAX_HEALTH_MESSAGE)
            if ident in seen:
                yield duplicate(f"{at}.resourceID", typed(ident))
            seen.add(ident)
