"""Ingress.

Upstream: pkg/apis/networking/validation (ValidateIngress…), pkg/registry/networking/ingress.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kplan.api.addresses import parse_ip
from kplan.api.field import FieldErrors, invalid, required
from kplan.api.names import (
    is_dns1123_subdomain,
    is_path_segment_name,
    is_valid_port_name,
    is_wildcard_dns1123_subdomain,
    name_is_dns_label,
    name_is_dns_subdomain,
)
from kplan.api.objects import Object, annotations_of, group_kind, namespace_of
from kplan.kinds.addresses import validate_ip_for_legacy_field
from kplan.kinds.customreferences import annotated_issuers
from kplan.kinds.enums import unsupported
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.ports import validate_port_number
from kplan.kinds.service import load_balancer_warnings, validate_load_balancer_host
from kplan.kinds.strategy import first_generation, keep_all_but_status, keep_status

CLASS_ANNOTATION = "kubernetes.io/ingress.class"
PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
INVALID_SEQUENCES = ("//", "/./", "/../", "%2f", "%2F")
INVALID_SUFFIXES = ("/..", "/.")


class Options(NamedTuple):
    """What a stored Ingress already has wrong, and may therefore keep."""

    invalid_secret_name: bool = False
    invalid_wildcard_host_rule: bool = False


def prepare(obj: Object) -> None:
    """No status, the first generation."""
    obj["status"] = {"loadBalancer": {}}
    first_generation(obj)


def prepare_update(new: Object, old: Object) -> None:
    """The status stays."""
    keep_status(new, old)
    if _without_empty_rules(new) != _without_empty_rules(old):
        new["metadata"]["generation"] = (old["metadata"].get("generation") or 0) + 1


def _without_empty_rules(obj: Object) -> Object:
    return {key: value for key, value in (obj.get("spec") or {}).items() if value != []}


def finish(obj: Object) -> None:
    """Rules that were sent empty are as if unset, but in messages."""
    obj["spec"] = _without_empty_rules(obj)


def validate(obj: Object) -> FieldErrors:
    """Upstream: ValidateIngressCreate."""
    yield from _validate(obj, Options())
    name, annotation = (obj.get("spec") or {}).get("ingressClassName"), annotations_of(obj).get(CLASS_ANNOTATION)
    if annotation is not None and name is not None and annotation != name:
        yield invalid(f"annotations.{CLASS_ANNOTATION}", annotation, "must match `ingressClassName` when both are specified")


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateIngressUpdate."""
    spec = old.get("spec") or {}
    secrets = (tls.get("secretName") or "" for tls in spec.get("tls") or ())
    rules = (rule for rule in spec.get("rules") or () if "*" in (rule.get("host") or ""))
    options = Options(
        any(name and name_is_dns_subdomain(name, False) for name in secrets),
        any(True for rule in rules for _ in _validate_rule_value(rule, "")),
    )
    yield from _validate(new, options)


def _validate(obj: Object, options: Options) -> FieldErrors:
    yield from validate_object_meta(obj["metadata"], True, name_is_dns_subdomain)
    spec = obj.get("spec") or {}
    rules, backend = spec.get("rules"), spec.get("defaultBackend")
    if not rules and backend is None:
        yield invalid("spec", rules, "either `defaultBackend` or `rules` must be specified")
    if backend is not None:
        yield from _validate_backend(backend, "spec.defaultBackend")
    for i, rule in enumerate(rules or ()):
        yield from _validate_rule(rule, f"spec.rules[{i}]", options)
    for i, tls in enumerate(spec.get("tls") or ()):
        for j, host in enumerate(tls.get("hosts") or ()):
            for message in is_wildcard_dns1123_subdomain(host) if "*" in host else is_dns1123_subdomain(host):
                yield invalid(f"spec.tls[{i}].hosts[{j}]", host, message)
        secret = tls.get("secretName") or ""
        if secret and not options.invalid_secret_name:
            for message in name_is_dns_subdomain(secret, False):
                yield invalid(f"spec.tls[{i}].secretName", secret, message)
    if "ingressClassName" in spec:
        for message in name_is_dns_subdomain(spec["ingressClassName"], False):
            yield invalid("spec.ingressClassName", spec["ingressClassName"], message)


def _validate_rule(rule: Object, path: str, options: Options) -> FieldErrors:
    host = rule.get("host") or ""
    wildcard = "*" in host
    if host:
        if parse_ip(host) is not None:
            yield invalid(f"{path}.host", host, "must be a DNS name, not an IP address")
        for message in is_wildcard_dns1123_subdomain(host) if wildcard else is_dns1123_subdomain(host):
            yield invalid(f"{path}.host", host, message)
    if not wildcard or not options.invalid_wildcard_host_rule:
        yield from _validate_rule_value(rule, path)


def _validate_rule_value(rule: Object, path: str) -> FieldErrors:
    http = rule.get("http")
    if http is None:
        return
    if not http.get("paths"):
        yield required(f"{path}.http.paths")
    for i, http_path in enumerate(http.get("paths") or ()):
        yield from _validate_path(http_path, f"{path}.http.paths[{i}]")


