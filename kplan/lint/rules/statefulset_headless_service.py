"""StatefulSets whose Service does not do for it."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.api.selectors import selector_from_set
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("statefulset-headless-service", Severity.WARNING, ("StatefulSet.apps",))
def statefulset_headless_service(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The Service of a StatefulSet is not headless, or does not select its pods.

    Why: the pods get no names in DNS (`db-0.db`), which is what it is for.
    Example: `serviceName: db` where the Service `db` has a clusterIP.
    Fix: make a Service with `clusterIP: None` and the pods' labels.
    Upstream: kube-score statefulset-has-servicename.
    """
    name = obj["spec"].get("serviceName")
    target = Ref("", "Service", ref.namespace, name or "")
    service = context.graph.objects.get(target)
    if service is None:
        return
    wanted = service["spec"].get("selector") or {}
    if service["spec"].get("clusterIP") != "None":
        related = ((target, "spec.clusterIP", "the Service"),)
        yield Finding("spec.serviceName", f'Service "{name}" is not headless: the pods get no names in DNS', "give it clusterIP: None", related=related)
    elif wanted and not selector_from_set(wanted)(context.pods(ref).labels):
        related = ((target, "spec.selector", "its selector"),)
        yield Finding("spec.serviceName", f'Service "{name}" does not select the pods: they get no names in DNS', "correct its selector", related=related)
