"""Webhooks that stop their own pods."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object, labels_of
from kplan.api.ref import Ref
from kplan.api.selectors import matches
from kplan.diagnostics import Severity
from kplan.kinds.customreferences import METADATA_NAME
from kplan.lint.rule import Context, Finding, rule

WEBHOOKS = ("ValidatingWebhookConfiguration.admissionregistration.k8s.io", "MutatingWebhookConfiguration.admissionregistration.k8s.io")

MESSAGE = "is asked about the pods of {}, which answer for it: once they are gone they do not come back"
REMEDY = "leave its namespace out"


@rule("webhook-blocks-itself", Severity.WARNING, WEBHOOKS, profile="strict", absent=("Namespace",))
def webhook_blocks_itself(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A webhook that must answer is asked about the pods that answer for it.

    Why: once all of them are gone, none can be made any more: the API server asks them first.
    Example: `failurePolicy: Fail`, rules for pods in all namespaces, and its Service in one of these.
    Fix: leave its own namespace out by the namespaceSelector.
    Upstream: the good practices for admission webhooks of the documentation.
    """
    for i, webhook in enumerate(obj.get("webhooks") or ()):
        service = (webhook.get("clientConfig") or {}).get("service") or {}
        if webhook.get("failurePolicy", "Fail") != "Fail" or not service.get("namespace") or webhook.get("matchConditions"):
            continue
        if not any(about_pods(each) for each in webhook.get("rules") or ()):
            continue
        space = context.graph.objects.get(Ref("", "Namespace", "", service["namespace"])) or {}
        labels = {METADATA_NAME: service["namespace"], **labels_of(space)}
        target = Ref("", "Service", service["namespace"], service.get("name") or "")
        for workload in context.selected(target, "spec.selector"):
            pods = context.pods(workload)
            if matches(webhook.get("namespaceSelector") or {}, labels) and matches(webhook.get("objectSelector") or {}, pods.labels):
                related = ((workload, "metadata.name", "its pods"),)
                yield Finding(f"webhooks[{i}].namespaceSelector", MESSAGE.format(workload), REMEDY, related=related)
                break


def about_pods(each: Object) -> bool:
    """Whether a webhook's rule has the creation of pods."""
    has = {k: set(each.get(k) or ()) for k in ("apiGroups", "resources", "operations")}
    return bool(has["apiGroups"] & {"", "*"} and has["resources"] & {"pods", "*", "*/*"} and has["operations"] & {"CREATE", "*"})
