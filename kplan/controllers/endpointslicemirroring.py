"""Endpoints that someone wrote for a Service without a selector are mirrored into EndpointSlices.

Upstream: pkg/controller/endpointslicemirroring. At most 1000 addresses of a subset are mirrored, all in one slice for each family and set of ports.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kplan.api.addresses import parse_ip
from kplan.api.objects import LAST_APPLIED, Object, annotations_of, labels_of
from kplan.api.reader import Entry, Reader
from kplan.apiserver.client import Client
from kplan.apiserver.loops import RETRY, Controller, Key, Watch, itself, owner_reference
from kplan.controllers.endpoints import NOT_READY, READY, repack, unpacked
from kplan.controllers.podcontrol import namespace_terminating
from kplan.controllers.sliceplacement import Ports, identity, ports_key, slice_ports, slice_prefix

SLICE = "EndpointSlice.discovery.k8s.io"
MANAGER = "endpointslicemirroring-controller.k8s.io"
MANAGED_BY, SERVICE_NAME, SKIP = "endpointslice.kubernetes.io/managed-by", "kubernetes.io/service-name", "endpointslice.kubernetes.io/skip-mirror"
LEADER = "control-plane.alpha.kubernetes.io/leader"
NOT_COPIED = ("endpoints.kubernetes.io/last-change-trigger-time", LAST_APPLIED)
PER_SUBSET = 1000

Wanted = dict[tuple[str, Ports], dict[tuple[tuple[str, ...], str, str, str], Object]]


def _mirrored(endpoints: Object) -> bool:
    return labels_of(endpoints).get(SKIP) != "true" and LEADER not in annotations_of(endpoints)


def _endpoints(entry: Entry, reader: Reader) -> Iterable[Key]:
    return itself(entry, reader) if any(obj is not None and _mirrored(obj) for obj in (entry.old, entry.new)) else ()


def _service(entry: Entry, reader: Reader) -> Iterable[Key]:
    """A Service without a selector that comes or goes, or one that gets or loses its selector."""
    selects = ["selector" in obj["spec"] for obj in (entry.old, entry.new) if obj is not None]
    return itself(entry, reader) if selects == [False] or len(set(selects)) == 2 else ()


def _slice(entry: Entry, reader: Reader) -> Iterable[Key]:
    """Whom a mirrored slice is of."""
    found = [labels_of(obj) for obj in (entry.old, entry.new) if obj is not None]
    if not any(labels.get(MANAGED_BY) == MANAGER for labels in found):
        return ()
    namespace = entry.object["metadata"]["namespace"]
    return dict.fromkeys((namespace, labels[SERVICE_NAME]) for labels in found if labels.get(SERVICE_NAME))


class EndpointSliceMirroringController(Controller):
    """Keys: (namespace, name) of Endpoints."""

    name = "endpoint-slice-mirroring-controller"
    watches = (Watch("Endpoints", _endpoints), Watch("Service", _service), Watch(SLICE, _slice))

    def sync(self, key: Key, api: Client) -> float | None:
        """Write the mirror, or take it away where there is nothing to mirror.   Upstream: syncEndpoints."""
        namespace, name = key
        endpoints, service = api.get("Endpoints", *key), api.get("Service", *key)
        existing = [
            s for s in api.list(SLICE, namespace) if labels_of(s).get(SERVICE_NAME) == name and labels_of(s).get(MANAGED_BY) == MANAGER
        ]
        if endpoints is None or not _mirrored(endpoints) or service is None or "selector" in service["spec"]:
            failed = [s for s in existing if not api.delete(s).accepted]
            return RETRY if failed else None
        wanted, invalid, skipped = _wanted(endpoints)
        if invalid:
            api.event(endpoints, "Warning", "InvalidIPAddress", f"Skipped {invalid} invalid IP addresses when mirroring to EndpointSlices")
        if skipped > invalid:
            message = f"A max of {PER_SUBSET} addresses can be mirrored to EndpointSlices per Endpoints subset. {skipped} addresses were skipped"
            api.event(endpoints, "Warning", "TooManyAddressesToMirror", message)
        return self._write(api, endpoints, existing, wanted)

    def _write(self, api: Client, endpoints: Object, existing: Sequence[Object], wanted: Wanted) -> float | None:
        by_key: dict[tuple[str, Ports], list[Object]] = {}
        for held in existing:
            by_key.setdefault((held["addressType"], ports_key(held.get("ports") or ())), []).append(held)
        create, update, delete = [], [], []
        for key, mirrors in wanted.items():
            held_slices = by_key.pop(key, [])
            if not mirrors:
                delete += held_slices
                continue
            delete += held_slices[1:]
            new = _new_slice(endpoints, *key, list(mirrors.values())[:PER_SUBSET])
            if not held_slices:
                create.append(new)
            elif not _in_order(held_slices[0], new):
                update.append(_renewed(held_slices[0], new))
        delete += [held for held_slices in by_key.values() for held in held_slices]
        for new in list(create):
            old = next((s for s in delete if s["addressType"] == new["addressType"]), None)
            if old is not None:
                delete.remove(old)
                create.remove(new)
                update.append(_renewed(old, new))
        if "deletionTimestamp" not in endpoints["metadata"]:
            for new in create:
                answer = api.create(new)
                if not answer.accepted:
                    return None if namespace_terminating(answer) else RETRY
        done = [*(api.write(s) for s in update), *(api.delete(s) for s in delete)]
        return None if all(answer.accepted for answer in done) else RETRY


def _wanted(endpoints: Object) -> tuple[Wanted, int, int]:
    """What is to be mirrored, how many addresses are none, and how many are left out.   Upstream: desiredCalc."""
    wanted: Wanted = {}
    invalid = skipped = 0
    for subset in repack(unpacked(endpoints.get("subsets") or ())):
        ports = ports_key(subset.get("ports") or ())
        families = {family: wanted.setdefault((family, ports), {}) for family in ("IPv4", "IPv6")}
        added = total = 0
        for field in (READY, NOT_READY):
            for address in subset.get(field) or ():
                total += 1
                if added >= PER_SUBSET:
                    continue
                parsed = parse_ip(address["ip"])
                if parsed is None:
                    invalid += 1
                    continue
                endpoint = _endpoint(address, str(parsed), field == READY)
                families["IPv6" if parsed.is_v6 else "IPv4"][identity(endpoint)] = endpoint
                added += 1
        skipped += total - added
    return wanted, invalid, skipped


def _endpoint(address: Object, ip: str, ready: bool) -> Object:
    """Upstream: addressToEndpoint."""
    endpoint: Object = {"addresses": [ip], "conditions": {"ready": ready}}
    for field in ("hostname", "targetRef", "nodeName"):
        if field in address:
            endpoint[field] = address[field]
    return endpoint


def _new_slice(endpoints: Object, family: str, ports: Ports, mirrors: list[Object]) -> Object:
    meta = endpoints["metadata"]
    made: Object = {
        "generateName": slice_prefix(meta["name"]),
        "namespace": meta["namespace"],
        "labels": {**labels_of(endpoints), SERVICE_NAME: meta["name"], MANAGED_BY: MANAGER},
        "ownerReferences": [owner_reference(endpoints)],
    }
    notes = {k: v for k, v in annotations_of(endpoints).items() if k not in NOT_COPIED}
    if notes:
        made["annotations"] = notes
    new: Object = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": made, "addressType": family, "endpoints": mirrors}
    return {**new, "ports": slice_ports(ports)} if ports else new


def _in_order(held: Object, new: Object) -> bool:
    """Whether a slice says already what the new one would."""
    before = {identity(e): e for e in held.get("endpoints") or ()}
    after = {identity(e): e for e in new["endpoints"]}
    return before == after and labels_of(held) == labels_of(new) and annotations_of(held) == annotations_of(new)


def _renewed(held: Object, new: Object) -> Object:
    """The new slice in the place of one that is there."""
    said = {k: v for k, v in held["metadata"].items() if k not in ("labels", "annotations", "ownerReferences")}
    mine = {k: v for k, v in new["metadata"].items() if k in ("labels", "annotations", "ownerReferences")}
    return {**new, "metadata": {**said, **mine}}
