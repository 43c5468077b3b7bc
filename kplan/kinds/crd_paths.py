"""Paths into the schema of a definition: fieldPath of rules, jsonPath of selectable fields and columns.

Upstream: ValidFieldPath of apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go; validateSimpleJSONPath.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kplan.api.field import FieldErrors, invalid
from kplan.api.objects import Object

NO_FIELD = "does not refer to a valid field"
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "'": "'", "\\": "\\"}
_TOKEN = re.compile(r"[.\[\]]|'(?:[^'\\]|\\.|\\(?='))*'|[^.\[\]]+", re.DOTALL)


class PathError(Exception):
    """Why a path is none."""


def _tokens(path: str) -> Iterator[str]:
    for found in _TOKEN.finditer(path):
        yield found[0]


def find(path: str, schema: Object, *, brackets: bool = True) -> tuple[str, Object]:
    """The field that a path names, normalised, and its schema. Raises PathError."""
    at, here = schema, ""
    tokens = _tokens(path)
    for token in tokens:
        if token == "[":
            if not brackets:
                raise PathError("array notation is not allowed")
            name = _quoted(_next(tokens))
            here, at = _step(here, at, name)
            closing = _next(tokens)
            if closing != "]":
                raise PathError(f"expected ] but got {closing}")
        elif token == ".":
            here, at = _step(here, at, _next(tokens))
        else:
            raise PathError(f"expected [ or . but got: {token}")
    return here, at


def _next(tokens: Iterator[str]) -> str:
    token = next(tokens, None)
    if token is None:
        raise PathError("unexpected end of JSON path")
    return token


def _quoted(token: str) -> str:
    if len(token) < 2 or token[0] != "'" or token[-1] != "'":
        raise PathError(f"expected single quoted string but got {token}")

    def unescaped(found: re.Match[str]) -> str:
        if found[1] not in _ESCAPES:
            raise PathError(f"invalid string literal: invalid escape char {found[0]}")
        return _ESCAPES[found[1]]

    return re.sub(r"\\(.)", unescaped, token[1:-1])


def _step(path: str, schema: Object, name: str) -> tuple[str, Object]:
    properties, more = schema.get("properties"), schema.get("additionalProperties")
    if properties:
        if name not in properties:
            raise PathError(NO_FIELD)
        return (f"{path}.{name}" if path else name), properties[name]
    if more is None:
        raise PathError(NO_FIELD)
    return f"{path}[{name}]", more if isinstance(more, dict) else {}


def simple_json_path(text: str, path: str) -> FieldErrors:
    """A path in dots."""
    if not text:
        yield invalid(path, text, "must not be empty")
    elif text[0] != ".":
        yield invalid(path, text, "must be a simple json path starting with .")
