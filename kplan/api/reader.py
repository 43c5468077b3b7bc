"""What rooms that must look at the cluster see of it.

The store implements this; the door hands it to admission plugins and to kinds, the loops hand it to controllers,
scheduler, kubelets and network. Whoever holds a Reader cannot write.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from kplan.api.objects import Object


class Entry(NamedTuple):
    """One write in the watch log. `action` is ADDED, MODIFIED or DELETED; `kind` the group-kind (`Deployment.apps`)."""

    action: str
    kind: str
    old: Object | None
    new: Object | None

    @property
    def object(self) -> Object:
        """The object after the write, or the last state of a deleted one."""
        return self.new or self.old  # type: ignore[return-value]


class Reader(Protocol):
    """Read access to a cluster. Kinds are named by group-kind: `Pod`, `Deployment.apps`. Objects are frozen."""

    @property
    def version(self) -> str:
        """The Kubernetes minor version that is served, such as `1.36`."""

    @property
    def now(self) -> datetime:
        """The virtual time, UTC."""

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """One object, or None. `namespace` is empty for cluster-scoped kinds."""

    def list(self, kind: str, namespace: str | None = None) -> Sequence[Object]:
        """All objects of a kind, in one namespace or (None) in all, sorted by namespace and name."""

    def owned(self, kind: str, uid: str) -> Sequence[Object]:
        """The objects of a kind that have an owner reference to `uid`, in the order of `list`."""

    def on_node(self, node: str) -> Sequence[Object]:
        """The Pods bound to a node, in the order of `list`."""
