"""Findings of former runs, in the user's cache folder, so that linting what did not change costs no more than reading it.

An entry is found by all that the findings follow from: the content of every file that is read (of what must be rendered, of every file in its
folders, and the tool), the options and the configuration, and kplan's own code and data. Input from a pipe is not kept. Entries are written
beside their place and moved there, and say themselves whether they are whole: runs at the same time do not meet, and a broken or unwritable
cache is as good as none. The oldest go, of more than `ENTRIES` or `MOST_BYTES`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from shutil import which
from typing import Any, NamedTuple

import yaml

import kplan
from kplan.api.ref import Ref
from kplan.diagnostics import Diagnostic, Severity, Span
from kplan.lint.findings import Findings
from kplan.manifests.discovery import discover, pulled
from kplan.manifests.rendering import OUT_OF_TIME
from kplan.manifests.sources import Skipped

ENTRIES = 64
MOST_BYTES = 64 << 20
MOST_RENDERED = 256 << 20  # bytes in folders that are rendered or named by options: with more, looking is no quicker
STALE = 3600 * 10**9  # nanoseconds
FORMAT = 2


class Held(NamedTuple):
    """What a run said: its findings, the documents that are no manifests, whether something could not be read."""

    findings: Findings
    skipped: tuple[Skipped, ...]
    unreadable: bool


def folder() -> Path:
    """Where entries are: the platform's cache folder for this user."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or ""
        base = base if os.path.isabs(base) else str(Path.home() / ".cache")  # a relative one is to be ignored
    return Path(base) / "kplan" / "lint"


def key_of(paths: Sequence[str], exclude: Sequence[str], state: Sequence[str], *said: object, beside: Sequence[str] = ()) -> str | None:
    """The key of a run; `said` are the options with their values, `beside` files and folders that they name. None where the run is not to be kept."""
    if "-" in (*paths, *state, *beside):
        return None
    digest = hashlib.sha256(repr((FORMAT, kplan.__version__, sys.version_info[:2], yaml.__version__, list(_code()))).encode())
    digest.update(repr((os.getcwd(), tuple(exclude), said)).encode())
    try:
        for part, ignore in ((paths, exclude), (state, ())):
            found = discover(part, ignore)
            digest.update(repr((len(found.files), found.diagnostics, found.unrendered, _tools() if found.unrendered else ())).encode())
            for path, named in found.files.items():
                digest.update(repr((path, named)).encode() + _content(path))
            rendered = dict.fromkeys(p for one in found.unrendered for p in (one.path, *sorted(pulled(one.path))))
            _below(rendered, digest.update)
        digest.update(repr(len(beside)).encode())
        _below(beside, digest.update)
    except OSError:
        return None
    return digest.hexdigest()


def _below(paths: Iterable[str], update: Callable[[bytes], None]) -> None:
    """Tell all files of some folders, or the files that they are: names and contents. Too many bytes, and links to folders, are an OSError."""
    told = 0
    for path in sorted({path for top in paths for path in (_walked(top) if os.path.isdir(top) else (top,))}):
        told += os.stat(path).st_size
        if told > MOST_RENDERED:
            raise OSError(f"{path} is one too many")
        update(path.encode("utf-8", "surrogateescape") + b"\0" + _content(path))


def _walked(top: str) -> Iterator[str]:
    for parent, folders, names in os.walk(top, onerror=_refuse):
        folders[:] = [name for name in folders if name != ".git"]
        if any(os.path.islink(os.path.join(parent, name)) for name in folders):
            raise OSError(f"{parent} has a link to a folder")
        yield from (os.path.join(parent, name) for name in names)


def _refuse(error: OSError) -> None:
    raise error


def _content(path: str) -> bytes:
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(f"{path} is no file")
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _tools() -> list[tuple[str, int, int] | None]:
    """The tools that render, as they are installed."""
    found = [which(name) for name in ("kustomize", "kubectl", "helm")]
    return [(path, (at := os.stat(path)).st_size, at.st_mtime_ns) if path else None for path in found]


