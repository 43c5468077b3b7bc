"""What may change of a Pod through its subresources `ephemeralcontainers` and `resize`.

Upstream: ValidatePodEphemeralContainersUpdate and ValidatePodResize in pkg/apis/core/validation/validation.go.
"""

from __future__ import annotations

from kplan.api.field import FieldErrors, Printed, forbidden, invalid
from kplan.api.gotext import go_json
from kplan.api.objects import Object, annotations_of
from kplan.api.podrequests import qos_class
from kplan.kinds.internalform import difference, internal
from kplan.kinds.podspec.annotations import MIRROR_POD
from kplan.kinds.podspec.update import same_spec

RESIZABLE = ("cpu", "memory")


def validate_ephemeral_containers_update(new: Object, old: Object) -> FieldErrors:
    """Ephemeral containers of `ephemeralcontainers`: those that are there stay as they are. `new` and `old` are Pods."""
    if MIRROR_POD in annotations_of(old):
        yield forbidden("", "static pods do not support ephemeral containers")
        return
    now = {c.get("name", ""): c for c in new["spec"].get("ephemeralContainers") or ()}
    for container in old["spec"].get("ephemeralContainers") or ():
        name = container.get("name", "")
        if name not in now:
            yield forbidden("spec.ephemeralContainers", f'existing ephemeral containers "{name}" may not be removed\n')
        elif not same_spec(now[name], container):
            diff = difference(internal("EphemeralContainer", container), internal("EphemeralContainer", now[name]))
            yield forbidden("spec.ephemeralContainers", f'existing ephemeral containers "{name}" may not be changed\n{diff}')


def validate_resize(new: Object, old: Object) -> FieldErrors:
    """CPU and memory of `resize`, of containers and of the pod as a whole. `new` and `old` are Pods."""
    spec, old_spec = new["spec"], old["spec"]
    if MIRROR_POD in annotations_of(old):
        yield forbidden("", "static pods cannot be resized")
        return
    if (old_spec.get("os") or {}).get("name") == "windows":
        yield forbidden("", "windows pods cannot be resized")
        return
    munged = dict(spec)
    whole, order = list(_validate_resize_as_a_whole(new, old, munged)), list(_validate_resize_order(spec, old_spec))
    yield from whole
    yield from order
    if order:
        return
    found = bool(whole)
    for error in (*_validate_nothing_removed(spec, old_spec), *_validate_container_changes(spec, old_spec, munged)):
        found = True
        yield error
    if not found and not same_spec(munged, old_spec):
        yield forbidden("spec", "only cpu and memory resources are mutable")


def _pod_level(spec: Object) -> bool:
    resources = spec.get("resources") or {}
    return bool(resources.get("requests") or resources.get("limits"))


def _validate_resize_as_a_whole(new: Object, old: Object, munged: Object) -> FieldErrors:
    status = old.get("status") or {}
    now = qos_class(new["spec"])
    if (status.get("qosClass") or qos_class(old["spec"])) != now:
        shown = Printed(go_json((new.get("status") or {}).get("qosClass") or ""))
        yield invalid("spec", shown, "Pod QOS Class may not change as a result of resizing")
    running = [c for c in status.get("containerStatuses") or () if "running" in (c.get("state") or ())]
    if running and running[0].get("resources") is None:
        yield forbidden("spec", "Pod running on node without support for resize")
    if _pod_level(old["spec"]) or _pod_level(new["spec"]):
        yield from _validate_pod_level_resize(old["spec"].get("resources"), munged)
    if status.get("nodeAllocatableResourceClaimStatuses"):
        yield forbidden("spec", "pods with node allocatable resource claims cannot be resized")


def _validate_pod_level_resize(before: Object | None, munged: Object) -> FieldErrors:
    """Of `munged`, the new spec, CPU and memory are put back.   Upstream: validatePodLevelResourcesResize."""
    after = munged.get("resources")
    if before is not None and after is None:
        yield forbidden("spec.resources", "pod-level resources cannot be removed")
        return
    for kind in ("requests", "limits"):
        if ((before or {}).get(kind) or {}).keys() - ((after or {}).get(kind) or {}).keys():
            yield forbidden(f"spec.resources.{kind}", f"pod-level resource {kind} cannot be removed")
    munged["resources"] = _without_changes(after, before)
    if not same_spec(munged["resources"], before):
        yield forbidden("spec", "only cpu and memory resources are mutable at pod-level")


def _validate_resize_order(new: Object, old: Object) -> FieldErrors:
    for field in ("containers", "initContainers"):
        now, before = new.get(field) or (), old.get(field) or ()
        if len(now) != len(before):
            yield forbidden(f"spec.{field}", f"{field} may not be added or removed on resize")
            continue
        for i, (container, one) in enumerate(zip(now, before, strict=True)):
            if container.get("name") != one.get("name"):
                yield forbidden(f"spec.{field}[{i}].name", f"{field} may not be renamed or reordered on resize")


def _validate_nothing_removed(new: Object, old: Object) -> FieldErrors:
    """No resource goes from a container, the init containers' first.   Upstream: validateContainerResize."""
    for field in ("initContainers", "containers"):
        for i, (container, before) in enumerate(zip(new.get(field) or (), old.get(field) or (), strict=True)):
            now, held = container.get("resources") or {}, before.get("resources") or {}
            for kind in ("requests", "limits"):
                if (held.get(kind) or {}).keys() - (now.get(kind) or {}).keys():
                    yield forbidden(f"spec.{field}[{i}].resources.{kind}", f"resource {kind} cannot be removed")


def _validate_container_changes(new: Object, old: Object, munged: Object) -> FieldErrors:
    """Nothing but CPU and memory changes; those are put back in `munged`, the new spec."""
    for field in ("containers", "initContainers"):
        if new.get(field):
            munged[field] = []
        for i, (container, before) in enumerate(zip(new.get(field) or (), old.get(field) or (), strict=True)):
            rest = {**container, "resources": _without_changes(container.get("resources"), before.get("resources")) or {}}
            munged[field].append(rest)
            if field == "containers":
                if not same_spec(rest, before):
                    yield forbidden("spec", "only cpu and memory resources are mutable")
                continue
            path = f"spec.{field}[{i}]"
            if not same_spec(rest, before):
                yield forbidden(path, "only cpu and memory resources for init or sidecar containers are mutable")
            if container.get("restartPolicy") != "Always" and not same_spec(container, before):
                for policy in container.get("resizePolicy") or ():
                    if policy.get("restartPolicy") == "RestartContainer":
                        yield forbidden(path, "non-sidecar init containers with a resize policy of RestartContainer cannot be resized")


def _without_changes(new: Object | None, old: Object | None) -> Object | None:
    """Resources with the CPU and memory that they had before. Claims are left out, as upstream leaves them out."""
    if new is None:
        return None
    kept: Object = {}
    for kind in ("limits", "requests"):
        before = (old or {}).get(kind) or {}
        amounts = {k: v for k, v in (new.get(kind) or {}).items() if k not in RESIZABLE} | {k: before[k] for k in RESIZABLE if k in before}
        if amounts:
            kept[kind] = amounts
    return kept or (None if old is None else {})
