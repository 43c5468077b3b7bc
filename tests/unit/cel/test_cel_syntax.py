"""What is said of texts that are no expressions, and where."""

from __future__ import annotations

import pytest

from kplan.cel import CompileError
from kplan.cel.environment import STANDARD_MACROS
from kplan.cel.parser import parse

ANY = "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"


def said(text: str) -> list[tuple[int, str]]:
    with pytest.raises(CompileError) as caught:
        parse(text, STANDARD_MACROS)
    return sorted(caught.value.issues)


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("a.b >", 5, f"mismatched input '<EOF>' expecting {ANY}"),
        ("'z'.1", 3, "extraneous input '.1' expecting <EOF>"),
        ("a b", 2, "extraneous input 'b' expecting <EOF>"),
        ("1 2 3", 2, "mismatched input '2' expecting <EOF>"),
        ("(1", 2, "missing ')' at '<EOF>'"),
        ("[1,", 3, "missing ']' at '<EOF>'"),
        ("[1 2]", 3, "extraneous input '2' expecting {']', ','}"),
        ("{1 2}", 3, "missing ':' at '2'"),
        ("x.", 2, "no viable alternative at input '.'"),
        ("x.true", 2, "mismatched input 'true' expecting IDENTIFIER"),
        ("Object{", 7, "mismatched input '<EOF>' expecting {'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}"),
        ("1 ? 2", 5, "mismatched input '<EOF>' expecting ':'"),
        ("f(1 2)", 4, "extraneous input '2' expecting ')'"),
    ],
)
def test_one_message(text: str, offset: int, message: str) -> None:
    assert said(text) == [(offset, f"Syntax error: {message}")]


def test_goes_on_behind_what_it_dropped() -> None:
    assert said("a @ b") == [
        (2, "Syntax error: token recognition error at: '@'"),
        (4, "Syntax error: extraneous input 'b' expecting <EOF>"),
    ]
    assert said("-") == [
        (1, f"Syntax error: mismatched input '<EOF>' expecting {ANY}"),
        (1, "Syntax error: no viable alternative at input '-'"),
    ]


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("if", 0, "reserved identifier: if"),
        ("99999999999999999999", 0, "invalid int literal"),
        ("x.`a-b`", 2, "unsupported syntax: '`'"),
        ("has(x)", 4, "invalid argument to has() macro"),
        ("x.all(1, true)", 6, "argument must be a simple name"),
        ("x.map(1, true)", 6, "argument is not an identifier"),
        ("x.all(i, i, true)", 9, "duplicate variable name: i"),
        ("b'\\u00ff'", 0, "unable to unescape string"),
    ],
)
def test_what_follows_the_grammar_and_is_wrong_all_the_same(text: str, offset: int, message: str) -> None:
    assert said(text) == [(offset, message)]


def test_the_mark_stands_below_the_place() -> None:
    with pytest.raises(CompileError) as caught:
        parse("a +\n\tb c", STANDARD_MACROS)
    assert str(caught.value) == "ERROR: <input>:2:4: Syntax error: extraneous input 'c' expecting <EOF>\n |  b c\n | ...^"
    with pytest.raises(CompileError) as caught:
        parse("'é' é", STANDARD_MACROS)
    assert str(caught.value).splitlines()[2] == " | .．..＾"


def test_nesting_has_a_limit() -> None:
    with pytest.raises(CompileError, match="expression recursion limit exceeded: 250"):
        parse("(" * 300 + "1" + ")" * 300, STANDARD_MACROS)
