"""From what was sent or is stored to the object that the server works with: decoded, in the preferred version, with its defaults.

Upstream: the codecs of apimachinery's pkg/runtime, which default whatever is read, from a request as from etcd.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplan.api import status
from kplan.api.objects import Object, group_kind_of
from kplan.apiserver import service_allocation
from kplan.apiserver.registry import Served
from kplan.kinds.strategy import restore_empty

if TYPE_CHECKING:
    from kplan.apiserver.door import Door


def decoded(door: Door, served: Served, obj: Object, *, strict: bool = True) -> Object:
    """A private, defaulted object in the preferred version."""
    result = door.decode(served, obj, strict=strict)
    if result.error is not None or result.object is None:
        raise status.bad_request(f'{served.kind.kind} in version "{served.version}" cannot be handled as a {served.kind.kind}: {result.error}')
    new = result.object
    if served.version != served.kind.version and served.kind.to_preferred is not None:
        new = served.kind.to_preferred(served.version, new)
    for path in served.kind.empties:
        restore_empty(new, obj, path)
    served.kind.default(new)
    return new


def as_read(door: Door, old: Object) -> Object:
    """A stored object as the server reads it, with its version's defaults. Only those that `restore` put in may lack some."""
    if not door.restored:
        return old
    key = group_kind_of(old), old["metadata"].get("namespace") or "", old["metadata"]["name"]
    known = door.restored.get(key)
    if known is None:
        return old
    if known[0] is not old or not known[1]:
        known = door.restored[key] = old, _read(door, old)
    return known[1]


def _read(door: Door, old: Object) -> Object:
    served = door.registry.resolve(old["apiVersion"], old["kind"])
    try:
        read = decoded(door, served, old, strict=False) if served is not None else old
    except status.StatusError:
        return old
    if served is not None and served.kind.group_kind == "Service":
        service_allocation.default_on_read(read)
    if "status" in old:
        read = {**read, "status": old["status"]}  # what was reported stays as it was said
    return old if read == old else read
