"""x-kubernetes-validations: compiling the rules of a schema node, and running them.

Upstream: apiextensions-apiserver/pkg/apiserver/schema/cel/compilation.go. When rules run and what failures are called is
`kplan.schema.structural.rules`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from kplan.api.content import Remembered
from kplan.cel.activation import Meter
from kplan.cel.ast import names
from kplan.cel.cost import cost_of
from kplan.cel.environment import PER_CALL_LIMIT, Environment, Program
from kplan.cel.errors import CompileError, EvaluationError
from kplan.cel.schemas import REQUEST_BYTES, Declared, Objects, declare, to_value
from kplan.cel.types import BOOL, STRING, optional_of
from kplan.cel.values import NONE, Optional

SELF, OLD_SELF = "self", "oldSelf"
TYPE_NAME = "selfType"


class Outcome(NamedTuple):
    """A value or an error, and what either cost."""

    value: Any
    error: str
    cost: int


class _Values:
    """Values of one schema node as expressions see them; the last two are remembered, since all rules of a node look at the same."""

    def __init__(self, schema: dict[str, Any], root: bool) -> None:
        self.schema = schema
        self.root = root
        self.held: list[tuple[Any, Any]] = []

    def get(self, value: Any) -> Any:
        for given, found in self.held:
            if given is value:
                return found
        found = to_value(value, self.schema, self.root)
        self.held = [(value, found), *self.held[:1]] if isinstance(value, dict | list) else self.held
        return found


class Rule:
    """One rule, as `kplan.schema.structural.rules.Rule` says."""

    def __init__(self, values: _Values) -> None:
        self.values = values
        self.error = ""
        self.message_error = ""
        self.uses_old_self = False
        self.max_cost = 0
        self.max_cardinality = 0
        self.message_max_cost: int | None = None
        self.program: Program | None = None
        self.message_program: Program | None = None

    def evaluate(self, value: Any, old: Any, optional: bool) -> Outcome:
        """The rule over a value."""
        return self._run(self.program, value, old, optional)

    def message(self, value: Any, old: Any, optional: bool) -> Outcome:
        """The messageExpression over a value."""
        return self._run(self.message_program, value, old, optional)

    def _run(self, program: Program | None, value: Any, old: Any, optional: bool) -> Outcome:
        if program is None:
            return Outcome(True, "", 0)
        meter = Meter(PER_CALL_LIMIT)
        try:
            before = None if old is None else self.values.get(old)
            if optional:
                before = NONE if old is None else Optional(before, True)
            return Outcome(program.measure({SELF: self.values.get(value), OLD_SELF: before}, meter), "", meter.spent)
        except EvaluationError as error:
            return Outcome(None, str(error), meter.spent)


_COMPILED = Remembered[Sequence[Rule]](1024)


def compile_rules(schema: dict[str, Any], root: bool) -> Sequence[Rule]:
    """The rules of a schema node, one for each that is stated, also for those that do not compile."""
    return _COMPILED.get(schema, root, lambda: _compiled(schema, root))


def _compiled(schema: dict[str, Any], root: bool) -> Sequence[Rule]:
    stated = schema.get("x-kubernetes-validations") or ()
    objects: Objects = {}
    declared = declare(schema, root, TYPE_NAME, objects)
    values = _Values(schema, root)
    environments: dict[bool, Environment] = {}
    rules = []
    for one in stated:
        rule = Rule(values)
        rules.append(rule)
        if not (one.get("rule") or "").strip():
            continue
        if declared is None:
            rule.error = "failed to convert to declType for CEL validation rules"
            continue
        optional = bool(one.get("optionalOldSelf"))
        if optional not in environments:
            old = optional_of(declared.type) if optional else declared.type
            environments[optional] = Environment({SELF: declared.type, OLD_SELF: old}, objects)
        _compile(rule, one, environments[optional], declared)
    return rules


def _compile(rule: Rule, stated: dict[str, Any], environment: Environment, declared: Declared) -> None:
    """Upstream: compileRule."""
    try:
        program = environment.compile(stated["rule"])
    except CompileError as error:
        rule.error = f"compilation failed: {error}"
        return
    if program.type != BOOL:
        rule.error = "cel expression must evaluate to a bool"
        return
    if program.error:
        rule.error = program.error
        return
    rule.uses_old_self = OLD_SELF in names(program.tree)
    rule.program = program
    rule.max_cost = cost_of(program.tree, declared).most
    rule.max_cardinality = REQUEST_BYTES // (declared.least + 1)
    if not stated.get("messageExpression"):
        return
    try:
        message = environment.compile(stated["messageExpression"])
    except CompileError as error:
        rule.message_error = f"messageExpression compilation failed: {error}"
        return
    if message.type != STRING:
        rule.message_error = "messageExpression must evaluate to a string"
        return
    if message.error:
        rule.message_error = message.error.replace("program instantiation", "messageExpression instantiation")
        return
    rule.message_program = message
    rule.message_max_cost = cost_of(message.tree, declared).most
