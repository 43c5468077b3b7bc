"""A Service that selects no pod."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.grants import operated
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("dangling-service", Severity.WARNING, ("Service",), absent=WORKLOADS)
def dangling_service(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The selector of a Service matches no pod template in its namespace.

    Why: the Service gets no endpoints, every connection to it is refused.
    Example: `selector: {app: wbe}` where all pods are labelled `app: web`.
    Fix: give the selector the labels of the pods' template.
    Upstream: kube-linter dangling-service, kube-score service-targets-pod; selection is that of the endpoints controller.
    """
    wanted = obj["spec"].get("selector")
    if not wanted or obj["spec"].get("type") == "ExternalName" or context.selected(ref, "spec.selector"):
        return
    near = nearest(ref, wanted, context)
    if operated(ref.namespace, context) or (near is None and ref.namespace == "kube-system"):
        return  # pods that an operator will make, or the control plane's own
    hint = f"{near[0]} has the labels {near[1]}" if near else "add the workload that it should select, or correct the selector"
    shown = ", ".join(f"{k}={v}" for k, v in sorted(wanted.items()))
    yield Finding("spec.selector", f"selects no pod: nothing in namespace {ref.namespace} has the labels {shown}", hint)


def nearest(ref: Ref, wanted: dict[str, str], context: Context) -> tuple[Ref, str] | None:
    """The workload of the namespace whose template shares most label keys with the selector."""
    best: tuple[int, Ref, str] | None = None
    for other in context.workloads.get(ref.namespace, ()):
        labels = context.pods(other).labels
        shared = len(wanted.keys() & labels.keys())
        if shared and (best is None or shared > best[0]):
            best = (shared, other, ", ".join(f"{k}={v}" for k, v in sorted(labels.items())))
    return best[1:] if best else None