def _code() -> Iterator[tuple[str, int, int]]:
    """What changes when kplan does: the names, sizes and times of its files, of its schemas too where they are beside it."""
    root = os.path.dirname(kplan.__file__)
    for top in (root, os.path.join(os.path.dirname(root), "schemas")):
        for parent, folders, files in os.walk(top):
            folders[:] = sorted(f for f in folders if f != "__pycache__")
            for name in sorted(files):
                path = os.path.join(parent, name)
                entry = os.stat(path)
                yield path, entry.st_size, entry.st_mtime_ns


def lasts(held: Held) -> bool:
    """Whether the same input would give the same again: not where a tool that renders had too little time."""
    return not any(d.rule == "manifests/not-rendered" and OUT_OF_TIME in d.message for d in held.findings.diagnostics)


def load(key: str) -> Held | None:
    """What is held under a key."""
    try:
        check, _, text = (folder() / f"{key}.json").read_bytes().partition(b"\n")
        if check != _check(text):
            return None
        data = json.loads(text)
        refs = [Ref(*r) for r in data["refs"]]
        found = tuple(_diagnostic(d, refs) for d in data["diagnostics"])
        findings = Findings(found, data["objects"], data["kinds"], data["suppressed"])
        return Held(findings, tuple(Skipped(s, n) for s, n in data["skipped"]), data["unreadable"])
    except (OSError, ValueError, KeyError, TypeError, IndexError, RuntimeError):  # the last: nobody knows where home is
        return None


def store(key: str, held: Held) -> None:
    """Keep what a run said; the oldest entries make room."""
    refs = {r: i for i, r in enumerate(dict.fromkeys(d.ref for d in held.findings.diagnostics if d.ref is not None))}
    data = {
        "refs": list(refs),
        "diagnostics": [_plain(d, refs) for d in held.findings.diagnostics],
        "objects": held.findings.objects,
        "kinds": held.findings.kinds,
        "suppressed": held.findings.suppressed,
        "skipped": [(s.source, s.line) for s in held.skipped],
        "unreadable": held.unreadable,
    }
    try:
        place = folder()
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = json.dumps(data, separators=(",", ":")).encode("utf-8")
        draft = place / f"{key}.{os.getpid()}.tmp"
        try:
            draft.write_bytes(_check(text) + b"\n" + text)
            draft.replace(place / f"{key}.json")
        finally:
            draft.unlink(missing_ok=True)
        _make_room(place)
    except (OSError, ValueError, RuntimeError):
        return


def _check(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()


def _make_room(place: Path) -> None:
    """Take out the oldest entries, and drafts that runs left behind which were ended."""
    stats = []
    for path in place.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another run made room
            stats.append((path.stat().st_mtime_ns, path))
    held = 0
    newest = max(stats)[0] if stats else 0
    for number, (written, path) in enumerate(sorted(stats, reverse=True)):
        with contextlib.suppress(FileNotFoundError):
            held += path.stat().st_size
            if number >= ENTRIES or held > MOST_BYTES or (path.suffix == ".tmp" and newest - written > STALE):
                path.unlink()


def _plain(d: Diagnostic, refs: dict[Ref, int]) -> list[Any]:
    related = [(_span(s), words) for s, words in d.related]
    return [d.rule, int(d.severity), d.message, refs[d.ref] if d.ref is not None else None, d.path, _span(d.span), d.hint, related]


def _span(span: Span | None) -> tuple[str, int, int] | None:
    return (span.file, span.line, span.column) if span is not None else None


def _diagnostic(held: list[Any], refs: list[Ref]) -> Diagnostic:
    rule, severity, message, ref, path, span, hint, related = held
    places = tuple((Span(*s), words) for s, words in related)
    return Diagnostic(rule, Severity(severity), message, refs[ref] if ref is not None else None, path, Span(*span) if span else None, hint, places)
