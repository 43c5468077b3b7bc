"""ResourceQuotas say what is used of them; admission holds requests against that.

Upstream: pkg/controller/resourcequota and the update filter in pkg/quota/v1/install. A quota is counted again when its limits change, when
something in its namespace goes or shrinks, and every five minutes; what is added in between is charged by admission.
Left out: that newly defined kinds are noticed only after up to 30 s.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from kplan.admission.quota_evaluators import calculate_usage, is_terminating
from kplan.api.objects import Object
from kplan.api.podrequests import Amounts, quantities
from kplan.api.quantity import parse_json
from kplan.api.reader import Entry, Reader
from kplan.api.times import parse_time
from kplan.apiserver.client import Client
from kplan.apiserver.loops import EVERYTHING, RETRY, Controller, Key, Watch
from kplan.kinds import KINDS, Kind

RESYNC = 300.0  # seconds
_NOT_COUNTED = frozenset({"Event", "Event.events.k8s.io"})
COUNTED: tuple[Kind, ...] = tuple(k for k in KINDS if k.namespaced and k.group_kind not in _NOT_COUNTED)


def _quota(entry: Entry, reader: Reader) -> Iterable[Key]:
    """A quota that is new or whose limits changed; its status is written by this loop and by admission."""
    old, new = entry.old, entry.new
    if new is None or (old is not None and _limits(old) == _limits(new)):
        return ()
    return ((new["metadata"]["namespace"], new["metadata"]["name"]),)


def _replenished(entry: Entry, reader: Reader) -> Iterable[Key]:
    """The quotas of a namespace in which something was deleted or changed what it uses."""
    if entry.action == "ADDED" or entry.old is None:
        return ()
    namespace = entry.old["metadata"].get("namespace")
    if not namespace or entry.kind in _NOT_COUNTED:
        return ()
    quotas = reader.list("ResourceQuota", namespace)
    if not quotas or (entry.new is not None and not _changed_usage(entry.kind, entry.old, entry.new, reader)):
        return ()
    return [(namespace, q["metadata"]["name"]) for q in quotas]


def _changed_usage(kind: str, old: Object, new: Object, reader: Reader) -> bool:
    """Upstream: DefaultUpdateFilter."""
    if kind == "Pod":
        return _reported(old) != _reported(new) or is_terminating(old) != is_terminating(new) or (not _over(old, reader) and _over(new, reader))
    if kind == "Service":
        return _costly_type(old) != _costly_type(new)
    return kind == "PersistentVolumeClaim"


def _reported(pod: Object) -> list[tuple[str, object]]:
    """The resources that a kubelet reports for each container."""
    status = pod.get("status") or {}
    found = [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]
    return [(c["name"], c["resources"]) for c in found if "resources" in c]


def _over(pod: Object, reader: Reader) -> bool:
    """Ended, or overdue in its deletion."""
    if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return True
    meta = pod["metadata"]
    deleted, grace = meta.get("deletionTimestamp"), meta.get("deletionGracePeriodSeconds")
    return bool(deleted) and grace is not None and reader.now > parse_time(deleted) + timedelta(seconds=grace)


def _costly_type(service: Object) -> str:
    kind = service["spec"].get("type") or ""
    return kind if kind in ("NodePort", "LoadBalancer") else ""


def _limits(quota: Object) -> Amounts:
    return quantities((quota.get("spec") or {}).get("hard"))


class ResourceQuotaController(Controller):
    """Keys: (namespace, name) of ResourceQuotas."""

    name = "resourcequota-controller"
    watches = (Watch("ResourceQuota", _quota), Watch(EVERYTHING, _replenished))

    def start(self, api: Client) -> Iterable[Key]:
        """All quotas."""
        return [(q["metadata"]["namespace"], q["metadata"]["name"]) for q in api.list("ResourceQuota")]

    def sync(self, key: Key, api: Client) -> float | None:
        """Count what is used.   Upstream: syncResourceQuota."""
        quota = api.get("ResourceQuota", *key)
        if quota is None:
            return None
        hard = (quota.get("spec") or {}).get("hard") or {}
        status = quota.get("status") or {}
        counted = calculate_usage(quota, api, (*COUNTED, *api.door.registry.custom_kinds()))
        before: dict[str, str] = status.get("used") or {}
        used = {name: text for name, text in {**before, **counted}.items() if name in hard}
        dirty = "hard" not in status or "used" not in status or quantities(status["hard"]) != quantities(hard) or quantities(used) != quantities(before)
        if dirty:
            new = {"hard": {name: str(parse_json(text)) for name, text in hard.items()}, "used": used}
            if not api.write_status(quota, new).accepted:
                return RETRY
        return RESYNC
