"""YAML and JSON become the objects that kubectl would send."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.manifests.yaml import YamlError, load_yaml, read_documents

HEAD = "apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: t}\n"


def value(text: str) -> Any:
    (found,) = load_yaml(f"{HEAD}v: {text}\n")
    return found["v"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("YES", True), ("n", False), ("Off", False), ("yEs", "yEs"), ("NULL", None), ("nULL", "nULL"),
        ("017", 15), ("0o17", 15), ("0O17", 15), ("018", 18), ("0b-101", -5), ("0B11", 3), ("+0x_f", 15), ("1__0", 10), ("_1", "_1"),
        ("+", "+"), ("-x", "-x"), ("1:20", "1:20"), ("0x", "0x"), ("--1", "--1"), ("1_0.5_0", 10.5), (".5", 0.5), ("._5", "._5"), (".", "."),
        ("7.", 7), ("2.50", 2.5), ("1e2", 100), ("1e-2", 0.01), ("1e21", 1e21), ("1e500", "1e500"), ("-0.0", 0), ("2e-400", 0),
        ("9223372036854775807", 9223372036854775807), ("9223372036854775809", 9223372036854776000), ("-9223372036854775810", -9223372036854776000),
        ("0xffffffffffffffff", 18446744073709552000), ("0x1ffffffffffffffff", "0x1ffffffffffffffff"), ("9007199254740993", 9007199254740993),
        ("9007199254740993.0", 9007199254740992), ("36893488147419103232", 36893488147419103000),
        ("2020-02-30", "2020-02-30"), ("! 7", "7"), ("!!str 7", "7"), ("!!float 7", 7), ("!!int '7'", 7), ("!!null ''", None), ("!!binary aGk=", "hi"),
        ("!!binary 4oLi", "\ufffd\ufffd\ufffd"), ("!x 7", "7"), ("!!timestamp 2020-1-2", "2020-1-2"), ("!!set {a}", {"a": None}),
        ('"\\\'"', "'"), ('"a\\x41\\\'\\\'b"', "aA''b"), ("{a:, b: 1}", {"a:": None, "b": 1}), ("[a:,b:]", ["a:", "b:"]), ("[!a, b]", ["b"]),
        ("<<", "<<"), ("{'<<': 1}", {"<<": 1}), ("[1, 1]", [1, 1]),
    ],
)  # fmt: skip
def test_scalars(text: str, expected: Any) -> None:
    assert repr(value(text)) == repr(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", "7"), ("1.50", "1.5"), ("1e6", "1e+06"), ("100000.0", "100000"), ("0.00001", "1e-05"), ("1e-4", "0.0001"), ("0.1", "0.1"),
        ("16777217.0", "1.6777216e+07"), ("1e300", ".inf"), (".inf", ".inf"), ("-.INF", "-.inf"), (".nan", ".nan"), ("off", "false"), ("010", "8"),
        ("!!binary aGk=", "hi"), ("-1", "-1"), ("2020-01-01", "2020-01-01"), ("-0.0", "-0"),
    ],
)  # fmt: skip
def test_keys_become_texts(text: str, expected: str) -> None:
    assert value(f"{{? {text} : 1}}") == {expected: 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (".inf", "unsupported value: +Inf"), ("-.inf", "unsupported value: -Inf"), (".NaN", "unsupported value: NaN"),
        ("!!int 1.5", "cannot decode !!float `1.5` as a !!int"), ("!!bool 1", "cannot decode !!int `1` as a !!bool"), ("!!timestamp x", "cannot decode"),
        ("!!float 0xffffffffffffffff", "cannot decode"), ("!!binary a", "invalid base64"), ('"\\/"', "found unknown escape character"),
        ("[a?b]", "did not find expected"), ("{a?b: c}", "did not find expected"), ("{~: 1}", "unsupported map key"),
        ("{18446744073709551615: 1}", "unsupported map key of type: uint64"), ("{[a]: 1}", "invalid map key"), ("{<<: 1}", "map merge requires"),
        ("*a", "unknown anchor 'a' referenced"),
        ("&a {b: *a}", "anchor 'a' value contains itself"), ("{a: 1", "did not find expected ',' or '}'"), ("%x", "cannot start any token"),
    ],
)  # fmt: skip
def test_refusals(text: str, message: str) -> None:
    with pytest.raises(YamlError) as error:
        value(text)
    assert message in error.value.message
    assert error.value.line >= 4 and error.value.column > 0


def test_merges_apply_where_they_stand() -> None:
    text = "\n  a: &a {x: 1, z: 1}\n  b: &b {x: 2, w: 2}\n  after: {x: 0, <<: *a}\n  before: {<<: *a, x: 0}\n  both: {<<: [*a, *b]}"
    found = value(text + "\n  deep: {<<: {<<: *b, q: 1}}")
    assert found["after"] == {"x": 1, "z": 1}
    assert found["before"] == {"x": 0, "z": 1}
    assert found["both"] == {"x": 1, "z": 1, "w": 2}
    assert found["deep"] == {"x": 2, "w": 2, "q": 1}


def test_aliases_are_copies() -> None:
    found = value("\n  a: &a {l: [1]}\n  b: *a\n  c: {<<: *a}")
    found["b"]["l"].append(2)
    assert found["a"] == {"l": [1]} == found["c"]


def test_json_values_follow_one_another() -> None:
    one = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"%s"},"n":[1.0,2.5e0,12345678901234567890,-0],"s":"\\/\\ud800"}'
    found = load_yaml(one % "a" + one % "b" + "\n")
    assert [o["metadata"]["name"] for o in found] == ["a", "b"]
    assert repr(found[0]["n"]) == "[1, 2.5, 12345678901234567000, 0]"
    assert found[0]["s"] == "/\ufffd"
    assert len(load_yaml(one % "a" + "\n---\n" + HEAD)) == 2
    with pytest.raises(YamlError, match="json"):
        load_yaml(one % "a" + one % "b" + "\n---\n" + HEAD)


def test_lists_are_flattened() -> None:
    items = load_yaml("apiVersion: apps/v1\nkind: DeploymentList\nmetadata: {resourceVersion: ''}\nitems:\n- null\n- {kind: Job, apiVersion: batch/v1}\n")
    assert [(o["apiVersion"], o["kind"]) for o in items] == [("apps/v1", "Deployment"), ("batch/v1", "Job")]


@pytest.mark.parametrize(
    "text",
    [
        "", "# only\n", "---\n", "null\n", "- a\n", "kind: X\nitems: {}\n", "kind: 1\n", "apiVersion: a/b/c\nkind: X\n", "apiVersion: 1\nkind: X\n",
        "apiVersion: v1\nkind: X\nmetadata: 1\n", "apiVersion: v1\nkind: X\nmetadata: {labels: {a: 1}}\n",
        "apiVersion: v1\nkind: X\nmetadata: {generation: 1.5}\n",
        "apiVersion: v1\nkind: X\nmetadata: {finalizers: [1]}\n", "apiVersion: v1\nkind: X\nmetadata: {ownerReferences: [{uid: 1}]}\n",
        "apiVersion: v1\nkind: List\nitems: [{metadata: {}}]\n", "apiVersion: v1\nkind: List\nitems: [{kind: X}]\n", "a: b\n",
    ],
)  # fmt: skip
def test_what_is_no_object(text: str) -> None:
    with pytest.raises(YamlError):
        load_yaml(text)


def test_errors_say_where_in_the_stream() -> None:
    with pytest.raises(YamlError) as error:
        load_yaml(HEAD + "---\n# more\n" + HEAD + "v:\n\t- x\n")
    assert (error.value.line, error.value.column) == (10, 1)
    with pytest.raises(YamlError) as error:
        load_yaml("é: \x01\n")
    assert (error.value.line, error.value.column) == (1, 4)


def test_documents_after_a_broken_one_are_read() -> None:
    found = list(read_documents("a: 1\n---\nb: [\n---\n# none\n---\nc: 3"))
    assert [document.value for document in found] == [{"a": 1}, None, None, {"c": 3}]
    assert [bool(document.error) for document in found] == [False, True, False, False]
    assert [document.line for document in found] == [1, 3, 5, 7]


def test_expansion_of_aliases_is_bounded_as_in_go() -> None:
    def text(copies: int) -> str:
        return "\n  a: &a [" + ", ".join("1" * 1000) + "]\n  b: [" + ", ".join(["*a"] * copies) + "]"

    assert len(value(text(98))["b"]) == 98
    with pytest.raises(YamlError, match="excessive aliasing"):
        value(text(120))
