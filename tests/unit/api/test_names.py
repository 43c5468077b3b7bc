"""Names, addresses, times: what is accepted, and the words of refusals."""

from __future__ import annotations

import pytest

from kplan.api import addresses, names
from kplan.api.times import TimeError, format_micro_time, format_time, parse_duration, parse_time


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        (names.is_dns1123_label, ["a", "a-1", "1" * 63], ["", "A", "a.b", "-a", "a\n", "1" * 64]),
        (names.is_dns1123_subdomain, ["a.b", "x" * 253], ["a..b", "a_b", "x" * 254]),
        (names.is_dns1035_label, ["a1"], ["1a", "a" * 64]),
        (names.is_wildcard_dns1123_subdomain, ["*.a.b"], ["*", "a.*.b"]),
        (names.is_label_key, ["a", "A.b_c-1", "x.y/z"], ["", "/a", "a/", "a/b/c", "X.y/z", "-a", "a" * 64]),
        (names.is_label_value, ["", "a", "A_b.c"], ["-a", "a b", "a" * 64]),
        (names.is_c_identifier, ["_a1"], ["1a", "a-b"]),
        (names.is_env_var_name, ["a.b-c"], ["1a", ".", "..a"]),
        (names.is_relaxed_env_var_name, ["1 a", "!"], ["", "a=b", "é", "\t"]),
        (names.is_config_map_key, ["a.b", "_"], ["", "a/b", "..", "..a"]),
        (names.is_valid_port_name, ["http-2"], ["", "12", "a--b", "-a", "a" * 16, "A"]),
        (names.is_valid_percent, ["10%"], ["10", "%", "-1%"]),
        (names.is_path_segment_name, ["a:b"], [".", "..", "a/b", "a%b"]),
        (names.is_decimal_integer, ["0", "-5", "12"], ["", "-", "-0", "007", "+1"]),
        (names.is_uuid, ["0123abcd-0123-4567-89ab-0123456789ab"], ["0123ABCD-0123-4567-89ab-0123456789ab"]),
    ],
)
def test_rules(rule, good: list[str], bad: list[str]) -> None:  # type: ignore[no-untyped-def]
    assert [value for value in good if rule(value)] == []
    assert [value for value in bad if not rule(value)] == []


def test_words() -> None:
    assert names.is_dns1123_label("a.b") == ["must not contain dots"]
    assert names.is_valid_port_num(0) == ["must be between 1 and 65535, inclusive"]
    assert names.is_label_key("a" * 64) == ["name part must be no more than 63 bytes"]
    assert names.is_dns1123_label("a" * 64) == ["must be no more than 63 characters"]
    assert names.short_name("a" * 64) == ["must be no more than 63 bytes"]
    assert names.is_dns1035_label("1")[0].endswith("(e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')")
    assert names.name_is_dns_subdomain("web-", True) == []
    assert names.name_is_dns_subdomain("web-", False) != []


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("01.2.3.4", "1.2.3.4"),
        ("::", "::"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("1.2.3", "None"),
        ("1::2::3", "None"),
        ("1:2:3:4:5:6:7:8:9", "None"),
        ("fe80::1%eth0", "None"),
        ("", "None"),
    ],
)
def test_addresses(text: str, printed: str) -> None:
    assert str(addresses.parse_ip(text)) == printed


def test_address_errors() -> None:
    def errors(value: str) -> list[str]:
        return [e.detail for e in addresses.is_valid_ip("ip", value)]

    assert errors("10.0.0.1") == []
    assert errors("10.0.0.01") == ["must not have leading 0s"]
    assert errors("::ffff:10.0.0.1") == ["must not be an IPv4-mapped IPv6 address"]
    assert errors("FE80::1") == ['must be in canonical form ("fe80::1")']
    assert [e.detail for e in addresses.is_valid_cidr("c", "10.0.0.1/8")] == ["must not have bits set beyond the prefix length"]
    assert [e.detail for e in addresses.is_valid_cidr("c", "10.0.0.0/08")] == ["must not have leading 0s in IP or prefix length"]
    assert list(addresses.is_valid_cidr_for_legacy_field("c", "10.0.0.1/8", old_values=["10.0.0.1/8"])) == []
    assert addresses.warnings_for_ip("ip", "FE80::1") == ['ip: IPv6 address "FE80::1" should be in RFC 5952 canonical format ("fe80::1")']
    network = addresses.parse_cidr("10.96.0.0/12")
    assert network is not None
    assert addresses.parse_ip("10.97.0.1") in network
    assert addresses.parse_ip("10.112.0.1") not in network


def test_times() -> None:
    assert format_time(parse_time("2026-01-01T00:00:00.9+02:00")) == "2025-12-31T22:00:00Z"
    assert format_micro_time(parse_time("2026-01-01T00:00:00.000001Z", True)) == "2026-01-01T00:00:00.000001Z"
    with pytest.raises(TimeError, match="month out of range"):
        parse_time("2026-13-01T00:00:00Z")
    with pytest.raises(TimeError, match='cannot parse "" as "T"'):
        parse_time("2026-01-01")
    assert parse_duration("1h1.5s") == 3_601_500_000_000
    with pytest.raises(TimeError, match='unknown unit "y"'):
        parse_duration("1y")


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0.3333333333333333333h", 1_200_000_000_000),
        ("9007199254.740993ms", 2**53 + 1),
        ("9223372036.854775807s", 2**63 - 1),
        ("-9223372036854775808ns", -(2**63)),
        ("0.100000000000000000000h", 360_000_000_000),
        ("0.830103483285477580700h", 2_988_372_539_827),
    ],
)
def test_durations_are_as_exact_as_go_has_them(text: str, nanoseconds: int) -> None:
    assert parse_duration(text) == nanoseconds


@pytest.mark.parametrize("text", ["9223372036854775808ns", "9" * 5000, "-9223372036854775809ns", ".s", "+", ""])
def test_no_duration(text: str) -> None:
    with pytest.raises(TimeError, match=r"^time: invalid duration"):
        parse_duration(text)
