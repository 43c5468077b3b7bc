"""Pods and claims outside the bounds."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.namespaces import CLAIM, POD, claims_of, pod_from, refused_by_limits
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("limit-range", Severity.ERROR, (*WORKLOADS, "PersistentVolumeClaim"), simulated=True, absent=("LimitRange",))
def limit_range(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A pod or claim is outside the bounds of a LimitRange of its namespace.

    Why: the API server refuses it; the workload gets no pods.
    Example: `max: {memory: 1Gi}` and a container with `limits: {memory: 2Gi}`.
    Fix: ask for less, or change the LimitRange.
    Upstream: the admission plugin LimitRanger, with its defaults filled in.
    """
    limits = context.of_kind("LimitRange", ref.namespace)
    if not limits:
        return
    related = tuple((r, "spec.limits", "the bounds") for r, _ in limits[:1])
    if ref.kind == "PersistentVolumeClaim":
        why = refused_by_limits(CLAIM, ref.namespace, obj, context)
        if why:
            yield Finding("spec.resources", f"is refused: {why}", "ask for another size", related=related)
        return
    for i, claim in enumerate(claims_of(ref, context)):
        why = refused_by_limits(CLAIM, ref.namespace, claim, context)
        if why:
            yield Finding(f"spec.volumeClaimTemplates[{i}].spec.resources", f"its claims are refused: {why}", "ask for another size", related=related)
    pods = context.pods(ref)
    why = refused_by_limits(POD, ref.namespace, pod_from(ref, context), context) if pods.containers else ""
    if why:
        place = next((c for c in pods.containers if c.data.get("resources")), pods.containers[0])
        yield Finding(f"{place.path}.resources", f"its pods are refused: {why}", "keep within the LimitRange", related=related)
