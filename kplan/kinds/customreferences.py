"""Edges of well-known custom kinds: Prometheus operator, Gateway API, cert-manager, and the operators that make Secrets and ConfigMaps.

Their definitions are seldom in the input, so these objects may come unchecked: nothing here trusts a type.
Left out: kinds of other operators, and what a Prometheus selects of ServiceMonitors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kplan.api.objects import Object, annotations_of, group_kind, name_of, namespace_of
from kplan.kinds.kind import Reference

MONITORING, GATEWAY, CERTS = "monitoring.coreos.com", "gateway.networking.k8s.io", "cert-manager.io"
METADATA_NAME = "kubernetes.io/metadata.name"
ROUTES = tuple(f"{kind}.{GATEWAY}" for kind in ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"))
ISSUER_NOTES = (("cert-manager.io/issuer", "Issuer"), ("cert-manager.io/cluster-issuer", "ClusterIssuer"))
CLUSTER_SCOPED = frozenset(
    {f"ClusterIssuer.{CERTS}", f"GatewayClass.{GATEWAY}", "ClusterSecretStore.external-secrets.io", "ClusterExternalSecret.external-secrets.io"}
)
Made = tuple[str, str, str]  # group-kind, namespace, name


def _map(value: Any) -> Object:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _named(path: str, kind: str, namespace: str, name: Any, key: Any = "", optional: bool = False) -> Iterator[Reference]:
    if _text(name):
        yield Reference(path, kind, namespace, _text(name), _text(key), optional)


def _selector(value: Any) -> Object | None:
    """A label selector, None where it is none."""
    if not isinstance(value, dict):
        return None
    labels, expressions = value.get("matchLabels"), value.get("matchExpressions")
    if labels is not None and not (isinstance(labels, dict) and all(isinstance(v, str) for v in labels.values())):
        return None
    if not all(isinstance(e, dict) and isinstance(e.get("key"), str) and all(isinstance(v, str) for v in _list(e.get("values"))) for e in _list(expressions)):
        return None
    return value


def namespaces_of(value: Any, own: str) -> Object:
    """The Prometheus operator's namespaceSelector as a label selector over Namespaces."""
    chosen = _map(value)
    if chosen.get("any") is True:
        return {}
    names = [n for n in _list(chosen.get("matchNames")) if isinstance(n, str)] or [own]
    return {"matchExpressions": [{"key": METADATA_NAME, "operator": "In", "values": names}]}


def monitor(obj: Object) -> Iterator[Reference]:
    """What a ServiceMonitor or PodMonitor scrapes, and the Secrets that it needs for it."""
    spec, namespace = _map(obj.get("spec")), namespace_of(obj)
    selects = _selector(spec.get("selector"))
    if selects is not None:
        kind = "Service" if obj.get("kind") == "ServiceMonitor" else "Pod"
        yield Reference("spec.selector", kind, "", "", optional=True, selects=selects, within=namespaces_of(spec.get("namespaceSelector"), namespace))
    field = "endpoints" if obj.get("kind") == "ServiceMonitor" else "podMetricsEndpoints"
    for i, endpoint in enumerate(_list(spec.get(field))):
        for part, inner in (("basicAuth", "username"), ("basicAuth", "password"), ("authorization", "credentials"), ("bearerTokenSecret", "")):
            held = _map(_map(endpoint).get(part))
            secret = _map(held.get(inner)) if inner else held
            at = f"spec.{field}[{i}].{part}{'.' if inner else ''}{inner}"
            yield from _named(f"{at}.name", "Secret", namespace, secret.get("name"), secret.get("key"), secret.get("optional") is True)


def route(obj: Object) -> Iterator[Reference]:
    """Gateways that a route hangs on, Services that it leads to."""
    spec, namespace = _map(obj.get("spec")), namespace_of(obj)
    for i, parent in enumerate(_list(spec.get("parentRefs"))):
        parent = _map(parent)
        kind = group_kind(_text(parent.get("kind")) or "Gateway", _text(parent.get("group", GATEWAY)))
        key = parent.get("sectionName") if kind.startswith("Gateway.") else parent.get("port")
        yield from _named(f"spec.parentRefs[{i}].name", kind, _text(parent.get("namespace")) or namespace, parent.get("name"), key)
    for i, rule in enumerate(_list(spec.get("rules"))):
        for j, backend in enumerate(_list(_map(rule).get("backendRefs"))):
            yield from _backend(_map(backend), namespace, f"spec.rules[{i}].backendRefs[{j}]")
        for j, used in enumerate(_list(_map(rule).get("filters"))):
            mirror = _map(_map(used).get("requestMirror")).get("backendRef")
            yield from _backend(_map(mirror), namespace, f"spec.rules[{i}].filters[{j}].requestMirror.backendRef")


def _backend(backend: Object, namespace: str, path: str) -> Iterator[Reference]:
    kind = group_kind(_text(backend.get("kind")) or "Service", _text(backend.get("group")))
    yield from _named(f"{path}.name", kind, _text(backend.get("namespace")) or namespace, backend.get("name"), backend.get("port") if kind == "Service" else "")


