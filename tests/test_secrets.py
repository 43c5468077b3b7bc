"""The values of Secrets are shown nowhere: in no format, of no command, whatever is wrong with the Secret."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import pytest

from kplan.cli.main import main
from kplan.report.formats import FORMATS

WORDS = ("hunter-live", "hunter-applied", "hunter-new", "hunter-raw", "hunter-list", "hunter-text", "hunter-typo", "hunter-twice", "hunter-old", "hunter-crt")
NUMBERS = ("5550001234", "5550005678")
ENCODED = tuple(b64encode(word.encode()).decode().rstrip("=")[:-1] for word in WORDS)


def secret(name: str, rest: str) -> str:
    return f"apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\n{rest}\n---\n"


BASE = secret("fixed", f"immutable: true\ndata: {{a: {b64encode(b'hunter-old').decode()}}}") + secret("gone", "stringData: {a: hunter-old}")
CHANGE = (
    secret("db", "stringData:\n  password: hunter-new")
    + secret("key", "stringData:\n  a/b: hunter-new")
    + secret("fixed", f"immutable: true\ndata: {{a: {b64encode(b'hunter-new').decode()}}}")
    + secret("raw", "data:\n  a: hunter-raw !\n  b: 5550001234")
    + secret("list", "data: [hunter-list]")
    + secret("text", "data: hunter-text")
    + secret("typo", "stringDta: {a: hunter-typo}")
    + secret("twice", "stringData: {a: hunter-twice, a: hunter-new}")
    + secret("tls", "type: kubernetes.io/tls\nstringData: {tls.crt: hunter-crt}")
    + '{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "In_Line"}, "stringData": {"a": 5550005678}}\n---\n'
    + "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: web\n    image: web:1\n"
    + "    env: [{name: A, valueFrom: {secretKeyRef: {name: db, key: none}}}]\n    envFrom: [{secretRef: {name: db}}]\n"
)
APPLIED = json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": {"password": "hunter-applied"}})
LIVE = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "db", "namespace": "default", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": APPLIED}},
    "data": {"password": b64encode(b"hunter-live").decode(), "gone": b64encode(b"hunter-live").decode()},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("old.yaml", BASE), ("new.yaml", CHANGE), ("state.json", json.dumps(LIVE))):
        Path(name).write_text(text, encoding="utf-8")
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert ended.value.code in (0, 1)
    told = "".join(capsys.readouterr())
    assert not [word for word in (*WORDS, *NUMBERS, *ENCODED) if word in told]
    return told


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("base", ["--state state.json", "--base old.yaml --full --replace", "--kubernetes-version 1.35,1.36"])
def test_of_a_plan(folder: Path, capsys: pytest.CaptureFixture[str], format: str, base: str) -> None:
    assert "stringDta" in said(capsys, "plan", "-v", "new.yaml", "--format", format, *base.split())


def test_changes_of_values_are_told_without_them(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "plan", "new.yaml", "--state", "state.json")
    assert "data.password: (sensitive) → (sensitive)" in told
    told = said(capsys, "plan", "new.yaml", "--base", "old.yaml")
    assert "-/+ Secret fixed (default)" in told and "data.a: (sensitive) → (sensitive)  # forces replacement" in told


@pytest.mark.parametrize("format", FORMATS)
def test_what_was_applied_to_a_replaced_secret_is_not_shown(folder: Path, capsys: pytest.CaptureFixture[str], format: str) -> None:
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps({"data": {"a": b64encode(b"hunter-applied").decode()}})}
    live = {**LIVE, "metadata": {"name": "fixed", "namespace": "default", "annotations": annotations}, "immutable": True}
    Path("state.json").write_text(json.dumps(live), encoding="utf-8")
    for how in ((), ("--apply", "server"), ("--apply", "client")):
        said(capsys, "plan", "-v", "new.yaml", "--state", "state.json", "--full", "--replace", "--format", format, *how)


@pytest.mark.parametrize("format", FORMATS)
def test_of_findings(folder: Path, capsys: pytest.CaptureFixture[str], format: str) -> None:
    assert "stringDta" in said(capsys, "lint", "new.yaml", "--format", format)


def test_the_line_is_shown_without_the_value(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "lint", "new.yaml")
    assert "data[b]: (sensitive) is not a string" in told
    assert "      b: (sensitive)\n" in told


@pytest.mark.parametrize("command", [("explain", "secret/db"), ("explain", "pod/web"), ("graph",), ("graph", "--format", "json")], ids=" ".join)
def test_of_questions(folder: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]) -> None:
    state = () if command[0] == "graph" else ("--state", "state.json")
    said(capsys, *command, "new.yaml", *state)
