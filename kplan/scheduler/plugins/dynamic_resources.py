"""Claims on devices.   Upstream: pkg/scheduler/framework/plugins/dynamicresources. Left out: binding conditions and their time-outs."""

from __future__ import annotations

import marshal
from collections.abc import Iterable
from typing import Any

import numpy as np

from kplan.api.objects import Object, controller_of, replace
from kplan.api.podrequests import is_sidecar
from kplan.scheduler import requests as ask
from kplan.scheduler import selectors
from kplan.scheduler.cluster_state import DEVICE_CLASS, RESOURCE_CLAIM, RESOURCE_SLICE, ClusterState
from kplan.scheduler.columns import Bools, Ints, Nodes
from kplan.scheduler.device_pools import Inventory
from kplan.scheduler.devices import Allocator, Request, allocation_result
from kplan.scheduler.framework import Check, ClusterPlugin, Reject, Rejected, Rejects, SchedulingError, to_100
from kplan.scheduler.podinfo import PodInfo

FIRST_AVAILABLE_MAX = 8
FINALIZER = "resource.kubernetes.io/delete-protection"
NO_CLAIMS = "no new claims to deallocate"


class DynamicResources(ClusterPlugin):
    """ResourceClaims, and extended resources that a device class stands behind."""

    name = "DynamicResources"
    weight = 2

    def __init__(self) -> None:
        self._stock: Stock | None = None

    def prepare(self, pod: PodInfo, cluster: ClusterState) -> Check | None:
        """The pod's claims; those that are not allocated need device classes that exist."""
        extended = {name: amount for name, amount in pod.cls.asked.scalars if amount and name in cluster.table.delegated}
        if not pod.cls.resource_claims and not extended:
            return None
        claims = list(claims_of(pod, cluster))
        if not claims and not extended:
            return None
        for claim in claims:
            if (claim.get("status") or {}).get("allocation") is None:
                check_classes(claim, cluster)
        stock = self._stock
        if stock is None or not stock.is_current(cluster):
            stock = self._stock = Stock(cluster, stock)
        return ClaimsCheck(pod, stock, claims, extended)


class Outcome:
    """What nodes can do for one combination of claims, as far as it has been tried."""

    def __init__(self, size: int) -> None:
        self.tried = np.zeros(size, dtype=np.bool_)
        self.fits = np.zeros(size, dtype=np.bool_)
        self.preference = np.zeros(size, dtype=np.int64)


class Stock:
    """The devices of a cluster, and what became of earlier tries."""

    def __init__(self, cluster: ClusterState, before: Stock | None = None) -> None:
        """`before`: what was known until something changed."""
        self.cluster = cluster
        self.table = cluster.table
        self._versions: tuple[int, int] = self.table.version, cluster.objects_version
        known = before.inventory if before is not None and before.table is self.table and before._versions[0] == self.table.version else None
        self.inventory: Inventory = Inventory(cluster.list(RESOURCE_SLICE), cluster.list(DEVICE_CLASS), cluster.list(RESOURCE_CLAIM), known)
        # Of two classes for one resource the newer stands behind it, of equally old ones the first by name.
        by_name = sorted(self.inventory.classes.items(), reverse=True)
        by_age = sorted(by_name, key=lambda item: item[1]["metadata"].get("creationTimestamp") or "")
        self.classes = {resource: name for name, c in by_age for resource in resources_of(c)}
        self.outcomes: dict[bytes, Outcome] = {}
        self._assumed = cluster.assumed_version

    def is_current(self, cluster: ClusterState) -> bool:
        """Whether nothing has changed but what was taken from here."""
        known = self.cluster is cluster and self.table is cluster.table and self._versions == (cluster.table.version, cluster.objects_version)
        return known and self._assumed == cluster.assumed_version

    def outcome(self, signature: bytes) -> Outcome:
        """What is known of a combination of claims."""
        found = self.outcomes.get(signature)
        if found is None:
            if len(self.outcomes) >= 32:
                del self.outcomes[next(iter(self.outcomes))]
            found = self.outcomes[signature] = Outcome(self.table.size)
        return found

    def take(self, results: Iterable[Object], updates: Iterable[tuple[str, Object]]) -> None:
        """Devices go, claims change: what was tried on nodes that could have had the devices is forgotten."""
        keep = self.is_current(self.cluster)
        for result in results:
            self.inventory.note(result)
            key = result["driver"], result["pool"]
            names = {s.get("nodeName") for s in self.inventory.pools[key]}
            rows = [self.table.row_of[n] for n in names if n in self.table.row_of] if key not in self.inventory.shared else slice(None)
            for outcome in self.outcomes.values():
                outcome.tried[rows] = False
        for kind, obj in updates:
            self.cluster.assume(kind, obj)
        if keep:
            self._assumed = self.cluster.assumed_version


