"""Checking and evaluating expressions."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.cel import CompileError, Environment, EvaluationError, types
from kplan.cel.macros import MACROS

ENVIRONMENT = Environment(
    {"x": types.DYN, "n": types.INT, "s": types.STRING, "names": types.list_of(types.STRING), "o": types.object_of("Thing")},
    {"Thing": {"size": types.INT}},
    macros=MACROS,
)
VARIABLES = {
    "x": {"a": 1, "list": [1, 2, 3], "inner": {"text": "e"}, "nothing": None},
    "n": 5,
    "s": "héllo",
    "names": ["a", "b"],
    "o": {"size": 3},
}


def evaluate(expression: str) -> Any:
    return ENVIRONMENT.compile(expression).evaluate(VARIABLES)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3 - 7 / 2", 4),
        ("-7 / 2 == -3 && -7 % 2 == -1", True),
        ("s.size() == 5 && size(names) == 2", True),
        ("dyn(1) == 1.0 && dyn(1) == 1u && dyn(1) != 'a' && dyn(true) != dyn(1)", True),
        ("x.list.map(i, i > 1, i * 2)", [4, 6]),
        ("x.list.exists_one(i, i == 2) && x.list.all(i, i > 0)", True),
        ("x.missing == 1 || true", True),
        ("x.list.exists(i, x.missing == i || i == 3)", True),
        ("has(x.inner.text) && !has(x.missing) && !has(x.a.b)", True),
        ("{'a': 1}.all(k, v, k == 'a' && v == 1)", True),
        ("x.list.transformMap(i, v, v * 2)", {0: 2, 1: 4, 2: 6}),
        ("cel.bind(twice, n * 2, twice + twice)", 20),
        ("x.?missing.orValue(7) + x.?a.orValue(0)", 8),
        ("[?x.?missing, ?x.?a]", [1]),
        ("optional.of(3).optMap(v, v + 1).value()", 4),
        ("x.list[?7].hasValue()", False),
        ("'a,b,c'.split(',', 2)", ["a", "b,c"]),
        ("'%s is %d, %.2f, %e'.format(['it', 3, 1234.5, 3.14])", "it is 3, 1,234.50, 3.140000×10⁰⁰"),
        ("'%s is %d'.format([dyn('it'), 3])", "it is 3"),
        ("names.join('-') + 'Ä'.lowerAscii()", "a-bÄ"),
        ("[3, 1, 2].sort() == [1, 2, 3]", True),
        ("[1, 2].sum() + [1, 5, 2].max() + lists.range(3)[2]", 10),
        ("sets.equivalent([1, 1, 2], [2, 1])", True),
        ("duration('1h30m').getMinutes() + timestamp('2024-02-29T00:00:00Z').getDayOfYear()", 149),
        ("timestamp('2024-02-29T12:00:00Z') + duration('24h') == timestamp('2024-03-01T12:00:00Z')", True),
        ("timestamp('2024-02-29T12:00:00Z').getHours('+02:30')", 14),
        ("quantity('1Gi').isGreaterThan(quantity('1G')) && quantity('50k').add(20).sub(quantity('20')).asInteger() == 50000", True),
        ("isQuantity('1x') || isIP('1.2.3') || isCIDR('10.0.0.0/33') || isURL('nowhere') || isSemver('1.2')", False),
        ("ip('fe80::1').isLinkLocalUnicast() && cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')", True),
        ("string(cidr('10.1.2.3/8').masked()) + string(ip('::1'))", "10.0.0.0/8::1"),
        ("semver('1.2.3-rc.1').isLessThan(semver('v1.2.3', true))", True),
        ("url('https://host:80/a?b=c').getHostname() + url('/p').getEscapedPath()", "host/p"),
        ("format.dns1123Label().validate('A').hasValue() && !format.named('nope').hasValue()", True),
        ("'abc 123'.find('[0-9]+') + string('a1b2'.findAll('[0-9]').size())", "1232"),
        ("type(1) == int && type('a') == string && type([]) == list", True),
        ("string(1.0) + string(1e30) + string(duration('90s')) + string(true)", "11e+3090strue"),
        ("b'a' + bytes('b')", b"ab"),
        ("string(timestamp('2024-01-01T01:00:00.5+02:00') + duration('1h'))", "2024-01-01T02:00:00.5+02:00"),
        ("timestamp('2024-01-01T01:00:00+02:00') == timestamp('2023-12-31T23:00:00Z')", True),
        ("['bb', 'a'].sortBy(text, size(text)) == ['a', 'bb'] && type(ip('::1')) == net.IP", True),
        ("r'\\d' + '\\u00e9' + '\\x41'", "\\déA"),
    ],
)
def test_value(expression: str, value: Any) -> None:
    assert evaluate(expression) == value


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("x.missing", "no such key: missing"),
        ("x.a.b", "no such key: b"),
        ("x.list[7]", "index out of bounds: 7"),
        ("x.list['a']", "unsupported index type 'string' in list"),
        ("1 / 0", "division by zero"),
        ("1 % 0", "modulus by zero"),
        ("9223372036854775807 + 1", "integer overflow"),
        ("x.a + 'a'", "no such overload"),
        ("x.inner + 1", "no such overload: _+_"),
        ("size(x.a)", "no such overload: size"),
        ("x.a.trim()", "no such overload: trim(int)"),
        ("x.a.startsWith('a')", "no such overload"),
        ("x.a.all(i, true)", "got 'types.Int', expected iterable type"),
        ("x.missing || false", "no such key: missing"),
        ("int('a')", "type conversion error from 'string' to 'int'"),
        ("optional.none().value()", "optional.none() dereference"),
        ("[].min()", "min called on empty list"),
        ("'abc'.substring(5)", "index out of range: 5"),
        ("quantity('1.5').asInteger()", "cannot convert value to integer"),
        ("ip('1.2.3')", 'IP Address "1.2.3" parse error during conversion from string: ParseAddr("1.2.3"): IPv4 address too short'),
        (
            "ip('2001:db8:::68')",
            (
                'IP Address "2001:db8:::68" parse error during conversion from string: ParseAddr("2001:db8:::68"): '
                'each colon-separated field must have at least one digit (at ":68")'
            ),
        ),
        (
            "ip('1.2.3.4%eth0')",
            'IP Address "1.2.3.4%eth0" parse error during conversion from string: ParseAddr("1.2.3.4%eth0"): unexpected character (at "%eth0")',
        ),
    ],
)
def test_error(expression: str, error: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        evaluate(expression)
    assert str(caught.value) == error


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("nope > 1", "undeclared reference to 'nope' (in container '')"),
        ("nope(1)", "undeclared reference to 'nope' (in container '')"),
        ("o.nope", "undefined field 'nope'"),
        ("s.nope", "type 'string' does not support field selection"),
        ("n + s", "found no matching overload for '_+_' applied to '(int, string)'"),
        ("s.startsWith(n)", "found no matching overload for 'startsWith' applied to 'string.(int)'"),
        ("n && true", "expected type 'bool' but found 'int'"),
        ("[1, 'a']", "expected type 'int' but found 'string'"),
        ("n.all(i, true)", "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)"),
        ("names.exists(i, i == 1)", "found no matching overload for '_==_' applied to '(string, int)'"),
        ("Thing{size: 'a'}", "expected type of field 'size' is 'int' but provided type is 'string'"),
        ("Nope{}", "undeclared reference to 'Nope' (in container '')"),
        ("s.matches('[')", "invalid matches argument"),
        ("duration('1x')", "invalid duration argument"),
        ("timestamp(-62135596801)", "invalid timestamp argument"),
        ("[1, dyn(2)]", "expected type 'int' but found 'dyn'"),
        ("{'a': 1, 'b': 'c'}", "expected type 'int' but found 'string'"),
        ("'%d'.format(['a'])", "error during formatting: decimal clause can only be used on integers, was given string"),
        ("'%s'.format([1, 2])", "too many arguments supplied to string.format (expected 1, got 2)"),
        ("'%q'.format([1])", 'could not parse formatting clause: unrecognized formatting clause "q"'),
        ("jsonpatch.escapeKey('a')", "undeclared reference to 'jsonpatch' (in container '')"),
    ],
)
def test_type_error(expression: str, error: str) -> None:
    with pytest.raises(CompileError) as caught:
        evaluate(expression)
    assert caught.value.issues[0].message == error


@pytest.mark.parametrize(
    ("expression", "name"),
    [("x.a", "dyn"), ("n", "int"), ("[n]", "list(int)"), ("{s: [n]}", "map(string, list(int))"), ("x.?a", "optional_type(dyn)"), ("type(n)", "type(int)")],
)
def test_type_of_the_result(expression: str, name: str) -> None:
    assert str(ENVIRONMENT.compile(expression).type) == name


def test_what_costs_too_much_is_stopped() -> None:
    program = ENVIRONMENT.compile("x.list.all(i, x.list.all(j, i + j > 0)) || true")
    assert program.evaluate(VARIABLES) is True
    with pytest.raises(EvaluationError, match="operation cancelled: actual cost limit exceeded"):
        program.evaluate(VARIABLES, limit=20)


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("int('a') == 1", "program instantiation failed: type conversion error from 'string' to 'int'"),
        ("s.find('[') == ''", "program instantiation failed: error parsing regexp: missing closing ]: `[`"),
        ("n in [1, 2]", ""),
    ],
)
def test_constants_are_worked_out_once(expression: str, error: str) -> None:
    assert ENVIRONMENT.compile(expression).error == error


def test_deep_expressions_evaluate() -> None:
    assert evaluate("(" * 200 + "1" + ")" * 200) == 1
    assert evaluate(" + ".join(["1"] * 240)) == 240
