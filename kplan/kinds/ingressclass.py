"""IngressClass.

Upstream: pkg/apis/networking/{v1,validation}, pkg/registry/networking/ingressclass.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.field import FieldErrors, forbidden, invalid, not_supported, required, too_long
from kplan.api.names import is_domain_prefixed_path, name_is_dns_label, name_is_dns_subdomain, size
from kplan.api.objects import Object, group_kind
from kplan.kinds.ingress import validate_typed_reference
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import validate_immutable, validate_object_meta
from kplan.kinds.strategy import count_generation, first_generation

MAX_CONTROLLER = 250


def default(obj: Object) -> None:
    """Parameters are cluster-scoped."""
    parameters = (obj.get("spec") or {}).get("parameters")
    if parameters is not None:
        parameters["scope"] = parameters.get("scope") or "Cluster"


def validate(obj: Object) -> FieldErrors:
    """Upstream: ValidateIngressClass."""
    yield from validate_object_meta(obj["metadata"], False, name_is_dns_subdomain)
    spec = obj.get("spec") or {}
    controller = spec.get("controller") or ""
    if size(controller) > MAX_CONTROLLER:
        yield too_long("spec.controller", MAX_CONTROLLER)
    yield from is_domain_prefixed_path("spec.controller", controller)
    parameters, path = spec.get("parameters"), "spec.parameters"
    if parameters is None:
        return
    yield from validate_typed_reference(parameters, path)
    scope, namespace = parameters.get("scope"), parameters.get("namespace")
    if scope is None:
        yield required(f"{path}.scope")
    elif scope not in ("Cluster", "Namespace"):
        yield not_supported(f"{path}.scope", scope, ("Cluster", "Namespace"))
    elif scope == "Namespace":
        if namespace is None:
            yield required(f"{path}.namespace", "`parameters.scope` is set to 'Namespace'")
        for message in name_is_dns_label(namespace, False) if namespace is not None else ():
            yield invalid(f"{path}.namespace", namespace, message)
    elif namespace is not None:
        yield forbidden(f"{path}.namespace", "`parameters.scope` is set to 'Cluster'")


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateIngressClassUpdate."""
    yield from validate_immutable((new.get("spec") or {}).get("controller") or "", (old.get("spec") or {}).get("controller") or "", "spec.controller")
    yield from validate(new)


def references(obj: Object) -> Iterator[Reference]:
    """The parameters of the controller."""
    parameters = (obj.get("spec") or {}).get("parameters") or {}
    if parameters.get("kind") and parameters.get("name"):
        kind = group_kind(parameters["kind"], parameters.get("apiGroup") or "")
        yield Reference("spec.parameters", kind, parameters.get("namespace") or "", parameters["name"])


KIND = Kind(
    group="networking.k8s.io",
    version="v1",
    kind="IngressClass",
    plural="ingressclasses",
    namespaced=False,
    default=default,
    prepare=first_generation,
    prepare_update=lambda new, old: count_generation(new, old, "spec"),
    validate=validate,
    validate_update=validate_update,
    references=references,
)
