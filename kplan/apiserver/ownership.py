"""managedFields: who owns which field, kept beside the objects and worked out only when somebody asks.

Upstream: apimachinery/pkg/util/managedfields. Most objects in a simulation are never applied again, so a write only notes
what it changed; the field sets are computed when an apply or a reader of one object needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kplan.api.objects import Object

if TYPE_CHECKING:
    from kplan.apiserver.customversion import CustomVersion

Id = tuple[str, str, str]  # group-kind, namespace, name


class Touch(NamedTuple):
    """One write that is not an apply. `custom`: how a custom kind's fields merge."""

    old: Object | None
    new: Object
    manager: str
    subresource: str
    time: str
    custom: CustomVersion | None = None


class Ownership:
    """The managedFields of all objects of a store."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._entries: dict[Id, list[Object]] = {}
        self._pending: dict[Id, list[Touch]] = {}

    def touched(self, id: Id, touch: Touch) -> None:
        """Note a create, update or patch."""
        self._pending.setdefault(id, []).append(touch)

    def set(self, id: Id, entries: list[Object]) -> None:
        """Replace what is known, as an apply or a restore does."""
        self._pending.pop(id, None)
        self._entries[id] = entries

    def forget(self, id: Id) -> None:
        """The object is gone."""
        self._pending.pop(id, None)
        self._entries.pop(id, None)

    def of(self, id: Id) -> list[Object]:
        """The managedFields entries of an object."""
        entries = self._entries.get(id, [])
        if id not in self._pending:
            return entries
        from kplan.apiserver.merge import managed

        for touch in self._pending.pop(id, ()):
            node, reset = (touch.custom.node, touch.custom.reset_fields(touch.subresource)) if touch.custom else (None, None)
            entries = managed.update(entries, touch.old, touch.new, touch.manager, touch.subresource, touch.time, self._version, node, reset)
        self._entries[id] = entries
        return entries
