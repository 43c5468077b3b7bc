"""Owners that are not there."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.graph import OWNS
from kplan.lint.rule import Context, Finding, rule


@rule("dangling-owner", Severity.WARNING, whole=True)
def dangling_owner(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """An ownerReference names an object that is neither in the input nor in the base state.

    Why: the garbage collector deletes an object when none of its owners exists, minutes after it was made.
    Example: `ownerReferences` copied from a dump of another cluster.
    Fix: leave ownerReferences out of manifests; controllers set them.
    Upstream: Monokle LNK003; pkg/controller/garbagecollector.
    """
    for edge in context.edges.get(ref, ()):
        if edge.kind == OWNS and edge.target is None:
            i = int(edge.path.rpartition("[")[2].rstrip("]"))
            owner = obj["metadata"]["ownerReferences"][i]
            if any(context.unseen.stands(owner["kind"], space, owner["name"]) for space in (ref.namespace, "")):
                continue
            yield Finding(edge.path, f'its owner {owner["kind"]} "{owner["name"]}" is not there: it will be collected as garbage', "leave it out")
