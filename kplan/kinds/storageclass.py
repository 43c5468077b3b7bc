"""StorageClass.

Upstream: pkg/apis/storage/{v1/defaults.go,validation/validation.go}, pkg/registry/storage/storageclass/strategy.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.field import FieldErrors, duplicate, invalid, not_supported, required, too_long
from kplan.api.names import is_label_key, name_is_dns_subdomain
from kplan.api.objects import Object
from kplan.kinds.checks import same, typed
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import validate_label_name, validate_object_meta
from kplan.kinds.nodeselector import DEPRECATED_NODE_LABELS

RECLAIM_POLICIES = ("Delete", "Retain")
BINDING_MODES = ("Immediate", "WaitForFirstConsumer")
MAX_PARAMETERS = 512
MAX_PARAMETERS_BYTES = 256 * 1024


def default(storage_class: Object) -> None:
    """Upstream: SetDefaults_StorageClass."""
    storage_class.setdefault("reclaimPolicy", "Delete")
    storage_class.setdefault("volumeBindingMode", "Immediate")


def validate(storage_class: Object) -> FieldErrors:
    """Upstream: ValidateStorageClass."""
    yield from validate_object_meta(storage_class["metadata"], False, name_is_dns_subdomain)
    yield from validate_provisioner(storage_class.get("provisioner") or "", "provisioner")
    yield from validate_parameters(storage_class.get("parameters") or {}, "parameters")
    policy = storage_class.get("reclaimPolicy")
    if policy and policy not in RECLAIM_POLICIES:
        yield not_supported("reclaimPolicy", typed(policy), RECLAIM_POLICIES)
    mode = storage_class.get("volumeBindingMode")
    if mode is None:
        yield required("volumeBindingMode")
    elif mode not in BINDING_MODES:
        yield not_supported("volumeBindingMode", typed(mode), BINDING_MODES)
    yield from _validate_topologies(storage_class.get("allowedTopologies") or (), "allowedTopologies")


def validate_provisioner(name: str, path: str) -> FieldErrors:
    """The name of a provisioner or driver: a qualified name in any case."""
    if not name:
        yield required(path)
        return
    for message in is_label_key(name.lower()):
        yield invalid(path, name.lower(), message)


def validate_parameters(parameters: dict[str, str], path: str) -> FieldErrors:
    """Parameters for a driver: not too many, not too large, no empty key."""
    if len(parameters) > MAX_PARAMETERS:
        yield too_long(path, MAX_PARAMETERS)
        return
    if "" in parameters:
        yield invalid(path, "", "field can not be empty.")
    if sum(len(key.encode()) + len(value.encode()) for key, value in parameters.items()) > MAX_PARAMETERS_BYTES:
        yield too_long(path, MAX_PARAMETERS_BYTES)


def _validate_topologies(terms: list[Object] | tuple[()], path: str) -> FieldErrors:
    # Upstream starts its list of terms with one empty map a term, so a term without expressions is a duplicate of each.
    seen: list[dict[str, frozenset[str]]] = [{} for _ in terms]
    for index, term in enumerate(terms):
        expressions: dict[str, frozenset[str]] = {}
        for at, requirement in enumerate(term.get("matchLabelExpressions") or ()):
            key, values = requirement.get("key") or "", requirement.get("values") or ()
            where = f"{path}[{index}].matchLabelExpressions[{at}]"
            yield from _validate_topology_requirement(key, values, where)
            if key in expressions:
                yield duplicate(f"{where}.key", key)
            expressions[key] = frozenset(values)
        for other in seen:
            if other == expressions:
                yield duplicate(f"{path}[{index}].matchLabelExpressions", "")
        seen.append(expressions)


def _validate_topology_requirement(key: str, values: list[str] | tuple[()], path: str) -> FieldErrors:
    if not values:
        yield required(f"{path}.values")
    for index, value in enumerate(values):
        if value in values[:index]:
            yield duplicate(f"{path}.values[{index}]", value)
    yield from validate_label_name(key, f"{path}.key")


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateStorageClassUpdate."""
    yield from validate(new)
    if not same(new.get("parameters"), old.get("parameters")):
        yield invalid("parameters", typed(new.get("parameters")), "field is immutable")
    if new.get("provisioner", "") != old.get("provisioner", ""):
        yield invalid("provisioner", new.get("provisioner", ""), "field is immutable")
    for field in ("reclaimPolicy", "volumeBindingMode"):
        if new.get(field) != old.get(field):
            yield invalid(field, typed(new.get(field)), "field is immutable")


def warnings(storage_class: Object) -> Iterator[str]:
    """Upstream: GetWarningsForStorageClass."""
    for index, term in enumerate(storage_class.get("allowedTopologies") or ()):
        for at, requirement in enumerate(term.get("matchLabelExpressions") or ()):
            if message := DEPRECATED_NODE_LABELS.get(requirement.get("key") or ""):
                yield f"allowedTopologies[{index}].matchLabelExpressions[{at}].key: {message}"


def update_warnings(new: Object, old: Object) -> Iterator[str]:
    """As on create."""
    return warnings(new)


_SECRET_PARAMETERS = ("provisioner", "controller-publish", "controller-expand", "node-stage", "node-publish", "node-expand")


def references(storage_class: Object) -> Iterator[Reference]:
    """The driver (in-tree provisioners and `no-provisioner` have none), and Secrets named outright by CSI parameters."""
    provisioner = storage_class.get("provisioner") or ""
    if provisioner and not provisioner.startswith("kubernetes.io/"):
        yield Reference("provisioner", "CSIDriver.storage.k8s.io", "", provisioner, optional=True)
    parameters = storage_class.get("parameters") or {}
    for use in _SECRET_PARAMETERS:
        key = f"csi.storage.k8s.io/{use}-secret-name"
        name, namespace = parameters.get(key), parameters.get(f"csi.storage.k8s.io/{use}-secret-namespace")
        if name and namespace and "$" not in name + namespace:
            yield Reference(f"parameters[{key}]", "Secret", namespace, name)


KIND = Kind(
    group="storage.k8s.io",
    version="v1",
    kind="StorageClass",
    plural="storageclasses",
    namespaced=False,
    short_names=("sc",),
    default=default,
    validate=validate,
    validate_update=validate_update,
    warnings=warnings,
    update_warnings=update_warnings,
    references=references,
)
