"""Definitions of custom kinds that are given beside the input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kplan.cli.main import main
from kplan.manifests.definitions import DefinitionsError, read_definitions

WIDGET = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}\nspec: {size: 0, port: 80}\n"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["size"],
            "additionalProperties": False,
            "properties": {
                "size": {"type": "integer", "minimum": 1},
                "port": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
                "note": {"type": ["string", "null"]},
                "any": {},
            },
        }
    },
}
DEFINITION = """apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}}
"""


def catalogue(folder: Path) -> Path:
    (folder / "catalogue" / "example.com").mkdir(parents=True)
    (folder / "catalogue" / "example.com" / "widget_v1.json").write_text(json.dumps(SCHEMA))
    (folder / "catalogue" / "example.com" / "gadget_v1.json").write_text("not opened, as no Gadget is in the input")
    return folder / "catalogue"


def run(capsys: pytest.CaptureFixture[str], folder: Path, *args: str) -> tuple[int, str]:
    (folder / "widget.yaml").write_text(WIDGET)
    with pytest.raises(SystemExit) as ended:
        main([*args, str(folder / "widget.yaml")])
    return int(ended.value.code or 0), " ".join(capsys.readouterr().out.split())


def test_a_schema_of_the_catalogue_becomes_a_definition(tmp_path: Path) -> None:
    (found,) = read_definitions([str(catalogue(tmp_path))], [{"apiVersion": "example.com/v1", "kind": "Widget"}])
    spec = found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert spec["properties"] == {
        "size": {"type": "integer", "minimum": 1},
        "port": {"x-kubernetes-int-or-string": True},
        "note": {"type": "string", "nullable": True},
        "any": {"x-kubernetes-preserve-unknown-fields": True},
    }
    assert "x-kubernetes-preserve-unknown-fields" not in spec


def test_lint_checks_against_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run(capsys, tmp_path, "lint", "--no-cache", "--crds", str(catalogue(tmp_path)))
    assert code == 1 and "spec.size in body should be greater than or equal to 1" in said


def test_plan_has_them_before_the_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "crds").mkdir()
    (tmp_path / "crds" / "widgets.yaml").write_text(DEFINITION.replace("{size: {type: integer}}", "{size: {type: integer}, port: {type: integer}}"))
    code, said = run(capsys, tmp_path, "plan", "--crds", str(tmp_path / "crds"))
    assert code == 0 and "Plan: 1 to create" in said


@pytest.mark.parametrize(("flags", "code"), [((), 0), (("--strict-kinds",), 1)])
def test_a_kind_without_a_definition(tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], code: int) -> None:
    assert run(capsys, tmp_path, "lint", "--no-cache", *flags)[0] == code


def test_what_cannot_be_used_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DefinitionsError, match="no such file or folder"):
        read_definitions([str(tmp_path / "absent")], [])
    (tmp_path / "crd.yaml").write_text("kind: CustomResourceDefinition\nspec: {group: example.com}\n")
    with pytest.raises(DefinitionsError, match=r"crd\.yaml: a CustomResourceDefinition without"):
        read_definitions([str(tmp_path)], [])
    (tmp_path / "crd.yaml").write_text(DEFINITION.replace("type: integer", "type: whole"))
    code, said = run(capsys, tmp_path, "lint", "--no-cache", "--crds", str(tmp_path / "crd.yaml"))
    assert "its resources are not checked" in said and code == 0


def test_a_plan_leaves_out_kinds_without_definition(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "widgets.yaml"
    file.write_text(WIDGET + "---\n" + WIDGET.replace("name: a", "name: b") + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c_d}\n")
    with pytest.raises(SystemExit) as ended:
        main(["plan", str(file), "--format", "json"])
    plan = json.loads(capsys.readouterr().out)
    assert ended.value.code == 1 and [d["rule"] for d in plan["diagnostics"]].count("schema/unknown-custom-kind") == 1
    assert plan["summary"]["text"].endswith(" 1 rejected. 2 custom resources left out, of kinds without definition.")


def test_files_that_are_no_text_or_not_utf_8_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "crds"
    folder.mkdir()
    (folder / "picture.yaml").write_bytes(b"\0\1\2")
    (folder / "crd.yaml").write_bytes(DEFINITION.encode() + b"# caf\xe9\n")
    for _ in range(2):  # also where the findings themselves could come from the cache
        (tmp_path / "widget.yaml").write_text(WIDGET)
        with pytest.raises(SystemExit):
            main(["lint", "--crds", str(folder), str(tmp_path / "widget.yaml")])
        said = capsys.readouterr().err
        assert f'--crds: {folder / "picture.yaml"}: warning: "{folder / "picture.yaml"}" is not a text' in said
        assert f"--crds: {folder / 'crd.yaml'}:{DEFINITION.count(chr(10)) + 1}:6: warning: the byte 0xE9 is not UTF-8" in said


def test_definitions_in_utf_16_are_read(tmp_path: Path) -> None:
    file = tmp_path / "crd.yaml"
    file.write_bytes(b"\xff\xfe" + DEFINITION.encode("utf-16-le"))
    assert [d["kind"] for d in read_definitions([str(file)], [{"apiVersion": "example.com/v1", "kind": "Widget"}])] == ["CustomResourceDefinition"]
