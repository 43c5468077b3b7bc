"""Namespace.

Upstream: pkg/apis/core/v1/defaults.go (SetDefaults_Namespace), pkg/apis/core/validation, pkg/registry/core/namespace.
"""

from __future__ import annotations

from kplan.api.field import FieldErrors, invalid
from kplan.api.names import is_label_key, name_is_dns_label
from kplan.api.objects import Object
from kplan.kinds.enums import invalid_enum
from kplan.kinds.kind import Kind, Subresource
from kplan.kinds.metadata import STANDARD_FINALIZERS, validate_object_meta
from kplan.kinds.strategy import keep_all_but_status, keep_status

NAME_LABEL = "kubernetes.io/metadata.name"
KUBERNETES = "kubernetes"


def default(obj: Object) -> None:
    """The name as a label, and the phase."""
    if (obj.get("metadata") or {}).get("name"):
        finish(obj)
    obj.setdefault("status", {}).setdefault("phase", "Active")


def finish(obj: Object) -> None:
    """The label says the name, also a generated one.   Upstream: Canonicalize."""
    meta = obj["metadata"]
    labels = meta.get("labels") or {}
    if labels.get(NAME_LABEL) != meta["name"]:
        meta["labels"] = {**labels, NAME_LABEL: meta["name"]}


def prepare(obj: Object) -> None:
    """Active, and held by the finalizer of the namespace controller."""
    obj["status"] = {"phase": "Active"}
    spec = obj.setdefault("spec", {})
    finalizers = spec.get("finalizers") or []
    if KUBERNETES not in finalizers:
        spec["finalizers"] = [*finalizers, KUBERNETES]


def prepare_update(new: Object, old: Object) -> None:
    """Finalizers have a subresource of their own."""
    keep_status(new, old)
    spec = new.setdefault("spec", {})
    spec.pop("finalizers", None)
    if (old.get("spec") or {}).get("finalizers"):
        spec["finalizers"] = old["spec"]["finalizers"]


def validate(obj: Object) -> FieldErrors:
    """Upstream: ValidateNamespace."""
    yield from validate_object_meta(obj["metadata"], False, name_is_dns_label)
    for finalizer in (obj.get("spec") or {}).get("finalizers") or ():
        if finalizer != KUBERNETES:
            yield from validate_finalizer_name(finalizer, "spec.finalizers")


def validate_finalizer_name(finalizer: str, path: str) -> FieldErrors:
    """A label key, with a domain unless it is a standard one.   Upstream: validateFinalizerName."""
    for message in is_label_key(finalizer):
        yield invalid(path, finalizer, message)
    if "/" not in finalizer and finalizer not in STANDARD_FINALIZERS:
        yield invalid(path, finalizer, "name is neither a standard finalizer name nor is it fully qualified")


def prepare_finalize(new: Object, old: Object) -> None:
    """The subresource by which the controller takes its finalizer away leaves the status."""
    keep_status(new, old)


def validate_finalize(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateNamespaceFinalizeUpdate."""
    for i, finalizer in enumerate((new.get("spec") or {}).get("finalizers") or ()):
        yield from validate_finalizer_name(finalizer, f"spec.finalizers[{i}]")


def validate_status(new: Object, old: Object) -> FieldErrors:
    """The phase says whether it is being deleted.   Upstream: ValidateNamespaceStatusUpdate."""
    phase = (new.get("status") or {}).get("phase") or ""
    if not new["metadata"].get("deletionTimestamp"):
        if phase != "Active":
            yield invalid_enum("status.Phase", phase, "may only be 'Active' if `deletionTimestamp` is empty")
    elif phase != "Terminating":
        yield invalid_enum("status.Phase", phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")


KIND = Kind(
    group="",
    version="v1",
    kind="Namespace",
    plural="namespaces",
    namespaced=False,
    short_names=("ns",),
    status=True,
    default=default,
    prepare=prepare,
    prepare_update=prepare_update,
    prepare_status=keep_all_but_status,
    validate=validate,
    validate_update=lambda new, _old: validate(new),
    validate_status=validate_status,
    finish=finish,
    subresources={"finalize": Subresource(prepare_finalize, validate_finalize)},
)
