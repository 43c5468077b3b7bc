"""x-kubernetes-validations of custom resources: where rules sit, when they run, what a failed one is called.

The expressions themselves are `kplan.cel`'s, which this module looks up when the first rule is met; without it rules are not
evaluated. All that is asked of it is one function,

    kplan.cel.compile_rules(schema, root) -> Sequence[Rule]

which compiles the rules of one schema node (a JSON schema as a definition has it, with its `x-kubernetes-validations`; `root`: the
node is a whole resource and has apiVersion, kind and metadata), one `Rule` for each, also for those that do not compile.
Upstream: apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple, Protocol

from kplan.api.field import DUPLICATE, FORBIDDEN, INVALID, REQUIRED, FieldError, Printed, duplicate, forbidden, invalid, required
from kplan.schema.structural.correlation import Correlated, items_by_key
from kplan.schema.structural.numbers import printed
from kplan.schema.structural.paths import NIL, child, item, key

BUDGET = 10_000_000
"""What all rules of one object may cost together.   Upstream: celconfig.RuntimeCELCostBudget."""

LONGEST_MESSAGE = 5 * 1024
NO_BUDGET = "validation failed due to running out of cost budget, no further validation rules will be run"
NO_MESSAGE_BUDGET = "messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run"
TOO_DEAR = "operation cancelled: actual cost limit exceeded"


class Outcome(NamedTuple):
    """What an evaluation came to: a value (True, False, a text) or the evaluator's error, and its cost."""

    value: Any
    error: str
    cost: int


class Rule(Protocol):
    """One compiled rule. `error` and `message_error` say what does not compile (the detail of the field error), empty where nothing.

    Costs are estimates for one evaluation; `max_cardinality` is how often a rule can run at most where the schema sets no limit;
    `message_max_cost` is None where there is no messageExpression. `old` is None where there is no old value; `optional` makes
    `oldSelf` an optional (optionalOldSelf).
    """

    error: str
    message_error: str
    uses_old_self: bool
    max_cost: int
    max_cardinality: int
    message_max_cost: int | None

    def evaluate(self, value: Any, old: Any, optional: bool) -> Outcome:
        """The rule over a value."""

    def message(self, value: Any, old: Any, optional: bool) -> Outcome:
        """The messageExpression over a value."""


def compile_rules(schema: dict[str, Any], root: bool) -> Sequence[Rule] | None:
    """The rules of a schema node; None where there is nobody to compile them."""
    compiler = _compiler()
    return None if compiler is None else compiler(schema, root)


@cache
def _compiler() -> Any:
    if find_spec("kplan.cel") is None:
        return None
    return getattr(import_module("kplan.cel"), "compile_rules", None)


def has_rules(schema: dict[str, Any] | None) -> bool:
    """Whether rules sit anywhere in a structural schema, value validations of allOf included."""
    if not isinstance(schema, dict):
        return False
    if schema.get("x-kubernetes-validations"):
        return True
    inner = [schema.get("items"), schema.get("additionalProperties"), *(schema.get("properties") or {}).values(), *(schema.get("allOf") or ())]
    return any(map(has_rules, inner))


class Rules:
    """The rules in a schema, compiled node by node when a value gets there. Upstream: cel.Validator."""

    __slots__ = ("_children", "_compiled", "_root", "_schema")

    def __init__(self, schema: dict[str, Any], root: bool) -> None:
        self._schema, self._root = schema, root
        self._compiled: Sequence[Rule] | None = None
        self._children: dict[str, Rules | None] = {}

    def errors(self, value: Any, old: Any, correlated: Correlated | None = None, path: str = NIL) -> list[FieldError]:
        """What the rules say of a value; rules that the value broke before, unchanged, are silent."""
        if _compiler() is None:
            return []
        run = _Run()
        run.node(self, value, old, path, correlated, None, True)
        return run.errors

    @property
    def rules(self) -> Iterator[tuple[dict[str, Any], Rule]]:
        """The rules of this very node with what they compiled to."""
        stated = self._schema.get("x-kubernetes-validations")
        if stated:
            if self._compiled is None:
                self._compiled = compile_rules(self._schema, self._root) or ()
            yield from zip(stated, self._compiled, strict=False)

    def below(self, where: str, name: str = "") -> Rules | None:
        """The rules of `items`, `additionalProperties` or of one of the `properties`; None where there are none."""
        slot = f"{where}/{name}" if name else where
        if slot not in self._children:
            held = self._schema.get(where)
            found = (held or {}).get(name) if where == "properties" else held
            self._children[slot] = Rules(found, bool(found.get("x-kubernetes-embedded-resource"))) if isinstance(found, dict) and has_rules(found) else None
        return self._children[slot]


