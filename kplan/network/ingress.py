"""Ingress: which rule a request falls under, and which endpoints it reaches.

Upstream: the API's own words on hosts, path types and precedence (staging/src/k8s.io/api/networking/v1/types.go). Real controllers differ in
ImplementationSpecific paths, which are taken as Prefix here, and in what they do with two Ingresses that state the same rule: the older one wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kplan.api.objects import Object, annotations_of
from kplan.api.reader import Reader
from kplan.network.proxy import Backends, Endpoint, backends, find_port

KIND, CLASS = "Ingress.networking.k8s.io", "IngressClass.networking.k8s.io"
CLASS_ANNOTATION, DEFAULT_CLASS = "kubernetes.io/ingress.class", "ingressclass.kubernetes.io/is-default-class"


class Route(NamedTuple):
    """One rule of an Ingress: `host` empty for all, `path_type` empty for the default backend."""

    ingress: Object
    host: str
    path: str
    path_type: str
    backend: Object

    @property
    def namespace(self) -> str:
        """Where the backend's Service is."""
        namespace: str = self.ingress["metadata"]["namespace"]
        return namespace

    def __str__(self) -> str:
        return f"{self.host or '*'}{self.path or '/'}"


class Target(NamedTuple):
    """What a route leads to: a Service's port and endpoints, or another object; `problem` says why nothing answers."""

    service: str = ""
    port: int | str = ""
    endpoints: Sequence[Endpoint] = ()
    resource: str = ""
    problem: str = ""


def class_of(ingress: Object, reader: Reader) -> str:
    """The class that serves an Ingress: its own, the annotation's, or the cluster's default; empty for none."""
    stated = ingress["spec"].get("ingressClassName") or annotations_of(ingress).get(CLASS_ANNOTATION)
    if stated:
        return str(stated)
    defaults = [c for c in reader.list(CLASS) if annotations_of(c).get(DEFAULT_CLASS) == "true"]
    newest = sorted(defaults, key=lambda c: c["metadata"]["name"])
    newest.sort(key=lambda c: c["metadata"].get("creationTimestamp", ""), reverse=True)
    return newest[0]["metadata"]["name"] if newest else ""


def routes_of(ingress: Object) -> list[Route]:
    """The routes that an Ingress states, its default backend last."""
    found = []
    spec = ingress["spec"]
    for rule in spec.get("rules") or ():
        for path in (rule.get("http") or {}).get("paths") or ():
            found.append(Route(ingress, rule.get("host") or "", path.get("path") or "", path["pathType"], path["backend"]))
    if spec.get("defaultBackend") is not None:
        found.append(Route(ingress, "", "", "", spec["defaultBackend"]))
    return found


def host_matches(rule: str, host: str) -> bool:
    """`*.example.com` stands for exactly one label; an empty rule for all hosts."""
    rule, host = rule.lower(), host.lower().rstrip(".")
    if not rule:
        return True
    if rule.startswith("*."):
        first, dot, rest = host.partition(".")
        return bool(first) and bool(dot) and rest == rule[2:]
    return rule == host


def path_matches(path_type: str, rule: str, path: str) -> bool:
    """Exact: as it is. Prefix: element by element, a slash at the end does not count."""
    if path_type == "Exact":
        return rule == path
    wanted = [e for e in rule.split("/") if e]
    return [e for e in path.split("/") if e][: len(wanted)] == wanted


def match(host: str, path: str, ingresses: Iterable[Object]) -> Route | None:
    """The route of a request: the most specific host, then the longest path, Exact before Prefix; else a default backend."""
    everything = [route for ingress in sorted(ingresses, key=_age) for route in routes_of(ingress)]
    ruled = [r for r in everything if r.path_type and host_matches(r.host, host)]
    for specific in (_exact, _wildcard, _any):
        hosted = [r for r in ruled if specific(r.host)]
        fitting = [r for r in hosted if path_matches(r.path_type, r.path, path)]
        if fitting:
            return max(fitting, key=lambda r: (_length(r), r.path_type == "Exact"))
        if hosted:
            break
    return next((r for r in everything if not r.path_type), None)


def _exact(host: str) -> bool:
    return bool(host) and not host.startswith("*.")


def _wildcard(host: str) -> bool:
    return host.startswith("*.")


def _any(host: str) -> bool:
    return not host


def _length(route: Route) -> int:
    return len(route.path if route.path_type == "Exact" else route.path.rstrip("/"))


def _age(ingress: Object) -> tuple[str, str, str]:
    meta = ingress["metadata"]
    return meta.get("creationTimestamp", ""), meta["namespace"], meta["name"]


def target_of(route: Route, reader: Reader) -> Target:
    """The endpoints behind a route. Ingress controllers send to endpoints themselves, so traffic policies do not count."""
    stated = route.backend.get("service")
    if stated is None:
        resource = route.backend.get("resource") or {}
        return Target(resource=f"{resource.get('kind', '')}/{resource.get('name', '')}")
    name, wanted = stated["name"], stated.get("port") or {}
    number: int | str = wanted.get("number") or wanted.get("name") or 0
    service = reader.get("Service", route.namespace, name)
    if service is None:
        return Target(name, number, problem=f'service "{name}" not found')
    if service["spec"].get("type") == "ExternalName":
        return Target(name, number, resource=service["spec"].get("externalName") or "")
    port = find_port(service, number)
    if port is None:
        return Target(name, number, problem=f'service "{name}" has no port {number}')
    plain = {**service, "spec": {**service["spec"], "internalTrafficPolicy": "Cluster", "clusterIP": "0.0.0.0"}}
    found: Backends = backends(plain, port, reader)
    return Target(name, port["port"], found.endpoints, problem=found.problem)
