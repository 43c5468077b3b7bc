"""What annotations say that fields say today: seccomp and AppArmor profiles, tolerations, mirror pods, deletion cost.

Upstream: ValidatePodSpecificAnnotations and validateSeccompAnnotationsAndFields in pkg/apis/core/validation/validation.go,
applyAppArmorVersionSkew in pkg/registry/core/pod/strategy.go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from kplan.api.field import FieldError, FieldErrors, forbidden, invalid
from kplan.api.gotext import go_quote
from kplan.api.objects import Object, annotations_of
from kplan.kinds.podspec.container import visit_containers
from kplan.kinds.podspec.options import PodValidationOptions
from kplan.kinds.podspec.scheduling import validate_tolerations
from kplan.kinds.podspec.security import validate_app_armor_profile
from kplan.kinds.podspec.values import any_errors, validate_local_descending_path

MIRROR_POD = "kubernetes.io/config.mirror"
TOLERATIONS = "scheduler.alpha.kubernetes.io/tolerations"
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
LOCALHOST = "localhost/"
_COST = re.compile("0|-[0-9]+|[1-9][0-9]*")
_TOLERATION_FIELDS = {f.lower(): f for f in ("key", "operator", "value", "effect", "tolerationSeconds")}


def is_deletion_cost(text: str) -> bool:
    """A 32-bit integer without a plus sign or leading zeros."""
    return _COST.fullmatch(text) is not None and -(2**31) <= int(text) < 2**31


def validate_pod_annotations(annotations: Mapping[str, str], spec: Object, path: str, options: PodValidationOptions) -> FieldErrors:
    """Annotations that mean something to pods; `path` is that of the annotations."""
    if MIRROR_POD in annotations and not spec.get("nodeName"):
        yield invalid(f"{path}[{MIRROR_POD}]", annotations[MIRROR_POD], "must set spec.nodeName if mirror pod annotation is set")
    if annotations.get(TOLERATIONS):
        yield from _validate_tolerations(annotations[TOLERATIONS], path, options)
    cost = annotations.get(DELETION_COST)
    if cost is not None and not options.allow_invalid_pod_deletion_cost and not is_deletion_cost(cost):
        yield invalid(f"{path}[{DELETION_COST}]", cost, "must be a 32bit integer")
    if SECCOMP_POD in annotations:
        yield from _validate_seccomp(annotations[SECCOMP_POD], f"{path}.{SECCOMP_POD}")
    for key in sorted(annotations):
        if key.startswith(SECCOMP_CONTAINER):
            yield from _validate_seccomp(annotations[key], f"{path}.{key}")
    for key in sorted(annotations):
        if key.startswith(APP_ARMOR):
            name, profile = key.removeprefix(APP_ARMOR), annotations[key]
            if all(container.get("name", "") != name for container, _ in visit_containers(spec, "")):
                yield invalid(f"{path}[{key}]", name, "container not found")
            if profile not in ("", "runtime/default", "unconfined") and not profile.startswith(LOCALHOST):
                yield invalid(f"{path}[{key}]", profile, f"invalid AppArmor profile name: {go_quote(profile)}")


def _validate_tolerations(text: str, path: str, options: PodValidationOptions) -> FieldErrors:
    """Tolerations as JSON. Leaves out Go's wording of what is wrong with a text that is no JSON or of another shape."""
    try:
        given = json.loads(text)
    except ValueError as error:
        yield invalid(path, TOLERATIONS, str(error))
        return
    if given is None:
        return
    if not isinstance(given, list) or not all(isinstance(t, dict) for t in given):
        yield invalid(path, TOLERATIONS, "json: cannot unmarshal into Go value of type []core.Toleration")
        return
    tolerations = [{_TOLERATION_FIELDS.get(k.lower(), k): v for k, v in t.items() if v is not None} for t in given]
    yield from validate_tolerations(tolerations, f"{path}.{TOLERATIONS}", options)


def _validate_seccomp(profile: str, path: str) -> FieldErrors:
    if profile in ("runtime/default", "docker/default", "unconfined"):
        return
    if profile.startswith(LOCALHOST):
        yield from validate_local_descending_path(profile.removeprefix(LOCALHOST), path)
    else:
        yield invalid(path, profile, "must be a valid seccomp profile")


