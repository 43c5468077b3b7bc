"""Edges of well-known custom kinds: Prometheus operator, Gateway API, cert-manager, volume snapshots, and the operators that make Secrets.

Their definitions are seldom in the input, so these objects may come unchecked: nothing here trusts a type.
Left out: kinds of other operators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kplan.api.objects import Object, annotations_of, group_kind, name_of, namespace_of
from kplan.kinds.kind import Reference

MONITORING, GATEWAY, CERTS, SNAPSHOTS = "monitoring.coreos.com", "gateway.networking.k8s.io", "cert-manager.io", "snapshot.storage.k8s.io"
# Selectors of a Prometheus, an Alertmanager or a ThanosRuler: the field's beginning, the kind that it selects.
SELECTIONS = (
    ("serviceMonitor", "ServiceMonitor"),
    ("podMonitor", "PodMonitor"),
    ("probe", "Probe"),
    ("scrapeConfig", "ScrapeConfig"),
    ("rule", "PrometheusRule"),
    ("alertmanagerConfig", "AlertmanagerConfig"),
)
METADATA_NAME = "kubernetes.io/metadata.name"
ROUTES = tuple(f"{kind}.{GATEWAY}" for kind in ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"))
ISSUER_NOTES = (("cert-manager.io/issuer", "Issuer"), ("cert-manager.io/cluster-issuer", "ClusterIssuer"))
CLUSTER_SCOPED = frozenset(
    {
        f"ClusterIssuer.{CERTS}",
        f"GatewayClass.{GATEWAY}",
        f"VolumeSnapshotClass.{SNAPSHOTS}",
        f"VolumeSnapshotContent.{SNAPSHOTS}",
        "ClusterSecretStore.external-secrets.io",
        "ClusterExternalSecret.external-secrets.io",
    }
)
# The Services that the Prometheus operator makes.
OPERATED = {"Prometheus": "prometheus-operated", "Alertmanager": "alertmanager-operated", "ThanosRuler": "thanos-ruler-operated"}
Made = tuple[str, str, str]  # group-kind, namespace, name


def map_of(value: Any) -> Object:
    """A map, the empty one for what is none."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """A list, the empty one for what is none."""
    return value if isinstance(value, list) else []


def text_of(value: Any) -> str:
    """A text or number as a text, the empty text for what is neither."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _named(path: str, kind: str, namespace: str, name: Any, key: Any = "", optional: bool = False) -> Iterator[Reference]:
    if text_of(name):
        yield Reference(path, kind, namespace, text_of(name), text_of(key), optional)


def _selector(value: Any) -> Object | None:
    """A label selector, None where it is none."""
    if not isinstance(value, dict):
        return None
    labels, expressions = value.get("matchLabels") or {}, value.get("matchExpressions") or []
    if not isinstance(labels, dict) or not all(isinstance(v, str) for v in labels.values()) or not isinstance(expressions, list):
        return None
    if not all(map(_is_requirement, expressions)):
        return None
    return {"matchLabels": labels, "matchExpressions": expressions}


def _is_requirement(value: Any) -> bool:
    texts = isinstance(value, dict) and isinstance(value.get("key"), str) and isinstance(value.get("operator"), str)
    return texts and isinstance(value.get("values") or [], list) and all(isinstance(v, str) for v in value.get("values") or ())


def namespaces_of(value: Any, own: str) -> Object:
    """The Prometheus operator's namespaceSelector as a label selector over Namespaces."""
    chosen = map_of(value)
    if chosen.get("any") is True:
        return {}
    names = [n for n in list_of(chosen.get("matchNames")) if isinstance(n, str)] or [own]
    return {"matchExpressions": [{"key": METADATA_NAME, "operator": "In", "values": names}]}


def monitor(obj: Object) -> Iterator[Reference]:
    """What a ServiceMonitor or PodMonitor scrapes, and the Secrets that it needs for it."""
    spec, namespace = map_of(obj.get("spec")), namespace_of(obj)
    selects = _selector(spec.get("selector"))
    if selects is not None:
        kind = "Service" if obj.get("kind") == "ServiceMonitor" else "Pod"
        yield Reference("spec.selector", kind, "", "", optional=True, selects=selects, within=namespaces_of(spec.get("namespaceSelector"), namespace))
    field = "endpoints" if obj.get("kind") == "ServiceMonitor" else "podMetricsEndpoints"
    for i, endpoint in enumerate(list_of(spec.get(field))):
        for part, inner in (("basicAuth", "username"), ("basicAuth", "password"), ("authorization", "credentials"), ("bearerTokenSecret", "")):
            held = map_of(map_of(endpoint).get(part))
            secret = map_of(held.get(inner)) if inner else held
            at = f"spec.{field}[{i}].{part}{'.' if inner else ''}{inner}"
            yield from _named(f"{at}.name", "Secret", namespace, secret.get("name"), secret.get("key"), secret.get("optional") is True)


