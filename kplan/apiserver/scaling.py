"""The scale subresource of workloads: only `spec.replicas` is written, of custom resources the field that their definition names.

Upstream: registry/apps/*/storage (ScaleREST), apiextensions-apiserver/pkg/registry/customresource/etcd.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplan.api import status
from kplan.api.objects import Object, replace
from kplan.api.ref import Ref
from kplan.apiserver import writes
from kplan.apiserver.registry import Served
from kplan.apiserver.writes import Call

if TYPE_CHECKING:
    from kplan.apiserver.door import Door


def scale(door: Door, served: Served, ref: Ref, replicas: int, call: Call) -> Object:
    """Set the number of replicas; returns the scaled object."""
    old = door.store.get(ref.group_kind, ref.namespace, ref.name)
    if old is None:
        raise status.not_found(served.kind.resource, ref.name)
    path: tuple[str, ...] = ("spec", "replicas")
    if served.custom is not None:
        if not served.custom.scale:
            raise status.StatusError(status.Status(404, "NotFound", "the server could not find the requested resource"))
        path = tuple(served.custom.scale["specReplicasPath"].removeprefix(".").split("."))
    return writes.update(door, served, replace(old, path, replicas), old, call)
