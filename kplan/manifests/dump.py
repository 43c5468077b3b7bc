"""Dumps of clusters: what `kubectl get … -o json|yaml` and `kplan snapshot` write, read fast and without what nothing here looks at.

JSON is read by the standard library's decoder in pieces of whole items (0.3 GB a second on one core: nothing faster is needed); YAML through the
same exact reader as manifests, at a hundredth of that speed. Events, heartbeats of nodes and, but for the objects that are `wanted`, managedFields are
dropped on the way.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kplan.api.objects import Object
from kplan.manifests.discovery import discover
from kplan.manifests.documents import decoded, read_documents
from kplan.manifests.errors import YamlError
from kplan.manifests.objects import listed

PIECE = 32 << 20
SLOW = 20 << 20  # bytes of YAML from which on a word about JSON is due
_BETWEEN = b"\n        },\n        {"  # two items, as kubectl indents them: no other place has these bytes
_START = b'"items": [\n        {'
LATEST_FIRST = ("lastHeartbeatTime", "lastTransitionTime", "lastUpdateTime", "lastProbeTime")


class DumpError(ValueError):
    """A dump that cannot be read; the message names the file."""


@dataclass(frozen=True, slots=True)
class Dump:
    """The objects of a dump. `newest` is the latest time that anything in it happened (RFC 3339), empty where nothing says."""

    objects: tuple[Object, ...]
    newest: str = ""
    dropped: int = 0
    slow: bool = False


def read_dump(
    paths: Sequence[str],
    stdin: bytes | None = None,
    wanted: Callable[[Object], bool] = lambda _: True,
    progress: Callable[[str], None] = lambda _: None,
) -> Dump:
    """All objects of the dumps; `-` stands for `stdin`. Raises DumpError for what cannot be read and where nothing is found."""
    objects: list[Object] = []
    newest, dropped, slow = "", 0, False
    found = discover(paths)
    if found.diagnostics:
        raise DumpError(found.diagnostics[0].message)
    with _unwatched():
        for path in [*found.files, *(("-",) if "-" in paths else ())]:
            data = (stdin or b"") if path == "-" else _read(path)
            slow = slow or (len(data) > SLOW and not _is_json(data))
            for obj in _items(data, path, progress):
                newest = max(newest, _latest(obj))
                if _passing(obj):
                    dropped += 1
                    continue
                if "managedFields" in obj["metadata"] and not wanted(obj):
                    del obj["metadata"]["managedFields"]
                objects.append(obj)
    if not objects:
        raise DumpError(f"no objects found in {', '.join(paths)}")
    return Dump(tuple(objects), newest, dropped, slow)


@contextmanager
def _unwatched() -> Iterator[None]:
    """The garbage collector looks at no object of a dump, now and later: they live as long as the program and hold no cycles."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if running:
            gc.enable()


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise DumpError(f"{path}: {error.strerror or error}") from None


def _is_json(data: bytes) -> bool:
    return data[:1024].lstrip()[:1] in (b"{", b"[")


def _items(data: bytes, path: str, progress: Callable[[str], None]) -> Iterator[Object]:
    """The objects of one file, private to the caller."""
    name = os.path.basename(path)
    for number, obj in enumerate(_json_items(data, name, progress) if _is_json(data) else _yaml_items(data, path), 1):
        meta = obj.get("metadata") if isinstance(obj, dict) else None
        if not isinstance(obj, dict) or not all(isinstance(obj.get(field), str) and obj[field] for field in ("kind", "apiVersion")):
            raise DumpError(f"{path}: object {number} has no apiVersion and kind")
        if not isinstance(meta, dict) or not isinstance(meta.get("name"), str):
            raise DumpError(f"{path}: object {number}, a {obj['kind']}, has no name")
        yield obj


def _json_items(data: bytes, name: str, progress: Callable[[str], None]) -> Iterator[Any]:
    start = data.find(_START, 0, 4096)
    if start >= 0 and len(data) > PIECE:
        position, whole = start + len(_START) - 1, len(data)
        while (cut := data.rfind(_BETWEEN, position, position + PIECE)) >= 0:
            progress(f"reading {name}: {100 * cut // whole} %")
            end = cut + _BETWEEN.index(b",")
            yield from _loads(b"[" + data[position:end] + b"]", name)
            position = cut + len(_BETWEEN) - 1
        data = data[: start + len(_START) - 1] + data[position:]
    progress(f"reading {name}")
    values = [_loads(data, name)] if data else []
    for value in values if not isinstance(values[0], list) else values[0]:
        yield from _flat(value)


def _loads(data: bytes, name: str) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig", "replace"))
    except json.JSONDecodeError as error:
        if error.msg != "Extra data":
            raise DumpError(f"{name}: line {error.lineno}: not JSON: {error.msg}") from None
    except RecursionError:
        raise DumpError(f"{name}: JSON that is nested too deep") from None
    found = []  # several documents one after the other, such as one a line
    for document in read_documents(data):
        if document.error is not None:
            raise DumpError(f"{name}: line {document.error.line}: {document.error.message}")
        found += list(_flat(document.value))
    return found


def _yaml_items(data: bytes, path: str) -> Iterator[Any]:
    for document in read_documents(decoded(data)):
        if document.error is not None:
            raise DumpError(f"{path}: line {document.error.line}: {document.error.message}")
        if document.value is not None:
            yield from _flat(document.value)


def _flat(value: Any) -> Iterable[Any]:
    """A list's items, or the object."""
    if not isinstance(value, dict) or "items" not in value:
        return (value,)
    try:
        return listed(value)
    except YamlError as error:
        raise DumpError(error.message) from None


def _passing(obj: Object) -> bool:
    """Events and heartbeats: they say what was, and are no part of the state that is wanted."""
    return bool(obj["kind"] == "Event" or (obj["kind"] == "Lease" and obj["metadata"].get("namespace") == "kube-node-lease"))


def _latest(obj: Object) -> str:
    """The latest time at which something happened to an object; times that somebody plans (expiry, deletion) do not count."""
    meta, status = obj["metadata"], obj.get("status")
    found = meta.get("creationTimestamp") or ""
    if obj["kind"] == "Event":
        return max(found, *(str(obj.get(f) or "") for f in ("lastTimestamp", "eventTime")))
    if obj["kind"] == "Lease":
        return max(found, str((obj.get("spec") or {}).get("renewTime") or ""))
    if isinstance(status, dict):
        conditions = status.get("conditions")
        for condition in conditions if isinstance(conditions, list) else ():
            for name in LATEST_FIRST:
                text = condition.get(name)
                if text and text > found:
                    found = text
        for container in status.get("containerStatuses") or ():
            for state in (*container.get("state", {}).values(), *container.get("lastState", {}).values()):
                found = max(found, state.get("startedAt") or "", state.get("finishedAt") or "")
    return str(found)
