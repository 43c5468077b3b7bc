"""A stream as kubectl takes it apart: JSON values one after another, or YAML documents between lines that start with `---`.

Upstream: YAMLOrJSONDecoder of k8s.io/apimachinery/pkg/util/yaml, behind the byte-order-mark decoder of
k8s.io/cli-runtime. Unlike it, reading goes on after a document that is broken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from kplan.manifests.construct import MAX_DEPTH, construct
from kplan.manifests.encoding import UTF_16
from kplan.manifests.errors import YamlError
from kplan.manifests.ordinary import ABSENT, ordinary
from kplan.manifests.scalars import json_number

_SEPARATOR = re.compile(r"^---(.*)\n?", re.M)
_PEEKED = 4096
LARGE = 4096  # characters: from here on, reading a document takes longer than looking it up
_JSON_SPACE = re.compile(r"[ \t\r\n]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONG_DIGITS = re.compile(r"\d{18}")


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a stream: its text, the line it starts on (from 1), its value, or why it has none.

    `value` is None for an empty document too; `text` is what positions are found in. `repeated` is false where
    certainly no key is there twice; `ordinary`: `kplan.manifests.ordinary` could read it.
    """

    text: str
    line: int
    value: Any = None
    error: YamlError | None = None
    repeated: bool = False
    ordinary: bool = False


def decoded(data: str | bytes) -> str:
    """Bytes as text: UTF-8, or what a byte order mark says; bytes that are neither become U+FFFD."""
    if isinstance(data, str):
        text = data.removeprefix("\ufeff")
        text = _SURROGATE.sub("\ufffd", text)
    elif data[:2] in UTF_16:
        text = data[2:].decode(UTF_16[data[:2]], "replace")
    else:
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    return text.replace("\r\n", "\n") if "\r\n" in text else text


def read_documents(data: str | bytes, max_depth: int = MAX_DEPTH, known: dict[str, Document] | None = None) -> Iterator[Document]:
    """Each document of a stream, broken and empty ones too. `known` gathers large documents by their text: what is there is not read again."""
    known = {} if known is None else known
    text = decoded(data)
    if not text[:_PEEKED].lstrip().startswith("{"):
        yield from _yaml_documents(text, 0, max_depth, known)
        return
    decoder = _EXACT if _LONG_DIGITS.search(text) else _ORDINARY
    surrogates = "\\ud" in text or "\\uD" in text
    position, read, line, counted = 0, 0, 1, 0
    failure: YamlError | None = None
    while (start := _skipped(text, position)) < len(text):
        try:
            value, end = _json_value(decoder, text, start)
        except YamlError as error:
            failure = error
            break
        line, counted = line + text.count("\n", counted, start), start
        yield Document(text[start:end], line, _without_surrogates(value) if surrogates else value, repeated=True)
        position, read = end, read + 1
    if failure is None:
        return
    rest = _yaml_start(text, position)
    if read > 1 or rest is None:
        yield Document(text[position:], text.count("\n", 0, position) + 1, error=failure)
        return
    for document in _yaml_documents(text, rest, max_depth, known):
        if document.error and failure and not read and document.line == 1:
            document = Document(document.text, document.line, error=failure)
        yield document


def _skipped(text: str, position: int) -> int:
    found = _JSON_SPACE.match(text, position)
    return found.end() if found else position


def _yaml_start(text: str, position: int) -> int | None:
    """Where YAML goes on after JSON: past blanks up to the first line break; None where too little is left to look at."""
    while True:
        if len(text[position : position + 4].encode()) < 4 or text[position] == "\ufffd":
            return None
        if not text[position].isspace():
            return position
        position += 1
        if text[position - 1] == "\n":
            return position


def _yaml_documents(text: str, start: int, max_depth: int, known: dict[str, Document]) -> Iterator[Document]:
    counted, line = 0, 1
    begin = start

    def document(end: int) -> Document:
        nonlocal counted, line
        line += text.count("\n", counted, begin)
        counted = begin
        chunk = text[begin:end]
        return _yaml_document(chunk if chunk.endswith("\n") else chunk + "\n", line, max_depth, known)

    for found in _SEPARATOR.finditer(text, start):
        if found.start() > begin:
            yield document(found.start())
            begin = found.end()
        rest = found[1].strip()
        if rest and rest[0] != "#":
            line += text.count("\n", counted, found.start())
            counted = found.start()
            yield Document(found[0], line, error=YamlError(f"invalid Yaml document separator: {rest}", line, 4))
            begin = found.end()
    if begin < len(text):
        yield document(len(text))


def _yaml_document(text: str, line: int, max_depth: int, known: dict[str, Document]) -> Document:
    if len(text) < LARGE:
        return _read(text, line, max_depth)
    held = known.get(text)
    if held is None:
        held = _read(text, line, max_depth)
        if isinstance(held.value, dict) and "items" not in held.value:
            known[text] = held
        return held
    return replace(held, line=line, value={**held.value})  # an object of its own, of the same parts


def _read(text: str, line: int, max_depth: int) -> Document:
    value = ordinary(text)
    if value is not ABSENT:
        return Document(text, line, value, ordinary=True)
    try:
        value, repeated = construct(text.removeprefix("\ufeff"), max_depth)
        return Document(text, line, value, repeated=repeated)
    except YamlError as error:
        return Document(text, line, error=error.moved(line - 1))


def _json_value(decoder: json.JSONDecoder, text: str, start: int) -> tuple[Any, int]:
    """One JSON value as encoding/json reads it; numbers as the server will."""
    try:
        value, end = decoder.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise YamlError(f"json: {error.msg[:1].lower()}{error.msg[1:]}", error.lineno, error.colno) from None
    except RecursionError:
        raise YamlError("json: exceeded max depth", text.count("\n", 0, start) + 1, 1) from None
    except ValueError as error:
        raise YamlError(f"json: {error}", text.count("\n", 0, start) + 1, 1) from None
    return value, end


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_without_surrogates(inner) for inner in value]
    if isinstance(value, dict):
        return {_without_surrogates(name): _without_surrogates(inner) for name, inner in value.items()}
    return value


def _json_float(text: str) -> int | float:
    try:
        return json_number(float(text))
    except YamlError:
        raise ValueError(f"cannot unmarshal number {text} into Go value of type float64") from None


def _json_integer(text: str) -> int | float:
    return int(text) if len(text) < 18 else json_number(int(text)) if len(text) < 400 else _json_float(text)


def _refuse(word: str) -> Any:
    raise ValueError(f"invalid character '{word[0]}' looking for beginning of value")


_ORDINARY = json.JSONDecoder(parse_float=_json_float, parse_constant=_refuse)
_EXACT = json.JSONDecoder(parse_float=_json_float, parse_int=_json_integer, parse_constant=_refuse)
