"""The same paths at another revision, by git: blobs are read out of the repository into a temporary folder; the work tree is not touched.

Left out: files of Git LFS and of submodules (what is checked in of them is no manifest), and conversions of line ends.
"""

from __future__ import annotations

import glob
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from kplan.diagnostics import Diagnostic, Span
from kplan.manifests.discovery import CHART, KUSTOMIZATIONS
from kplan.manifests.manifest import Manifest
from kplan.manifests.sources import Sources

TIME_LIMIT = 60
FILE, EXECUTABLE, LINK = "100644", "100755", "120000"


class RevisionError(ValueError):
    """There is no git, no repository, no such revision; the message is one line."""


def at_revision(paths: Sequence[str], revision: str, load: Callable[[Sequence[str]], Sources]) -> Sources:
    """What `load` makes of the paths as they were at a revision; sources show as `REVISION:path`. A path that was not there holds nothing."""
    if "-" in paths:
        raise RevisionError("standard input has no other revision: give --base DIR")
    places = [_placed(path) for path in paths]
    if len({root for root, _ in places}) > 1:
        raise RevisionError(f"the paths are in several repositories: {', '.join(sorted({root for root, _ in places}))}")
    root = places[0][0]
    commit = _commit(root, revision)
    with tempfile.TemporaryDirectory(prefix="kplan-") as folder:
        top = os.path.join(os.path.realpath(folder), "tree")
        os.makedirs(os.path.join(top, ".git"))  # so that .gitignore files count up to here
        _extract(root, commit, [inside for _, inside in places], top)
        there = [path for _, inside in places if glob.glob(path := os.path.normpath(os.path.join(top, inside)), recursive=True)]
        return _renamed(load(there), top, revision) if there else Sources(())


def _git(folder: str, *arguments: str, input: bytes | None = None) -> bytes:
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C", "GIT_NO_LAZY_FETCH": "1"}
    try:
        done = subprocess.run(["git", "-C", folder, *arguments], input=input, capture_output=True, timeout=TIME_LIMIT, env=environment, check=False)
    except FileNotFoundError:
        raise RevisionError("git is not installed") from None
    except subprocess.TimeoutExpired:
        raise RevisionError(f"git {arguments[0]} took more than {TIME_LIMIT} s") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise RevisionError(said[0].removeprefix("fatal: ") if said else f"git {arguments[0]} failed")
    return done.stdout


def _placed(path: str) -> tuple[str, str]:
    """The root of the repository that a path is in, and the path from there. The path need not exist, nor its folder."""
    folder = path if os.path.isdir(path) else os.path.dirname(path) or "."
    rest = "" if os.path.isdir(path) else os.path.basename(path)
    while not os.path.isdir(folder):
        folder, _, last = folder.rstrip("/").rpartition("/") if "/" in folder else (".", "", folder)
        folder, rest = folder or "/", os.path.join(last, rest)
    try:
        root, prefix = _git(folder, "rev-parse", "--show-toplevel", "--show-prefix").decode().split("\n")[:2]
    except RevisionError as error:
        if "not a git repository" in str(error):
            raise RevisionError(f'"{path}" is not in a git repository') from None
        raise
    return root, os.path.normpath(os.path.join(prefix, rest))


def _commit(root: str, revision: str) -> str:
    if not revision or revision.startswith("-"):
        raise RevisionError(f'"{revision}" is no revision')
    try:
        return _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
    except RevisionError:
        raise RevisionError(f'there is no revision "{revision}" in {root}') from None


def _extract(root: str, commit: str, wanted: Sequence[str], top: str) -> None:
    """Write what is needed: the wanted paths and .gitignore files, everything where kustomizations may lead out of them."""
    entries = list(_tree(root, commit))
    whole = [inside for inside in wanted if not glob.has_magic(inside)]

    def asked(path: str) -> bool:
        return len(whole) < len(wanted) or any(w in (".", path) or path.startswith(w + "/") for w in whole)

    names = {os.path.basename(path) for _, _, path in entries if asked(path)}
    led_out = bool(names & {*KUSTOMIZATIONS, CHART})
    chosen = [e for e in entries if led_out or asked(e[2]) or os.path.basename(e[2]) == ".gitignore"]
    for (mode, _, path), data in zip(chosen, _blobs(root, [blob for _, blob, _ in chosen]), strict=True):
        target = os.path.join(top, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if mode == LINK:
            destination = data.decode("utf-8", "surrogateescape")
            if not os.path.isabs(destination) and os.path.normpath(os.path.join(os.path.dirname(path), destination)).split(os.sep)[0] != "..":
                os.symlink(destination, target)
            continue
        with open(target, "wb") as file:
            file.write(data)


def _tree(root: str, commit: str) -> Iterator[tuple[str, str, str]]:
    """(mode, blob, path) of all files of a commit."""
    for entry in _git(root, "ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0"):
        if entry:
            described, _, path = entry.partition(b"\t")
            mode, _, blob = described.decode().split(" ")
            if mode in (FILE, EXECUTABLE, LINK):
                yield mode, blob, os.fsdecode(path)


def _blobs(root: str, ids: Sequence[str]) -> Iterator[bytes]:
    data = _git(root, "cat-file", "--batch", input="".join(f"{id}\n" for id in ids).encode()) if ids else b""
    position = 0
    for id in ids:
        end = data.index(b"\n", position)
        header = data[position:end].split(b" ")
        if len(header) != 3:
            raise RevisionError(f"git has no content of {id}: the clone is partial")
        size = int(header[2])
        yield data[end + 1 : end + 1 + size]
        position = end + 2 + size


def _renamed(sources: Sources, top: str, revision: str) -> Sources:
    """Everything under the temporary folder by the name that people know."""

    def name(text: str) -> str:
        return text.replace(top + os.sep, f"{revision}:").replace(top, f"{revision}:.")

    def span(found: Span | None) -> Span | None:
        return None if found is None else Span(name(found.file), found.line, found.column)

    def manifest(found: Manifest) -> Manifest:
        return replace(found, source=name(found.source), render=name(found.render))

    def diagnostic(found: Diagnostic) -> Diagnostic:
        related = tuple((Span(name(s.file), s.line, s.column), words) for s, words in found.related)
        return replace(found, span=span(found.span), message=name(found.message), hint=name(found.hint), related=related)

    return replace(
        sources,
        manifests=tuple(map(manifest, sources.manifests)),
        opaque=tuple(map(manifest, sources.opaque)),
        diagnostics=tuple(map(diagnostic, sources.diagnostics)),
        skipped=tuple(replace(s, source=name(s.source)) for s in sources.skipped),
        overlays=tuple(map(name, sources.overlays)),
    )
