"""Where the generated schemas are, and loading them: one version at a time, once.

`schemas/` stands beside the package in the repository and inside it in a wheel. `tools/build_schemas.py` writes it.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from kplan.schema.shapes import packages

PACKAGE = Path(__file__).resolve().parent.parent

CURRENT = "1.36"
"""The version whose rules, defaults and Go shapes kplan knows."""


@cache
def folder() -> Path:
    """The folder of schemas: `kplan/schemas` of a wheel, or `schemas` of a checkout."""
    inside = PACKAGE / "schemas"
    return inside if inside.is_dir() else PACKAGE.parent / "schemas"


def _read(name: str) -> Any:
    """One compressed file."""
    return json.loads(gzip.decompress((folder() / name).read_bytes()))


@cache
def definitions(version: str) -> dict[str, dict[str, Any]]:
    """The OpenAPI definitions of a version by name (`io.k8s.api.core.v1.Pod`), references as `#/$defs/<name>`."""
    if version not in versions():
        raise ValueError(f"no schemas for Kubernetes {version}: there are {', '.join(versions())}")
    found: dict[str, dict[str, Any]] = _read(f"{version}.json.gz")
    return found


@cache
def kinds_table() -> dict[str, Any]:
    """`kinds.json.gz`: the versions that there are; by `apiVersion kind`, the definition and the versions that have it."""
    table: dict[str, Any] = _read("kinds.json.gz")
    return table


def versions() -> tuple[str, ...]:
    """The Kubernetes versions that there are schemas for, oldest first."""
    return tuple(kinds_table()["versions"])


def properties(version: str, openapi: str) -> dict[str, Any] | None:
    """The properties of a definition; None where this version has no such definition."""
    found = definitions(version).get(openapi)
    return None if found is None else found.get("properties") or {}


def referenced(schema: dict[str, Any]) -> str:
    """The name of the definition that a schema refers to, or the empty string."""
    target: str = schema.get("$ref") or ""
    return target.removeprefix("#/$defs/")


def short_name(openapi: str) -> str:
    """What Go prints for a definition's type: `io.k8s.api.core.v1.Pod` -> `v1.Pod`."""
    prefix, _, name = openapi.rpartition(".")
    known = packages().get(prefix)
    return f"{(known or prefix.replace('.', '/')).rpartition('/')[2]}.{name}"
