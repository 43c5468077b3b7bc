"""EndpointSlices: the pods behind each Service with a selector, at most a hundred a slice, a family and a set of ports each.

Upstream: pkg/controller/endpointslice and staging/src/k8s.io/endpointslice. Left out: the annotation `endpoints.kubernetes.io/last-change-trigger-time` and
the second that changes by others wait. Where upstream takes endpoints from a set at random, they go by pod name here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from kplan.api.objects import Object, annotations_of, labels_of
from kplan.api.reader import Entry, Reader
from kplan.apiserver.client import Client
from kplan.apiserver.loops import Controller, Key, Watch, itself, owner_reference
from kplan.apiserver.response import Response
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
from kplan.controllers.sliceplacement import Placed, Ports, place, ports_key, slice_ports, slice_prefix
from kplan.controllers.topologyhints import TopologyHints, distribute, hints_wanted, node_topology_changed, without_hints

KIND = "EndpointSlice.discovery.k8s.io"
MANAGER = "endpointslice-controller.k8s.io"
MANAGED_BY, SERVICE_NAME = "endpointslice.kubernetes.io/managed-by", "kubernetes.io/service-name"
RESERVED = (MANAGED_BY, SERVICE_NAME, HEADLESS)
ZONE = "topology.kubernetes.io/zone"
PER_SLICE, RETRIES, FIRST_RETRY, LAST_RETRY = 100, 15, 1.0, 1000.0


class EndpointSliceController(Controller):
    """Keys: (namespace, name) of Services, and () for the nodes' distribution over zones."""

    name = "endpoint-slice-controller"

    def __init__(self) -> None:
        self.watches = (
            Watch("Service", itself),
            Watch("Pod", ServicesOfPods().keys),
            Watch(KIND, self._changed_by_others),
            Watch("Node", lambda entry, _reader: [()] if node_topology_changed(entry) else ()),
        )
        self._written: dict[str, str] = {}
        self._failures: Counter[Key] = Counter()
        self._hints = TopologyHints()

    def _changed_by_others(self, entry: Entry, reader: Reader) -> Iterable[Key]:
        """The Services of a managed slice that is not as this loop left it."""
        new = entry.new
        if new is not None and self._written.get(new["metadata"]["uid"]) == new["metadata"]["resourceVersion"]:
            return ()
        if new is None:
            self._written.pop(entry.object["metadata"]["uid"], None)
        namespace = entry.object["metadata"]["namespace"]
        both = [labels_of(obj) for obj in (entry.old, new) if obj is not None]
        if not any(labels.get(MANAGED_BY) == MANAGER for labels in both):
            return ()
        return dict.fromkeys((namespace, labels[SERVICE_NAME]) for labels in both if labels.get(SERVICE_NAME))

    def sync(self, key: Key, api: Client) -> float | None:
        """Bring the slices of a Service in line with its pods.   Upstream: syncService."""
        if not key:
            return self._look_at_nodes(api)
        service = api.get("Service", *key)
        if service is None:
            self._hints.forget(key)
            self._failures.pop(key, None)
            return None
        if service["spec"].get("type") == "ExternalName" or not service["spec"].get("selector"):
            return None
        error = self._reconcile(api, service, [s for s in _slices(api, service) if "deletionTimestamp" not in s["metadata"]])
        if not error:
            self._failures.pop(key, None)
            return None
        namespace, name = key
        api.event(service, "Warning", "FailedToUpdateEndpointSlices", f"Error updating Endpoint Slices for Service {namespace}/{name}: {error}")
        self._failures[key] += 1
        if self._failures[key] > RETRIES:
            del self._failures[key]
            return None
        return float(min(FIRST_RETRY * 2 ** (self._failures[key] - 1), LAST_RETRY))

    def _look_at_nodes(self, api: Client) -> float | None:
        """Services whose hints overload a zone are looked at again.   Upstream: checkNodeTopologyDistribution."""
        self._hints.set_nodes(api.list("Node"))
        for key in self._hints.overloaded():
            self.sync(key, api)
        return None

    def _reconcile(self, api: Client, service: Object, slices: Sequence[Object]) -> str:
        """One family after the other; what went wrong, empty if nothing.   Upstream: Reconciler.Reconcile."""
        families = address_types(service)
        errors = []
        for family in families:
            errors += self._reconcile_family(api, service, [s for s in slices if s.get("addressType") == family], family)
        for stale in slices:
            if stale.get("addressType") not in families:
                self._hints.remove((service["metadata"]["namespace"], service["metadata"]["name"]), stale.get("addressType", ""))
                api.delete(stale)
        unique = list(dict.fromkeys(errors))
        return unique[0] if len(unique) == 1 else f"[{', '.join(unique)}]" if unique else ""

    def _reconcile_family(self, api: Client, service: Object, existing: Sequence[Object], family: str) -> list[str]:
        uid, key = service["metadata"]["uid"], (service["metadata"]["namespace"], service["metadata"]["name"])
        mine: dict[Ports, list[Object]] = {}
        placed = Placed()
        for held in existing:
            if _owned_by(held, uid):
                mine.setdefault(ports_key(held.get("ports") or ()), []).append(held)
            else:
                placed.delete.append(held)
        wanted, errors = self._wanted(api, service, family)
        labels = slice_labels(service)
        for ports, endpoints in wanted.items():
            new = _new_slice(service, family, ports, labels)
            placed.extend(place(mine.get(ports, ()), endpoints, new, lambda s: _labels_differ(s, service), labels, PER_SLICE))
        for ports, held_slices in mine.items():
            if ports not in wanted:
                placed.delete.extend(held_slices)
        if len(placed.delete) == len(existing) and not placed.create:
            self._placeholder(placed, _new_slice(service, family, (), labels), uid)
        changed = {s["metadata"]["name"] for s in (*placed.update, *placed.delete)}
        placed.unchanged = [s for s in existing if s["metadata"]["name"] not in changed]
        annotated = hints_wanted(annotations_of(service))
        distribution = service["spec"].get("trafficDistribution")
        if annotated:
            events = self._hints.add(key, family, placed)
        else:
            events = self._hints.disable(key, family)
            if not distribution:
                without_hints(placed)
            else:
                distribute(distribution, placed)
        error = self._write(api, service, placed)
        for type, reason, message in events:
            api.event(service, type, reason, message)
        return [*errors, *([error] if error else [])]

    def _wanted(self, api: Client, service: Object, family: str) -> tuple[dict[Ports, list[Object]], list[str]]:
        """The endpoints by the ports that their pods have, and what is wrong with some."""
        wanted: dict[Ports, list[Object]] = {}
        errors = []
        meta, spec = service["metadata"], service["spec"]
        for pod in selected_pods(service, api):
            if not in_endpoints(pod, terminating=True):
                continue
            same_ports = wanted.setdefault(_pod_ports(service, pod), [])
            node_name = pod["spec"].get("nodeName", "")
            node = api.get("Node", "", node_name)
            if node is None and not spec.get("publishNotReadyAddresses"):
                name = pod["metadata"]["name"]
                errors.append(f"skipping Pod {name} for Service {meta['namespace']}/{meta['name']}: Node {node_name} Not Found")
                continue
            found = addresses(pod, 6 if family == "IPv6" else 4)
            if found:
                same_ports.append(_endpoint(pod, node, service, found))
        return wanted, errors

    def _placeholder(self, placed: Placed, empty: Object, uid: str) -> None:
        """A Service without endpoints has one slice all the same."""
        if len(placed.delete) == 1:
            held = placed.delete[0]
            bare = not held.get("endpoints") and not held.get("ports") and held.get("addressType") == empty["addressType"] and _owned_by(held, uid)
            if bare and labels_of(held) == labels_of(empty):
                placed.delete.clear()
                return
        placed.create.append(empty)

    def _write(self, api: Client, service: Object, placed: Placed) -> str:
        """Write what was placed; a slice to make takes the place of one to delete.   Upstream: finalize."""
        uid = service["metadata"]["uid"]
        for old in list(placed.delete):
            if not placed.create:
                break
            if old.get("addressType") == placed.create[-1]["addressType"] and _owned_by(old, uid):
                new = placed.create.pop()
                meta = {**old["metadata"], "labels": new["metadata"]["labels"]}
                placed.update.append({**new, "metadata": meta})
                placed.delete.remove(old)
        namespace, name = service["metadata"]["namespace"], service["metadata"]["name"]
        if "deletionTimestamp" not in service["metadata"]:
            for new in placed.create:
                answer = api.create(new)
                if not answer.accepted:
                    why = f"failed to create EndpointSlice for Service {namespace}/{name}: {answer.message}"
                    return "" if namespace_terminating(answer) else why
                self._note(answer)
        for verb, slices in (("update", placed.update), ("delete", placed.delete)):
            for one in slices:
                answer = api.write(one) if verb == "update" else api.delete(one)
                if not answer.accepted:
                    return f"failed to {verb} {one['metadata']['name']} EndpointSlice for Service {namespace}/{name}: {answer.message}"
                if verb == "update":
                    self._note(answer)
        return ""

    def _note(self, answer: Response) -> None:
        if answer.object is not None:
            meta = answer.object["metadata"]
            self._written[meta["uid"]] = meta["resourceVersion"]


