"""Validation of a pod spec and of a pod template.

Upstream: ValidatePodSpec, ValidatePodTemplateSpec and what they call in pkg/apis/core/validation/validation.go.
"""

from __future__ import annotations

from collections.abc import Sequence

from kplan.api import names
from kplan.api.addresses import is_valid_ip_for_legacy_field
from kplan.api.field import FieldErrors, duplicate, forbidden, invalid, not_found, not_supported, required, too_long
from kplan.api.objects import Object, annotations_of, labels_of
from kplan.kinds.checks import typed
from kplan.kinds.internalform import internal
from kplan.kinds.metadata import validate_annotations, validate_labels
from kplan.kinds.podspec.annotations import MIRROR_POD, validate_app_armor_match, validate_pod_annotations, validate_seccomp_match
from kplan.kinds.podspec.container import PodContext, validate_containers, validate_ephemeral_containers, validate_init_containers, visit_containers
from kplan.kinds.podspec.options import PodValidationOptions
from kplan.kinds.podspec.os import validate_host_process, validate_os
from kplan.kinds.podspec.resources import validate_pod_resources, validate_resource_requirements
from kplan.kinds.podspec.scheduling import validate_affinity, validate_tolerations, validate_topology_spread_constraints
from kplan.kinds.podspec.security import validate_pod_security_context
from kplan.kinds.podspec.values import MAX_INT32, each, validate_dns1123_label, validate_dns1123_subdomain, validate_object_name, validate_qualified_name
from kplan.kinds.podspec.volumes import validate_volumes

RESTART_POLICIES = ("Always", "OnFailure", "Never")
DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
PREEMPTION_POLICIES = ("PreemptLowerPriority", "Never")
WITHOUT_HOST_USERS = "when `hostUsers` is false"


def validate_pod_spec(spec: Object, meta: Object | None, path: str, options: PodValidationOptions) -> FieldErrors:
    """The errors of a pod spec at `path`. `meta` is the pod's own metadata, None in a template."""
    get = spec.get
    grace = get("terminationGracePeriodSeconds")
    if grace is None:
        yield required(f"{path}.terminationGracePeriodSeconds")
    volumes: dict[str, Object] = {}
    yield from validate_volumes(get("volumes") or [], meta, f"{path}.volumes", options, volumes)
    claims = get("resourceClaims") or ()
    claim_names = frozenset(c["name"] for c in claims if c.get("name"))
    if claims:
        yield from _validate_resource_claims(claims, meta, f"{path}.resourceClaims")
    containers, init_containers = get("containers") or (), get("initContainers") or ()
    pod = PodContext(volumes, claim_names, grace, get("restartPolicy", ""), get("os"), get("hostUsers") is not False, options)
    yield from validate_containers(containers, f"{path}.containers", pod)
    if init_containers:
        yield from validate_init_containers(init_containers, containers, f"{path}.initContainers", pod)
    if ephemeral := get("ephemeralContainers"):
        yield from validate_ephemeral_containers(ephemeral, (*containers, *init_containers), f"{path}.ephemeralContainers", pod)
    if "resources" in spec:
        yield from validate_pod_resources(spec, path, options, claim_names)
    if get("hostNetwork"):
        yield from _validate_host_network_ports(containers, f"{path}.containers", options)
    yield from _validate_choice(get("restartPolicy", ""), RESTART_POLICIES, f"{path}.restartPolicy")
    yield from _validate_choice(get("dnsPolicy", ""), DNS_POLICIES, f"{path}.dnsPolicy")
    if selector := get("nodeSelector"):
        yield from validate_labels(selector, f"{path}.nodeSelector")
    yield from validate_pod_security_context(spec, f"{path}.securityContext", options)
    if (affinity := get("affinity")) is not None:
        yield from validate_affinity(affinity, f"{path}.affinity", options)
    yield from _validate_dns_config(get("dnsConfig"), get("dnsPolicy", ""), f"{path}.dnsConfig")
    for i, gate in enumerate(get("readinessGates") or ()):
        yield from validate_qualified_name(gate.get("conditionType", ""), f"{path}.readinessGates[{i}].conditionType")
    if gates := get("schedulingGates"):
        yield from _validate_scheduling_gates(gates, f"{path}.schedulingGates")
    if constraints := get("topologySpreadConstraints"):
        yield from validate_topology_spread_constraints(constraints, f"{path}.topologySpreadConstraints", options)
    yield from validate_host_process(spec, path)
    if get("hostUsers") is False:
        yield from _validate_host_users(spec, path, options)
    if (override := get("hostnameOverride")) is not None:
        yield from _validate_hostname_override(override, spec, f"{path}.hostnameOverride")
    yield from _validate_names_and_limits(spec, path)
    if tolerations := get("tolerations"):
        yield from validate_tolerations(tolerations, f"{path}.tolerations", options)
    for i, alias in enumerate(get("hostAliases") or ()):
        yield from is_valid_ip_for_legacy_field(f"{path}.hostAliases[{i}].ip", alias.get("ip", ""))
        for j, hostname in enumerate(alias.get("hostnames") or ()):
            yield from validate_dns1123_subdomain(hostname, f"{path}.hostAliases[{i}].hostnames[{j}]")
    yield from _validate_classes(spec, path, options)
    if get("os") is not None:
        yield from validate_os(spec, path)
    if (group := get("schedulingGroup")) is not None:
        yield from _validate_scheduling_group(group, f"{path}.schedulingGroup.podGroupName")
    yield from _validate_file_key_volumes(spec, path)


