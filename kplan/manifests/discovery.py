"""Which files and folders the given paths stand for: one answer for a file, a folder, a glob, a kustomization, a chart.

A folder with a kustomization or a Chart.yaml is one source, and so is all that a kustomization pulls in: none of it is
read file by file.
"""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from kplan.diagnostics import Diagnostic, Severity, Span
from kplan.manifests.documents import read_documents
from kplan.manifests.ignore import Pattern, ignored, inherited, patterns, patterns_of

EXTENSIONS = (".yaml", ".yml", ".json")
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
CHART = "Chart.yaml"
STDIN = "<stdin>"
_PULLED = ("resources", "bases", "components", "crds", "configurations", "generators", "transformers", "validators")
_PATCHES = ("patches", "patchesJson6902", "replacements", "openapi")
_MAX_KUSTOMIZATION = 1 << 20
_COMPONENT = re.compile(rb"^kind:[ \t]*[\"']?Component\b", re.M)
_FLUX = re.compile(rb"^apiVersion:\s*[\"']?kustomize\.toolkit\.fluxcd\.io/", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Unrendered:
    """A folder that must be rendered first: `kind` is `kustomization` or `chart`."""

    path: str
    kind: str


@dataclass(slots=True)
class Found:
    """The files to read (as the user would name them; whether he named them), the folders to render, and what went wrong."""

    files: dict[str, bool] = field(default_factory=dict)
    unrendered: list[Unrendered] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def discover(paths: Sequence[str], exclude: Sequence[str] = ()) -> Found:
    """What the paths stand for, in an order that does not depend on theirs."""
    walk = _Walk(exclude)
    for path in paths:
        if path != "-":
            walk.path(path)
    return walk.result()


def problem(rule: str, path: str, message: str, severity: Severity = Severity.ERROR, hint: str = "") -> Diagnostic:
    """A diagnostic about a whole file or folder."""
    return Diagnostic(f"manifests/{rule}", severity, message, span=Span(path), hint=hint)


class _Walk:
    def __init__(self, exclude: Sequence[str]) -> None:
        self.found = Found()
        self.exclude = patterns([line.replace(os.sep, "/") for line in exclude], os.getcwd())
        self.exclude_lines = exclude
        self.seen: dict[str, str] = {}
        self.folders: set[str] = set()

    def path(self, path: str) -> None:
        """One path of the user's."""
        try:
            mode = os.stat(path).st_mode
        except (OSError, ValueError) as error:
            if glob.has_magic(path) and not os.path.lexists(path):
                self.glob(path)
            elif isinstance(error, FileNotFoundError | NotADirectoryError | ValueError) and not os.path.islink(path):
                self.found.diagnostics.append(problem("not-found", path, f'the path "{path}" does not exist'))
            else:
                self.found.diagnostics.append(unreadable(path, error))
            return
        if stat.S_ISDIR(mode):
            absolute = os.path.abspath(path)
            before = len(self.found.files) + len(self.found.unrendered) + len(self.found.diagnostics)
            self.folder(path, inherited(absolute), patterns([line.replace(os.sep, "/") for line in self.exclude_lines], absolute), ())
            if before == len(self.found.files) + len(self.found.unrendered) + len(self.found.diagnostics):
                message = f'no manifests in "{path}": recognized file extensions are {" ".join(EXTENSIONS)}'
                self.found.diagnostics.append(problem("none-found", path, message))
        elif os.path.basename(path) in (*KUSTOMIZATIONS, CHART) and not is_resource(os.path.dirname(path) or "."):
            self.render(os.path.dirname(path) or ".", "chart" if os.path.basename(path) == CHART else "kustomization")
        else:
            self.file(path, True, self.exclude)

    def glob(self, path: str) -> None:
        matches = sorted(glob.glob(path, recursive=True))
        if not matches:
            self.found.diagnostics.append(problem("not-found", path, f'the pattern "{path}" matches no file'))
        for match in matches:
            if os.path.isdir(match):
                self.folder(match, inherited(os.path.abspath(match)), self.exclude, ())
            elif os.path.basename(match) in (*KUSTOMIZATIONS, CHART):
                self.path(match)
            elif match.endswith(EXTENSIONS):
                self.file(match, False, self.exclude)

    def file(self, path: str, named: bool, exclude: Sequence[Pattern]) -> None:
        if ignored(os.path.abspath(path), False, exclude):
            return
        real = os.path.realpath(path)
        known = self.seen.setdefault(real, path)
        self.found.files[known] = self.found.files.get(known, False) or named

    def folder(self, path: str, active: tuple[Pattern, ...], exclude: tuple[Pattern, ...], above: tuple[str, ...]) -> None:
        """A folder and what is below it, in name order; `above` are the real paths that lead to it."""
        real = os.path.realpath(path)
        if real in above:
            self.found.diagnostics.append(problem("symlink-loop", path, f'the link "{path}" leads back to a folder above it', Severity.WARNING))
            return
        if real in self.folders:
            return
        self.folders.add(real)
        try:
            with os.scandir(path) as entries:
                names = sorted((entry for entry in entries), key=lambda entry: entry.name)
        except OSError as error:
            self.found.diagnostics.append(unreadable(path, error))
            return
        present = {entry.name for entry in names}
        if (found := present.intersection((*KUSTOMIZATIONS, CHART))) and not is_resource(path):
            self.render(path, "chart" if found == {CHART} else "kustomization")
            return
        absolute = os.path.abspath(path)
        active = (*active, *patterns_of(absolute))
        for entry in names:
            if entry.name.startswith("."):
                continue
            try:
                is_folder, is_file = entry.is_dir(), entry.is_file()
            except OSError as error:
                self.found.diagnostics.append(unreadable(entry.path, error))
                continue
            here = os.path.join(absolute, entry.name)
            if ignored(here, is_folder, (*active, *exclude)) or ignored(here, is_folder, self.exclude):
                continue
            shown = os.path.normpath(entry.path)
            if is_folder:
                self.folder(shown, active, exclude, (*above, real))
            elif entry.name.endswith(EXTENSIONS):
                if is_file:
                    self.file(shown, False, ())
                elif entry.is_symlink():
                    self.found.diagnostics.append(problem("unreadable", shown, f'the link "{shown}" leads nowhere'))

    def render(self, path: str, kind: str) -> None:
        if not any(os.path.realpath(path) == os.path.realpath(other.path) for other in self.found.unrendered):
            self.found.unrendered.append(Unrendered(os.path.normpath(path), kind))

    def result(self) -> Found:
        """Sorted, without what kustomizations pull in."""
        claimed: set[str] = set()
        for folder in self.found.unrendered:
            if folder.kind == "kustomization":
                claimed.update(pulled(folder.path))
        real = {folder.path: os.path.realpath(folder.path) for folder in self.found.unrendered}
        roots = [folder for folder in self.found.unrendered if not _within(real[folder.path], claimed)]
        inside = {*claimed, *real.values()}
        files = {path: named for path, named in self.found.files.items() if named or not _within(os.path.realpath(path), inside)}
        return Found(
            dict(sorted(files.items(), key=lambda item: item[0].replace(os.sep, "/"))),
            sorted(roots, key=lambda folder: folder.path.replace(os.sep, "/")),
            sorted(self.found.diagnostics, key=lambda said: (said.span or Span(""), said.rule)),
        )


def is_resource(folder: str) -> bool:
    """Whether the kustomization file of a folder is no kustomization but an object of that kind, which Flux reads in the cluster."""
    return _says(folder, _FLUX)


def is_component(folder: str) -> bool:
    """Whether the kustomization of a folder is a component, which changes what others state and need not stand alone."""
    return _says(folder, _COMPONENT)


def _says(folder: str, words: re.Pattern[bytes]) -> bool:
    for name in KUSTOMIZATIONS:
        try:
            with open(os.path.join(folder, name), "rb") as file:
                return words.search(file.read(_MAX_KUSTOMIZATION)) is not None
        except OSError:
            continue
    return False


def _within(path: str, claimed: set[str]) -> bool:
    """Whether a path or a folder above it is claimed."""
    while path not in claimed:
        parent = os.path.dirname(path)
        if parent == path:
            return False
        path = parent
    return True


def unreadable(path: str, error: Exception) -> Diagnostic:
    """A file or folder that the system does not let us read."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return problem("unreadable", path, f'cannot read "{path}": {reason}')


def pulled(folder: str) -> set[str]:
    """The real paths of files and folders that a kustomization refers to, and those that its bases do."""
    result: set[str] = set()
    todo = [folder]
    while todo:
        here = todo.pop()
        for reference in references(here):
            if "://" in reference or "\0" in reference or reference.startswith("git@"):
                continue
            path = os.path.realpath(os.path.join(here, reference))
            if path not in result and os.path.exists(path) and not os.path.realpath(folder).startswith(path + os.sep) and path != os.path.realpath(folder):
                result.add(path)
                if os.path.isdir(path):
                    todo.append(path)
    return result


def references(folder: str) -> Iterator[str]:
    """The files, folders and addresses that the kustomization of a folder refers to, as it writes them."""
    for name in KUSTOMIZATIONS:
        try:
            with open(os.path.join(folder, name), "rb") as file:
                data = file.read(_MAX_KUSTOMIZATION)
        except OSError:
            continue
        for document in read_documents(data, 100):
            if isinstance(document.value, dict):
                yield from _references_in(document.value)
        return


def _references_in(value: dict[str, Any]) -> Iterator[str]:
    for name in (*_PULLED, "patchesStrategicMerge"):
        listed = value.get(name)
        yield from (item for item in listed if isinstance(item, str) and "\n" not in item) if isinstance(listed, list) else ()
    for name in _PATCHES:
        entries = value.get(name)
        for entry in entries if isinstance(entries, list) else (entries,):
            if isinstance(entry, dict) and isinstance(entry.get("path"), str):
                yield entry["path"]
    for name in ("configMapGenerator", "secretGenerator"):
        generators = value.get(name)
        for generator in generators if isinstance(generators, list) else ():
            files = generator.get("files") if isinstance(generator, dict) else None
            yield from (item.rpartition("=")[2] for item in files if isinstance(item, str)) if isinstance(files, list) else ()
