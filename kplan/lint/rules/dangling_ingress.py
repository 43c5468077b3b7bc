"""An Ingress whose backend is not there."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("dangling-ingress", Severity.ERROR, ("Ingress.networking.k8s.io",), whole=True)
def dangling_ingress(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A backend of an Ingress names a Service, or a port of it, that does not exist.

    Why: requests to that path are answered with 503 by every ingress controller.
    Example: `service: {name: api, port: {number: 80}}` where the Service `api` has only port 8080.
    Fix: correct the Service's name or port.
    Upstream: kube-linter dangling-ingress, kube-score ingress-targets-service.
    """
    for edge, reference in context.dangling(ref):
        kind, _, group = reference.kind.partition(".")
        target = Ref(group, kind, reference.namespace, reference.name)
        found = context.graph.objects.get(target)
        if kind == "Service" and reference.key and found is not None:
            ports = ", ".join(":".join(filter(None, (p.get("name"), str(p.get("port"))))) for p in found["spec"].get("ports") or ())
            message = f'Service "{reference.name}" has no port {reference.key} (it has {ports})'
            yield Finding(edge.path, message, "name one of its ports", related=((target, "spec.ports", "its ports"),))
        elif kind == "Service":
            yield Finding(edge.path, f'Service "{reference.name}" not found in namespace {reference.namespace}', "add it, or correct the name")
        else:
            place = f" in namespace {reference.namespace}" if reference.namespace else ""
            severity = Severity.NOTE if kind == "IngressClass" and not context.of_kind(reference.kind) else Severity.WARNING
            yield Finding(edge.path, f'{kind} "{reference.name}" not found{place}', "add it, or say that it lives elsewhere", severity)
