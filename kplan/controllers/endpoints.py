"""Endpoints: the addresses behind each Service with a selector, ready ones and others, as one object.

Upstream: pkg/controller/endpoint and pkg/api/v1/endpoints. Left out: the sweep for Endpoints without a Service when the controller starts, and the
annotation `endpoints.kubernetes.io/last-change-trigger-time`. Subsets are sorted by their ports, upstream sorts them by hashes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from kplan.api.objects import Object, annotations_of, labels_of
from kplan.api.reader import Entry, Reader
from kplan.apiserver.client import Client
from kplan.apiserver.loops import RETRY, Controller, Key, Watch, itself
from kplan.controllers import pods
from kplan.controllers.podcontrol import namespace_terminating
from kplan.controllers.servicepods import (
    HEADLESS,
    ServicesOfPods,
    addresses,
    family_of,
    find_port,
    hostname,
    in_endpoints,
    is_headless,
    pod_reference,
    selected_pods,
)

KIND = "Endpoints"
MANAGED_BY, MANAGER = "endpoints.kubernetes.io/managed-by", "endpoint-controller"
OVER_CAPACITY, CAPACITY = "endpoints.kubernetes.io/over-capacity", 1000
READY, NOT_READY = "addresses", "notReadyAddresses"

Port = tuple[str, int, str, str | None]  # name, number (-1: the Service has no ports), protocol, appProtocol
Host = tuple[str, str]  # ip, uid


def _deleted(entry: Entry, reader: Reader) -> Iterable[Key]:
    """Endpoints that somebody removed."""
    return itself(entry, reader) if entry.action == "DELETED" else ()


class EndpointsController(Controller):
    """Keys: (namespace, name) of Services."""

    name = "endpoint-controller"

    def __init__(self) -> None:
        self.watches = (Watch("Service", itself), Watch("Pod", ServicesOfPods().keys), Watch(KIND, _deleted))

    def sync(self, key: Key, api: Client) -> float | None:
        """Write what the pods of a Service offer.   Upstream: syncService."""
        service = api.get("Service", *key)
        if service is None:
            held = api.get(KIND, *key)
            if held is not None:
                api.delete(held)
            return None
        if service["spec"].get("type") == "ExternalName" or not service["spec"].get("selector"):
            return None
        subsets = repack(_offers(service, selected_pods(service, api)))
        held = api.get(KIND, *key)
        if held is not None and _in_order(held, subsets, labels_of(service)):
            return None
        return self._write(api, service, held, subsets)

    def _write(self, api: Client, service: Object, held: Object | None, subsets: list[Object]) -> float | None:
        namespace, name = service["metadata"]["namespace"], service["metadata"]["name"]
        labels = {k: v for k, v in labels_of(service).items() if k != HEADLESS}
        if is_headless(service):
            labels[HEADLESS] = ""
        labels[MANAGED_BY] = MANAGER
        subsets, cut = truncate(subsets)
        notes = {k: v for k, v in annotations_of(held or {}).items() if k != OVER_CAPACITY}
        if cut:
            notes[OVER_CAPACITY] = "truncated"
        meta = {k: v for k, v in (held["metadata"] if held else {"name": name, "namespace": namespace}).items() if k != "annotations"}
        new: Object = {"apiVersion": "v1", "kind": KIND, "metadata": {**meta, "labels": labels, **({"annotations": notes} if notes else {})}}
        if subsets:
            new["subsets"] = subsets
        answer = api.write(new) if held is not None else api.create(new)
        if answer.accepted or (held is None and namespace_terminating(answer)):
            return None
        if held is None:
            api.event(new, "Warning", "FailedToCreateEndpoint", f"Failed to create endpoint for service {namespace}/{name}: {answer.message}")
        else:
            api.event(new, "Warning", "FailedToUpdateEndpoint", f"Failed to update endpoint {namespace}/{name}: {answer.message}")
        return RETRY


def _offers(service: Object, selected: Iterable[Object]) -> Iterable[tuple[Port, Object, bool]]:
    """(port, address, whether it is ready) of every port of every pod."""
    spec = service["spec"]
    unready_too, ports = spec.get("publishNotReadyAddresses") or False, spec.get("ports") or ()
    for pod in selected:
        if not in_endpoints(pod, terminating=unready_too):
            continue
        found = addresses(pod, _family(spec, pod))
        if not found:
            continue
        address: Object = {"ip": found[0], "nodeName": pod["spec"].get("nodeName", ""), "targetRef": pod_reference(pod)}
        host = hostname(pod, service)
        if host:
            address["hostname"] = host
        ready = unready_too or pods.ready(pod)
        if not ports and spec.get("clusterIP") == "None":
            yield ("", -1, "", None), address, ready
        for port in ports:
            number = find_port(pod, port)
            if number is not None:
                yield (port.get("name", ""), number, port.get("protocol", "TCP"), port.get("appProtocol")), address, ready


def _family(spec: Object, pod: Object) -> int:
    """The address family that a Service's Endpoints have: its first."""
    families = spec.get("ipFamilies")
    if families:
        return 6 if families[0] == "IPv6" else 4
    address = spec.get("clusterIP") or ""
    if address in ("", "None"):
        address = (pod.get("status") or {}).get("podIP") or ""
    return family_of(address)


