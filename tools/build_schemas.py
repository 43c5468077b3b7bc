"""Write `schemas/` from the schemas in the PyPI package kubernetes-validate.

    python tools/build_schemas.py [WHEEL_OR_FOLDER] [--out schemas]

Without an argument the package is downloaded with pip. Written are, for every Kubernetes version from 1.25 on,
`<version>.json.gz`: the OpenAPI definitions as the API server publishes them, without descriptions; and `kinds.json.gz`: each
kind's definition by group, version and kind, and the versions that have it. Same package in, same bytes out.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = re.compile(r"kubernetes-json-schema/v(1\.\d+)\.\d+-local/_definitions\.json$")
OLDEST = (1, 25)
META_KINDS = ("DeleteOptions", "WatchEvent")


def sources(package: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each Kubernetes version with its definitions, from an unpacked package or its wheel, oldest first."""
    found: dict[str, bytes] = {}
    if package.is_dir():
        for path in package.rglob("_definitions.json"):
            if match := FOLDER.search(path.as_posix()):
                found[match[1]] = path.read_bytes()
    else:
        with zipfile.ZipFile(package) as wheel:
            for name in wheel.namelist():
                if match := FOLDER.search(name):
                    found[match[1]] = wheel.read(name)
    for version in sorted(found, key=number):
        if number(version) >= OLDEST:
            yield version, json.loads(found[version])["$defs"]


def number(version: str) -> tuple[int, ...]:
    """`1.36` as something that can be compared."""
    return tuple(int(part) for part in version.split("."))


def strip(schema: Any) -> Any:
    """A schema as the API server has it: no descriptions, and without the nulls that the package allows everywhere."""
    if isinstance(schema, list):
        return [strip(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out: dict[str, Any] = {}
    for key, value in sorted(schema.items()):
        if key == "description":
            continue
        if key == "properties":
            out[key] = {name: strip(inner) for name, inner in sorted(value.items())}
        elif key in ("enum", "default"):
            out[key] = [item for item in value if item is not None] if key == "enum" else value
        elif key == "type" and isinstance(value, list):
            types = [item for item in value if item != "null"]
            out[key] = types[0] if len(types) == 1 else types
        else:
            out[key] = strip(value)
    return out


def definition(schema: dict[str, Any]) -> dict[str, Any]:
    """One definition. The package pins `apiVersion` and `kind` of kinds to their values; what remains is plain text."""
    out: dict[str, Any] = strip(schema)
    if "x-kubernetes-group-version-kind" in out:
        for name in ("apiVersion", "kind"):
            out.get("properties", {}).get(name, {}).pop("enum", None)
    return out


def kinds_of(definitions: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """`apiVersion kind` of each kind that is an object of its own, with the name of its definition."""
    for name, schema in sorted(definitions.items()):
        for gvk in schema.get("x-kubernetes-group-version-kind", ()):
            if gvk["kind"] not in META_KINDS:
                api_version = f"{gvk['group']}/{gvk['version']}" if gvk["group"] else gvk["version"]
                yield f"{api_version} {gvk['kind']}", name


def write(path: Path, value: Any) -> None:
    """Compressed JSON whose bytes depend on the value alone."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0, compresslevel=9) as file:
        file.write(json.dumps(value, separators=(",", ":"), sort_keys=True).encode())
    path.write_bytes(buffer.getvalue())


def download(folder: str) -> Path:
    """The newest wheel of the package, by pip."""
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, "kubernetes-validate"], check=True)
    return next(Path(folder).glob("kubernetes_validate-*.whl"))


def build(package: Path, out: Path) -> None:
    """All files of `schemas/` that come from the package."""
    out.mkdir(parents=True, exist_ok=True)
    kinds: dict[str, dict[str, Any]] = {}
    versions = []
    for version, definitions in sources(package):
        versions.append(version)
        kept = {name: definition(schema) for name, schema in definitions.items()}
        for kind, name in kinds_of(kept):
            entry = kinds.setdefault(kind, {"definition": name, "versions": []})
            entry["definition"] = name
            entry["versions"].append(version)
        write(out / f"{version}.json.gz", kept)
    write(out / "kinds.json.gz", {"versions": versions, "kinds": kinds})
    print(f"{out}: {len(versions)} versions, {len(kinds)} kinds, {sum(p.stat().st_size for p in out.glob('*.json.gz')):,} bytes")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Write schemas/ from the PyPI package kubernetes-validate.")
    parser.add_argument("package", nargs="?", type=Path, help="the wheel, or a folder that it was unpacked to")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "schemas")
    options = parser.parse_args()
    if options.package:
        build(options.package, options.out)
        return
    with tempfile.TemporaryDirectory() as folder:
        build(download(folder), options.out)


if __name__ == "__main__":
    main()