def _mismatch(profile: Object, annotation: str, path: str, word: str, defaults: tuple[str, ...]) -> Iterator[FieldError]:
    kind = profile.get("type")
    local = profile.get("localhostProfile")
    if kind == "Localhost" and annotation.startswith(LOCALHOST):
        if local is None or annotation.removeprefix(LOCALHOST) != local:
            yield forbidden(f"{path}.localhostProfile", f"{word} profile in annotation and field must match")
    elif (kind == "Unconfined" and annotation != "unconfined") or (kind == "RuntimeDefault" and annotation not in defaults) or kind == "Localhost":
        yield forbidden(f"{path}.type", f"{word} type in annotation and field must match")


def validate_seccomp_match(annotations: Mapping[str, str], spec: Object, path: str) -> FieldErrors:
    """Where annotation and field both name a seccomp profile, it is the same; `path` is that of the spec."""
    defaults = ("runtime/default", "docker/default")
    profile = (spec.get("securityContext") or {}).get("seccompProfile")
    if profile is not None and SECCOMP_POD in annotations:
        yield from _mismatch(profile, annotations[SECCOMP_POD], f"{path}.securityContext.seccompProfile", "seccomp", defaults)
    for container, at in visit_containers(spec, path):
        profile = (container.get("securityContext") or {}).get("seccompProfile")
        annotation = annotations.get(SECCOMP_CONTAINER + container.get("name", ""))
        if profile is not None and annotation is not None:
            yield from _mismatch(profile, annotation, f"{at}.securityContext.seccompProfile", "seccomp", defaults)


def validate_app_armor_match(annotations: Mapping[str, str], spec: Object, path: str) -> FieldErrors:
    """The same for AppArmor, where a container's profile is the pod's if it has none."""
    if (spec.get("os") or {}).get("name") == "windows":
        return
    of_pod = (spec.get("securityContext") or {}).get("appArmorProfile")
    for container, at in visit_containers(spec, path):
        profile = (container.get("securityContext") or {}).get("appArmorProfile") or of_pod
        annotation = annotations.get(APP_ARMOR + container.get("name", ""))
        if profile is not None and annotation is not None:
            yield from _mismatch(profile, annotation, f"{at}.securityContext.appArmorProfile", "apparmor", ("runtime/default",))


def app_armor_profile_of(annotation: str) -> Object | None:
    """The profile that an annotation names; None if it names none."""
    if annotation == "unconfined":
        return {"type": "Unconfined"}
    if annotation == "runtime/default":
        return {"type": "RuntimeDefault"}
    local = annotation.removeprefix(LOCALHOST)
    return {"type": "Localhost", "localhostProfile": local} if local and local != annotation else None


def _app_armor_syncs(pod: Object) -> Iterator[tuple[Object, str, Object | None]]:
    """Containers without an AppArmor profile whose annotation says something: container, annotation, the profile to set (if any).

    Left out are those for which the annotation says what the pod's own profile says.
    """
    annotations, spec = annotations_of(pod), pod.get("spec") or {}
    if not any(key.startswith(APP_ARMOR) for key in annotations) or (spec.get("os") or {}).get("name") == "windows":
        return
    of_pod = (spec.get("securityContext") or {}).get("appArmorProfile")
    for container, _ in visit_containers(spec, ""):
        key = APP_ARMOR + container.get("name", "")
        if key not in annotations or (container.get("securityContext") or {}).get("appArmorProfile") is not None:
            continue
        profile = app_armor_profile_of(annotations[key])
        if any_errors(validate_app_armor_profile(profile, "")):
            profile = None
        if profile is None or profile != of_pod:
            yield container, key, profile


def app_armor_warnings(pod: Object) -> Iterator[str]:
    """Warnings of a new pod's AppArmor annotations; asked for before `sync_app_armor`."""
    for _, key, _ in _app_armor_syncs(pod):
        yield f'metadata.annotations[{key}]: deprecated since v1.30; use the "appArmorProfile" field instead'


def sync_app_armor(pod: Object) -> None:
    """Copy AppArmor annotations of a new pod to the fields that stand for them today, in place."""
    for container, _, profile in _app_armor_syncs(pod):
        if profile is not None:
            container.setdefault("securityContext", {})["appArmorProfile"] = profile
