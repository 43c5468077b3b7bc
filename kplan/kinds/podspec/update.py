"""What may change of a Pod: images, deadline, more tolerations, fewer gates.

Upstream: ValidatePodUpdate in pkg/apis/core/validation/validation.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.api import names
from kplan.api.field import FieldErrors, forbidden, invalid, required
from kplan.api.objects import Object, annotations_of
from kplan.kinds.checks import same
from kplan.kinds.internalform import difference, internal, internal_list
from kplan.kinds.podspec.annotations import APP_ARMOR, MIRROR_POD, validate_pod_annotations
from kplan.kinds.podspec.options import PodValidationOptions
from kplan.kinds.podspec.scheduling import REQUIRED, validate_tolerations
from kplan.kinds.podspec.values import MAX_INT32
from kplan.kinds.resourcelist import same_resource_list

UPDATABLE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
    "`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def same_spec(new: Any, old: Any) -> bool:
    """Equal as Semantic.DeepEqual has it; amounts of resources count by what they are, not by how they are written."""
    if same(new, old):
        return True
    return bool(same(_comparable(new), _comparable(old)))


def _comparable(value: Any) -> Any:
    """A copy in which resource lists that only differ in notation are equal: the amounts themselves in place of texts."""
    if isinstance(value, dict):
        return {k: _amounts(v) if k in ("limits", "requests", "overhead") and isinstance(v, dict) else _comparable(v) for k, v in value.items()}
    return [_comparable(v) for v in value] if isinstance(value, list) else value


def _amounts(resources: Mapping[str, str]) -> Any:
    return {name: _Amount(text) for name, text in resources.items()}


class _Amount:
    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Amount) and same_resource_list({"": self.text}, {"": other.text})

    __hash__ = None  # type: ignore[assignment]


def validate_annotation_updates(new: Object, old: Object, path: str, options: PodValidationOptions) -> FieldErrors:
    """AppArmor and mirror pod annotations stay as they are. `path` is that of the annotations."""
    now, before = annotations_of(new), annotations_of(old)
    for key in sorted(before):
        if now.get(key) == before[key]:
            continue
        if key.startswith(APP_ARMOR):
            yield forbidden(f"{path}[{key}]", "may not remove or update AppArmor annotations")
        if key == MIRROR_POD:
            yield forbidden(f"{path}[{key}]", "may not remove or update mirror pod annotation")
    for key in sorted(now.keys() - before.keys()):
        if key.startswith(APP_ARMOR):
            yield forbidden(f"{path}[{key}]", "may not add AppArmor annotations")
        if key == MIRROR_POD:
            yield forbidden(f"{path}[{key}]", "may not add mirror pod annotation")
    yield from validate_pod_annotations(now, new["spec"], path, options)


def _validate_containers(new: list[Object], old: list[Object], path: str) -> FieldErrors:
    if len(new) != len(old):
        yield forbidden(path, "pod updates may not add or remove containers")
        return
    for i, container in enumerate(new):
        image = container.get("image", "")
        if not image:
            yield required(f"{path}[{i}].image")
        if image != image.strip():
            yield invalid(f"{path}[{i}].image", image, "must not have leading or trailing whitespace")


def _validate_tolerations(new: list[Object], old: list[Object], path: str, options: PodValidationOptions) -> FieldErrors:
    def timeless(toleration: Object) -> Object:
        return {k: v for k, v in toleration.items() if k != "tolerationSeconds" and v != ""}

    kept = [timeless(t) for t in new]
    if any(timeless(t) not in kept for t in old):
        yield forbidden(path, "existing toleration can not be modified except its tolerationSeconds")
        return
    yield from validate_tolerations(new, path, options)


def validate_pod_spec_update(new: Object, old: Object, options: PodValidationOptions) -> FieldErrors:
    """What an update of a Pod may not do to its spec. `new` and `old` are the specs."""
    for field in ("containers", "initContainers"):
        now, before = new.get(field) or [], old.get(field) or []
        yield from _validate_containers(now, before, f"spec.{field}")
        if len(now) != len(before):
            return
    deadline, old_deadline = new.get("activeDeadlineSeconds"), old.get("activeDeadlineSeconds")
    if deadline is not None:
        if not 0 <= deadline <= MAX_INT32:
            yield invalid("spec.activeDeadlineSeconds", deadline, names.inclusive_range_error(0, MAX_INT32))
            return
        if old_deadline is not None and old_deadline < deadline:
            yield invalid("spec.activeDeadlineSeconds", deadline, "must be less than or equal to previous value")
            return
    elif old_deadline is not None:
        yield invalid("spec.activeDeadlineSeconds", None, "must not update from a positive integer to nil value")
    yield from _validate_tolerations(new.get("tolerations") or [], old.get("tolerations") or [], "spec.tolerations", options)
    gates = {g.get("name", "") for g in old.get("schedulingGates") or ()}
    for i, gate in enumerate(new.get("schedulingGates") or ()):
        name = gate.get("name", "")
        if name not in gates:
            yield forbidden(f"spec.schedulingGates[{i}].name", f"only deletion is allowed, but found new scheduling gate '{name}'")
    if same_spec(new, old):
        return
    munged = _munged(new, old)
    if gates:
        yield from _validate_gated(munged, old)
    if not same_spec(munged, old):
        diff = difference(internal("PodSpec", old), internal("PodSpec", munged))
        yield forbidden("spec", f"{UPDATABLE}\n{diff}")


def _munged(new: Object, old: Object) -> Object:
    """The new spec with what may change as it was before."""
    munged = dict(new)
    for field in ("containers", "initContainers"):
        munged.pop(field, None)
        if new.get(field):
            munged[field] = [{**c, "image": o.get("image", "")} for c, o in zip(new[field], old[field], strict=True)]
    for field in ("activeDeadlineSeconds", "schedulingGates", "tolerations"):
        _as_before(munged, old, field)
    if old.get("terminationGracePeriodSeconds", 0) < 0 and munged.get("terminationGracePeriodSeconds") == 1:
        _as_before(munged, old, "terminationGracePeriodSeconds")
    return munged


def _as_before(munged: Object, old: Object, field: str) -> None:
    if field in old:
        munged[field] = old[field]
    else:
        munged.pop(field, None)


def _validate_gated(munged: Object, old: Object) -> FieldErrors:
    """A pod that is not to be scheduled yet may be told more of where it may go. Takes that back in `munged`."""
    selector, old_selector = munged.get("nodeSelector") or {}, old.get("nodeSelector") or {}
    if any(selector.get(key) != value for key, value in old_selector.items()):
        yield invalid("spec.nodeSelector", selector or None, "only additions to spec.nodeSelector are allowed (no mutations or deletions)")
    _as_before(munged, old, "nodeSelector")
    affinity, old_affinity = munged.get("affinity"), old.get("affinity")
    node, old_node = (affinity or {}).get("nodeAffinity"), (old_affinity or {}).get("nodeAffinity")
    if same(node, old_node):
        return
    yield from _validate_node_affinity(node or {}, old_node or {})
    others = {k: v for k, v in (affinity or {}).items() if k != "nodeAffinity"}
    if old_affinity is None and not others:
        munged.pop("affinity", None)
    else:
        munged["affinity"] = others if old_node is None else {**others, "nodeAffinity": old_node}


def _validate_node_affinity(new: Object, old: Object) -> FieldErrors:
    path = f"spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms"
    terms, old_terms = (new.get(REQUIRED) or {}).get("nodeSelectorTerms") or [], (old.get(REQUIRED) or {}).get("nodeSelectorTerms") or []
    if old_terms and len(terms) != len(old_terms):
        message = "no additions/deletions to non-empty NodeSelectorTerms list are allowed"
        yield invalid(path, internal_list("NodeSelectorTerm", terms or None), message)
        return
    for i, (term, old_term) in enumerate(zip(terms, old_terms, strict=False)):
        if not _only_adds(term, old_term):
            yield invalid(f"{path}[{i}]", internal("NodeSelectorTerm", term), "only additions are allowed (no mutations or deletions)")


def _only_adds(term: Object, old: Object) -> bool:
    parts = [(term.get(field) or [], old.get(field) or []) for field in ("matchExpressions", "matchFields")]
    if not any(before for _, before in parts):
        return not any(now for now, _ in parts)
    return all(same(now[: len(before)], before) for now, before in parts)
