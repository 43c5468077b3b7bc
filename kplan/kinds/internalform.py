"""API objects as the server's internal Go structs print in JSON: what error messages quote of whole structs.

The server validates its unversioned types, which have no JSON tags: `field is immutable` and the difference that a refused
update shows print Go field names in Go order, zero values included, nil as null. `internal` turns an API value into that
form for `kplan.api.gotext.go_json`, `difference` is the unified diff of two of them.
Upstream: pkg/apis/*/types.go; staging/src/k8s.io/apimachinery/pkg/util/diff/diff.go.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from kplan.api.gotext import Struct
from kplan.kinds.internalpodshapes import POD_SHAPES
from kplan.kinds.internalshapes import SHAPES as OTHER_SHAPES

SHAPES = {**POD_SHAPES, **OTHER_SHAPES}

_ZEROS: dict[str, Any] = {"": "", "#": 0, "?": False, "*": None, "[]": None, "{}": None, "@": None}
_MARKS = ("...", "[]", "{}", "*", ":", "#", "?", "@")
_OBJECT_META = (
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
)
_LABEL_SELECTOR = ("matchLabels", "matchExpressions")
_HOST_FIELDS = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers")


class _Field(NamedTuple):
    go: str
    json: str
    mark: str
    type: str


def internal(type_name: str, value: Any) -> Any:
    """`value`, a JSON value of the API, as the internal struct `type_name` prints; None (a nil pointer) stays None."""
    if value is None:
        return None
    return _printer(type_name)(value)


def internal_list(type_name: str, values: list[Any] | None) -> list[Any] | None:
    """A list of such structs; None is a nil slice."""
    if values is None:
        return None
    printer = _printer(type_name)
    return [printer(v) for v in values]


def as_sent(value: Any) -> Any:
    """A value that prints with its keys as they stand (raw JSON, structs with JSON tags)."""
    if isinstance(value, dict):
        return Struct({k: as_sent(v) for k, v in value.items()})
    if isinstance(value, list):
        return [as_sent(v) for v in value]
    return value


def difference(old: Any, new: Any) -> str:
    """The unified diff, three lines of context, of two internal forms printed one value a line.   Upstream: diff.Diff."""
    one, other = _lines(old), _lines(new)
    return "".join(list(difflib.unified_diff(one, other, n=3))[2:])


def _lines(value: Any) -> list[str]:
    text = json.dumps(value, ensure_ascii=False, indent=1, separators=(",", ": "))
    for char, escape in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029")):
        text = text.replace(char, escape)
    return [line + "\n" for line in text.split("\n")]


def _sorted_map(value: dict[str, Any]) -> Struct:
    return Struct({k: value[k] for k in sorted(value)})


def _ordered(value: dict[str, Any], order: tuple[str, ...]) -> Struct:
    return Struct({k: as_sent(value[k]) for k in order if value.get(k)})


@cache
def _fields(type_name: str) -> tuple[_Field, ...]:
    return tuple(_field(word) for word in SHAPES[type_name].split())


def _field(word: str) -> _Field:
    for mark in _MARKS:
        names, found, type_name = word.partition(mark)
        if found:
            break
    else:
        names, mark, type_name = word, "", ""
    go, _, key = names.partition("/")
    return _Field(go, key or _json_name(go), mark, type_name)


def _json_name(go: str) -> str:
    """`FSType` -> `fsType`, `NFS` -> `nfs`, `VolumeID` -> `volumeID`."""
    run = 0
    while run < len(go) and go[run].isupper():
        run += 1
    if run > 1 and run < len(go):
        run -= 1
    return go[:run].lower() + go[run:]


@cache
def _printer(type_name: str) -> Callable[[Any], Any]:
    if type_name == "ObjectMeta":
        return lambda meta: _ordered(meta, _OBJECT_META)
    if type_name == "LabelSelector":
        return lambda selector: _ordered(selector, _LABEL_SELECTOR)
    if type_name == "Raw":
        return as_sent
    if type_name == "ResourceList":
        return _sorted_map
    fields = _fields(type_name)

    def struct(value: dict[str, Any]) -> Struct:
        out = Struct()
        for go, key, mark, inner in fields:
            if mark == "...":
                out.update(_printer(inner)(value.get(key) or {} if key else value))
                continue
            given = value.get(key)
            if given is None:
                out[go] = _printer(inner)({}) if mark == ":" and inner != "Raw" else _ZEROS.get(mark)
            elif mark == "[]":
                out[go] = [_printer(inner)(item) for item in given] if inner else list(given)
            elif mark == "{}":
                out[go] = Struct({k: _printer(inner)(given[k]) if inner else given[k] for k in sorted(given)})
            else:
                out[go] = _printer(inner)(given) if inner else given
        return out

    if type_name == "PodSpec":
        return lambda spec: struct({**spec, "securityContext": _pod_security_context(spec)})
    return struct


def _pod_security_context(spec: dict[str, Any]) -> dict[str, Any]:
    """The server's own types keep the host fields of a pod spec in its security context."""
    return {**(spec.get("securityContext") or {}), **{field: spec[field] for field in _HOST_FIELDS if field in spec}}
