"""A moving image that is never pulled again."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.kinds.podspec.images import tag_of
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("stale-image", Severity.WARNING, WORKLOADS, profile="strict")
def stale_image(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """An image with the tag latest is pulled only where it is not there yet.

    Why: each node runs whatever was latest when it first pulled.
    Example: `image: app:latest, imagePullPolicy: IfNotPresent`.
    Fix: name a version.
    Upstream: none.
    """
    for c in context.containers(ref):
        policy = c.data.get("imagePullPolicy")
        if policy in ("IfNotPresent", "Never") and tag_of(c.data.get("image") or "") == "latest":
            yield Finding(f"{c.path}.imagePullPolicy", f"{c.title} runs whatever latest was on each node", "name a version")
