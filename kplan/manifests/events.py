"""YAML events as go-yaml would emit them, from libyaml's parser.

go.yaml.in/yaml/v2 is a port of libyaml, and libyaml has moved on since. Where they differ, the text is rewritten into one
that libyaml reads as go-yaml reads the original, without moving a line:

- in double quotes go-yaml knows `\\'` and not `\\/`
- in flow collections its plain scalars end at `?`, and may have `:` before an indicator
- its tags run on over `,`, `[` and `]`

Left out: nesting is bounded by depth alone, not by flow and block levels apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml

from kplan.manifests.errors import YamlError

try:
    from yaml.cyaml import CParser as Parser  # type: ignore[attr-defined]
except ImportError:  # pragma: no cover - a PyYAML without libyaml: slower, and its scanner is further from go-yaml's
    from yaml import SafeLoader as Parser  # type: ignore[assignment]

ALIAS, SCALAR, MAPPING, SEQUENCE = yaml.AliasEvent, yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent

_DIVERGENT = re.compile(r"\\/|\?|!")
_SLASH_ESCAPE = re.compile(r"(?:[^\\]|\\[^/])*\\/")
_DOUBLE_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*', re.S)
_ESCAPED_QUOTE = re.compile(r"\\(.)", re.S)
_TAG_COMMA = re.compile(r"![^\s\[\]{}]{0,256},")
_TAG_TAIL = re.compile(r"[\w;/?:@&=+$,.!~*'()\[\]%-]+")
_STAND_IN = "\U000f8f8f"
_REWRITES = 1000
_DEEPEST = 10_100
_OPENING = (yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken)
_CLOSING = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)


def events(text: str) -> Callable[[], Any]:
    """A function that gives the next event of a text that `settled` has passed; raises `yaml.YAMLError`."""
    get = unchecked(text)
    return _checked(text, get) if _DIVERGENT.search(text) else get


def unchecked(text: str) -> Callable[[], Any]:
    """The same for JSON, in whose strings libyaml's escapes are right."""
    get: Callable[[], Any] = Parser(text).get_event
    return get


def _checked(text: str, get: Callable[[], Any]) -> Callable[[], Any]:
    """Refuses what libyaml takes and go-yaml does not."""
    flow: list[bool] = []

    def next_event() -> Any:
        event = get()
        kind = event.__class__
        if kind is SCALAR:
            if event.style == '"':
                if "\\/" in (raw := text[event.start_mark.index : event.end_mark.index]):
                    found = _SLASH_ESCAPE.match(raw)
                    if found:
                        raise _error("found unknown escape character", text, event.start_mark.index + found.end() - 2)
            elif flow and flow[-1] and not event.style and "?" in event.value:
                at = text.find("?", event.start_mark.index)
                raise _error("did not find expected ',' or '}' or ']'", text, at)
        elif kind is MAPPING or kind is SEQUENCE:
            flow.append(bool(event.flow_style))
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            flow.pop()
        return event

    return next_event


def _error(problem: str, text: str, at: int) -> YamlError:
    return YamlError(problem, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))


def long_tags(text: str) -> bool:
    """Whether a text may hold a tag that libyaml ends earlier than go-yaml, without an error."""
    return "!" in text and bool(_TAG_COMMA.search(text))


def settled(text: str) -> str:
    """The text with each thing that only go-yaml takes written as libyaml takes it."""
    stand_in = _STAND_IN not in text
    if long_tags(text):
        text = _tags_settled(text)
    for _ in range(_REWRITES):
        try:
            _parsed(text)
        except yaml.MarkedYAMLError as error:
            rewritten = _rewritten(text, error, stand_in)
            if rewritten is None:
                break
            text = rewritten
        except yaml.YAMLError:
            break
        else:
            break
    return text


def _parsed(text: str) -> None:
    """Parses a text's first document, down to where nesting is out of bounds anyway."""
    get, depth = Parser(text).get_event, 0
    while depth < _DEEPEST and (kind := get().__class__) not in (yaml.DocumentEndEvent, yaml.StreamEndEvent):
        depth += (kind is MAPPING or kind is SEQUENCE) - (kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent)


def _rewritten(text: str, error: yaml.MarkedYAMLError, stand_in: bool) -> str | None:
    if error.problem_mark is None:
        return None
    at = error.problem_mark.index
    char = text[at : at + 1]
    if error.problem == "found unknown escape character" and text[at : at + 2] == "\\'" and error.context_mark:
        start = error.context_mark.index
        quoted = _DOUBLE_QUOTED.match(text, start)
        end = quoted.end() if quoted else at + 2
        body = _ESCAPED_QUOTE.sub(lambda found: "\\x27" if found[1] == "'" else found[0], text[start:end])
        return text[:start] + body + text[end:]
    if error.problem == "found unexpected ':'" and char == ":" and stand_in:
        return text[:at] + _STAND_IN + text[at + 1 :]
    if error.context == "while scanning a tag" and char in ("[", "]", ","):
        return _tag_rewritten(text, at)
    return None


def rewritten(text: str) -> bool:
    """Whether scalars of this settled text may hold a stand-in."""
    return _STAND_IN in text


def original(value: str) -> str:
    """A scalar's text with the stand-in that `settled` may have put taken back."""
    return value.replace(_STAND_IN, ":") if _STAND_IN in value else value


def _tags_settled(text: str) -> str:
    parser = Parser(text)
    ends, depth = [], 0
    try:
        while depth < _DEEPEST and (token := parser.get_token()) is not None:
            depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
            if isinstance(token, yaml.TagToken) and text[token.end_mark.index : token.end_mark.index + 1] == ",":
                ends.append(token.end_mark.index)
    except yaml.YAMLError:
        pass
    for at in reversed(ends):
        text = _tag_rewritten(text, at)
    return text


def _tag_rewritten(text: str, at: int) -> str:
    tail = _TAG_TAIL.match(text, at)
    assert tail
    return text[:at] + re.sub(r"[,\[\]]", lambda found: f"%{ord(found[0]):02X}", tail[0]) + text[tail.end() :]


def translated(error: yaml.YAMLError, text: str) -> YamlError:
    """libyaml's error as ours; its line and column count from the start of the text."""
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "unknown problem parsing YAML content"
        return YamlError(problem, mark.line + 1, mark.column + 1) if mark else YamlError(problem)
    if isinstance(error, yaml.reader.ReaderError):
        position = error.position if isinstance(error.position, int) else 0
        before = text.encode("utf-8", "replace")[:position].decode("utf-8", "replace")
        return _error(str(error.reason), text, len(before))
    return YamlError(str(error))
