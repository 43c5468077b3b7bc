"""What expressions are evaluated over: variables by name, a meter for what is spent, objects whose fields are worked out on demand.

Upstream: cel-go interpreter/{activation,attributes}.go, apiserver/pkg/cel/lazy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kplan.cel.errors import CancelledError, EvaluationError
from kplan.cel.values import NONE, Optional, Struct, Unreadable, readable

Scope = dict[str, Any]
METER = ""
"""The name under which the meter stands among the variables."""


class Meter:
    """What an evaluation costs, and what it may."""

    __slots__ = ("limit", "spent")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.spent = 0

    def add(self, cost: int) -> None:
        """Spend; raises where there is nothing left."""
        self.spent += cost
        if self.spent > self.limit:
            raise CancelledError("operation cancelled: actual cost limit exceeded")


class LazyObject:
    """An object whose fields are worked out when they are asked for, once: the variables of a policy."""

    def __init__(self, fields: dict[str, Callable[[], Any]]) -> None:
        self.fields = fields
        self.known: dict[str, Any] = {}

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def __getitem__(self, name: str) -> Any:
        if name not in self.known:
            try:
                self.known[name] = self.fields[name]()
            except CancelledError:
                raise
            except EvaluationError as error:
                self.known[name] = Unreadable(error)
        return readable(self.known[name])


def field_of(value: Any, field: str) -> Any:
    """One field of an object, or entry of a map."""
    if isinstance(value, dict | LazyObject):
        if field in value:
            return readable(value[field])
        if isinstance(value, Struct):
            raise EvaluationError(f"no such field '{field}'")
    elif isinstance(value, Optional):
        return optional_field_of(value, field)
    elif isinstance(value, list):
        raise EvaluationError("unsupported index type 'string' in list")
    raise EvaluationError(f"no such key: {field}")


def optional_field_of(value: Any, field: str) -> Optional:
    """One field, if there is any."""
    if isinstance(value, Optional):
        if not value.present:
            return NONE
        value = value.value
    if isinstance(value, dict | LazyObject) and field in value:
        return Optional(readable(value[field]), True)
    return NONE
