"""Deleting a definition deletes what it defines; then it may go.

Upstream: apiextensions-apiserver/pkg/controller/finalizer/crd_finalizer.go, a loop of the API server itself. The rest of a definition's
status is `kplan.apiserver.definition_status`'s. Leaves out resources that overlap with built-in ones.
"""

from __future__ import annotations

from kplan.api.objects import group_kind
from kplan.apiserver.client import Client
from kplan.apiserver.custom import CLEANUP, DEFINITION
from kplan.apiserver.definition_status import with_condition
from kplan.apiserver.loops import RETRY, Controller, Key, Watch, itself
from kplan.controllers.pvprotection import has_finalizer, without_finalizer
from kplan.kinds.checks import same
from kplan.kinds.customresourcedefinition import condition_is

POLL = 5.0  # seconds between two looks whether the objects of a deleted definition are gone


class CustomResourceDefinitionController(Controller):
    """Keys: ("", name) of definitions."""

    name = "crd-finalizer"
    watches = (Watch(DEFINITION, itself),)

    def sync(self, key: Key, api: Client) -> float | None:
        """Delete the objects of a deleted definition; let it go when nothing is left."""
        definition = api.get(DEFINITION, *key)
        if definition is None or "deletionTimestamp" not in definition["metadata"] or not has_finalizer(definition, CLEANUP):
            return None
        kind = group_kind(definition["spec"]["names"]["kind"], definition["spec"]["group"])
        status = definition.get("status") or {}
        if condition_is(definition, "Established", "True"):
            for obj in list(api.list(kind)):
                if "deletionTimestamp" not in obj["metadata"]:
                    api.delete(obj)
            if api.list(kind):
                told = with_condition(status, "Terminating", "True", "InstanceDeletionInProgress", "CustomResource deletion is in progress", api.now_text)
                if not same(told, status):
                    api.write_status(definition, told)
                return POLL
            told = with_condition(status, "Terminating", "False", "InstanceDeletionCompleted", "removed all instances", api.now_text)
        else:
            told = with_condition(status, "Terminating", "False", "NeverEstablished", "resource was never established", api.now_text)
        return None if api.write({**without_finalizer(definition, CLEANUP), "status": told}).accepted else RETRY
