"""Several manifests for one object."""

from __future__ import annotations

import os
from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("duplicate-object", Severity.ERROR)
def duplicate_object(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """Several manifests of the input state the same object.

    Why: the one that is applied last wins, and which that is depends on the order of files. It is a warning where all say the same, or none that
    differ stand in one folder or come from one kustomization or chart: then they may be alternatives, of which each cluster gets one. It is a note
    where both hold.
    Example: two Deployments `web` in the namespace `shop`.
    Fix: rename or remove all but one. Where folders hold alternatives, lint each on its own.
    Upstream: kubectl applies all of them without a word; kustomize refuses to take two.
    """
    stated = context.stated.get(ref, [])
    count = context.memo[ref] = context.memo.get(ref, 0) + 1
    if not ref.name or count != 2:  # told once, where it is stated again
        return
    times = "twice" if len(stated) == 2 else f"{len(stated)} times"
    related = tuple((m, "metadata.name", "stated here too") for m in stated if m is not stated[1])
    by_place: dict[str, list[Object]] = {}
    for manifest in stated:
        by_place.setdefault(manifest.render or os.path.dirname(manifest.source), []).append(manifest.data)
    same, apart = all(m.data == stated[0].data for m in stated), len(by_place) == len(stated)
    hint = "remove all but one; if the folders hold alternatives, lint each on its own"
    if same:
        severity, hint = (Severity.NOTE, hint) if apart else (Severity.WARNING, "remove all but one")
        yield Finding("metadata.name", f"{ref} is stated {times}, always the same", hint, severity, related)
    elif any(data != together[0] for together in by_place.values() for data in together):
        yield Finding("metadata.name", f"{ref} is stated {times}", "rename or remove all but one", related=related)
    else:
        yield Finding("metadata.name", f"{ref} is stated {times}, in different folders", hint, Severity.WARNING, related)
