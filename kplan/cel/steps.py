"""Steps made of steps: what operators that do not always need all of their operands come to.   Upstream: cel-go interpreter/interpretable.go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kplan.cel.activation import METER, LazyObject, Scope, field_of
from kplan.cel.errors import CancelledError, EvaluationError
from kplan.cel.values import Optional, Unreadable, readable

Step = Callable[[Scope], Any]


def boolean(value: Any) -> bool:
    """A boolean, or an error."""
    if not isinstance(value, bool):
        raise EvaluationError("no such overload")
    return value


def logic(left: Step, right: Step, decides: bool) -> Step:
    """`||` (a true decides) and `&&` (a false decides), whichever side has it; an error only counts where neither does."""

    def logic(scope: Scope) -> bool:
        failed: EvaluationError | None = None
        for side in (left, right):
            try:
                if boolean(side(scope)) is decides:
                    return decides
            except CancelledError:
                raise
            except EvaluationError as error:
                failed = failed or error
        if failed is not None:
            raise failed
        return not decides

    return logic


def conditional(condition: Step, first: Step, second: Step) -> Step:
    """`a ? b : c`."""
    return lambda scope: first(scope) if boolean(condition(scope)) else second(scope)


def not_strictly_false(value: Step) -> Step:
    """What loops go on for: an error is not yet a reason to stop."""

    def holds(scope: Scope) -> bool:
        try:
            found = value(scope)
        except CancelledError:
            raise
        except EvaluationError:
            return True
        scope[METER].add(1)
        return found if isinstance(found, bool) else True

    return holds


def alternative(target: Step, other: Step, unwrap: bool) -> Step:
    """`a.or(b)` and `a.orValue(b)`."""

    def alternative(scope: Scope) -> Any:
        value = target(scope)
        if not isinstance(value, Optional):
            raise EvaluationError("no such overload")
        if value.present:
            return value.value if unwrap else value
        return other(scope)

    return alternative


def indexed(values: Step, key: Step, find: Callable[[Any, Any], Any]) -> Step:
    """What stands under a key, by one way of finding it."""

    def found(scope: Scope) -> Any:
        container, wanted = values(scope), key(scope)
        scope[METER].add(1)
        if isinstance(container, LazyObject):
            return field_of(container, wanted)
        return readable(find(container, wanted))

    return found


def attempt(step: Step, scope: Scope) -> Any:
    """A value, or the error in its place."""
    try:
        return step(scope)
    except CancelledError:
        raise
    except EvaluationError as error:
        return Unreadable(error)
