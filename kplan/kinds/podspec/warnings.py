"""Warnings about pod specs and pod templates.

Upstream: GetWarningsForPod and GetWarningsForPodTemplate in pkg/api/pod/warnings.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kplan.api.addresses import warnings_for_ip
from kplan.api.gotext import go_quote
from kplan.api.objects import Object, annotations_of
from kplan.kinds.claimspec import claim_spec_warnings
from kplan.kinds.nodeselector import DEPRECATED_NODE_LABELS, term_warnings
from kplan.kinds.podspec.annotations import APP_ARMOR, SECCOMP_CONTAINER, SECCOMP_POD, app_armor_profile_of
from kplan.kinds.podspec.container import visit_containers
from kplan.kinds.podspec.overlaps import overlapping_paths
from kplan.kinds.podspec.scheduling import PREFERRED, REQUIRED
from kplan.kinds.resourcelist import fractional_bytes

DEPRECATED_ANNOTATIONS = {
    "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
    "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
    "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
}
DEPRECATED_VOLUMES = {
    "photonPersistentDisk": ("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    "gitRepo": ("gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    "scaleIO": ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    "flocker": ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
    "storageos": ("storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    "quobyte": ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    "glusterfs": ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    "cephfs": ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    "rbd": ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
}
NO_SELECTOR = "a null labelSelector results in matching no pod"
NO_SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead'


def pod_template_warnings(template: Object, path: str, old: Object | None = None) -> Iterable[str]:
    """The warnings of a PodTemplateSpec at `path` (`spec.template`). Upstream warns of all of it, changed or not: `old` has no say."""
    return _warnings(template, f"{path}.", True)


def pod_warnings(pod: Object) -> Iterable[str]:
    """The warnings of a Pod."""
    return _warnings(pod, "", False)


def _warnings(owner: Object, prefix: str, template: bool) -> Iterator[str]:
    spec, annotations = owner.get("spec") or {}, annotations_of(owner)
    path = f"{prefix}spec"
    yield from _node_labels(spec, path)
    for key, message in DEPRECATED_ANNOTATIONS.items():
        if key in annotations:
            yield f"{prefix}metadata.annotations[{key}]: {message}"
    if volumes := spec.get("volumes"):
        yield from _volumes(volumes, path)
        yield from overlapping_paths(volumes)
    yield from _repeated(spec, path)
    for name in ("memory", "ephemeral-storage"):
        yield from _fraction((spec.get("overhead") or {}).get(name), f"{path}.overhead[{name}]")
    if annotations:
        yield from _profiles(spec, annotations, prefix, template)
    named: dict[str, str] = {}
    for container, at in visit_containers(spec, path):
        yield from _container(container, at)
        for i, port in enumerate(container.get("ports") or ()):
            name = port.get("name")
            if name and name in named:
                other = named[name]
                yield f"{at}.ports[{i}]: duplicate port name {go_quote(name)} with {other}, services and probes that select ports by name will use {other}"
            elif name:
                named[name] = f"{at}.ports[{i}]"
    yield from _ports(spec, path)
    if spec.get("terminationGracePeriodSeconds", 0) < 0:
        yield f"{path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"
    if affinity := spec.get("affinity"):
        yield from _pod_affinity(affinity, f"{path}.affinity")
    for i, nameserver in enumerate((spec.get("dnsConfig") or {}).get("nameservers") or ()):
        yield from warnings_for_ip(f"{path}.dnsConfig.nameservers[{i}]", nameserver)
    for i, alias in enumerate(spec.get("hostAliases") or ()):
        yield from warnings_for_ip(f"{path}.hostAliases[{i}].ip", alias.get("ip", ""))


def _node_labels(spec: Object, path: str) -> Iterator[str]:
    for key in sorted(spec.get("nodeSelector") or ()):
        if key in DEPRECATED_NODE_LABELS:
            yield f"{path}.nodeSelector[{key}]: {DEPRECATED_NODE_LABELS[key]}"
    node = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    at = f"{path}.affinity.nodeAffinity"
    for i, term in enumerate((node.get(REQUIRED) or {}).get("nodeSelectorTerms") or ()):
        yield from term_warnings(term, f"{at}.{REQUIRED}.nodeSelectorTerms[{i}]")
    for i, term in enumerate(node.get(PREFERRED) or ()):
        yield from term_warnings(term.get("preference") or {}, f"{at}.{PREFERRED}[{i}].preference", check_values=True)
    for i, constraint in enumerate(spec.get("topologySpreadConstraints") or ()):
        key = constraint.get("topologyKey", "")
        if key in DEPRECATED_NODE_LABELS:
            yield f"{path}.topologySpreadConstraints[{i}].topologyKey: {key} is {DEPRECATED_NODE_LABELS[key]}"
        if constraint.get("labelSelector") is None:
            yield f"{path}.topologySpreadConstraints[{i}].labelSelector: {NO_SELECTOR}"


def _volumes(volumes: list[Object], path: str) -> Iterator[str]:
    for i, volume in enumerate(volumes):
        for kind in volume:
            if kind in DEPRECATED_VOLUMES:
                shown, message = DEPRECATED_VOLUMES[kind]
                yield f"{path}.volumes[{i}].{shown}: {message}"
        template = (volume.get("ephemeral") or {}).get("volumeClaimTemplate")
        if template is not None:
            yield from claim_spec_warnings(template.get("spec") or {}, f"{path}.volumes[{i}].ephemeral.volumeClaimTemplate.spec")


def _repeated(spec: Object, path: str) -> Iterator[str]:
    for field, key in (("hostAliases", "ip"), ("imagePullSecrets", "name")):
        seen: set[str] = set()
        for i, item in enumerate(spec.get(field) or ()):
            value = item.get(key, "")
            if value in seen:
                yield f"{path}.{field}[{i}].{key}: duplicate {key} {go_quote(value)}"
            seen.add(value)
    for i, secret in enumerate(spec.get("imagePullSecrets") or ()):
        if not secret.get("name"):
            yield f'{path}.imagePullSecrets[{i}].name: invalid empty name ""'


def _fraction(amount: str | None, path: str) -> Iterator[str]:
    if amount is not None and fractional_bytes(amount):
        yield f"{path}: fractional byte value {go_quote(amount)} is invalid, must be an integer"


def _profiles(spec: Object, annotations: dict[str, str], prefix: str, template: bool) -> Iterator[str]:
    """Annotations where there should be fields. Those of a Pod about AppArmor are warned of when it is prepared."""
    context = spec.get("securityContext") or {}
    if SECCOMP_POD in annotations and context.get("seccompProfile") is None:
        yield f"{prefix}metadata.annotations[{SECCOMP_POD}]: {NO_SECCOMP}"
    for container, _ in visit_containers(spec, ""):
        name, own = container.get("name", ""), container.get("securityContext") or {}
        if SECCOMP_CONTAINER + name in annotations and own.get("seccompProfile") is None:
            yield f"{prefix}metadata.annotations[{SECCOMP_CONTAINER}{name}]: {NO_SECCOMP}"
        if template and APP_ARMOR + name in annotations and own.get("appArmorProfile") is None:
            of_pod = context.get("appArmorProfile")
            if of_pod is None or of_pod != app_armor_profile_of(annotations[APP_ARMOR + name]):
                yield f'{prefix}metadata.annotations[{APP_ARMOR}{name}]: deprecated since v1.30; use the "appArmorProfile" field instead'


def _container(container: Object, path: str) -> Iterator[str]:
    resources = container.get("resources")
    if resources:
        for name in ("memory", "ephemeral-storage"):
            for kind in ("limits", "requests"):
                yield from _fraction((resources.get(kind) or {}).get(name), f"{path}.resources.{kind}[{name}]")
    env = container.get("env")
    if not env or len(env) < 2:
        return
    seen: set[str] = set()
    for i, variable in enumerate(env):
        name, value = variable.get("name", ""), variable.get("value", "")
        if name in seen:
            ref = f"$({name})"
            if variable.get("valueFrom") is not None or value == ref or ref not in value:
                yield f"{path}.env[{i}]: hides previous definition of {go_quote(name)}, which may be dropped when using apply"
        seen.add(name)


def _ports(spec: Object, path: str) -> Iterator[str]:
    """Ports that several containers, or one twice, say they listen on."""
    known: dict[tuple[int, str], list[tuple[str, Object]]] = {}
    for container, at in visit_containers(spec, path):
        for i, port in enumerate(container.get("ports") or ()):
            here, ip, host_port = f"{at}.ports[{i}]", port.get("hostIP", ""), port.get("hostPort", 0)
            if ip and not host_port:
                number, protocol = port.get("containerPort", 0), port.get("protocol", "")
                shown = f"{{Name:{port.get('name', '')} HostPort:0 ContainerPort:{number} Protocol:{protocol} HostIP:{ip}}}"
                yield f"{here}: hostIP set without hostPort: {shown}"
            others = known.setdefault((port.get("containerPort", 0), port.get("protocol", "")), [])
            for there, other in others:
                other_ip, other_port = other.get("hostIP", ""), other.get("hostPort", 0)
                if ip == other_ip and host_port == other_port:
                    yield f"{here}: duplicate port definition with {there}"
                elif not host_port or not other_port:
                    yield f"{here}: overlapping port definition with {there}"
                elif host_port == other_port and (not ip) != (not other_ip):
                    yield f"{here}: dangerously ambiguous port definition with {there}"
            others.append((here, port))


def _pod_affinity(affinity: Object, path: str) -> Iterator[str]:
    for field in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(field) or {}
        for i, term in enumerate(terms.get(REQUIRED) or ()):
            if term.get("labelSelector") is None:
                yield f"{path}.{field}.{REQUIRED}[{i}].labelSelector: {NO_SELECTOR}"
        for i, term in enumerate(terms.get(PREFERRED) or ()):
            if (term.get("podAffinityTerm") or {}).get("labelSelector") is None:
                yield f"{path}.{field}.{PREFERRED}[{i}].podAffinityTerm.labelSelector: {NO_SELECTOR}"
