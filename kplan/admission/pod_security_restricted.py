"""The checks of the restricted level: what a pod must do to be hardened.

Upstream: the check_*.go of that level in staging/src/k8s.io/pod-security-admission/policy.
"""

from __future__ import annotations

from kplan.admission.pod_security_baseline import seccomp_profile
from kplan.admission.pod_security_visitor import Finding, containers_of, named, plural, quoted, security_context, who_sets
from kplan.api.objects import Object

_PLAIN_VOLUMES = (
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
)
_OTHER_VOLUMES = (
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
)


def allow_privilege_escalation(meta: Object, spec: Object) -> Finding | None:
    """No setuid programs."""
    found = [c["name"] for c in containers_of(spec) if security_context(c).get("allowPrivilegeEscalation") is not False]
    if not found:
        return None
    return "allowPrivilegeEscalation != false", f"{named(found)} must set securityContext.allowPrivilegeEscalation=false"


def capabilities_restricted(meta: Object, spec: Object) -> Finding | None:
    """All capabilities dropped, NET_BIND_SERVICE may be added."""
    keeping, adding = [], []
    found: set[str] = set()
    for container in containers_of(spec):
        capabilities = security_context(container).get("capabilities") or {}
        if "ALL" not in (capabilities.get("drop") or ()):
            keeping.append(container["name"])
        extra = set(capabilities.get("add") or ()) - {"NET_BIND_SERVICE"}
        if extra:
            adding.append(container["name"])
            found |= extra
    details = [f'{named(keeping)} must set securityContext.capabilities.drop=["ALL"]'] if keeping else []
    if adding:
        details.append(f"{named(adding)} must not include {quoted(sorted(found))} in securityContext.capabilities.add")
    return ("unrestricted capabilities", "; ".join(details)) if details else None


def restricted_volumes(meta: Object, spec: Object) -> Finding | None:
    """Only volumes that need no knowledge of the host or the storage."""
    found = [v for v in spec.get("volumes") or () if not any(key in v for key in _PLAIN_VOLUMES)]
    if not found:
        return None
    types = sorted({next((key for key in _OTHER_VOLUMES if key in v), "unknown") for v in found})
    names = [v["name"] for v in found]
    use, kinds = plural("uses", len(names), "use"), plural("restricted volume type", len(types))
    return "restricted volume types", f"{plural('volume', len(names))} {quoted(names)} {use} {kinds} {quoted(types)}"


def run_as_non_root(meta: Object, spec: Object) -> Finding | None:
    """Nobody runs as root."""
    on_pod = security_context(spec).get("runAsNonRoot")
    bad, unset = [], []
    for container in containers_of(spec):
        mine = security_context(container).get("runAsNonRoot")
        if mine is False:
            bad.append(container["name"])
        elif mine is None and not on_pod:
            unset.append(container["name"])
    setters = who_sets(on_pod is False, bad)
    if setters:
        return "runAsNonRoot != true", f"{setters} must not set securityContext.runAsNonRoot=false"
    return ("runAsNonRoot != true", f"pod or {named(unset)} must set securityContext.runAsNonRoot=true") if unset else None


def run_as_user(meta: Object, spec: Object) -> Finding | None:
    """Nobody runs as user 0."""

    def is_bad(thing: Object) -> bool:
        return security_context(thing).get("runAsUser") == 0

    setters = who_sets(is_bad(spec), [c["name"] for c in containers_of(spec) if is_bad(c)])
    return ("runAsUser=0", f"{setters} must not set runAsUser=0") if setters else None


def seccomp_restricted(meta: Object, spec: Object) -> Finding | None:
    """Seccomp is switched on."""
    return seccomp_profile(meta, spec, True)
