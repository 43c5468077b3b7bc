"""Node.

Upstream: pkg/apis/core/v1 (SetDefaults_NodeStatus, conversion of podCIDR), pkg/apis/core/validation (ValidateNode …),
pkg/registry/core/node. Leaves out what Go says of annotations that hold broken JSON beyond its syntax.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from kplan.api.addresses import warnings_for_cidr
from kplan.api.field import DUPLICATE, FieldError, FieldErrors, duplicate, forbidden, internal_error, invalid, required
from kplan.api.gotext import Struct, go_quote
from kplan.api.names import is_config_map_key, is_label_value, name_is_dns_label, name_is_dns_subdomain, size
from kplan.api.objects import Object, annotations_of
from kplan.kinds.addresses import family_of_cidr, is_dual_stack, unreadable_cidr, validate_cidr_for_legacy_field
from kplan.kinds.enums import unsupported
from kplan.kinds.kind import Kind
from kplan.kinds.metadata import validate_label_name, validate_object_meta
from kplan.kinds.resourcelist import default_resource_list
from kplan.kinds.resourcenames import validate_resource_quantity
from kplan.kinds.strategy import keep_all_but_status, keep_status

TAINT_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
TAINTS_ANNOTATION = "scheduler.alpha.kubernetes.io/taints"
AVOID_PODS_ANNOTATION = "scheduler.alpha.kubernetes.io/preferAvoidPods"
_FEATURE = re.compile(r"[A-Z][a-zA-Z0-9]*(/[a-zA-Z][a-zA-Z0-9]*)*\Z")
_FEATURE_ERROR = (
    "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), "
    "and contain only alphanumeric characters and slashes"
)
_POD_CIDR_KEPT = 'node updates may not change podCIDR except from "" to valid'


def default(obj: Object) -> None:
    """What is allocatable is the capacity, if nothing else is said; podCIDR and podCIDRs say the same."""
    status = obj.setdefault("status", {})
    default_resource_list(status.get("capacity"))
    default_resource_list(status.get("allocatable"))
    if "allocatable" not in status and status.get("capacity"):
        status["allocatable"] = dict(status["capacity"])
    spec = obj.setdefault("spec", {})
    one, many = spec.get("podCIDR"), spec.get("podCIDRs")
    if one and (not many or many[0] != one):
        spec["podCIDRs"] = [one]
    elif many:
        spec["podCIDR"] = many[0]


def prepare(obj: Object) -> None:
    """Dynamic kubelet configuration is gone."""
    obj["spec"].pop("configSource", None)
    obj["status"].pop("config", None)


def prepare_update(new: Object, old: Object) -> None:
    """The status stays; so do leftovers of dynamic configuration."""
    keep_status(new, old)
    if "configSource" not in (old.get("spec") or {}):
        new["spec"].pop("configSource", None)


def prepare_status(new: Object, old: Object) -> None:
    """Only the status and metadata change."""
    keep_all_but_status(new, old)
    if "config" not in (old.get("status") or {}):
        new.get("status", {}).pop("config", None)


def validate(obj: Object) -> FieldErrors:
    """Upstream: ValidateNode."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    yield from validate_object_meta(obj["metadata"], False, name_is_dns_subdomain)
    yield from _validate_annotations(annotations_of(obj))
    yield from validate_taints(spec.get("taints") or (), "metadata.taints")
    yield from _validate_resources(status)
    swap = ((status.get("nodeInfo") or {}).get("swap") or {}).get("capacity")
    if swap is not None and swap <= 0:
        yield invalid("metadata.nodeSwapStatus.capacity", swap, "must be greater than zero")
    yield from _validate_features(status.get("declaredFeatures") or ())
    cidrs = spec.get("podCIDRs") or ()
    for i, cidr in enumerate(cidrs):
        yield from validate_cidr_for_legacy_field(f"spec.podCIDRs[{i}]", cidr)
    if len(cidrs) < 2:
        return
    unreadable = unreadable_cidr(cidrs)
    if unreadable:
        yield internal_error("spec.podCIDRs", f"invalid PodCIDRs. failed to check with dual stack with error:{unreadable}")
    if unreadable or len(cidrs) > 2 or not is_dual_stack([family_of_cidr(cidr) for cidr in cidrs]):
        yield invalid("spec.podCIDRs", cidrs, "may specify no more than one CIDR for each IP family")


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Upstream: nodeStrategy.ValidateUpdate."""
    yield from validate(new)
    yield from validate_status(new, old)


def validate_status(new: Object, old: Object) -> FieldErrors:
    """Of both the Node and its status.   Upstream: ValidateNodeUpdate."""
    spec, before, status = new.get("spec") or {}, old.get("spec") or {}, new.get("status") or {}
    yield from _validate_annotations(annotations_of(new))
    yield from _validate_resources(status)
    yield from _validate_features(status.get("declaredFeatures") or ())
    seen = []
    for i, address in enumerate(status.get("addresses") or ()):
        if address in seen:
            yield duplicate(f"status.addresses[{i}]", Struct(Type=address.get("type") or "", Address=address.get("address") or ""))
        seen.append(address)
    cidrs, cidrs_before = spec.get("podCIDRs") or [], before.get("podCIDRs") or []
    if cidrs_before and len(cidrs) != len(cidrs_before):
        yield forbidden("spec.podCIDRs", _POD_CIDR_KEPT)
    elif cidrs_before:
        for cidr, was in zip(cidrs, cidrs_before, strict=True):
            if cidr != was:
                yield forbidden("spec.podCIDRs", _POD_CIDR_KEPT)
    if before.get("providerID") and spec.get("providerID") != before["providerID"]:
        yield forbidden("spec.providerID", 'node updates may not change providerID except from "" to valid')
    if "configSource" in spec:
        yield from _validate_config_source(spec["configSource"], "spec.configSource", in_status=False)
    for field in ("assigned", "active", "lastKnownGood"):
        source = (status.get("config") or {}).get(field)
        if source is not None:
            yield from _validate_config_source(source, f"status.config.{field}", in_status=True)
    yield from validate_taints(spec.get("taints") or (), "metadata.taints")
    if (spec.get("externalID") or "") != (before.get("externalID") or ""):
        yield forbidden("spec.externalID", "may not be updated")


def validate_taints(taints: Any, path: str) -> FieldErrors:
    """Keys, values and effects; no pair of key and effect twice.   Upstream: validateNodeTaints."""
    seen: set[tuple[str, str]] = set()
    for i, taint in enumerate(taints):
        key, value, effect = taint.get("key") or "", taint.get("value") or "", taint.get("effect") or ""
        yield from validate_label_name(key, f"{path}[{i}].key")
        if errors := is_label_value(value):
            yield invalid(f"{path}[{i}].value", value, ";".join(errors))
        if not effect:
            yield required(f"{path}[{i}].effect")
        elif effect not in TAINT_EFFECTS:
            yield unsupported(f"{path}[{i}].effect", effect, TAINT_EFFECTS)
        if (key, effect) in seen:
            printed = Struct(Key=key, Value=value, Effect=effect, TimeAdded=taint.get("timeAdded"))
            yield FieldError(DUPLICATE, f"{path}[{i}]", printed, "taints must be unique by key and effect pair")
        seen.add((key, effect))


def _validate_annotations(annotations: Object) -> FieldErrors:
    path = "metadata.annotations"
    if annotations.get(TAINTS_ANNOTATION):
        taints, error = _read_json(annotations[TAINTS_ANNOTATION], list)
        if error:
            yield invalid(path, TAINTS_ANNOTATION, error)
        else:
            yield from validate_taints(taints, f"{path}.{TAINTS_ANNOTATION}")
    if annotations.get(AVOID_PODS_ANNOTATION):
        avoids, error = _read_json(annotations[AVOID_PODS_ANNOTATION], dict)
        if error:
            yield invalid(f"{path}.AvoidPods", AVOID_PODS_ANNOTATION, error)
            return
        for i, entry in enumerate((avoids or {}).get("preferAvoidPods") or ()):
            controller = (entry.get("podSignature") or {}).get("podController")
            where = f"{path}.{AVOID_PODS_ANNOTATION}[{i}].PodSignature"
            if controller is None:
                yield required(where)
            elif not controller.get("controller"):
                yield invalid(f"{where}.PodController.Controller", False, "must point to a controller")


def _read_json(text: str, shape: type) -> tuple[Any, str]:
    try:
        value = json.loads(text)
    except ValueError:
        from kplan.kinds.jsontext import object_error

        return None, object_error(text.encode())
    if value is not None and not isinstance(value, shape):
        kind = {dict: "object", list: "array", str: "string", bool: "bool"}.get(type(value), "number")
        return None, f"json: cannot unmarshal {kind} into Go value of type {'[]v1.Taint' if shape is list else 'v1.AvoidPods'}"
    return value or shape(), ""


def _validate_resources(status: Object) -> FieldErrors:
    for field in ("capacity", "allocatable"):
        resources = status.get(field) or {}
        for name in sorted(resources):
            yield from validate_resource_quantity(name, resources[name], f"status.{field}.{name}")


def _validate_features(features: Any) -> FieldErrors:
    path = "status.declaredFeatures"
    for i, feature in enumerate(features):
        if size(feature) > 253:
            yield invalid(f"{path}[{i}]", feature, f"invalid feature name {go_quote(feature)}: must be no more than 253 characters")
        elif not _FEATURE.match(feature):
            yield invalid(f"{path}[{i}]", feature, f"invalid feature name {go_quote(feature)}: {_FEATURE_ERROR}")
        if i + 1 < len(features):
            following = features[i + 1]
            if feature == following:
                yield duplicate(f"{path}[{i + 1}]", following)
            elif feature.encode() > following.encode():
                yield invalid(f"{path}[{i + 1}]", following, "list must be sorted alphabetically")


def _validate_config_source(source: Object, path: str, *, in_status: bool) -> FieldErrors:
    config_map = source.get("configMap")
    if config_map is None:
        yield invalid(path, Struct(ConfigMap=None), "exactly one reference subfield must be non-nil")
        return
    path += ".configMap"
    for field in ("uid", "resourceVersion"):
        if in_status and not config_map.get(field):
            yield required(f"{path}.{field}")
        elif not in_status and config_map.get(field):
            yield forbidden(f"{path}.{field}", f"{field} must not be set in spec")
    rules = (("namespace", name_is_dns_label), ("name", name_is_dns_subdomain), ("kubeletConfigKey", lambda value, _: is_config_map_key(value)))
    for field, rule in rules:
        value = config_map.get(field) or ""
        if not value:
            yield required(f"{path}.{field}")
        for message in rule(value, False) if value else ():
            yield invalid(f"{path}.{field}", value, message)


def warnings(obj: Object) -> Iterator[str]:
    """Fields that are gone or deprecated; networks written oddly."""
    spec = obj.get("spec") or {}
    if "configSource" in spec:
        yield "spec.configSource: the feature is removed"
    if spec.get("externalID"):
        yield "spec.externalID: this field is deprecated, and is unused by Kubernetes"
    for i, cidr in enumerate(spec.get("podCIDRs") or ()):
        yield from warnings_for_cidr(f"spec.podCIDRs[{i}]", cidr)


KIND = Kind(
    group="",
    version="v1",
    kind="Node",
    plural="nodes",
    namespaced=False,
    short_names=("no",),
    status=True,
    default=default,
    prepare=prepare,
    prepare_update=prepare_update,
    prepare_status=prepare_status,
    validate=validate,
    validate_update=validate_update,
    validate_status=validate_status,
    warnings=warnings,
    update_warnings=lambda new, _old: warnings(new),
)