def _validate_choice(value: str, choices: tuple[str, ...], path: str) -> FieldErrors:
    if value not in choices:
        yield not_supported(path, typed(value), choices) if value else required(path)


def _validate_names_and_limits(spec: Object, path: str) -> FieldErrors:
    if account := spec.get("serviceAccountName"):
        yield from validate_object_name(account, f"{path}.serviceAccountName")
    if node := spec.get("nodeName"):
        yield from validate_object_name(node, f"{path}.nodeName")
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= MAX_INT32:
        yield invalid(f"{path}.activeDeadlineSeconds", deadline, names.inclusive_range_error(1, MAX_INT32))
    for field in ("hostname", "subdomain"):
        if value := spec.get(field):
            yield from validate_dns1123_label(value, f"{path}.{field}")


def _validate_classes(spec: Object, path: str, options: PodValidationOptions) -> FieldErrors:
    if priority := spec.get("priorityClassName"):
        yield from validate_object_name(priority, f"{path}.priorityClassName")
    if (runtime := spec.get("runtimeClassName")) is not None:
        yield from validate_object_name(runtime, f"{path}.runtimeClassName")
    if (preemption := spec.get("preemptionPolicy")) is not None:
        yield from _validate_choice(preemption, PREEMPTION_POLICIES, f"{path}.preemptionPolicy")
    if overhead := spec.get("overhead"):
        # upstream takes overhead for the limits of a container, path included
        yield from validate_resource_requirements({"limits": overhead}, f"{path}.overhead", options)


def _validate_resource_claims(claims: Sequence[Object], meta: Object | None, path: str) -> FieldErrors:
    if meta is not None and MIRROR_POD in (meta.get("annotations") or ()):
        for _ in claims:
            yield forbidden("", "static pods do not support resource claims")
        return
    seen: set[str] = set()
    for i, claim in enumerate(claims):
        at = f"{path}[{i}]"
        name, claim_name, template_name = claim.get("name", ""), claim.get("resourceClaimName"), claim.get("resourceClaimTemplateName")
        if not name:
            yield required(f"{at}.name")
        elif name in seen:
            yield duplicate(f"{at}.name", name)
        else:
            yield from validate_dns1123_label(name, f"{at}.name")
            seen.add(name)
        if claim_name is not None and template_name is not None:
            message = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            yield invalid(at, internal("PodResourceClaim", claim), message)
        if claim_name is None and template_name is None:
            yield invalid(at, internal("PodResourceClaim", claim), "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`")
        if claim_name is not None:
            yield from validate_object_name(claim_name, f"{at}.resourceClaimName")
        if template_name is not None:
            yield from validate_object_name(template_name, f"{at}.resourceClaimTemplateName")


def _validate_host_network_ports(containers: Sequence[Object], path: str, options: PodValidationOptions) -> FieldErrors:
    for i, container in enumerate(containers):
        for j, port in enumerate(container.get("ports") or ()):
            host_port = port.get("hostPort", 0)
            if (options.resource_is_pod or host_port) and host_port != port.get("containerPort", 0):
                yield invalid(f"{path}[{i}].ports[{j}].hostPort", host_port, "must match `containerPort` when `hostNetwork` is true")