def repack(offers: Iterable[tuple[Port, Object, bool]]) -> list[Object]:
    """Subsets: ports that the same addresses offer in the same state stand together.   Upstream: RepackSubsets."""
    hosts: dict[Host, Object] = {}
    by_port: dict[Port, dict[Host, bool]] = {}
    for port, address, ready in offers:
        host = address["ip"], (address.get("targetRef") or {}).get("uid", "")
        hosts.setdefault(host, address)
        states = by_port.setdefault(port, {})
        states[host] = ready and states.get(host, True)
    ports_of: dict[tuple[tuple[Host, bool], ...], list[Port]] = {}
    for port in sorted(by_port, key=lambda p: (p[0], p[1], p[2], p[3] or "")):
        ports_of.setdefault(tuple(sorted(by_port[port].items())), []).append(port)
    subsets = []
    for states_of_hosts, ports in ports_of.items():
        subset: Object = {}
        for field, state in ((READY, True), (NOT_READY, False)):
            found = [hosts[host] for host, ready in states_of_hosts if ready is state]
            if found:
                subset[field] = found
        numbered = [_port(port) for port in ports if port[1] > 0]
        if numbered:
            subset["ports"] = numbered
        subsets.append(subset)
    return subsets


def _port(port: Port) -> Object:
    name, number, protocol, app = port
    return {**({"name": name} if name else {}), "port": number, "protocol": protocol, **({"appProtocol": app} if app is not None else {})}


def unpacked(subsets: Sequence[Object]) -> Iterable[tuple[Port, Object, bool]]:
    """What Endpoints say, as `repack` takes it."""
    for subset in subsets:
        ports = [(p.get("name", ""), p["port"], p.get("protocol", "TCP"), p.get("appProtocol")) for p in subset.get("ports") or ()]
        for port in ports or [("", -1, "", None)]:
            for field, ready in ((READY, True), (NOT_READY, False)):
                for address in subset.get(field) or ():
                    yield port, address, ready


def _in_order(held: Object, subsets: list[Object], service_labels: dict[str, str]) -> bool:
    """Whether nothing has to be written."""
    labels = labels_of(held)
    if labels.get(MANAGED_BY) != MANAGER or {k: v for k, v in labels.items() if k not in (HEADLESS, MANAGED_BY)} != service_labels:
        return False
    said = held.get("subsets") or []
    if sum(len(s.get(READY) or ()) + len(s.get(NOT_READY) or ()) for s in said) > CAPACITY or OVER_CAPACITY in annotations_of(held):
        return False
    return said == subsets or repack(unpacked(said)) == subsets


def truncate(subsets: list[Object]) -> tuple[list[Object], bool]:
    """At most 1000 addresses, ready ones first, each subset its share; and whether that cut any.   Upstream: truncateEndpoints."""
    ready = sum(len(s.get(READY) or ()) for s in subsets)
    unready = sum(len(s.get(NOT_READY) or ()) for s in subsets)
    if ready + unready <= CAPACITY:
        return subsets, False
    field, total, most = (READY, ready, CAPACITY) if ready > CAPACITY else (NOT_READY, unready, CAPACITY - ready)
    left, cut = most, []
    for subset in subsets:
        held = subset.get(field) or []
        kept = held[: min(math.ceil(len(held) / total * most), left)]
        left -= len(kept)
        dropped = (READY, NOT_READY) if field == READY else (NOT_READY,)
        new = {k: v for k, v in subset.items() if k not in dropped}
        cut.append({**({field: kept} if kept else {}), **new})
    return cut, True
