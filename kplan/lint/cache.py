"""Findings of former runs, in the user's cache folder, so that linting what did not change costs no more than reading it.

An entry is found by all that the findings follow from: the content of every file that is read, the options and the configuration, and
kplan's own code. Input from a pipe and folders that must be rendered are not kept. A broken or unwritable cache is as good as none.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import kplan
from kplan.api.ref import Ref
from kplan.diagnostics import Diagnostic, Severity, Span
from kplan.lint.findings import Findings
from kplan.manifests.discovery import discover
from kplan.manifests.sources import Skipped

ENTRIES = 64
FORMAT = 1


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
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "kplan" / "lint"


def key_of(paths: Sequence[str], exclude: Sequence[str], state: Sequence[str], *said: object) -> str | None:
    """The key of a run; `said` are the options with their values. None where the run is not to be kept."""
    if "-" in paths or "-" in state:
        return None
    digest = hashlib.sha256(repr((FORMAT, kplan.__version__, sys.version_info[:2], list(_code()), os.getcwd(), tuple(exclude), said)).encode())
    for part, ignore in ((paths, exclude), (state, ())):
        found = discover(part, ignore)
        if found.unrendered:
            return None
        digest.update(repr((len(found.files), found.diagnostics)).encode())
        for path, named in found.files.items():
            try:
                with open(path, "rb") as file:
                    content = hashlib.file_digest(file, "sha256").digest()
            except OSError:
                return None
            digest.update(repr((path, named)).encode() + content)
    return digest.hexdigest()


def _code() -> Iterator[tuple[str, int, int]]:
    """What changes when kplan does: the names, sizes and times of its files."""
    root = os.path.dirname(kplan.__file__)
    for parent, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if f != "__pycache__")
        for name in sorted(files):
            entry = os.stat(os.path.join(parent, name))
            yield name, entry.st_size, entry.st_mtime_ns


def load(key: str) -> Held | None:
    """What is held under a key."""
    try:
        data = json.loads((folder() / f"{key}.json").read_bytes())
        refs = [Ref(*r) for r in data["refs"]]
        found = tuple(_diagnostic(d, refs) for d in data["diagnostics"])
        findings = Findings(found, data["objects"], data["kinds"], data["suppressed"])
        return Held(findings, tuple(Skipped(s, n) for s, n in data["skipped"]), data["unreadable"])
    except (OSError, ValueError, KeyError, TypeError, IndexError):
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
    place = folder()
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = place / f"{key}.{os.getpid()}.tmp"
        draft.write_text(json.dumps(data, separators=(",", ":")), encoding="utf-8")
        draft.replace(place / f"{key}.json")
        for old in _oldest(place.glob("*.json")):
            old.unlink(missing_ok=True)
    except (OSError, ValueError):
        return


def _oldest(entries: Iterable[Path]) -> list[Path]:
    return sorted(entries, key=lambda p: p.stat().st_mtime_ns)[:-ENTRIES]


def _plain(d: Diagnostic, refs: dict[Ref, int]) -> list[Any]:
    related = [(_span(s), words) for s, words in d.related]
    return [d.rule, int(d.severity), d.message, refs[d.ref] if d.ref is not None else None, d.path, _span(d.span), d.hint, related]


def _span(span: Span | None) -> tuple[str, int, int] | None:
    return (span.file, span.line, span.column) if span is not None else None


def _diagnostic(held: list[Any], refs: list[Ref]) -> Diagnostic:
    rule, severity, message, ref, path, span, hint, related = held
    places = tuple((Span(*s), words) for s, words in related)
    return Diagnostic(rule, Severity(severity), message, refs[ref] if ref is not None else None, path, Span(*span) if span else None, hint, places)
