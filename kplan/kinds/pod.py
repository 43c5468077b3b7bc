"""Pods.

Upstream: pkg/registry/core/pod/strategy.go, ValidatePodCreate and ValidatePodUpdate in pkg/apis/core/validation/validation.go.
The subresources `ephemeralcontainers` and `resize` have functions of their own here; exec, attach, logs and proxies are left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.addresses import warnings_for_ip
from kplan.api.field import FieldErrors, forbidden
from kplan.api.names import is_dns1123_label, name_is_dns_subdomain
from kplan.api.objects import Object, annotations_of, labels_of, name_of, namespace_of
from kplan.api.podrequests import qos_class
from kplan.kinds.kind import Kind, Reference, Subresource
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.podspec.annotations import (
    app_armor_warnings,
    sync_app_armor,
    validate_app_armor_match,
    validate_pod_annotations,
    validate_seccomp_match,
)
from kplan.kinds.podspec.container import validate_image_of_pod
from kplan.kinds.podspec.defaults import default_pod
from kplan.kinds.podspec.disabled import drop_disabled_fields, drop_disabled_status_fields
from kplan.kinds.podspec.options import PodValidationOptions
from kplan.kinds.podspec.ratchet import options_for_pod
from kplan.kinds.podspec.references import pod_spec_references
from kplan.kinds.podspec.scheduling import PREFERRED, REQUIRED
from kplan.kinds.podspec.spec import validate_pod_spec
from kplan.kinds.podspec.status import validate_pod_status_update
from kplan.kinds.podspec.subresources import validate_ephemeral_containers_update, validate_resize
from kplan.kinds.podspec.update import same_spec, validate_annotation_updates, validate_pod_spec_update
from kplan.kinds.podspec.warnings import pod_warnings
from kplan.kinds.strategy import first_generation, keep_all_but_status, keep_metadata_for_status, keep_status

NAME_NO_LABEL = "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [{}]"


def default(pod: Object) -> None:
    """Defaults of a Pod; its status has one address at least where it says that it has one."""
    default_pod(pod)
    status = pod.get("status")
    if status:
        _default_pod_ips(status)


def _default_pod_ips(status: Object) -> None:
    """`podIP` and the first of `podIPs` are the same; where both are given, `podIP` is right."""
    address, addresses = status.get("podIP"), status.get("podIPs")
    if address and (not addresses or addresses[0].get("ip") != address):
        status["podIPs"] = [{"ip": address}]
    elif addresses and not address:
        status["podIP"] = addresses[0].get("ip", "")


def prepare(pod: Object) -> None:
    """A new Pod is pending, and waits for its gates if it has any; label keys of affinity and spread become selectors."""
    first_generation(pod)
    spec = pod["spec"]
    pod["status"] = {"phase": "Pending", "qosClass": qos_class(spec)}
    drop_disabled_fields(spec)
    if spec.get("schedulingGates"):
        pod["status"]["conditions"] = [_gated(pod)]
    labels = labels_of(pod)
    for term in _affinity_terms(spec):
        _add_label_keys(term, "matchLabelKeys", "In", labels)
        _add_label_keys(term, "mismatchLabelKeys", "NotIn", labels)
    for constraint in spec.get("topologySpreadConstraints") or ():
        _add_label_keys(constraint, "matchLabelKeys", "In", labels)
    sync_app_armor(pod)


def _gated(pod: Object) -> Object:
    return {
        "type": "PodScheduled",
        "status": "False",
        "lastProbeTime": None,
        "lastTransitionTime": pod["metadata"].get("creationTimestamp"),
        "reason": "SchedulingGated",
        "message": "Scheduling is blocked due to non-empty scheduling gates",
    }


def _affinity_terms(spec: Object) -> Iterator[Object]:
    affinity = spec.get("affinity")
    if affinity:
        for field in ("podAffinity", "podAntiAffinity"):
            terms = affinity.get(field) or {}
            for weighted in terms.get(PREFERRED) or ():
                yield weighted.get("podAffinityTerm") or {}
            yield from terms.get(REQUIRED) or ()


def _add_label_keys(term: Object, field: str, operator: str, labels: dict[str, str]) -> None:
    selector = term.get("labelSelector")
    if selector is None:
        return
    for key in term.get(field) or ():
        if key in labels:
            selector.setdefault("matchExpressions", []).append({"key": key, "operator": operator, "values": [labels[key]]})


def prepare_update(new: Object, old: Object) -> None:
    """Status stays; a changed spec counts, whatever becomes of it."""
    keep_status(new, old)
    drop_disabled_fields(new["spec"], old["spec"])
    _count_generation(new, old)


def _count_generation(new: Object, old: Object) -> None:
    if not same_spec(new["spec"], old["spec"]):
        new["metadata"]["generation"] = (old["metadata"].get("generation") or 0) + 1


def prepare_status(new: Object, old: Object) -> None:
    """All but status, labels, annotations and finalizers stays; what a status once observed it goes on observing."""
    keep_all_but_status(new, old)
    if "ownerReferences" in old["metadata"]:
        new["metadata"]["ownerReferences"] = old["metadata"]["ownerReferences"]
    else:
        new["metadata"].pop("ownerReferences", None)
    status, before = new.setdefault("status", {}), old.get("status") or {}
    if not status.get("qosClass") and before.get("qosClass"):
        status["qosClass"] = before["qosClass"]
    if not status.get("observedGeneration") and before.get("observedGeneration"):
        status["observedGeneration"] = before["observedGeneration"]
    seen: dict[str, list[int]] = {}
    for condition in before.get("conditions") or ():
        seen.setdefault(condition.get("type", ""), []).append(condition.get("observedGeneration", 0))
    for condition in status.get("conditions") or ():
        generations = seen.get(condition.get("type", ""))
        held = generations.pop(0) if generations else 0
        if held and not condition.get("observedGeneration"):
            condition["observedGeneration"] = held
    drop_disabled_status_fields(status, before)


def prepare_ephemeral_containers(new: Object, old: Object) -> None:
    """`ephemeralcontainers`: nothing but these changes."""
    containers = new["spec"].get("ephemeralContainers")
    new["spec"] = {k: v for k, v in old["spec"].items() if k != "ephemeralContainers"}
    if containers:
        new["spec"]["ephemeralContainers"] = containers
    keep_status(new, old)
    keep_metadata_for_status(new, old)
    drop_disabled_fields(new["spec"], old["spec"])
    _count_generation(new, old)


def prepare_resize(new: Object, old: Object) -> None:
    """`resize`: nothing but resources and resize policies changes; other containers than before are left for validation to refuse."""
    spec, before = new["spec"], old["spec"]
    fields = ("containers", "initContainers")
    if all(len(spec.get(f) or ()) == len(before.get(f) or ()) for f in fields):
        resized = dict(before)
        for field in fields:
            if spec.get(field):
                resized[field] = _resized(spec[field], before[field])
        if "resources" in spec:
            resized["resources"] = spec["resources"]
        else:
            resized.pop("resources", None)
        new["spec"] = resized
        keep_status(new, old)
        keep_metadata_for_status(new, old)
    drop_disabled_fields(new["spec"], before)
    _count_generation(new, old)


def _resized(new: list[Object], old: list[Object]) -> list[Object]:
    merged = []
    for container, before in zip(new, old, strict=True):
        if container.get("name") != before.get("name"):
            return new
        kept: Object = {k: v for k, v in before.items() if k not in ("resources", "resizePolicy")}
        kept.update((k, container[k]) for k in ("resources", "resizePolicy") if k in container)
        merged.append(kept)
    return merged


def _validate_metadata_and_spec(pod: Object, options: PodValidationOptions) -> FieldErrors:
    meta, spec = pod["metadata"], pod["spec"]
    yield from validate_object_meta(meta, True, name_is_dns_subdomain)
    if meta.get("annotations"):
        yield from validate_pod_annotations(meta["annotations"], spec, "metadata.annotations", options)
    yield from validate_pod_spec(spec, meta, "spec", options)
    if not spec.get("serviceAccountName"):
        for i, volume in enumerate(spec.get("volumes") or ()):
            for j, source in enumerate((volume.get("projected") or {}).get("sources") or ()):
                if "serviceAccountToken" in source:
                    path = f"spec.volumes[{i}].projected.sources[{j}].serviceAccountToken"
                    yield forbidden(path, "must not be specified when serviceAccountName is not set")
    for field in ("containers", "initContainers"):
        for i, container in enumerate(spec.get(field) or ()):
            yield from validate_image_of_pod(container, f"spec.{field}[{i}]")


def validate(pod: Object) -> FieldErrors:
    """A new Pod.   Upstream: ValidatePodCreate."""
    spec, annotations = pod["spec"], annotations_of(pod)
    yield from _validate_metadata_and_spec(pod, options_for_pod())
    if spec.get("ephemeralContainers"):
        yield forbidden("spec.ephemeralContainers", "cannot be set on create")
    if spec.get("nodeName") and spec.get("schedulingGates"):
        yield forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared")
    if annotations:
        yield from validate_seccomp_match(annotations, spec, "spec")
        yield from validate_app_armor_match(annotations, spec, "spec")


def validate_update(new: Object, old: Object) -> FieldErrors:
    """A changed Pod.   Upstream: ValidatePodUpdate."""
    options = options_for_pod(old)
    yield from _validate_metadata_and_spec(new, options)
    yield from validate_annotation_updates(new, old, "metadata.annotations", options)
    yield from validate_pod_spec_update(new["spec"], old["spec"], options)


def validate_status(new: Object, old: Object) -> FieldErrors:
    """A Pod with another status.   Upstream: ValidatePodStatusUpdate."""
    yield from validate_annotation_updates(new, old, "metadata.annotations", options_for_pod(old))
    yield from validate_pod_status_update(new, old)


def validate_ephemeral_containers(new: Object, old: Object) -> FieldErrors:
    """`ephemeralcontainers`.   Upstream: ValidatePodEphemeralContainersUpdate."""
    options = options_for_pod(old)
    errors = list(validate_ephemeral_containers_update(new, old))
    if not errors or errors[0].field:  # of a static pod nothing else is said
        yield from _validate_metadata_and_spec(new, options)
        yield from validate_annotation_updates(new, old, "metadata.annotations", options)
    yield from errors


def validate_pod_resize(new: Object, old: Object) -> FieldErrors:
    """`resize`.   Upstream: ValidatePodResize."""
    errors = list(validate_resize(new, old))
    if not errors or errors[0].field:  # of static and Windows pods nothing else is said
        yield from _validate_metadata_and_spec(new, options_for_pod(old))
    yield from errors


def warnings(pod: Object) -> Iterator[str]:
    """What a creator is warned of."""
    wrong = is_dns1123_label(name_of(pod))
    if wrong:
        yield NAME_NO_LABEL.format(" ".join(wrong))
    yield from pod_warnings(pod)


def status_warnings(new: Object, _old: Object) -> Iterator[str]:
    """What is warned of in a status: addresses in forms that will not be taken for ever."""
    for field in ("podIPs", "hostIPs"):
        for i, item in enumerate((new.get("status") or {}).get(field) or ()):
            yield from warnings_for_ip(f"status.{field}[{i}].ip", item.get("ip", ""))


def finish(pod: Object) -> None:
    """An empty list of volumes, which a refusal shows as such, is stored as none."""
    if pod["spec"].get("volumes") == []:
        del pod["spec"]["volumes"]


def references(pod: Object) -> Iterator[Reference]:
    """What the Pod names."""
    yield from pod_spec_references(pod.get("spec") or {}, namespace_of(pod), "spec")


KIND = Kind(
    group="",
    version="v1",
    kind="Pod",
    plural="pods",
    namespaced=True,
    short_names=("po",),
    status=True,
    empties=(("spec", "volumes"), ("spec", "overhead")),
    default=default,
    prepare=prepare,
    prepare_update=prepare_update,
    prepare_status=prepare_status,
    validate=validate,
    validate_update=validate_update,
    validate_status=validate_status,
    early_warnings=app_armor_warnings,
    warnings=warnings,
    status_warnings=status_warnings,
    subresources={
        "ephemeralcontainers": Subresource(prepare_ephemeral_containers, validate_ephemeral_containers),
        "resize": Subresource(prepare_resize, validate_pod_resize),
    },
    finish=finish,
    references=references,
)
