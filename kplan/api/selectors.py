"""Label selectors, in their three forms: `{matchLabels, matchExpressions}`, a plain map, and kubectl's `-l` text.

Upstream: apimachinery's pkg/labels/selector.go and metav1.LabelSelectorAsSelector. Each form becomes a predicate over
labels; predicates of the JSON form are cached by their content.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from kplan.api.field import invalid
from kplan.api.gotext import go_quote
from kplan.api.names import is_label_key, is_label_value
from kplan.api.objects import Object

Labels = Mapping[str, str]
Selector = Callable[[Labels], bool]
Requirement = tuple[str, str, tuple[str, ...]]

_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_TOKEN = re.compile(r"\s*(==|!=|[=!(),<>]|[^\s=!(),<>]+|$)")
_BINARY = "=, !=, ==, in, notin, gt, lt"
_SYMBOLS = {"=": "In", "==": "In", "!=": "NotIn", "in": "In", "notin": "NotIn", ">": "Gt", "<": "Lt"}


class SelectorError(ValueError):
    """A text that is no selector; the text of the error is upstream's."""


def everything(labels: Labels) -> bool:
    """Selects all."""
    return True


def nothing(labels: Labels) -> bool:
    """Selects none."""
    return False


def selector(value: Object | None) -> Selector:
    """A selector in JSON form: None selects nothing, an empty one everything.   Upstream: LabelSelectorAsSelector."""
    if value is None:
        return nothing
    labels, expressions = value.get("matchLabels"), value.get("matchExpressions")
    return _compiled(
        tuple(sorted(labels.items())) if labels else (),
        tuple((e.get("key") or "", e.get("operator") or "", tuple(e.get("values") or ())) for e in expressions) if expressions else (),
    )


def matches(value: Object | None, labels: Labels) -> bool:
    """Whether a selector in JSON form selects `labels`."""
    return selector(value)(labels)


def selector_from_set(labels: Labels | None) -> Selector:
    """A plain map (a Service's selector); an empty one selects everything.   Upstream: labels.SelectorFromSet."""
    return _compiled(tuple(sorted(labels.items())), ()) if labels else everything


def is_empty(value: Object | None) -> bool:
    """Whether a selector in JSON form says nothing."""
    return not value or not (value.get("matchLabels") or value.get("matchExpressions"))


@lru_cache(maxsize=8192)
def _compiled(labels: tuple[tuple[str, str], ...], expressions: tuple[Requirement, ...]) -> Selector:
    if not expressions:
        if not labels:
            return everything
        if len(labels) == 1:
            ((key, value),) = labels
            return lambda found: found.get(key) == value
        return lambda found: all(found.get(k) == v for k, v in labels)
    tests = [*(requirement(k, "In", (v,)) for k, v in labels), *(requirement(*e) for e in expressions)]
    return lambda found: all(test(found) for test in tests)


@lru_cache(maxsize=8192)
def requirement(key: str, operator: str, values: tuple[str, ...]) -> Selector:
    """One requirement as a predicate; Gt and Lt are those of node selectors.   Upstream: Requirement.Matches."""
    if operator == "In":
        wanted = frozenset(values)
        return lambda labels: key in labels and labels[key] in wanted
    if operator == "NotIn":
        unwanted = frozenset(values)
        return lambda labels: key not in labels or labels[key] not in unwanted
    if operator == "Exists":
        return lambda labels: key in labels
    if operator == "DoesNotExist":
        return lambda labels: key not in labels
    bound = parse_int64(values[0]) if len(values) == 1 and operator in ("Gt", "Lt") else None
    if bound is None:
        return nothing
    limit = bound

    def compares(labels: Labels) -> bool:
        value = parse_int64(labels.get(key) or "")
        return value is not None and (value > limit if operator == "Gt" else value < limit)

    return compares


def parse_int64(text: str) -> int | None:
    """A decimal int64, or None.   Upstream: strconv.ParseInt(text, 10, 64)."""
    if len(text) > 4000 or not _INTEGER.fullmatch(text):
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None


def requirement_error(key: str, operator: str, values: Sequence[str]) -> str:
    """What is wrong with a requirement, empty if nothing.   Upstream: labels.NewRequirement."""
    problems = [str(invalid("key", key, "; ".join(errors)))] if (errors := is_label_key(key)) else []
    if operator in ("In", "NotIn"):
        if not values:
            problems.append(str(invalid("values", [], "for 'in', 'notin' operators, values set can't be empty")))
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            problems.append(str(invalid("values", list(values), "values set must be empty for exists and does not exist")))
    elif operator in ("Gt", "Lt"):
        if len(values) != 1:
            problems.append(str(invalid("values", list(values), "for 'Gt', 'Lt' operators, exactly one value is required")))
        for index, value in enumerate(values):
            if parse_int64(value) is None:
                problems.append(str(invalid(f"values[{index}]", value, "for 'Gt', 'Lt' operators, the value must be an integer")))
    for index, value in enumerate(values):
        if errors := is_label_value(value):
            problems.append(str(invalid(f"values[{index}][{key}]", value, "; ".join(errors))))
    return problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]" if problems else ""


