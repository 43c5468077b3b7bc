"""Where validation rules run, with a compiler of three rules in place of CEL."""

import pytest

from kplan.schema.structural import Correlated, Rules, rules
from kplan.schema.structural.rules import Outcome


class Compiled:
    error, message_error, max_cost, max_cardinality = "", "", 1, 1

    def __init__(self, rule):
        self.text = rule["rule"]
        self.uses_old_self = "oldSelf" in self.text
        self.message_max_cost = 1 if rule.get("messageExpression") else None

    def evaluate(self, value, old, optional):
        if self.text == "boom":
            return Outcome(None, "no such key: x", 1)
        return Outcome(value == old if self.uses_old_self else value != "bad", "", 6_000_000 if self.text == "dear" else 1)

    def message(self, value, old, optional):
        return Outcome(f"about {value}", "", 1)


@pytest.fixture(autouse=True)
def compiler(monkeypatch):
    monkeypatch.setattr(rules, "_compiler", lambda: lambda schema, _root: [Compiled(r) for r in schema["x-kubernetes-validations"]])


def told(schema, value, old=None, ratchet=False):
    correlated = Correlated(value, old, schema) if ratchet else None
    return [str(e) for e in Rules(schema, True).errors(value, old, correlated)]


def text(**rule):
    return {"type": "string", "x-kubernetes-validations": [rule]}


def under(schema):
    return {"type": "object", "properties": {"a": {"type": "array", "items": schema}, "m": {"type": "object", "additionalProperties": schema}}}


def test_rules_run_at_every_value():
    schema = under(text(rule="ok", message="is bad"))
    assert told(schema, {"a": ["good", "bad"], "m": {"k": "bad"}}) == [
        'a[1]: Invalid value: "bad": is bad',
        'm[k]: Invalid value: "bad": is bad',
    ]


def test_a_rule_says_what_and_where():
    schema = {"type": "object", "properties": {"s": text(rule="ok", messageExpression="x", reason="FieldValueForbidden", fieldPath=".inner")}}
    assert told(schema, {"s": "bad"}) == ["s.inner: Forbidden: about bad"]
    assert told({"type": "object", "properties": {"s": text(rule="ok")}}, {"s": "bad"}) == ['s: Invalid value: "bad": failed rule: ok']


def test_an_error_of_evaluation():
    assert told({"type": "object", "properties": {"s": text(rule="boom")}}, {"s": "x"}) == ['s: Invalid value: "string": no such key: x evaluating rule: boom']


def test_transition_rules_need_an_old_value():
    schema = {"type": "object", "properties": {"s": text(rule="self == oldSelf", message="immutable")}}
    assert told(schema, {"s": "x"}) == []
    assert told(schema, {"s": "x"}, {}) == []
    assert told(schema, {"s": "x"}, {"s": "y"}, ratchet=True) == ['s: Invalid value: "x": immutable']


def test_what_did_not_change_is_forgiven():
    schema = {"type": "object", "properties": {"s": text(rule="ok"), "t": {"type": "string"}}}
    assert told(schema, {"s": "bad", "t": "2"}, {"s": "bad", "t": "1"}, ratchet=True) == []
    assert told(schema, {"s": "bad"}, {"s": "fine"}, ratchet=True) != []


def test_the_budget_ends_the_run():
    schema = {"type": "object", "properties": {"a": text(rule="dear"), "b": text(rule="dear"), "c": text(rule="ok")}}
    assert told(schema, {"a": "x", "b": "x", "c": "bad"}) == [f'b: Invalid value: "string": {rules.NO_BUDGET}']
