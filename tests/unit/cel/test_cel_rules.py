"""Rules of custom resources, selectors of devices, match conditions."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.cel import check_device_selector, compile_rules, device_selector_is_too_complex, match_condition_error

TEXTS = {"type": "array", "maxItems": 10, "items": {"type": "string", "maxLength": 5}}


def rules(properties: dict[str, Any], *stated: dict[str, Any] | str, root: bool = False) -> Any:
    given = [{"rule": one} if isinstance(one, str) else one for one in stated]
    return compile_rules({"type": "object", "properties": properties, "x-kubernetes-validations": given}, root)


@pytest.mark.parametrize(
    ("schema", "rule", "cost"),
    [
        ({"type": "integer"}, "self.v > 1", 3),
        ({"type": "string", "maxLength": 5}, "self.v == 'a'", 3),
        ({"type": "string", "maxLength": 5}, "self.v.contains('a')", 4),
        ({"type": "string", "maxLength": 50}, "self.v.matches('[a-z]+')", 2 + 21 * 2),
        (TEXTS, "self.v.all(t, t.startsWith('a'))", 2 + 10 * (2 + 3) + 1),
        (TEXTS, "size(self.v) < 3", 4),
        ({"type": "boolean"}, "has(self.v) && self.v", 3),
        ({"type": "string", "format": "date-time"}, "self.v < timestamp('2024-01-01T00:00:00Z')", 4),
    ],
)
def test_cost(schema: dict[str, Any], rule: str, cost: int) -> None:
    (found,) = rules({"v": schema}, rule)
    assert (found.error, found.max_cost) == ("", cost)


def test_lists_without_limits_are_as_long_as_a_request() -> None:
    (found,) = rules({"v": {"type": "array", "items": {"type": "string"}}}, "self.v.all(t, t != '')")
    assert found.max_cost > 3 * 1024 * 1024
    assert found.max_cardinality == 3 * 1024 * 1024 // 3


def test_errors_of_compiling() -> None:
    first, second, third, fourth, fifth = rules(
        {"v": {"type": "integer"}, "free": {"x-kubernetes-preserve-unknown-fields": True}},
        "self.nope > 1",
        "self.v",
        {"rule": "true", "messageExpression": "5"},
        {"rule": "true", "messageExpression": "nope"},
        "self.free.x == 1",
    )
    assert first.error == "compilation failed: ERROR: <input>:1:5: undefined field 'nope'\n | self.nope > 1\n | ....^"
    assert second.error == "cel expression must evaluate to a bool"
    assert third.message_error == "messageExpression must evaluate to a string"
    assert fourth.message_error.startswith("messageExpression compilation failed: ERROR: <input>:1:1: undeclared reference")
    assert "undefined field 'free'" in fifth.error


def test_old_self() -> None:
    plain, optional, neither = rules(
        {"v": {"type": "integer"}}, "self.v >= oldSelf.v", {"rule": "oldSelf.orValue(self).v <= self.v", "optionalOldSelf": True}, "self.v > 0"
    )
    assert (plain.uses_old_self, optional.uses_old_self, neither.uses_old_self) == (True, True, False)
    assert plain.evaluate({"v": 1}, {"v": 2}, False).value is False
    assert optional.evaluate({"v": 1}, None, True).value is True
    assert optional.evaluate({"v": 1}, {"v": 2}, True).value is False


def test_values_by_their_schema() -> None:
    (found,) = rules(
        {
            "wait": {"type": "string", "format": "duration"},
            "at": {"type": "string", "format": "date-time"},
            "data": {"type": "string", "format": "byte"},
            "port": {"x-kubernetes-int-or-string": True},
            "share": {"type": "number"},
            "a-b.c": {"type": "string"},
            "namespace": {"type": "string"},
            "set": {**TEXTS, "x-kubernetes-list-type": "set"},
        },
        "self.wait == duration('1m') && self.at.getFullYear() == 2024 && self.data == b'a' && type(self.port) == int && self.share == 1.0"
        " && self.a__dash__b__dot__c == 'x' && self.__namespace__ == 'y' && self.set == ['b', 'a'] && self.set + ['a', 'c'] == ['a', 'b', 'c']",
    )
    value = {"wait": "60s", "at": "2024-01-01T00:00:00Z", "data": "YQ==", "port": 5, "share": 1, "a-b.c": "x", "namespace": "y", "set": ["a", "b"]}
    assert found.error == ""
    assert found.evaluate(value, None, False) == (True, "", found.evaluate(value, None, False).cost)


def test_what_cannot_be_read_only_fails_who_reads_it() -> None:
    reads, leaves = rules({"wait": {"type": "string", "format": "duration"}}, "self.wait > duration('1s')", "has(self.wait)")
    assert reads.evaluate({"wait": "soon"}, None, False).error.startswith("Invalid duration soon")
    assert leaves.evaluate({"wait": "soon"}, None, False).value is True


def test_resources_have_a_name() -> None:
    (found,) = rules({"spec": {"type": "object"}}, "self.metadata.name.startsWith('a') && self.kind == 'K'", root=True)
    assert found.evaluate({"kind": "K", "metadata": {"name": "abc"}, "spec": {}}, None, False).value is True


def test_device_selectors() -> None:
    assert (
        check_device_selector("device.driver == 'd' && device.attributes['d'].size > 3 && device.capacity['d'].memory.isGreaterThan(quantity('1Gi'))") is None
    )
    assert check_device_selector("device.attributes['d'].flag") is None
    assert check_device_selector("device.driver") == "must evaluate to bool or the unknown type, not string"
    assert "undefined field 'nope'" in (check_device_selector("device.nope == 1") or "")
    loops = "device.attributes.all(a, device.attributes.all(b, device.attributes.all(c, device.attributes.all(d, a + b + c != d))))"
    assert device_selector_is_too_complex(loops)
    assert not device_selector_is_too_complex("device.driver == 'd'")


def test_match_conditions() -> None:
    assert match_condition_error("request.userInfo.groups.exists(g, g == 'a') && authorizer.group('').resource('pods').check('get').allowed()") == ""
    assert match_condition_error("1") == "must evaluate to bool but got int"
    assert match_condition_error("object.spec.on") == "must evaluate to bool but got dyn"
    assert "undeclared reference to 'params'" in match_condition_error("params.a == 1")
    assert match_condition_error("params.a == 1", params=True) == ""
