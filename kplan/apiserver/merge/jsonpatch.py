"""JSON patches: RFC 6902 operations and RFC 7386 merges, with the server's words when they fail.

Upstream: vendor/gopkg.in/evanphx/json-patch.v4 as apiserver/pkg/endpoints/handlers/patch.go uses it. Nothing handed in is changed.
"""

from __future__ import annotations

import re
from typing import Any

from kplan.api.gotext import go_json, go_quote
from kplan.api.objects import Object, copy_tree
from kplan.api.status import Status, StatusError, bad_request
from kplan.schema.opaque import json_word

MOST_OPERATIONS = 10_000

_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_FIELDS = ("op", "path", "from", "value")


class _FailedError(Exception):
    """An operation that cannot be done."""


def merge_patch(obj: Object, patch: Any) -> Object:
    """An object after a JSON merge patch."""
    if not isinstance(patch, dict):
        raise bad_request(f"error decoding patch: json: cannot unmarshal {json_word(patch)} into Go value of type map[string]interface {{}}")
    return _merged(obj, patch)


def _merged(obj: Object, patch: Object) -> Object:
    out = dict(obj)
    for key, value in patch.items():
        before = out.get(key)
        if value is None:
            out.pop(key, None)
        elif isinstance(before, dict) and isinstance(value, dict):
            out[key] = _merged(before, value)
        else:
            out[key] = value if isinstance(before, dict) else _without_nulls(value)
    return out


