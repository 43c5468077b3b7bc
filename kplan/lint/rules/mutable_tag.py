"""Tags that are made to move."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.kinds.podspec.images import tag_of
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule

MOVING = re.compile(
    r"(?i)(stable|main|master|trunk|head|dev|devel|develop|edge|nightly|next|canary|snapshot|current|lts|production|prod|staging|test|release|v?\d+)"
)


@rule("mutable-tag", Severity.WARNING, WORKLOADS, profile="strict")
def mutable_tag(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """An image has a tag that is made to move: a branch, a channel, a bare major version.

    Why: what runs changes without a change of the manifest, node by node.
    Example: `image: app:main`, `image: postgres:17`.
    Fix: name the whole version, or a digest.
    Upstream: none.
    """
    for c in context.containers(ref):
        image = c.data.get("image") or ""
        tag = tag_of(image) if "@" not in image else ""
        if tag and MOVING.fullmatch(tag):
            yield Finding(f"{c.path}.image", f'the tag "{tag}" of image "{image}" moves', "name the whole version, or a digest")
