"""Containers without bounds for files."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.resources import unset
from kplan.lint.rule import Context, Finding, rule


@rule("unset-ephemeral-storage", Severity.NOTE, WORKLOADS, profile="all", absent=("LimitRange",))
def unset_ephemeral_storage(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A container has no request or no limit of ephemeral storage.

    Why: logs, writable layers and emptyDirs fill the node's disk, and then the kubelet evicts somebody.
    Example: no `resources.limits[ephemeral-storage]`.
    Fix: request and limit it.
    Upstream: kube-score container-ephemeral-storage-request-and-limit.
    """
    for sort in ("requests", "limits"):
        yield from unset(ref, context, sort, "ephemeral-storage")
