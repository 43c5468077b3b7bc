"""Keys in alphabetical order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("sorted-keys", Severity.NOTE, profile="all")
def sorted_keys(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The keys of a map are not in alphabetical order.

    Why: some teams want it, for fewer conflicts.
    Example: `kind` before `apiVersion`.
    Fix: sort them.
    Upstream: kube-linter sorted-keys.
    """
    path = unsorted(context.manifests[ref].data, "")
    if path is not None:
        yield Finding(path, "keys are not sorted", "sort them")


def unsorted(value: Any, path: str) -> str | None:
    """The path of the first map whose keys are not in order."""
    if isinstance(value, dict):
        keys = list(value)
        if keys != sorted(keys):
            return path
        parts: Iterator[tuple[str, Any]] = ((f"{path}.{k}" if path else k, v) for k, v in value.items())
    elif isinstance(value, list):
        parts = ((f"{path}[{i}]", v) for i, v in enumerate(value))
    else:
        return None
    return next((found for p, v in parts if (found := unsorted(v, p)) is not None), None)