class _Run:
    """One validation: the errors so far, and what is left of the budget (negative: nothing more runs)."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []
        self.budget = BUDGET

    def node(
        self, rules: Rules, value: Any, old: Any, path: str, correlated: Correlated | None, parent: Correlated | None, top: bool = False
    ) -> None:
        """A value and all below. `correlated` is its counterpart, `parent` the nearest one above."""
        if value is None:
            return
        ratchet = correlated if correlated is not None else parent
        for stated, rule in rules.rules:
            self._rule(rules, stated, rule, value, old, path, ratchet)
            if self.budget < 0:
                return
        if isinstance(value, list):
            below = rules.below("items")
            if below is not None:
                before = items_by_key(rules._schema, old if isinstance(old, list) else None)
                self._items(rules, below, value, before, path, correlated, parent)
        elif isinstance(value, dict):
            self._map(rules, value, old if isinstance(old, dict) else {}, path, correlated, parent, top)

    def _items(
        self, rules: Rules, below: Rules, value: list[Any], before: dict[Any, Any], path: str, correlated: Correlated | None, parent: Correlated | None
    ) -> None:
        from kplan.schema.structural.correlation import map_key

        for index, one in enumerate(value):
            old = before.get(map_key(rules._schema, one)) if before else None
            inner = correlated.index(index) if correlated is not None else None
            self.node(below, one, old, item(path, index), inner, correlated if correlated is not None else parent)
            if self.budget < 0:
                return

    def _map(
        self, rules: Rules, value: dict[str, Any], old: dict[str, Any], path: str, correlated: Correlated | None, parent: Correlated | None, top: bool
    ) -> None:
        every = rules.below("additionalProperties")
        for name in sorted(value):
            below = every or rules.below("properties", name)
            if below is None:
                continue
            inner, above = (correlated.key(name), correlated) if correlated is not None else (None, parent)
            if top and name in ("apiVersion", "kind"):
                inner, above = None, None
            self.node(below, value[name], old.get(name), key(path, name) if every else child(path, name), inner, above)
            if self.budget < 0:
                return

    def _rule(self, rules: Rules, stated: dict[str, Any], rule: Rule, value: Any, old: Any, path: str, ratchet: Correlated | None) -> None:
        kind = rules._schema.get("type") or ""
        if rule.error:
            self.errors.append(invalid(path, kind, f"rule compile error: {rule.error}"))
            return
        optional = bool(stated.get("optionalOldSelf"))
        if rule.uses_old_self and old is None and not optional:
            return
        outcome = rule.evaluate(value, old, optional)
        if outcome.cost > self.budget:
            self.errors.append(invalid(path, kind, NO_BUDGET))
            self.budget = -1
            return
        self.budget -= outcome.cost
        words = _words(stated)
        if outcome.error:
            self._failed(path, kind, outcome.error, words)
            return
        if outcome.value is True:
            return
        where = child(path, stated["fieldPath"].strip().removeprefix(".")) if stated.get("fieldPath", "").strip() else path
        told, fatal = self._told(rule, value, old, optional)
        if fatal:
            self.errors.append(invalid(where, kind, fatal))
            self.budget = -1
            return
        if rule.uses_old_self or ratchet is None or not ratchet.equal:
            detail = told or (stated["message"].strip() if stated.get("message") else f"failed rule: {words}")
            shown = Printed("") if kind in ("object", "array") else printed(value)
            self.errors.append(_error(stated.get("reason") or INVALID, where, shown, detail))

    def _failed(self, path: str, kind: str, error: str, words: str) -> None:
        if error.startswith("no such overload"):
            detail = f"'{error}': call arguments did not match a supported operator, function or macro signature for rule: {words}"
        elif error.startswith(TOO_DEAR):
            detail = f"'{error}': no further validation rules will be run due to call cost exceeds limit for rule: {words}"
            self.budget = -1
        else:
            detail = f"{error} evaluating rule: {words}"
        self.errors.append(invalid(path, kind, detail))

    def _told(self, rule: Rule, value: Any, old: Any, optional: bool) -> tuple[str, str]:
        """The text of the messageExpression, where it gives a usable one; what ends the run instead."""
        if rule.message_max_cost is None or rule.message_error:
            return "", ""
        outcome = rule.message(value, old, optional)
        if outcome.cost > self.budget:
            return "", NO_MESSAGE_BUDGET
        if outcome.error.startswith(TOO_DEAR):
            return "", f"no further validation rules will be run due to call cost exceeds limit for messageExpression: {outcome.error}"
        self.budget -= outcome.cost
        text = outcome.value.strip() if not outcome.error and isinstance(outcome.value, str) else ""
        return ("", "") if len(text.encode()) > LONGEST_MESSAGE or "\n" in text else (text, "")


def _words(stated: dict[str, Any]) -> str:
    """What a rule is called in errors: its message, or itself.   Upstream: ruleErrorString."""
    return (stated.get("message") or stated.get("rule") or "").strip()


def _error(reason: str, path: str, value: Any, detail: str) -> FieldError:
    if reason == FORBIDDEN:
        return forbidden(path, detail)
    if reason == REQUIRED:
        return required(path, detail)
    return duplicate(path, value) if reason == DUPLICATE else invalid(path, value, detail)
