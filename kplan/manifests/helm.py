"""Helm charts: `helm template`, and which template a manifest came from."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from shutil import which

from kplan.manifests.rendering import Rendered, Rendering, run

_SOURCE = re.compile(r"^# Source: ([^/\n]+)/(.+)$", re.MULTILINE)


def render(folder: str, rendering: Rendering) -> Rendered:
    """The manifests of a chart, definitions included, tests left out."""
    helm = which("helm")
    if helm is None:
        return Rendered(problem="helm is not installed", tried=False)
    release = rendering.release or re.sub(r"[^a-z0-9-]+", "-", os.path.basename(os.path.abspath(folder)).lower()).strip("-")[:53] or "release"
    command = [helm, "template", release, folder, "--namespace", rendering.namespace, "--include-crds", "--skip-tests"]
    if rendering.version:
        command += ["--kube-version", rendering.version]
    for api in rendering.apis:  # beside those that this helm knows itself, of its own time
        command += ["--api-versions", api]
    for file in rendering.values:
        command += ["--values", file]
    for pair in rendering.set:
        command += ["--set", pair]
    found = run(command, rendering.time_limit)
    if "missing in charts/ directory" in found.problem:
        return replace(found, hint=f"fetch what it depends on before: helm dependency build {folder}")
    return found


def source_of(text: str, folder: str) -> str:
    """The template that a document of the output says it came from; the chart's folder where it says nothing."""
    found = _SOURCE.search(text)
    return os.path.join(folder, *found[2].strip().split("/")) if found else folder