def parse(text: str) -> Selector:
    """A selector as kubectl's `-l` takes it (`a=b,c in (d,e),!f`); raises SelectorError.   Upstream: labels.Parse."""
    tests = [requirement(*r) for r in parse_requirements(text)]
    return lambda labels: all(test(labels) for test in tests)


@lru_cache(maxsize=1024)
def parse_requirements(text: str) -> tuple[Requirement, ...]:
    """The requirements of a selector text, sorted by key; raises SelectorError.   Upstream: labels.ParseToRequirements."""
    tokens = [t for t in _TOKEN.findall(text) if t] + [""]
    found: list[Requirement] = []
    position = 0
    while tokens[position]:
        if not _is_identifier(tokens[position]) and tokens[position] != "!":
            raise SelectorError(f"found '{tokens[position]}', expected: !, identifier, or 'end of string'")
        try:
            item, position = _parse_requirement(tokens, position)
        except SelectorError as error:
            raise SelectorError(f"unable to parse requirement: {error}") from None
        found.append(item)
        if not tokens[position]:
            break
        if tokens[position] != ",":
            raise SelectorError(f"found '{tokens[position]}', expected: ',' or 'end of string'")
        position += 1
        if not _is_identifier(tokens[position]) and tokens[position] != "!":
            raise SelectorError(f"found '{tokens[position]}', expected: identifier after ','")
    return tuple(sorted(found, key=lambda r: r[0]))


def _is_identifier(token: str) -> bool:
    return bool(token) and token[0] not in "=!(),<>"


def _parse_requirement(tokens: Sequence[str], position: int) -> tuple[Requirement, int]:
    negated = tokens[position] == "!"
    position += negated
    key = tokens[position]
    if not _is_identifier(key):
        raise SelectorError(f"found '{key}', expected: identifier")
    if errors := is_label_key(key):
        raise SelectorError(f"<nil>: Invalid value: {go_quote(key)}: {'; '.join(errors)}")
    position += 1
    if tokens[position] in ("", ",") or negated:
        return (key, "DoesNotExist" if negated else "Exists", ()), position
    symbol = tokens[position]
    if symbol not in _SYMBOLS:
        raise SelectorError(f"found '{symbol}', expected: {_BINARY}")
    position += 1
    if symbol in ("in", "notin"):
        values, position = _parse_values(tokens, position)
    elif tokens[position] in ("", ","):
        values = {""}
    elif _is_identifier(tokens[position]):
        values, position = {tokens[position]}, position + 1
    else:
        raise SelectorError(f"found '{tokens[position]}', expected: identifier")
    ordered = tuple(sorted(values))
    if error := requirement_error(key, _SYMBOLS[symbol], ordered):
        raise SelectorError(error)
    return (key, _SYMBOLS[symbol], ordered), position


def _parse_values(tokens: Sequence[str], position: int) -> tuple[set[str], int]:
    if tokens[position] != "(":
        raise SelectorError(f"found '{tokens[position]}' expected: '('")
    values: set[str] = set()
    last = ","
    for index in range(position + 1, len(tokens)):
        token = tokens[index]
        if token in (",", ")"):
            if last == ",":
                values.add("")
            if token == ")":
                return values, index + 1
        elif last != ",":
            raise SelectorError(f"found '{token}', expected: ',' or ')'")
        elif not _is_identifier(token):
            raise SelectorError(f"found '{token}', expected: ',', or identifier")
        else:
            values.add(token)
        last = token
    raise SelectorError("found '', expected: ',' or ')'")


def parse_fields(text: str) -> Callable[[Object], bool]:
    """A field selector (`metadata.name=a,spec.nodeName!=b`) over objects; raises SelectorError.   Upstream: fields.ParseSelector."""
    tests: list[tuple[tuple[str, ...], str, bool]] = []
    for term in filter(None, text.split(",")):
        for operator in ("!=", "==", "="):
            path, found, value = term.partition(operator)
            if found:
                tests.append((tuple(path.split(".")), value, operator != "!="))
                break
        else:
            raise SelectorError(f"invalid selector: '{text}'; can't understand '{term}'")

    def select(obj: Object) -> bool:
        return all((_field(obj, path) == value) is equal for path, value, equal in tests)

    return select


def _field(obj: Any, path: tuple[str, ...]) -> str:
    for key in path:
        obj = obj.get(key) if isinstance(obj, dict) else None
    return "" if obj is None else str(obj).lower() if isinstance(obj, bool) else str(obj)


def format_selector(value: Object | None) -> str:
    """As kubectl prints a selector: `a=b,c in (d,e)`.   Upstream: metav1.FormatLabelSelector."""
    if value is None or is_empty(value):
        return "<none>"
    texts = {}
    for key, wanted in (value.get("matchLabels") or {}).items():
        texts[key, 0] = f"{key}={wanted}"
    for index, e in enumerate(value.get("matchExpressions") or (), 1):
        key, operator, values = e["key"], e["operator"], ",".join(sorted(e.get("values") or ()))
        texts[key, index] = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": key}.get(operator, f"!{key}")
    return ",".join(texts[key] for key in sorted(texts))