def address_types(service: Object) -> list[str]:
    """The families that a Service has addresses of.   Upstream: getAddressTypesForService."""
    spec = service["spec"]
    families = [f for f in spec.get("ipFamilies") or () if f in ("IPv4", "IPv6")]
    if families:
        return families
    address = spec.get("clusterIP") or ""
    if address not in ("", "None"):
        return [f"IPv{family_of(address)}"]
    return ["IPv4"]  # as the server reads one with a selector


def slice_labels(service: Object) -> dict[str, str]:
    """The labels of a Service's slices.   Upstream: setEndpointSliceLabels."""
    labels = {k: v for k, v in labels_of(service).items() if k not in RESERVED}
    if is_headless(service):
        labels[HEADLESS] = ""
    return {**labels, SERVICE_NAME: service["metadata"]["name"], MANAGED_BY: MANAGER}


def _labels_differ(held: Object, service: Object) -> bool:
    """Whether labels other than the reserved ones do."""
    mine = {k: v for k, v in labels_of(held).items() if k not in RESERVED}
    return mine != {k: v for k, v in labels_of(service).items() if k not in RESERVED}


def _slices(reader: Reader, service: Object) -> list[Object]:
    meta = service["metadata"]
    found = []
    for held in reader.list(KIND, meta["namespace"]):
        labels = labels_of(held)
        if labels.get(SERVICE_NAME) == meta["name"] and labels.get(MANAGED_BY) == MANAGER:
            found.append(held)
    return found