def gateway(obj: Object) -> Iterator[Reference]:
    """The class of a Gateway and its certificates."""
    spec, namespace = _map(obj.get("spec")), namespace_of(obj)
    yield from _named("spec.gatewayClassName", f"GatewayClass.{GATEWAY}", "", spec.get("gatewayClassName"))
    for i, listener in enumerate(_list(spec.get("listeners"))):
        for j, certificate in enumerate(_list(_map(_map(listener).get("tls")).get("certificateRefs"))):
            certificate = _map(certificate)
            if (_text(certificate.get("kind")) or "Secret") == "Secret":
                at = f"spec.listeners[{i}].tls.certificateRefs[{j}].name"
                yield from _named(at, "Secret", _text(certificate.get("namespace")) or namespace, certificate.get("name"))


def issuer(namespace: str, name: Any, kind: str, group: str, path: str) -> Iterator[Reference]:
    """An Issuer of the namespace or a ClusterIssuer."""
    yield from _named(path, group_kind(kind, group), "" if kind.startswith("Cluster") else namespace, name)


def certificate(obj: Object) -> Iterator[Reference]:
    """Who issues it."""
    ref = _map(_map(obj.get("spec")).get("issuerRef"))
    yield from issuer(namespace_of(obj), ref.get("name"), _text(ref.get("kind")) or "Issuer", _text(ref.get("group")) or CERTS, "spec.issuerRef.name")


def external_secret(obj: Object) -> Iterator[Reference]:
    """The store that it reads from."""
    ref = _map(_map(obj.get("spec")).get("secretStoreRef"))
    kind = _text(ref.get("kind")) or "SecretStore"
    yield from issuer(namespace_of(obj), ref.get("name"), kind, "external-secrets.io", "spec.secretStoreRef.name")


def scaled_object(obj: Object) -> Iterator[Reference]:
    """KEDA: the workload that it scales."""
    ref = _map(_map(obj.get("spec")).get("scaleTargetRef"))
    kind = group_kind(_text(ref.get("kind")) or "Deployment", (_text(ref.get("apiVersion")) or "apps/v1").rpartition("/")[0])
    yield from _named("spec.scaleTargetRef.name", kind, namespace_of(obj), ref.get("name"))


def annotated_issuers(obj: Object) -> Iterator[Reference]:
    """The issuer that an Ingress or Gateway asks for its certificates."""
    for note, kind in ISSUER_NOTES:
        yield from issuer(namespace_of(obj), annotations_of(obj).get(note), kind, CERTS, f"metadata.annotations[{note}]")


def made_by(obj: Object) -> Iterator[Made]:
    """Objects that come to be because this one is there, by an operator's hand."""
    kind, namespace, spec = obj.get("kind"), namespace_of(obj), _map(obj.get("spec"))
    if kind == "Certificate":
        yield "Secret", namespace, _text(spec.get("secretName"))
    elif kind == "SealedSecret":
        yield "Secret", namespace, _text(_map(_map(spec.get("template")).get("metadata")).get("name")) or name_of(obj)
    elif kind == "ExternalSecret":
        yield "Secret", namespace, _text(_map(spec.get("target")).get("name")) or name_of(obj)
    elif kind in ("VaultStaticSecret", "VaultDynamicSecret", "VaultPKISecret"):
        yield "Secret", namespace, _text(_map(spec.get("destination")).get("name"))
    elif kind in ("OnePasswordItem", "AzureKeyVaultSecret", "KMSVaultSecret", "BitwardenSecret"):
        yield "Secret", namespace, name_of(obj)
    elif kind == "SecretProviderClass":
        for held in _list(spec.get("secretObjects")):
            yield "Secret", namespace, _text(_map(held).get("secretName"))
    elif kind == "Ingress" and any(note in annotations_of(obj) for note in (*(n for n, _ in ISSUER_NOTES), "kubernetes.io/tls-acme")):
        for tls in _list(spec.get("tls")):
            yield "Secret", namespace, _text(_map(tls).get("secretName"))
    elif kind == "Gateway" and any(note in annotations_of(obj) for note, _ in ISSUER_NOTES):
        for ref in gateway(obj):
            if ref.kind == "Secret":
                yield "Secret", ref.namespace, ref.name


CUSTOM_REFERENCES: dict[str, Callable[[Object], Iterator[Reference]]] = {
    f"ServiceMonitor.{MONITORING}": monitor,
    f"PodMonitor.{MONITORING}": monitor,
    **dict.fromkeys(ROUTES, route),
    f"Gateway.{GATEWAY}": gateway,
    f"Certificate.{CERTS}": certificate,
    "ExternalSecret.external-secrets.io": external_secret,
    "ScaledObject.keda.sh": scaled_object,
}

__all__ = ["CLUSTER_SCOPED", "CUSTOM_REFERENCES", "METADATA_NAME", "annotated_issuers", "made_by"]
