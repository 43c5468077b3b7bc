"""Kustomizations: `kustomize build` or `kubectl kustomize`, and which file a manifest came from."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from shutil import which
from typing import Any

from kplan.api.objects import Object
from kplan.manifests.discovery import EXTENSIONS, KUSTOMIZATIONS, pulled, references
from kplan.manifests.documents import read_documents
from kplan.manifests.rendering import Rendered, Rendering, run

ORIGIN = "config.kubernetes.io/origin"
MOST_BYTES = 4 << 20


def render(folder: str, rendering: Rendering) -> Rendered:
    """The manifests of a kustomization."""
    remote = next(iter(_remote(folder)), None)
    if remote is not None:
        hint = f"render it where there is a network and read the result: kubectl kustomize {folder} | kplan … -"
        return Rendered(problem=f'it refers to "{remote}", and nothing here is read from the network', tried=False, hint=hint)
    tools = (("kustomize", ("build",)), ("kubectl", ("kustomize",)))
    for name, verb in tools:
        path = which(name)
        if path is not None:
            return run([path, *verb, folder], rendering.time_limit)
    return Rendered(problem="neither kustomize nor kubectl is installed", tried=False)


def _remote(folder: str) -> Iterable[str]:
    """Bases that lie in other repositories."""
    for here in (folder, *(p for p in sorted(pulled(folder)) if os.path.isdir(p))):
        for reference in references(here):
            if "://" in reference or reference.startswith(("git@", "github.com/")) or "?ref=" in reference:
                yield reference


@dataclass(frozen=True, slots=True)
class Origins:
    """The resource files of a kustomization and of its bases, by what they state."""

    folder: str
    files: dict[tuple[str, str], str]

    def of(self, obj: Object) -> str:
        """The file that states an object: as it says itself, by kind and name, by a name that was given a prefix or suffix."""
        meta = obj.get("metadata")
        meta = meta if isinstance(meta, dict) else {}
        kind, name = str(obj.get("kind")), str(meta.get("name"))
        said = self._said(meta.get("annotations"))
        if said is not None:
            return said
        exact = self.files.get((kind, name))
        if exact is not None:
            return exact
        near = {path for (k, n), path in self.files.items() if k == kind and n and (name.startswith(n) or name.endswith(n))}
        return near.pop() if len(near) == 1 else kustomization(self.folder)

    def _said(self, annotations: Any) -> str | None:
        """What `buildMetadata: [originAnnotations]` wrote."""
        text = annotations.get(ORIGIN) if isinstance(annotations, dict) else None
        for line in text.splitlines() if isinstance(text, str) else ():
            if line.startswith("path: "):
                path = os.path.normpath(os.path.join(self.folder, line.removeprefix("path: ")))
                return path if os.path.isfile(path) else None
        return None


def origins(folder: str) -> Origins:
    """Read what a kustomization pulls in, for the names of its files."""
    found: dict[tuple[str, str], str] = {}
    for path in sorted(pulled(folder)):
        if not path.endswith(EXTENSIONS) or os.path.basename(path) in KUSTOMIZATIONS or not os.path.isfile(path):
            continue
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES)
        for document in read_documents(data):
            meta = document.value.get("metadata") if isinstance(document.value, dict) else None
            if isinstance(meta, dict):
                found.setdefault((str(document.value.get("kind")), str(meta.get("name"))), os.path.relpath(path) if not os.path.isabs(folder) else path)
    return Origins(folder, found)


def kustomization(folder: str) -> str:
    """The kustomization file of a folder."""
    return next((path for name in KUSTOMIZATIONS if os.path.isfile(path := os.path.join(folder, name))), folder)
