"""A Service that selects no pod."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.graph import SELECTS, pod_template
from kplan.lint.rule import Context, Finding, rule


@rule("dangling-service", Severity.WARNING, ("Service",), whole=True)
def dangling_service(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The selector of a Service matches no pod template in its namespace.

    Why: the Service gets no endpoints, every connection to it is refused.
    Example: `selector: {app: wbe}` where all pods are labelled `app: web`.
    Fix: give the selector the labels of the pods' template.
    Upstream: kube-linter dangling-service; selection is that of the endpoints controller.
    """
    if not any(e.kind == SELECTS and e.target is None for e in context.edges.get(ref, ())):
        return
    wanted = ", ".join(f"{k}={v}" for k, v in sorted(obj["spec"]["selector"].items()))
    near = _nearest(ref, obj["spec"]["selector"], context)
    hint = f"{near[0]} has the labels {near[1]}" if near else "add the workload that it should select, or correct the selector"
    yield Finding("spec.selector", f"selects no pod: nothing in namespace {ref.namespace} has the labels {wanted}", hint)


def _nearest(ref: Ref, wanted: dict[str, str], context: Context) -> tuple[Ref, str] | None:
    """The workload of the namespace whose template shares most label keys with the selector."""
    best: tuple[int, Ref, str] | None = None
    for other, obj in sorted(context.graph.objects.items(), key=lambda pair: pair[0]):
        template = pod_template(obj) if other.namespace == ref.namespace else None
        labels = ((template or {}).get("metadata") or {}).get("labels") or {}
        shared = len(wanted.keys() & labels.keys())
        if shared and (best is None or shared > best[0]):
            best = (shared, other, ", ".join(f"{k}={v}" for k, v in sorted(labels.items())))
    return best[1:] if best else None