def prometheus(obj: Object) -> Iterator[Reference]:
    """What a Prometheus (or its agent), an Alertmanager or a ThanosRuler selects of monitors, rules and configurations, and what its pods need.

    A selector that is not there selects nothing; one over namespaces that is not there means its own.
    """
    spec, namespace = map_of(obj.get("spec")), namespace_of(obj)
    for field, kind in SELECTIONS:
        selects = _selector(spec.get(f"{field}Selector"))
        spaces = spec.get(f"{field}NamespaceSelector")
        within = namespaces_of(None, namespace) if spaces is None else _selector(spaces)
        if selects is not None and within is not None:
            yield Reference(f"spec.{field}Selector", f"{kind}.{MONITORING}", "", "", optional=True, selects=selects, within=within)
    yield from _named("spec.serviceAccountName", "ServiceAccount", namespace, spec.get("serviceAccountName"))
    yield from _named("spec.configSecret", "Secret", namespace, spec.get("configSecret"))
    if obj.get("kind") == "Alertmanager" and not spec.get("configSecret"):
        yield from _named("metadata.name", "Secret", namespace, f"alertmanager-{name_of(obj)}", optional=True)
    for field, kind in (("secrets", "Secret"), ("configMaps", "ConfigMap")):
        for i, name in enumerate(list_of(spec.get(field))):
            yield from _named(f"spec.{field}[{i}]", kind, namespace, name)
    for i, manager in enumerate(list_of(map_of(spec.get("alerting")).get("alertmanagers"))):
        manager = map_of(manager)
        at = f"spec.alerting.alertmanagers[{i}].name"
        yield from _named(at, "Service", text_of(manager.get("namespace")) or namespace, manager.get("name"), manager.get("port"))


def snapshot(obj: Object) -> Iterator[Reference]:
    """The claim or content of a VolumeSnapshot, and its class."""
    spec, namespace = map_of(obj.get("spec")), namespace_of(obj)
    source = map_of(spec.get("source"))
    yield from _named("spec.source.persistentVolumeClaimName", "PersistentVolumeClaim", namespace, source.get("persistentVolumeClaimName"))
    yield from _named("spec.source.volumeSnapshotContentName", f"VolumeSnapshotContent.{SNAPSHOTS}", "", source.get("volumeSnapshotContentName"))
    yield from _named("spec.volumeSnapshotClassName", f"VolumeSnapshotClass.{SNAPSHOTS}", "", spec.get("volumeSnapshotClassName"))


def route(obj: Object) -> Iterator[Reference]:
    """Gateways that a route hangs on, Services that it leads to."""
    spec, namespace = map_of(obj.get("spec")), namespace_of(obj)
    for i, parent in enumerate(list_of(spec.get("parentRefs"))):
        parent = map_of(parent)
        kind = group_kind(text_of(parent.get("kind")) or "Gateway", text_of(parent.get("group", GATEWAY)))
        key = parent.get("sectionName") if kind.startswith("Gateway.") else parent.get("port")
        yield from _named(f"spec.parentRefs[{i}].name", kind, text_of(parent.get("namespace")) or namespace, parent.get("name"), key)
    for i, rule in enumerate(list_of(spec.get("rules"))):
        for j, backend in enumerate(list_of(map_of(rule).get("backendRefs"))):
            yield from _backend(map_of(backend), namespace, f"spec.rules[{i}].backendRefs[{j}]")
        for j, used in enumerate(list_of(map_of(rule).get("filters"))):
            mirror = map_of(map_of(used).get("requestMirror")).get("backendRef")
            yield from _backend(map_of(mirror), namespace, f"spec.rules[{i}].filters[{j}].requestMirror.backendRef")


def _backend(backend: Object, namespace: str, path: str) -> Iterator[Reference]:
    kind = group_kind(text_of(backend.get("kind")) or "Service", text_of(backend.get("group")))
    yield from _named(
        f"{path}.name", kind, text_of(backend.get("namespace")) or namespace, backend.get("name"), backend.get("port") if kind == "Service" else ""
    )


def gateway(obj: Object) -> Iterator[Reference]:
    """The class of a Gateway and its certificates."""
    spec, namespace = map_of(obj.get("spec")), namespace_of(obj)
    yield from _named("spec.gatewayClassName", f"GatewayClass.{GATEWAY}", "", spec.get("gatewayClassName"))
    for i, listener in enumerate(list_of(spec.get("listeners"))):
        for j, certificate in enumerate(list_of(map_of(map_of(listener).get("tls")).get("certificateRefs"))):
            certificate = map_of(certificate)
            if (text_of(certificate.get("kind")) or "Secret") == "Secret":
                at = f"spec.listeners[{i}].tls.certificateRefs[{j}].name"
                yield from _named(at, "Secret", text_of(certificate.get("namespace")) or namespace, certificate.get("name"))


