"""Requests that are not the limits."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.quantity import parse_json
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("requests-equal-limits", Severity.NOTE, WORKLOADS, profile="all")
def requests_equal_limits(ref: Ref, obj: Object, context: Context, *, resources: tuple[str, ...] = ("memory",)) -> Iterator[Finding]:
    """Request and limit of a resource differ.

    Why: what is used beyond the request is not there when others need it too; for memory that means being killed.
    Example: `requests: {memory: 128Mi}, limits: {memory: 1Gi}`.
    Fix: make them equal; the option `resources` says for which resources.
    Upstream: kube-score container-resource-requests-equal-limits, container-cpu-requests-equal-limits,
        container-memory-requests-equal-limits, container-ephemeral-storage-request-equals-limit.
    """
    for c in context.containers(ref):
        for name in resources:
            asked, limited = c.resource("requests", name), c.resource("limits", name)
            if asked is not None and limited is not None and parse_json(asked) != parse_json(limited):
                yield Finding(f"{c.path}.resources.requests.{name}", f"{c.title} requests {asked} {name}, its limit is {limited}", "make them equal")