def _without_nulls(value: Any) -> Any:
    """A new value without the nulls of its maps."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def json_patch(obj: Object, operations: Any) -> Object:
    """An object after a list of operations; all or none."""
    if not isinstance(operations, list):
        raise bad_request(f"error decoding patch: json: cannot unmarshal {json_word(operations)} into Go value of type []handlers.jsonPatchOp")
    for operation in operations:
        if not isinstance(operation, dict):
            raise bad_request(f"error decoding patch: json: cannot unmarshal {json_word(operation)} into Go value of type handlers.jsonPatchOp")
        for field in ("from", "op", "path"):
            if operation.get(field) is not None and not isinstance(operation[field], str):
                word = json_word(operation[field])
                raise bad_request(f"error decoding patch: json: cannot unmarshal {word} into Go struct field jsonPatchOp.{field} of type string")
    if len(operations) > MOST_OPERATIONS:
        words = f"The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {len(operations)}"
        raise StatusError(Status(413, "RequestEntityTooLarge", f"Request entity too large: {words}"))
    document = [copy_tree(obj)]
    try:
        for operation in operations:
            _OPERATIONS.get(operation.get("op") or "unknown", _unexpected)(document, operation)
    except _FailedError as error:
        raise StatusError(Status(422, "Invalid", str(error))) from None
    found: Object = document[0]
    return found


def unknown_fields(operations: list[Object]) -> list[str]:
    """What strict field validation has to say of the operations themselves."""
    return [f"json patch unknown field {go_quote(f'[{index}].{key}')}" for index, op in enumerate(operations) for key in sorted(op) if key not in _FIELDS]


def _path(operation: Object, name: str, field: str = "path") -> str:
    path = operation.get(field)
    if isinstance(path, str):
        return path
    why = "operation missing path field: missing value" if field == "path" else "operation, missing from field: missing value"
    if name in ("add", "remove", "copy") and field == "path":
        why = "missing value"
    raise _FailedError(f"{name} operation failed to decode {field}: {why}")


def _find(document: list[Any], path: str) -> tuple[Any, str] | None:
    """The container of a path and the key in it; None where there is no such container."""
    parts = path.split("/")
    if len(parts) < 2:
        return None
    here = document[0]
    for part in parts[1:-1]:
        try:
            here = _get(here, _decoded(part))
        except _FailedError:
            return None
        if not isinstance(here, dict | list):
            return None
    return here, _decoded(parts[-1])


def _decoded(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _index(key: str, size: int, *, adding: bool = False) -> int:
    """A place in a list; negative ones count from the end."""
    if not _INTEGER.fullmatch(key):
        why = f"strconv.Atoi: parsing {go_quote(key)}: invalid syntax"
        raise _FailedError(f"value was not a proper array index: '{key}': {why}" if adding else why)
    index = int(key)
    if index >= size or index < -size:
        raise _FailedError(f"Unable to access invalid index: {index}: invalid index referenced")
    return index + size if index < 0 else index


def _get(container: Any, key: str) -> Any:
    return container.get(key) if isinstance(container, dict) else container[_index(key, len(container))]


def _add_to(container: Any, key: str, value: Any) -> None:
    if isinstance(container, dict):
        container[key] = value
    elif key == "-":
        container.append(value)
    else:
        container.insert(_index(key, len(container) + 1, adding=True), value)


def _remove_from(container: Any, key: str) -> None:
    if isinstance(container, dict):
        if key not in container:
            raise _FailedError(f"Unable to remove nonexistent key: {key}: missing value")
        del container[key]
    else:
        del container[_index(key, len(container))]


def _add(document: list[Any], operation: Object) -> None:
    path = _path(operation, "add")
    found = _find(document, path)
    if found is None:
        raise _FailedError(f'add operation does not apply: doc is missing path: "{path}": missing value')
    try:
        _add_to(*found, copy_tree(operation.get("value")))
    except _FailedError as error:
        raise _FailedError(f"error in add for path: '{path}': {error}") from None


def _remove(document: list[Any], operation: Object) -> None:
    path = _path(operation, "remove")
    found = _find(document, path)
    if found is None:
        raise _FailedError(f'remove operation does not apply: doc is missing path: "{path}": missing value')
    try:
        _remove_from(*found)
    except _FailedError as error:
        raise _FailedError(f"error in remove for path: '{path}': {error}") from None


def _replace(document: list[Any], operation: Object) -> None:
    path = _path(operation, "replace")
    value = copy_tree(operation.get("value"))
    if path == "":
        if not isinstance(value, dict | list):
            raise _FailedError("replace operation value must be object or array: %!w(<nil>)")
        document[0] = value
        return
    found = _find(document, path)
    if found is None:
        raise _FailedError(f"replace operation does not apply: doc is missing path: {path}: missing value")
    container, key = found
    if isinstance(container, dict):
        container[key] = value
        return
    try:
        container[_index(key, len(container))] = value
    except _FailedError:
        raise _FailedError(f"replace operation does not apply: doc is missing key: {path}: missing value") from None


def _move(document: list[Any], operation: Object) -> None:
    source = _path(operation, "move", "from")
    found = _find(document, source)
    if found is None:
        raise _FailedError(f"move operation does not apply: doc is missing from path: {source}: missing value")
    container, key = found
    try:
        value = _get(container, key)
        _remove_from(container, key)
    except _FailedError as error:
        raise _FailedError(f"error in move for path: '{key}': {error}") from None
    path = _path(operation, "move")
    found = _find(document, path)
    if found is None:
        raise _FailedError(f"move operation does not apply: doc is missing destination path: {path}: missing value")
    try:
        _add_to(*found, value)
    except _FailedError as error:
        raise _FailedError(f"error in move for path: '{path}': {error}") from None


def _test(document: list[Any], operation: Object) -> None:
    path = _path(operation, "test")
    wanted = operation.get("value")
    actual: Any = document[0]
    if path != "":
        found = _find(document, path)
        if found is None:
            raise _FailedError(f"test operation does not apply: is missing path: {path}: missing value")
        try:
            actual = _get(*found)
        except _FailedError as error:
            raise _FailedError(f"error in test for path: '{path}': {error}") from None
    if go_json(actual) != go_json(wanted):
        raise _FailedError(f"testing value {path} failed: test failed")


def _copy(document: list[Any], operation: Object) -> None:
    source = _path(operation, "copy", "from")
    found = _find(document, source)
    if found is None:
        raise _FailedError(f"copy operation does not apply: doc is missing from path: {source}: missing value")
    try:
        value = copy_tree(_get(*found))
    except _FailedError as error:
        raise _FailedError(f"error in copy for from: '{source}': {error}") from None
    path = _path(operation, "copy")
    target = _find(document, path)
    if target is None:
        raise _FailedError(f"copy operation does not apply: doc is missing destination path: {path}: missing value")
    try:
        _add_to(*target, value)
    except _FailedError as error:
        raise _FailedError(f"error while adding value during copy: {error}") from None


def _unexpected(document: list[Any], operation: Object) -> None:
    raise _FailedError(f"Unexpected kind: {operation.get('op') or 'unknown'}")


_OPERATIONS = {"add": _add, "remove": _remove, "replace": _replace, "move": _move, "test": _test, "copy": _copy}
