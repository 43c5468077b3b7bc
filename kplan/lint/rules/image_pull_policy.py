"""Images that are not asked for again."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("image-pull-policy", Severity.NOTE, WORKLOADS, profile="all")
def image_pull_policy(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The imagePullPolicy is not Always.

    Why: an image that is on the node is used with no look at the registry, also by pods that may not pull it.
    Example: `imagePullPolicy: IfNotPresent`.
    Fix: Always; layers are not fetched twice.
    Upstream: kube-score container-image-pull-policy, Polaris pullPolicyNotAlways.
    """
    for c in context.containers(ref):
        if c.data.get("imagePullPolicy") not in (None, "Always"):
            yield Finding(f"{c.path}.imagePullPolicy", f"{c.title} has the imagePullPolicy {c.data['imagePullPolicy']}", "use Always")
