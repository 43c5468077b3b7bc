"""What values of which types can do, and what is said where they cannot.   Upstream: cel-go common/types/{traits,err}.go."""

from __future__ import annotations

from typing import Any

from kplan.cel.errors import EvaluationError
from kplan.cel.values import type_of

ADDERS = frozenset({"bytes", "double", "google.protobuf.Duration", "int", "list", "string", "google.protobuf.Timestamp", "uint"})
SUBTRACTORS = frozenset({"double", "google.protobuf.Duration", "int", "google.protobuf.Timestamp", "uint"})
MULTIPLIERS = frozenset({"double", "int", "uint"})
MODDERS = frozenset({"int", "uint"})
NEGATORS = frozenset({"bool", "double", "google.protobuf.Duration", "int"})
COMPARERS = ADDERS - {"list"} | {"bool"}
SIZERS = frozenset({"bytes", "string", "list", "map"})
RECEIVERS = frozenset({"google.protobuf.Duration", "string", "google.protobuf.Timestamp"})


def no_such_overload() -> EvaluationError:
    """Values that an operator does not take."""
    return EvaluationError("no such overload")


def unfit(function: str, first: Any, able: frozenset[str]) -> EvaluationError:
    """The same, with the operator's name where the first value could not take part whatever the second were."""
    name = type_of(first).name
    return no_such_overload() if name in able or name in RECEIVERS else EvaluationError(f"no such overload: {function}")
