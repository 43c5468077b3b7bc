"""What the two controllers of endpoints share: which Services a pod belongs to, and what a pod offers a Service.

Upstream: staging/src/k8s.io/endpointslice/util/controller_utils.go, and FindPort in staging/src/k8s.io/endpointslice/utils.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from kplan.api.addresses import Address, parse_ip
from kplan.api.objects import Object, labels_of
from kplan.api.reader import Entry, Reader
from kplan.apiserver.client import Client
from kplan.apiserver.loops import Key
from kplan.controllers import pods

HEADLESS = "service.kubernetes.io/headless"


class ServicesOfPods:
    """Which Services select a pod. Remembers the answer for each set of labels until a Service of the namespace changes."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Sequence[Object], dict[frozenset[tuple[str, str]], list[Key]]]] = {}

    def of(self, namespace: str, labels: dict[str, str], reader: Reader) -> list[Key]:
        """(namespace, name) of the Services whose selector has these labels."""
        services = reader.list("Service", namespace)
        known = self._known.get(namespace)
        if known is None or known[0] is not services:
            known = self._known[namespace] = (services, {})
        key = frozenset(labels.items())
        found = known[1].get(key)
        if found is None:
            found = [(namespace, s["metadata"]["name"]) for s in services if (wanted := s["spec"].get("selector")) and wanted.items() <= labels.items()]
            known[1][key] = found
        return found

    def keys(self, entry: Entry, reader: Reader) -> Iterable[Key]:
        """The Services whose endpoints a write to a pod concerns.   Upstream: GetPodUpdateProjectionKey, GetServicesToUpdate."""
        old, new = entry.old, entry.new
        namespace = entry.object["metadata"]["namespace"]
        if old is None or new is None:
            addressed = (entry.object.get("status") or {}).get("podIPs")  # a pod without an address is nobody's endpoint
            return self.of(namespace, labels_of(entry.object), reader) if addressed else ()
        changed, relabelled = _endpoint_changed(old, new), _membership_changed(old, new)
        if not changed and not relabelled:
            return ()
        now = self.of(namespace, labels_of(new), reader)
        if not relabelled:
            return now
        before = self.of(namespace, labels_of(old), reader)
        if changed:
            return dict.fromkeys([*before, *now])
        return [*(k for k in before if k not in now), *(k for k in now if k not in before)]


def _endpoint_changed(old: Object, new: Object) -> bool:
    if "deletionTimestamp" in old["metadata"] or "deletionTimestamp" in new["metadata"]:
        return True
    before, after = old.get("status") or {}, new.get("status") or {}
    if before is after:
        return False
    return before.get("podIPs") != after.get("podIPs") or pods.ready(old) != pods.ready(new)


def _membership_changed(old: Object, new: Object) -> bool:
    if labels_of(old) != labels_of(new):
        return True
    return any(old["spec"].get(field) != new["spec"].get(field) for field in ("hostname", "subdomain"))


def selected_pods(service: Object, api: Client) -> Sequence[Object]:
    """The pods that a Service selects, by name."""
    return api.labelled(service["metadata"]["namespace"], service["spec"]["selector"])


def in_endpoints(pod: Object, *, terminating: bool) -> bool:
    """Whether a pod can be an endpoint at all: it has an address and has not ended.   Upstream: ShouldPodBeInEndpoints."""
    status = pod.get("status") or {}
    if status.get("phase") in pods.ENDED or not (status.get("podIP") or status.get("podIPs")):
        return False
    return terminating or "deletionTimestamp" not in pod["metadata"]


def addresses(pod: Object, family: int) -> list[str]:
    """A pod's addresses of one family (4 or 6), in canonical form."""
    found = []
    for entry in (pod.get("status") or {}).get("podIPs") or ():
        address = _parsed(entry.get("ip") or "")
        if address is not None and address.is_v6 == (family == 6):
            found.append(str(address))
    return found


@lru_cache(maxsize=65536)
def _parsed(text: str) -> Address | None:
    return parse_ip(text)


def find_port(pod: Object, port: Object) -> int | None:
    """The number behind a service port's targetPort in this pod; None where it has no port of that name.   Upstream: FindPort."""
    target = port.get("targetPort") or port.get("port")
    if not isinstance(target, str):
        return target or 0
    spec = pod["spec"]
    sidecars = (c for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always")
    for container in (*(spec.get("containers") or ()), *sidecars):
        for offered in container.get("ports") or ():
            if offered.get("name") == target and offered.get("protocol", "TCP") == port.get("protocol", "TCP"):
                number: int = offered["containerPort"]
                return number
    return None


def hostname(pod: Object, service: Object) -> str:
    """The name under which a headless Service's DNS has the pod; empty for none.   Upstream: ShouldSetHostname."""
    spec = pod["spec"]
    return spec.get("hostname") or "" if spec.get("subdomain") == service["metadata"]["name"] else ""


def is_headless(service: Object) -> bool:
    """Without an address of its own."""
    return service["spec"].get("clusterIP", "") in ("", "None")


def family_of(address: str) -> int:
    """4 or 6; what is no address counts as 4."""
    parsed = parse_ip(address)
    return 6 if parsed is not None and parsed.is_v6 else 4


def pod_reference(pod: Object) -> Object:
    """The targetRef of a pod's endpoint."""
    meta = pod["metadata"]
    return {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}
