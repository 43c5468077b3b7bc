"""Quantities: parsing, canonical text, arithmetic; held against recordings where these are at hand."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from kplan.api.quantity import QuantityError, canonical, compare, milli_of, parse, value_of

RECORDED = Path(__file__).parents[4] / "shared/conformance/values/quantities.jsonl.gz"


@pytest.mark.parametrize(
    ("text", "printed", "value", "milli"),
    [
        ("0.5", "500m", 1, 500),
        ("1024Mi", "1Gi", 2**30, 2**30 * 1000),
        ("1.5Gi", "1536Mi", 3 * 2**29, 3 * 2**29 * 1000),
        ("1000k", "1M", 10**6, 10**9),
        ("2e3", "2e3", 2000, 2_000_000),
        ("1.", "1.", 1, 1000),
        ("0.0000000001", "1n", 1, 1),
        ("-0.1", "-100m", -1, -100),
        ("0.5Ki", "512", 512, 512_000),
        ("10Ei", "9223372036854775807", 2**63 - 1, -1000),
    ],
)
def test_parse_prints_and_counts(text: str, printed: str, value: int, milli: int) -> None:
    quantity = parse(text)
    assert (str(quantity), quantity.value(), quantity.milli_value()) == (printed, value, milli)


@pytest.mark.parametrize(("text", "why"), [("", "match the regular"), ("1K", "suffix"), ("1 Gi", "match the regular"), ("1e", "suffix")])
def test_what_is_no_quantity(text: str, why: str) -> None:
    with pytest.raises(QuantityError, match=why):
        parse(text)


def test_json_forms() -> None:
    assert [canonical(x) for x in (1, 0.25, "1500m", " 2 ")] == ["1", "250m", "1500m", "2"]
    assert (value_of("100m"), milli_of("2"), milli_of(3)) == (1, 2000, 3000)


def test_sums_take_the_notation_of_the_first_that_is_not_zero() -> None:
    assert str(parse("0") + parse("1Gi")) == "1Gi"
    assert str(parse("512Mi") + parse("512Mi")) == "1Gi"
    assert str(parse("1") - parse("300m")) == "700m"
    assert str(parse("1Gi") + parse("1")) == "1073741825"
    assert str(parse("256Mi") * 4) == "1Gi"


def test_order_is_exact() -> None:
    assert parse("1") == parse("1000m")
    assert hash(parse("1")) == hash(parse("1000m"))
    assert parse("1Gi") > parse("1G")
    assert compare("0.1", "100m") == 0
    assert not parse("1n") <= parse("0")


@pytest.mark.skipif(not RECORDED.exists(), reason="recordings are not here")
def test_recordings() -> None:
    with gzip.open(RECORDED, "rt") as lines:
        for line in lines:
            case = json.loads(line)
            try:
                q = parse(case["text"])
            except QuantityError as error:
                assert case.get("error") == str(error), case["text"]
                continue
            found = {"canonical": str(q), "value": str(q.value()), "milliValue": str(q.milli_value()), "sign": q.sign, "format": q.format}
            assert found == {key: case.get(key) for key in found}, case["text"]
