"""The tool that writes schemas/."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

from kplan.schema.bundle import folder


def tool() -> ModuleType:
    path = Path(__file__).resolve().parents[3] / "tools" / "build_schemas.py"
    spec = importlib.util.spec_from_file_location("build_schemas", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_package_becomes_files_with_the_same_bytes_each_time(tmp_path: Path) -> None:
    home = tmp_path / "pkg" / "kubernetes-json-schema" / "v1.36.0-local"
    home.mkdir(parents=True)
    widget = {
        "description": "gone",
        "type": ["object", "null"],
        "properties": {"kind": {"type": ["string", "null"], "enum": ["Widget"]}, "description": {"type": ["string", "null"], "description": "gone"}},
        "x-kubernetes-group-version-kind": [{"group": "example.com", "version": "v1", "kind": "Widget"}],
    }
    (home / "_definitions.json").write_text(json.dumps({"$defs": {"com.example.v1.Widget": widget}}))
    built = tool()
    for out in ("one", "two"):
        built.build(tmp_path / "pkg", tmp_path / out)
    assert (tmp_path / "one" / "1.36.json.gz").read_bytes() == (tmp_path / "two" / "1.36.json.gz").read_bytes()
    (version, kept), *rest = ((v, {n: built.definition(s) for n, s in d.items()}) for v, d in built.sources(tmp_path / "pkg"))
    assert (version, rest) == ("1.36", [])
    assert kept["com.example.v1.Widget"]["properties"] == {"description": {"type": "string"}, "kind": {"type": "string"}}
    assert list(built.kinds_of(kept)) == [("example.com/v1 Widget", "com.example.v1.Widget")]


def test_what_is_shipped_is_small() -> None:
    assert sum(path.stat().st_size for path in folder().glob("*.json.gz")) < 1_000_000
