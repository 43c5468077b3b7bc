"""Whether Services and Ingresses have somebody who answers, and why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kplan.api.objects import Object
from kplan.api.reader import Reader
from kplan.network import ingress as ingresses
from kplan.network.proxy import endpoints_of
from kplan.questions.hops import selecting

Standing = tuple[bool, str, tuple[str, ...]]  # whether it is as it is meant to be, how it stands, why it is not


def of_service(service: Object, reader: Reader) -> Standing:
    """The ready endpoints of each port."""
    spec = service["spec"]
    if spec.get("type") == "ExternalName":
        return True, f"an alias for {spec.get('externalName')}", ()
    ports = spec.get("ports") or ()
    ready = {p["port"]: [e for e in endpoints_of(service, p, reader) if e.ready] for p in ports}
    empty = [str(port) for port, found in ready.items() if not found]
    addresses = {e.address for found in ready.values() for e in found}
    words = f"{len(addresses)} ready endpoint{'s' if len(addresses) != 1 else ''}"
    problems = [f"port {port}: no ready endpoints{selecting(service, reader)}" for port in empty]
    balanced = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress")
    if spec.get("type") == "LoadBalancer" and not balanced:
        problems.append("it has no load balancer")
    return not problems, words, tuple(problems)


def of_ingress(ingress: Object, reader: Reader) -> Standing:
    """What each rule leads to."""
    problems, good = [], 0
    routes = ingresses.routes_of(ingress)
    for route in routes:
        target = ingresses.target_of(route, reader)
        if not target.problem:
            good += 1
            continue
        service = reader.get("Service", route.namespace, target.service)
        more = selecting(service, reader) if service is not None and "endpoints" in target.problem else ""
        problems.append(f"{route} → {target.service}:{target.port}: {target.problem}{more}")
    return not problems, f"{good} of {len(routes)} rules lead to ready pods", tuple(problems)


SERVING: Mapping[str, Callable[[Object, Reader], Standing]] = {"Service": of_service, "Ingress": of_ingress}