def _owned_by(held: Object, uid: str) -> bool:
    owners = held["metadata"].get("ownerReferences") or ()
    return any(o["uid"] == uid and o["kind"] == "Service" and o["apiVersion"] == "v1" for o in owners)


def _new_slice(service: Object, family: str, ports: Ports, labels: dict[str, str]) -> Object:
    meta = service["metadata"]
    prefix = slice_prefix(meta["name"])
    made: Object = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"generateName": prefix, "namespace": meta["namespace"], "labels": labels, "ownerReferences": [owner_reference(service)]},
        "addressType": family,
    }
    return {**made, "ports": slice_ports(ports)} if ports else made


def _pod_ports(service: Object, pod: Object) -> Ports:
    """What a pod offers of a Service's ports; those that it does not name are left out.   Upstream: getEndpointPorts."""
    found = []
    for port in service["spec"].get("ports") or ():
        number = find_port(pod, port)
        if number is not None:
            found.append((port.get("name", ""), number, port.get("protocol", "TCP"), port.get("appProtocol")))
    return tuple(sorted(found, key=lambda p: (p[0], p[2], p[1])))


def _endpoint(pod: Object, node: Object | None, service: Object, found: list[str]) -> Object:
    """Upstream: podToEndpoint."""
    serving, terminating = pods.ready(pod), pods.terminating(pod)
    ready = bool(service["spec"].get("publishNotReadyAddresses")) or (serving and not terminating)
    endpoint: Object = {"addresses": found, "conditions": {"ready": ready, "serving": serving, "terminating": terminating}}
    host = hostname(pod, service)
    if host:
        endpoint["hostname"] = host
    endpoint["targetRef"] = pod_reference(pod)
    if pod["spec"].get("nodeName"):
        endpoint["nodeName"] = pod["spec"]["nodeName"]
    zone = labels_of(node).get(ZONE) if node is not None else None
    if zone:
        endpoint["zone"] = zone
    return endpoint
