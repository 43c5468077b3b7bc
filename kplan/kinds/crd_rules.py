"""Validation rules in the schema of a definition: what is stated, and what the CEL compiler says of it.

Upstream: apiextensions-apiserver/pkg/apis/apiextensions/validation/{validation,cel_validation}.go. Where there is no compiler the
expressions are taken as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from kplan.api.field import FieldErrors, forbidden, invalid, required
from kplan.api.objects import Object
from kplan.kinds.crd_internal import printed_rule
from kplan.kinds.crd_paths import PathError, find
from kplan.kinds.crd_structural import not_convertible
from kplan.kinds.enums import unsupported
from kplan.schema.structural.rules import Rule, compile_rules

COST_LIMIT = 10_000_000
TOTAL_COST_LIMIT = 100_000_000
REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
ADVICE = "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)"
_MAX = 2**64 - 1
_NEWLINE = re.compile(r"[\n\r]")


@dataclass(slots=True)
class TotalCost:
    """What all rules of a schema may cost; the four dearest."""

    total: int = 0
    dearest: list[tuple[int, str]] = field(default_factory=list)

    def add(self, path: str, cost: int) -> None:
        """Count one expression."""
        self.total = min(self.total + cost, _MAX)
        if cost >= TOTAL_COST_LIMIT // 100:
            self.dearest = sorted([*self.dearest, (cost, path)], key=lambda seen: -seen[0])[:4]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a schema a rule stands: how often it may run (None: without limit) in one object."""

    schema: Object
    cost: TotalCost
    cardinality: int | None = 1

    def below(self, schema: Object) -> Place:
        """A place inside this one."""
        elements = max_elements(self.schema)
        if self.cardinality is None or elements is None:
            return Place(schema, self.cost, None)
        return Place(schema, self.cost, min(self.cardinality * elements, _MAX))


def max_elements(schema: Object) -> int | None:
    """How many values a value of a schema holds at most; None: without limit."""
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is None:
            return 1
        limit = schema.get("maxProperties")
    elif schema.get("type") == "array":
        limit = schema.get("maxItems")
    else:
        return 1
    return None if limit is None else max(limit, 0)


def stated_errors(schema: Object, path: str) -> FieldErrors:
    """What is wrong with rules before they are compiled."""
    for index, rule in enumerate(schema.get("x-kubernetes-validations") or ()):
        yield from _stated(schema, rule, f"{path}.x-kubernetes-validations[{index}]")


def _stated(schema: Object, rule: Object, path: str) -> FieldErrors:
    text, message, expression, where = (rule.get(name) or "" for name in ("rule", "message", "messageExpression", "fieldPath"))
    if not text.strip():
        yield required(f"{path}.rule", "rule is not specified")
    elif message and not message.strip():
        yield invalid(f"{path}.message", message, "must be non-empty if specified")
    elif _NEWLINE.search(message.strip()):
        yield invalid(f"{path}.message", message, "must not contain line breaks")
    elif _NEWLINE.search(text.strip()) and not message.strip():
        yield required(f"{path}.message", "message must be specified if rule contains line breaks")
    if expression and not expression.strip():
        yield required(f"{path}.messageExpression", "messageExpression must be non-empty if specified")
    if rule.get("reason") is not None and rule["reason"] not in REASONS:
        yield unsupported(f"{path}.reason", rule["reason"], REASONS)
    if where and not where.strip():
        yield invalid(f"{path}.fieldPath", where, "must be non-empty if specified")
    if _NEWLINE.search(where):
        yield invalid(f"{path}.fieldPath", where, "must not contain line breaks")
    if where and not not_convertible(schema):
        try:
            find(where, schema)
        except PathError:
            yield invalid(f"{path}.fieldPath", where, "must be a valid path")


def compiled_errors(place: Place, root: bool, path: str, uncorrelatable: str, suppress_cost: bool) -> FieldErrors:
    """What compiling says: errors, cost, and oldSelf where there is no old self (`uncorrelatable`: the part of the schema that makes it so)."""
    compiled = compile_rules(place.schema, root)
    if compiled is None:
        return
    for index, (stated, rule) in enumerate(zip(place.schema["x-kubernetes-validations"], compiled, strict=False)):
        here = f"{path}.x-kubernetes-validations[{index}]"
        yield from _cost_errors(place, rule, here, suppress_cost)
        if rule.error:
            yield invalid(f"{here}.rule", printed_rule(stated), rule.error)
        if rule.message_error:
            yield invalid(f"{here}.messageExpression", printed_rule(stated), rule.message_error)
        elif rule.message_max_cost is not None:
            if not suppress_cost and rule.message_max_cost > COST_LIMIT:
                yield forbidden(f"{here}.messageExpression", _too_dear("estimated messageExpression cost", rule.message_max_cost, COST_LIMIT))
            place.cost.add(f"{here}.messageExpression", rule.message_max_cost)
        if rule.uses_old_self:
            if uncorrelatable:
                words = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {uncorrelatable}"
                yield invalid(f"{here}.rule", stated.get("rule") or "", words)
        elif stated.get("optionalOldSelf") is not None:
            yield invalid(f"{here}.optionalOldSelf", stated["optionalOldSelf"], "may not be set if oldSelf is not used in rule")


def _cost_errors(place: Place, rule: Rule, path: str, suppress: bool) -> FieldErrors:
    times = rule.max_cardinality if place.cardinality is None else place.cardinality
    cost = min(rule.max_cost * times, _MAX)
    if not suppress and cost > COST_LIMIT:
        yield forbidden(f"{path}.rule", _too_dear("estimated rule cost", cost, COST_LIMIT))
    place.cost.add(f"{path}.rule", cost)


def total_errors(cost: TotalCost, path: str) -> FieldErrors:
    """All rules of a schema together are too dear."""
    if cost.total <= TOTAL_COST_LIMIT:
        return
    for _, rule in cost.dearest:
        yield forbidden(rule, "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema")
    yield forbidden(path, _too_dear("x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema", cost.total, TOTAL_COST_LIMIT))


def _too_dear(what: str, cost: int, limit: int) -> str:
    """Upstream: getCostErrorMessage."""
    times = cost / limit
    shown = "more than 100x" if times > 100 else f"{times:f}x" if times < 1.5 else f"{times:.1f}x"
    return f"{what} exceeds budget by factor of {shown} {ADVICE}"


__all__ = ["Place", "TotalCost", "compiled_errors", "stated_errors", "total_errors"]
