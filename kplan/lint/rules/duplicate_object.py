"""Two manifests for one object."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("duplicate-object", Severity.ERROR)
def duplicate_object(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """Two manifests of the input state the same object.

    Why: the one that is applied last wins, and which that is depends on the order of files.
    Example: two Deployments `web` in the namespace `shop`.
    Fix: rename or remove one of them.
    Upstream: kubectl applies both without a word.
    """
    if not ref.name:
        return
    count = context.memo[ref] = context.memo.get(ref, 0) + 1
    if count > 1:
        related = ((context.firsts[ref], "metadata.name", "stated here too"),)
        yield Finding("metadata.name", f"{ref} is stated twice", "rename or remove one of them", related=related)
