"""Allocating devices to claims on one node.

Upstream: staging/src/k8s.io/dynamic-resource-allocation/structured. An exhaustive search, one device after the other, that takes the
first solution. Left out: capacity policies of devices that several claims may share (their plain amounts count).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from kplan.api.objects import Object
from kplan.api.tolerations import untolerated
from kplan.scheduler.device_pools import Device, DeviceId, Inventory, attribute_value, reaches
from kplan.scheduler.framework import SchedulingError
from kplan.scheduler.node_rows import Row
from kplan.scheduler.requests import billionths

MAX_RESULTS = 32


class Request(NamedTuple):
    """One request, or one alternative of a request (`parent`), with its class."""

    name: str
    parent: str
    data: Object
    device_class: Object
    number: int
    all: tuple[Device, ...] | None

    @property
    def full_name(self) -> str:
        """As results name it."""
        return f"{self.parent}/{self.name}" if self.parent else self.name

    @property
    def base_name(self) -> str:
        """As constraints may name it."""
        return self.parent or self.name


class Allocator:
    """One attempt to allocate some claims on one node."""

    def __init__(self, inventory: Inventory, row: Row, claims: list[Object]) -> None:
        self.inventory = inventory
        self.row = row
        self.claims = claims
        self.pools = inventory.pools_for(row)
        self.taken: list[list[tuple[Request, Device]]] = [[] for _ in claims]
        self._selectable: dict[tuple[int, str, DeviceId], bool] = {}
        self.requests = [[list(self._alternatives(c, r)) for r in claim["spec"].get("devices", {}).get("requests") or ()] for c, claim in enumerate(claims)]

    def allocate(self) -> list[list[tuple[Request, Device]]] | None:
        """What each claim gets, or None."""
        return self.taken if self._next_request(0, 0) else None

    def _alternatives(self, claim: int, request: Object) -> Iterator[Request]:
        if request.get("exactly") is not None:
            yield self._request(claim, request["name"], "", request["exactly"])
        for alternative in request.get("firstAvailable") or ():
            yield self._request(claim, alternative["name"], request["name"], alternative)

    def _request(self, claim: int, name: str, parent: str, data: Object) -> Request:
        device_class = self.inventory.classes.get(data["deviceClassName"])
        if device_class is None:
            missing = data["deviceClassName"]
            raise self._error(claim, f'could not retrieve device class {missing}: deviceclass.resource.k8s.io "{missing}" not found', name)
        if (data.get("allocationMode") or "ExactCount") != "All":
            return Request(name, parent, data, device_class, data.get("count") or 1, None)
        request = Request(name, parent, data, device_class, 0, ())
        for pool in self.pools:
            if not pool.complete or pool.invalid:
                state = "being updated" if not pool.complete else "invalid"
                raise self._error(claim, f"asks for all devices, but resource pool {pool.name} is currently {state}", name)
        devices = tuple(d for pool in self.pools for d in pool.devices if self._suits(claim, request, d) and self._has_capacity(request, d))
        return request._replace(number=len(devices), all=devices)

    def _error(self, claim: int, why: str, request: str) -> SchedulingError:
        meta = self.claims[claim]["metadata"]
        return SchedulingError(f"claim {meta.get('namespace') or 'default'}/{meta['name']}, request {request}: {why}")

    # ------------------------------------------------------------------------------------------------ the search

    def _next_request(self, claim: int, request: int) -> bool:
        if claim == len(self.claims):
            return True
        if request == len(self.requests[claim]):
            return self._next_request(claim + 1, 0)
        return any(self._next_device(claim, request, alternative, 0, 0) for alternative in self.requests[claim][request])

    def _next_device(self, claim: int, number: int, request: Request, done: int, start: int) -> bool:
        if request.all is not None and not request.all:
            return False
        if done == request.number:
            return self._next_request(claim, number + 1)
        if len(self.taken[claim]) + request.number - done > MAX_RESULTS:
            return False
        if request.all is not None:
            return self._try(claim, number, request, request.all[done], done, 0)
        devices = [d for pool in self.pools if pool.complete and not pool.invalid for d in pool.devices]
        for position in range(start, len(devices)):
            device = devices[position]
            if self._suits(claim, request, device) and self._try(claim, number, request, device, done, position + 1):
                return True
        return False

    def _try(self, claim: int, number: int, request: Request, device: Device, done: int, start: int) -> bool:
        if not self._usable(claim, request, device):
            return False
        taken = self.taken[claim]
        taken.append((request, device))
        if self._constraints_hold(claim) and self._next_device(claim, number, request, done + 1, start):
            return True
        taken.pop()
        return False

    # ------------------------------------------------------------------------------------------------ conditions

    def _usable(self, claim: int, request: Request, device: Device) -> bool:
        shared = bool(device.data.get("allowMultipleAllocations"))
        if request.data.get("adminAccess"):
            if not shared and any(d.id == device.id for _, d in self.taken[claim]):
                return False
        elif not shared and (device.id in self.inventory.allocated or any(d.id == device.id for taken in self.taken for _, d in taken)):
            return False
        if not self._has_capacity(request, device) or (shared and not self._has_room(request, device)):
            return False
        return self._has_counters(device) and untolerated(device.data.get("taints") or (), request.data.get("tolerations") or ()) is None

    def _suits(self, claim: int, request: Request, device: Device) -> bool:
        key = (claim, request.full_name, device.id)
        found = self._selectable.get(key)
        if found is None:
            found = self._selectable[key] = self._matches(claim, request, device)
        return found

    def _matches(self, claim: int, request: Request, device: Device) -> bool:
        from kplan.scheduler.device_selectors import SelectorError, device_matches  # few clusters need CEL

        meta = self.claims[claim]["metadata"]
        class_text = f"class {request.device_class['metadata']['name']}"
        claim_text = f"claim {meta.get('namespace') or 'default'}/{meta['name']}"
        for owner, given in ((class_text, (request.device_class.get("spec") or {}).get("selectors")), (claim_text, request.data.get("selectors"))):
            for number, selector in enumerate(given or ()):
                key = selector["cel"]["expression"], device.id
                found = self.inventory.selected.get(key)
                if found is None:
                    try:
                        found = self.inventory.selected[key] = device_matches(key[0], device.id[0], device.data)
                    except SelectorError as error:
                        raise SchedulingError(f"{owner}: selector #{number}: {error}") from error
                if not found:
                    return False
        return not device.slice.get("perDeviceNodeSelection") or reaches(device.data, self.row)

    def _has_capacity(self, request: Request, device: Device) -> bool:
        asked = (request.data.get("capacity") or {}).get("requests") or {}
        have = device.data.get("capacity") or {}
        return all(name in have and billionths(amount) <= billionths(have[name]["value"]) for name, amount in asked.items())

    def _has_room(self, request: Request, device: Device) -> bool:
        for name, amount in consumption(request, device).items():
            used = self.inventory.consumed.get((device.id, name), 0)
            used += sum(consumption(r, d).get(name, 0) for taken in self.taken for r, d in taken if d.id == device.id)
            if used + amount > billionths(device.data["capacity"][name]["value"]):
                return False
        return True

    def _has_counters(self, device: Device) -> bool:
        if not device.data.get("consumesCounters"):
            return True
        left = dict(device.pool.counters)
        in_use = [d.data for taken in self.taken for _, d in taken if d.pool is device.pool]
        for spec in device.pool.everywhere:
            in_use += (d for d in spec.get("devices") or () if (*device.id[:2], d["name"]) in self.inventory.allocated)
        for data in (*in_use, device.data):
            for use in data.get("consumesCounters") or ():
                for counter, amount in use["counters"].items():
                    key = use["counterSet"], counter
                    if key in left:
                        left[key] -= billionths(amount["value"])
        return all(amount >= 0 for amount in left.values())

    def _constraints_hold(self, claim: int) -> bool:
        for constraint in self.claims[claim]["spec"].get("devices", {}).get("constraints") or ():
            meant = constraint.get("requests")
            chosen = [d for r, d in self.taken[claim] if not meant or r.base_name in meant or r.full_name in meant]
            name = constraint.get("matchAttribute") or constraint.get("distinctAttribute")
            values = [attribute_of(d, name) for d in chosen]
            if any(v is None for v in values):
                return False
            if len(set(values)) > 1 if "matchAttribute" in constraint else len(set(values)) < len(values):
                return False
        return True


def consumption(request: Request, device: Device) -> dict[str, int]:
    """What one allocation of a shared device takes of each capacity: what is asked, else the policy's default, else all."""
    if not device.data.get("allowMultipleAllocations"):
        return {}
    asked = (request.data.get("capacity") or {}).get("requests") or {}
    found = {}
    for name, capacity in (device.data.get("capacity") or {}).items():
        default = (capacity.get("requestPolicy") or {}).get("default")
        found[name] = billionths(asked.get(name) or default or capacity["value"])
    return found


