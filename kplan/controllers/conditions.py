"""Conditions in a status: read one, set one the way controllers do.

Upstream: the Set*Condition functions that each controller has; transition times move only when the status does.
"""

from __future__ import annotations

from collections.abc import Sequence

from kplan.api.objects import Object


def condition(status: Object, type: str) -> Object | None:
    """The condition of a type, or None."""
    for held in status.get("conditions") or ():
        if held["type"] == type:
            return held  # type: ignore[no-any-return]
    return None


def with_condition(conditions: Sequence[Object], new: Object) -> list[Object]:
    """The conditions with `new` in place of its type's; same status and reason: left as it is; same status: the old transition time."""
    held = next((c for c in conditions if c["type"] == new["type"]), None)
    if held is not None:
        if held["status"] == new["status"] and held.get("reason") == new.get("reason"):
            return list(conditions)
        if held["status"] == new["status"]:
            new = {**new, "lastTransitionTime": held["lastTransitionTime"]}
    return [*(c for c in conditions if c["type"] != new["type"]), new]


def without_condition(conditions: Sequence[Object], type: str) -> list[Object]:
    """The conditions without one type."""
    return [c for c in conditions if c["type"] != type]
