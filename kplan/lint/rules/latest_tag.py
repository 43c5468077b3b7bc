"""Images that are something else tomorrow."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.kinds.podspec.images import tag_of
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("latest-tag", Severity.WARNING, WORKLOADS)
def latest_tag(ref: Ref, obj: Object, context: Context, *, allowed: tuple[str, ...] = ()) -> Iterator[Finding]:
    """An image has the tag `latest`, or none, which is the same.

    Why: two pods of one workload may run different versions, and a rollback rolls nothing back.
    Example: `image: nginx`, `image: nginx:latest`.
    Fix: name a version, or a digest. Images in the option `allowed` (globs) may stay.
    Upstream: kube-linter latest-tag, kube-score container-image-tag, Polaris tagNotSpecified.
    """
    for c in context.containers(ref):
        image = c.data.get("image") or ""
        if image and tag_of(image) == "latest" and not any(fnmatchcase(image, glob) for glob in allowed):
            said = "the tag latest" if image.endswith(":latest") else "no tag, which means latest"
            yield Finding(f"{c.path}.image", f'image "{image}" has {said}', "name a version or a digest")