def claims_of(pod: PodInfo, cluster: ClusterState) -> Any:
    """A pod's claims, which must be there; raises Rejected.   Upstream: foreachPodResourceClaim."""
    namespace = pod.cls.namespace
    statuses = {s["name"]: s for s in (pod.pod.get("status") or {}).get("resourceClaimStatuses") or ()}
    for entry in pod.cls.resource_claims:
        name = entry.get("resourceClaimName")
        if name is None:
            if entry["name"] not in statuses:
                raise Rejected(f'pod "{namespace}/{pod.name}": ResourceClaim not created yet')
            name = statuses[entry["name"]].get("resourceClaimName")
            if name is None:
                continue
        claim = cluster.get(RESOURCE_CLAIM, namespace, name)
        if claim is None:
            raise Rejected(f'could not find ResourceClaim "{namespace}/{name}"')
        if claim["metadata"].get("deletionTimestamp") is not None:
            raise Rejected(f'resourceclaim "{name}" is being deleted')
        if "resourceClaimName" not in entry and (controller_of(claim) or {}).get("uid") != pod.uid:
            raise Rejected(f"ResourceClaim {namespace}/{name} was not created for Pod {namespace}/{pod.name} (Pod is not owner)")
        yield claim


def check_classes(claim: Object, cluster: ClusterState) -> None:
    """Each request's device class must exist; raises Rejected."""
    for request in (claim["spec"].get("devices") or {}).get("requests") or ():
        wanted = [(request["name"], request["exactly"])] if request.get("exactly") is not None else []
        wanted += ((f"{request['name']}/{r['name']}", r) for r in request.get("firstAvailable") or ())
        for name, data in wanted:
            if cluster.get(DEVICE_CLASS, "", data["deviceClassName"]) is None:
                raise Rejected(f"request {name}: device class {data['deviceClassName']} does not exist")