def _validate_path(http_path: Object, path: str) -> FieldErrors:
    kind, text = http_path.get("pathType"), http_path.get("path") or ""
    if kind is None:
        yield required(f"{path}.pathType", "pathType must be specified")
        return
    if kind not in PATH_TYPES:
        yield unsupported(f"{path}.pathType", kind, PATH_TYPES)
    else:
        strict = kind != "ImplementationSpecific"
        if not text.startswith("/") and (text or strict):
            yield invalid(f"{path}.path", text, "must be an absolute path")
        for sequence in INVALID_SEQUENCES if strict else ():
            if sequence in text:
                yield invalid(f"{path}.path", text, f"must not contain '{sequence}'")
        for suffix in INVALID_SUFFIXES if strict else ():
            if text.endswith(suffix):
                yield invalid(f"{path}.path", text, f"cannot end with '{suffix}'")
    yield from _validate_backend(http_path.get("backend") or {}, f"{path}.backend")


def _validate_backend(backend: Object, path: str) -> FieldErrors:
    service, resource = backend.get("service"), backend.get("resource")
    if service is not None and resource is not None:
        yield invalid(path, "", "cannot set both resource and service backends")
    elif resource is not None:
        yield from validate_typed_reference(resource, f"{path}.resource")
    elif service is None:
        yield invalid(path, "", "resource or service backend is required")
    else:
        name = service.get("name") or ""
        if not name:
            yield required(f"{path}.service.name")
        for message in name_is_dns_label(name, False) if name else ():
            yield invalid(f"{path}.service.name", name, message)
        port = service.get("port") or {}
        if port.get("name") and port.get("number"):
            yield invalid(path, "", "cannot set both port name & port number")
        elif port.get("name"):
            for message in is_valid_port_name(port["name"]):
                yield invalid(f"{path}.service.port.name", port["name"], message)
        elif port.get("number"):
            yield from validate_port_number(port["number"], f"{path}.service.port.number")
        else:
            yield required(path, "port name or number is required")


def validate_typed_reference(reference: Object, path: str) -> FieldErrors:
    """Group, kind and name of an object.   Upstream: validateIngressTypedLocalObjectReference."""
    if reference.get("apiGroup") is not None:
        for message in is_dns1123_subdomain(reference["apiGroup"]):
            yield invalid(f"{path}.apiGroup", reference["apiGroup"], message)
    for field in ("kind", "name"):
        value = reference.get(field) or ""
        if not value:
            yield required(f"{path}.{field}")
        for message in is_path_segment_name(value) if value else ():
            yield invalid(f"{path}.{field}", value, message)


def validate_status(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateIngressStatusUpdate."""
    existing = [ingress["ip"] for ingress in _ingresses(old) if ingress.get("ip")]
    for i, ingress in enumerate(_ingresses(new)):
        path = f"status.loadBalancer.ingress[{i}]"
        if ingress.get("ip"):
            yield from validate_ip_for_legacy_field(f"{path}.ip", ingress["ip"], existing)
        yield from validate_load_balancer_host(ingress.get("hostname") or "", f"{path}.hostname")


def _ingresses(obj: Object) -> list[Object]:
    return ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []


def warnings(obj: Object) -> Iterator[str]:
    """The annotation that came before classes."""
    if CLASS_ANNOTATION in annotations_of(obj) and "ingressClassName" not in (obj.get("spec") or {}):
        yield f"annotation \"{CLASS_ANNOTATION}\" is deprecated, please use 'spec.ingressClassName' instead"


def references(obj: Object) -> Iterator[Reference]:
    """The class, the Services behind the paths, the certificates."""
    spec, namespace = obj.get("spec") or {}, namespace_of(obj)
    if spec.get("ingressClassName"):
        yield Reference("spec.ingressClassName", "IngressClass.networking.k8s.io", "", spec["ingressClassName"])
    if spec.get("defaultBackend"):
        yield from _backend_references(spec["defaultBackend"], namespace, "spec.defaultBackend")
    for i, rule in enumerate(spec.get("rules") or ()):
        for j, http_path in enumerate((rule.get("http") or {}).get("paths") or ()):
            yield from _backend_references(http_path.get("backend") or {}, namespace, f"spec.rules[{i}].http.paths[{j}].backend")
    for i, tls in enumerate(spec.get("tls") or ()):
        if tls.get("secretName"):
            yield Reference(f"spec.tls[{i}].secretName", "Secret", namespace, tls["secretName"])
    yield from annotated_issuers(obj)


def _backend_references(backend: Object, namespace: str, path: str) -> Iterator[Reference]:
    service, resource = backend.get("service") or {}, backend.get("resource") or {}
    if service.get("name"):
        port = service.get("port") or {}
        yield Reference(f"{path}.service.name", "Service", namespace, service["name"], key=str(port.get("name") or port.get("number") or ""))
    if resource.get("kind") and resource.get("name"):
        yield Reference(f"{path}.resource", group_kind(resource["kind"], resource.get("apiGroup") or ""), namespace, resource["name"])


KIND = Kind(
    group="networking.k8s.io",
    version="v1",
    kind="Ingress",
    plural="ingresses",
    namespaced=True,
    short_names=("ing",),
    status=True,
    prepare=prepare,
    prepare_update=prepare_update,
    prepare_status=keep_all_but_status,
    validate=validate,
    validate_update=validate_update,
    validate_status=validate_status,
    warnings=warnings,
    status_warnings=load_balancer_warnings,
    finish=finish,
    references=references,
    empties=(("spec", "rules"),),
)