def _validate_dns_config(config: Object | None, policy: str, path: str) -> FieldErrors:
    if policy == "None":
        if config is None:
            yield required(path, "must provide `dnsConfig` when `dnsPolicy` is None")
            return
        if not config.get("nameservers"):
            yield required(f"{path}.nameservers", "must provide at least one DNS nameserver when `dnsPolicy` is None")
            return
    if config is None:
        return
    nameservers, searches = config.get("nameservers") or (), config.get("searches") or ()
    if len(nameservers) > 3:
        yield invalid(f"{path}.nameservers", nameservers, "must not have more than 3 nameservers")
    for i, nameserver in enumerate(nameservers):
        yield from is_valid_ip_for_legacy_field(f"{path}.nameservers[{i}]", nameserver)
    if len(searches) > 32:
        yield invalid(f"{path}.searches", searches, "must not have more than 32 search paths")
    if len(" ".join(searches).encode()) > 2048:
        yield invalid(f"{path}.searches", searches, "must not have more than 2048 characters (including spaces) in the search list")
    for i, search in enumerate(searches):
        if search != ".":
            domain = search.removesuffix(".")
            yield from each(f"{path}.searches[{i}]", domain, names.is_dns1123_subdomain_with_underscore(domain))
    for i, option in enumerate(config.get("options") or ()):
        if not option.get("name"):
            yield required(f"{path}.options[{i}]", "must not be empty")


def _validate_scheduling_gates(gates: Sequence[Object], path: str) -> FieldErrors:
    seen: set[str] = set()
    for i, gate in enumerate(gates):
        name = gate.get("name", "")
        yield from validate_qualified_name(name, f"{path}[{i}]")
        if name in seen:
            yield duplicate(f"{path}[{i}]", name)
        seen.add(name)


def _validate_host_users(spec: Object, path: str, options: PodValidationOptions) -> FieldErrors:
    if spec.get("hostNetwork") and not options.allow_user_namespaces_host_network_support:
        yield forbidden(f"{path}.hostNetwork", WITHOUT_HOST_USERS)
    if spec.get("hostPID"):
        yield forbidden(f"{path}.HostPID", WITHOUT_HOST_USERS)
    if spec.get("hostIPC"):
        yield forbidden(f"{path}.HostIPC", WITHOUT_HOST_USERS)
    if not options.allow_user_namespaces_with_volume_devices:
        for container, at in visit_containers(spec, path):
            if container.get("volumeDevices"):
                yield forbidden(f"{at}.volumeDevices", WITHOUT_HOST_USERS)


def _validate_hostname_override(override: str, spec: Object, path: str) -> FieldErrors:
    if spec.get("setHostnameAsFQDN"):
        yield forbidden(path, "may not be specified when setHostnameAsFQDN is true")
    if spec.get("hostNetwork"):
        yield forbidden(path, "may not be specified when hostNetwork is true")
    if len(override.encode()) > 64:
        yield too_long(path, 64)
    yield from validate_dns1123_subdomain(override, path)


def _validate_scheduling_group(group: Object, path: str) -> FieldErrors:
    name = group.get("podGroupName")
    if name is None:
        yield invalid(path, None, "must specify one of: `podGroupName`")
    else:
        yield from validate_object_name(name, path)


def _validate_file_key_volumes(spec: Object, path: str) -> FieldErrors:
    by_name: dict[str, Object] | None = None
    for container, at in visit_containers(spec, path):
        for i, variable in enumerate(container.get("env") or ()):
            file = (variable.get("valueFrom") or {}).get("fileKeyRef")
            if file is None:
                continue
            by_name = {v.get("name", ""): v for v in spec.get("volumes") or ()} if by_name is None else by_name
            name, where = file.get("volumeName", ""), f"{at}.env[{i}].valueFrom.fileKeyRef.volumeName"
            if name not in by_name:
                yield not_found(where, name)
            elif "emptyDir" not in by_name[name]:
                yield invalid(where, name, "referenced volume must be of type emptyDir")


def validate_pod_template_spec(template: Object, path: str, options: PodValidationOptions) -> FieldErrors:
    """The errors of a PodTemplateSpec at `path` (`spec.template`)."""
    spec, annotations = template.get("spec") or {}, annotations_of(template)
    if labels := labels_of(template):
        yield from validate_labels(labels, f"{path}.labels")
    if annotations:
        yield from validate_annotations(annotations, f"{path}.annotations")
        yield from validate_pod_annotations(annotations, spec, f"{path}.annotations", options)
    yield from validate_pod_spec(spec, None, f"{path}.spec", options)
    if annotations:
        yield from validate_seccomp_match(annotations, spec, f"{path}.spec")
        yield from validate_app_armor_match(annotations, spec, f"{path}.spec")
    if spec.get("ephemeralContainers"):
        yield forbidden(f"{path}.spec.ephemeralContainers", "ephemeral containers not allowed in pod template")