class ClaimsCheck(Check):
    """One pod's claims, and what each node would allocate to them."""

    name = DynamicResources.name

    def __init__(self, pod: PodInfo, stock: Stock, claims: list[Object], extended: dict[str, int]) -> None:
        self.pod = pod
        self.stock = stock
        self.claims = claims
        self.extended = extended
        self.waiting = [c for c in claims if (c.get("status") or {}).get("allocation") is None]
        self.unavailable: list[Object] = []
        self.updates: list[tuple[str, Object]] = []
        self.prioritized = any(r.get("firstAvailable") for c in claims for r in (c["spec"].get("devices") or {}).get("requests") or ())
        parts = [(c["spec"], ((c.get("status") or {}).get("allocation"))) for c in claims]
        self.outcome = stock.outcome(marshal.dumps([parts, [pod.cls.containers, pod.cls.init_containers] if extended else None], 2))

    def filter(self, nodes: Nodes) -> Rejects:
        """Devices that are elsewhere, then devices that cannot be had."""
        elsewhere: Any = nodes.no
        for claim in self.claims:
            selector = ((claim.get("status") or {}).get("allocation") or {}).get("nodeSelector")
            if selector is None:
                continue
            away = selectors.node_selector(selector).match(nodes) ^ True
            if np.any(away) and claim not in self.unavailable:
                self.unavailable.append(claim)
            elsewhere = elsewhere | away
        cannot: Any = nodes.no
        if self.waiting or self.extended:
            self._try(nodes.row)
            cannot = self.outcome.fits[nodes.row] ^ True
            yield Reject("cannot allocate all claims", cannot, resolvable=False)
        yield Reject("resourceclaim not available on the node", elsewhere & (cannot ^ True), resolvable=False)

    def score(self, nodes: Nodes, feasible: Bools) -> Ints | None:
        """Earlier alternatives of prioritised lists are better."""
        if not self.prioritized:
            return np.zeros(len(feasible), dtype=np.int64)
        self._try(nodes.row)
        return to_100(self.outcome.preference, feasible)

    def reserve(self, pod: PodInfo, row: int) -> None:
        """Allocate the devices found for a node, and reserve all claims for the pod."""
        node = self.stock.table.names[row]
        found = self._allocation(row) or []
        allocations = {id(claim): allocation_result(taken, node) for claim, taken in zip(self.waiting, found, strict=False)}
        consumer = {"resource": "pods", "name": pod.name, "uid": pod.uid}
        for claim in self.claims:
            status = dict(claim.get("status") or {})
            if id(claim) in allocations:
                status["allocation"] = allocations[id(claim)]
            if all(c.get("uid") != pod.uid for c in status.get("reservedFor") or ()):
                status["reservedFor"] = [*(status.get("reservedFor") or ()), consumer]
            if status != claim.get("status"):
                finalizers = claim["metadata"].get("finalizers") or []
                protected = finalizers if FINALIZER in finalizers else [*finalizers, FINALIZER]
                self.updates.append((RESOURCE_CLAIM, replace(replace(claim, ("metadata", "finalizers"), protected), ("status",), status)))
        self.stock.take([r for a in allocations.values() for r in a["devices"]["results"]], self.updates)

    def after(self) -> str:
        """What PostFilter says.   Upstream: DynamicResources.PostFilter, which gives back a claim that is of no use."""
        if not self.claims and not self.extended:
            return NO_CLAIMS
        for claim in self.unavailable:
            holders = (claim.get("status") or {}).get("reservedFor") or ()
            if not holders or (len(holders) == 1 and holders[0].get("uid") == self.pod.uid):
                self.updates.append((RESOURCE_CLAIM, replace(claim, ("status",), {})))
                return "deallocation of ResourceClaim completed"
        return "still not schedulable"

    def _try(self, rows: Any) -> None:
        outcome = self.outcome
        for row in np.atleast_1d(rows)[~np.atleast_1d(outcome.tried[rows])].tolist():
            try:
                found = self._allocation(row)
            except SchedulingError as error:
                raise SchedulingError(f'running "{self.name}" filter plugin: {error}') from error
            outcome.fits[row] = found is not None
            outcome.preference[row] = self._preference(found) if found is not None and self.prioritized else 0
            outcome.tried[row] = True

    def _allocation(self, row: int) -> list[list[tuple[Request, Any]]] | None:
        view = self.stock.table.at(row)
        asked = {name: amount for name, amount in self.extended.items() if not view.allocatable(name)}
        claims = [*self.waiting, self._special(asked)] if asked else self.waiting
        return Allocator(self.stock.inventory, view, claims).allocate() if claims else []

    def _special(self, asked: dict[str, int]) -> Object:
        """The claim that stands for extended resources on a node that has none of them itself."""
        requests = [
            {"name": name, "exactly": {"deviceClassName": self.stock.classes[resource], "count": count}}
            for resource in sorted(asked)
            for name, count in device_counts(self.pod, resource)
        ]
        requests.sort(key=lambda r: str(r["name"]))
        return {"metadata": {"namespace": self.pod.cls.namespace, "name": "<extended-resources>"}, "spec": {"devices": {"requests": requests}}}

    def _preference(self, found: list[list[tuple[Request, Any]]]) -> int:
        chosen = {id(claim): {r.full_name for r, _ in taken} for claim, taken in zip(self.waiting, found, strict=False)}
        total = 0
        for claim in self.claims:
            allocated = ((claim.get("status") or {}).get("allocation") or {}).get("devices", {}).get("results") or ()
            names = chosen.get(id(claim), {r["request"] for r in allocated})
            for request in (claim["spec"].get("devices") or {}).get("requests") or ():
                for number, alternative in enumerate(request.get("firstAvailable") or ()):
                    total += (FIRST_AVAILABLE_MAX - number) * (f"{request['name']}/{alternative['name']}" in names)
        return total


def resources_of(device_class: Object) -> list[str]:
    """The extended resources that a device class stands behind."""
    name = (device_class.get("spec") or {}).get("extendedResourceName")
    implicit = f"deviceclass.resource.kubernetes.io/{device_class['metadata']['name']}"
    return [implicit, name] if name else [implicit]


def device_counts(pod: PodInfo, resource: str) -> list[tuple[str, int]]:
    """Requests and counts for one extended resource; init containers reuse what later containers have.   Upstream: createRequestsAndMappings."""
    containers = [*pod.cls.init_containers, *pod.cls.containers]
    first = len(pod.cls.init_containers)

    def asked(container: Object) -> int:
        return ask.whole(ask.container_requests(container).get(resource, 0))

    def name(number: int) -> str:
        return f"container-{number}-request-{sorted(ask.container_requests(containers[number])).index(resource)}"

    lasting = {n: asked(c) for n, c in enumerate(containers) if (n >= first or is_sidecar(c)) and asked(c)}
    passing = []
    for number, container in enumerate(containers[:first]):
        extra = asked(container) - sum(count for n, count in lasting.items() if n > number)
        if number not in lasting and asked(container) and extra > 0:
            passing.append((name(number), extra))
    highest = max(passing, key=lambda p: p[1], default=None)
    return [*([highest] if highest else []), *((name(n), count) for n, count in lasting.items())]


def pod_gate(pod: PodInfo, cluster: ClusterState) -> str:
    """What keeps a pod out of the queue: a claim that is not there yet.   Upstream: DynamicResources.PreEnqueue."""
    try:
        for _ in claims_of(pod, cluster):
            pass
    except Rejected as rejected:
        return str(rejected)
    return ""
