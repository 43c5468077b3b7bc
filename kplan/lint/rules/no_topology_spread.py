"""Workloads without topologySpreadConstraints."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("no-topology-spread", Severity.NOTE, ("Deployment.apps", "StatefulSet.apps"), profile="all")
def no_topology_spread(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A workload has no topologySpreadConstraints.

    Why: without them replicas may share a zone.
    Example: `replicas: 3` and no constraint.
    Fix: constrain by topology.kubernetes.io/zone.
    Upstream: Polaris topologySpreadConstraint.
    """
    pods = context.pods(ref)
    if (pods.replicas or 0) > 1 and not pods.spec.get("topologySpreadConstraints"):
        yield Finding(f"{pods.path}.topologySpreadConstraints", "the pods have no topologySpreadConstraints", "spread them over zones")
