"""Every namespace has a ServiceAccount `default`.

Upstream: pkg/controller/serviceaccount/serviceaccounts_controller.go. Token secrets are left out: tokens are projected.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.api.reader import Entry, Reader
from kplan.apiserver.client import Client
from kplan.apiserver.loops import Controller, Key, Watch


def namespace_itself(entry: Entry, reader: Reader) -> Iterable[Key]:
    """The namespace that was written."""
    return ((entry.object["metadata"]["name"],),)


def namespace_of_deleted(entry: Entry, reader: Reader) -> Iterable[Key]:
    """The namespace of what was deleted or changed."""
    return ((entry.object["metadata"]["namespace"],),) if entry.action != "ADDED" else ()


class ServiceAccountController(Controller):
    """Keys: (namespace,)."""

    name = "serviceaccount-controller"
    watches = (Watch("Namespace", namespace_itself), Watch("ServiceAccount", namespace_of_deleted))

    def sync(self, key: Key, api: Client) -> float | None:
        """Make the account where it is missing."""
        (namespace,) = key
        space = api.get("Namespace", "", namespace)
        if space is None or "deletionTimestamp" in space["metadata"] or api.get("ServiceAccount", namespace, "default") is not None:
            return None
        api.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": namespace}})
        return None