def issuer(namespace: str, name: Any, kind: str, group: str, path: str) -> Iterator[Reference]:
    """An Issuer of the namespace or a ClusterIssuer."""
    yield from _named(path, group_kind(kind, group), "" if kind.startswith("Cluster") else namespace, name)


def ca_issuer(obj: Object) -> Iterator[Reference]:
    """The Secret of an Issuer that is a certificate authority."""
    yield from _named("spec.ca.secretName", "Secret", namespace_of(obj), map_of(map_of(obj.get("spec")).get("ca")).get("secretName"))


def certificate(obj: Object) -> Iterator[Reference]:
    """Who issues it."""
    ref = map_of(map_of(obj.get("spec")).get("issuerRef"))
    yield from issuer(namespace_of(obj), ref.get("name"), text_of(ref.get("kind")) or "Issuer", text_of(ref.get("group")) or CERTS, "spec.issuerRef.name")


def external_secret(obj: Object) -> Iterator[Reference]:
    """The store that it reads from."""
    ref = map_of(map_of(obj.get("spec")).get("secretStoreRef"))
    kind = text_of(ref.get("kind")) or "SecretStore"
    yield from issuer(namespace_of(obj), ref.get("name"), kind, "external-secrets.io", "spec.secretStoreRef.name")


def scaled_object(obj: Object) -> Iterator[Reference]:
    """KEDA: the workload that it scales."""
    ref = map_of(map_of(obj.get("spec")).get("scaleTargetRef"))
    kind = group_kind(text_of(ref.get("kind")) or "Deployment", (text_of(ref.get("apiVersion")) or "apps/v1").rpartition("/")[0])
    yield from _named("spec.scaleTargetRef.name", kind, namespace_of(obj), ref.get("name"))


def annotated_issuers(obj: Object) -> Iterator[Reference]:
    """The issuer that an Ingress or Gateway asks for its certificates."""
    for note, kind in ISSUER_NOTES:
        yield from issuer(namespace_of(obj), annotations_of(obj).get(note), kind, CERTS, f"metadata.annotations[{note}]")


def made_by(obj: Object) -> Iterator[Made]:
    """Objects that come to be because this one is there, by an operator's hand."""
    kind, namespace, spec = obj.get("kind"), namespace_of(obj), map_of(obj.get("spec"))
    if kind == "Certificate":
        yield "Secret", namespace, text_of(spec.get("secretName"))
    elif kind == "SealedSecret":
        yield "Secret", namespace, text_of(map_of(map_of(spec.get("template")).get("metadata")).get("name")) or name_of(obj)
    elif kind == "ExternalSecret":
        yield "Secret", namespace, text_of(map_of(spec.get("target")).get("name")) or name_of(obj)
    elif kind in ("VaultStaticSecret", "VaultDynamicSecret", "VaultPKISecret"):
        yield "Secret", namespace, text_of(map_of(spec.get("destination")).get("name"))
    elif kind in ("OnePasswordItem", "AzureKeyVaultSecret", "KMSVaultSecret", "BitwardenSecret"):
        yield "Secret", namespace, name_of(obj)
    elif kind == "SecretProviderClass":
        for held in list_of(spec.get("secretObjects")):
            yield "Secret", namespace, text_of(map_of(held).get("secretName"))
    elif kind == "Ingress" and any(note in annotations_of(obj) for note in (*(n for n, _ in ISSUER_NOTES), "kubernetes.io/tls-acme")):
        for tls in list_of(spec.get("tls")):
            yield "Secret", namespace, text_of(map_of(tls).get("secretName"))
    elif kind in OPERATED:
        yield "Service", namespace, OPERATED[kind]
    elif kind == "Gateway" and any(note in annotations_of(obj) for note, _ in ISSUER_NOTES):
        for ref in gateway(obj):
            if ref.kind == "Secret":
                yield "Secret", ref.namespace, ref.name


CUSTOM_REFERENCES: dict[str, Callable[[Object], Iterator[Reference]]] = {
    f"ServiceMonitor.{MONITORING}": monitor,
    f"PodMonitor.{MONITORING}": monitor,
    **dict.fromkeys((f"{kind}.{MONITORING}" for kind in ("Prometheus", "PrometheusAgent", "Alertmanager", "ThanosRuler")), prometheus),
    f"VolumeSnapshot.{SNAPSHOTS}": snapshot,
    **dict.fromkeys(ROUTES, route),
    f"Gateway.{GATEWAY}": gateway,
    f"Certificate.{CERTS}": certificate,
    f"Issuer.{CERTS}": ca_issuer,
    "ExternalSecret.external-secrets.io": external_secret,
    "ScaledObject.keda.sh": scaled_object,
}

__all__ = ["CLUSTER_SCOPED", "CUSTOM_REFERENCES", "METADATA_NAME", "annotated_issuers", "list_of", "made_by", "map_of", "text_of"]