def attribute_of(device: Device, name: str) -> tuple[str, Any] | None:
    """An attribute by its full name; the driver's own may be written without its domain."""
    attributes = device.data.get("attributes") or {}
    domain, _, identifier = name.rpartition("/")
    found = attributes.get(name)
    if found is None and domain == device.id[0]:
        found = attributes.get(identifier)
    return None if found is None else (next(iter(found)), attribute_value(found))


def allocation_result(taken: list[tuple[Request, Device]], node: str) -> Object:
    """`status.allocation` of a claim."""
    results = []
    terms: dict[str, list[Object]] = {"matchFields": [], "matchExpressions": []}
    local = False
    for request, device in taken:
        result: Object = {"request": request.full_name, "driver": device.id[0], "pool": device.id[1], "device": device.id[2]}
        if request.data.get("adminAccess"):
            result["adminAccess"] = True
        if request.data.get("tolerations"):
            result["tolerations"] = request.data["tolerations"]
        results.append(result)
        where = device.data if device.slice.get("perDeviceNodeSelection") else device.slice
        local = local or bool(where.get("nodeName")) or bool(device.data.get("bindsToNode"))
        for term in (where.get("nodeSelector") or {}).get("nodeSelectorTerms") or ():
            for field, found in terms.items():
                found += (r for r in term.get(field) or () if r not in found)
    allocation: Object = {"devices": {"results": results}}
    if local:
        terms = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}], "matchExpressions": []}
    if any(terms.values()):
        allocation["nodeSelector"] = {"nodeSelectorTerms": [{field: found for field, found in terms.items() if found}]}
    return allocation
