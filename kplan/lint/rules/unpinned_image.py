"""Images without a digest."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("unpinned-image", Severity.NOTE, WORKLOADS, profile="all")
def unpinned_image(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """An image is named without its digest.

    Why: any tag can be pushed again; a digest cannot.
    Example: `image: nginx:1.27.3`.
    Fix: `image: nginx:1.27.3@sha256:…`.
    Upstream: Checkov CKV_K8S_43.
    """
    for c in context.containers(ref):
        image = c.data.get("image") or ""
        if image and "@" not in image:
            yield Finding(f"{c.path}.image", f'image "{image}" is named without its digest', "add its digest")
