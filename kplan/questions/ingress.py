"""The hops through an Ingress: its class, its rule, its certificate, the Service behind it."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.reader import Reader
from kplan.network import ingress as ingresses
from kplan.network.networkpolicy import Party
from kplan.network.proxy import find_port
from kplan.questions.hops import Hop, count_of, policy_hops, selecting


def route_hops(route: ingresses.Route, reader: Reader) -> Iterator[Hop]:
    """What lies between the controller that serves an Ingress and the pods behind one of its routes."""
    name = ingresses.class_of(route.ingress, reader)
    if not name:
        yield Hop("class", "none is stated and none is the default: no controller may serve it", None)
    elif reader.get(ingresses.CLASS, "", name) is None:
        yield Hop("class", f"{name} (no such IngressClass here)", None)
    else:
        yield Hop("class", name)
    yield Hop("rule", f"{route} ({route.path_type or 'default backend'})")
    yield from _tls_hops(route, reader)
    target = ingresses.target_of(route, reader)
    if target.resource:
        yield Hop("backend", target.resource, None)
        return
    if target.problem and not target.endpoints:
        service = reader.get("Service", route.namespace, target.service)
        more = selecting(service, reader) if service is not None and "endpoints" in target.problem else ""
        yield Hop("service", f"{target.service}:{target.port}: {target.problem}{more}", False)
        return
    yield Hop("service", f"{target.service}:{target.port}: {count_of(target.endpoints)}")
    service = reader.get("Service", route.namespace, target.service)
    port = find_port(service, target.port) if service is not None else None
    anyone = Party()  # the controller's pods are not known: only rules that let everyone in are sure to let them in
    shut = [h for h in policy_hops(((anyone, e, e.port) for e in target.endpoints), (port or {}).get("protocol", "TCP"), reader) if h.ok is False]
    for hop in shut:
        yield Hop("policy", f"{hop.answer} for everyone: the Ingress controller's pods must be named by one", None)


def _tls_hops(route: ingresses.Route, reader: Reader) -> Iterator[Hop]:
    """The certificate for the host, where one is stated."""
    for tls in route.ingress["spec"].get("tls") or ():
        hosts, name = tls.get("hosts") or (), tls.get("secretName")
        if name and (not hosts or any(ingresses.host_matches(h, route.host) for h in hosts)):
            there = reader.get("Secret", route.namespace, name) is not None
            yield Hop("tls", f"Secret {name}{'' if there else ' is not there: the controller shows another certificate'}", True if there else None)
