"""Devices against the expressions of classes and claims."""

from __future__ import annotations

import pytest

from kplan.scheduler.device_selectors import SelectorError, device_matches

DEVICE = {
    "attributes": {"model": {"string": "a"}, "cores": {"int": 8}, "firmware": {"version": "1.2.3"}, "ext.example.com/fast": {"bool": True}},
    "capacity": {"memory": {"value": "16Gi"}},
}
OWN = 'device.attributes["d"]'


@pytest.mark.parametrize(
    ("expression", "matches"),
    [
        ('device.driver == "d"', True),
        (f'{OWN}.model in ["b", "c"]', False),
        ('device.attributes["ext.example.com"].fast', True),
        ('"nowhere" in device.attributes', False),
        (f'"model" in {OWN}', True),
        ('has(device.attributes["nowhere"].model)', False),
        ('device.attributes["nowhere"][?"model"].orValue("none") == "none"', True),
        ('device.capacity["d"].memory.compareTo(quantity("16384Mi")) == 0', True),
        (f'{OWN}.firmware.isGreaterThan(semver("1.2.0"))', True),
        (f"cel.bind(own, {OWN}, own.cores > 4 && own.model.startsWith('a'))", True),
        (f"['a', 'b'].exists(m, m == {OWN}.model)", True),
        ("device.allowMultipleAllocations", False),
        (f"false && {OWN}.unknown == 1", False),
    ],
)
def test_matches(expression: str, matches: bool) -> None:
    assert device_matches(expression, "d", DEVICE) is matches


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        (f"{OWN}.unknown == 1", "CEL runtime error: no such key: unknown"),
        (f"{OWN}.cores", "CEL runtime error: CEL result of type int could not be converted to bool: unsupported type conversion from 'int' to bool"),
        ('"text"', "CEL compile error: must evaluate to bool or the unknown type, not string"),
        ("device.colour == 1", "CEL compile error: compilation failed: ERROR: <input>:1:7: undefined field 'colour'\n | device.colour == 1\n | ......^"),
    ],
)
def test_errors(expression: str, error: str) -> None:
    with pytest.raises(SelectorError) as failed:
        device_matches(expression, "d", DEVICE)
    assert str(failed.value) == error


def test_a_version_that_is_none_fails_whoever_asks() -> None:
    with pytest.raises(SelectorError, match="CEL runtime error: attribute v: parse semantic version: No "):
        device_matches("true", "d", {"attributes": {"v": {"version": "1"}}})
