"""What machines read: SARIF, JUnit, GitLab's and GitHub's formats and comments hold what their readers insist on."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

from kplan.api.ref import Ref
from kplan.cli.main import main
from kplan.diagnostics import Diagnostic, Severity, Span
from kplan.lint.findings import Findings
from kplan.report import github, gitlab, junit, markdown, sarif

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = sorted((ROOT / "samples" / "broken").iterdir())
NASTY = '50% of a, b: "c" <d> & \'e\'|f\ng\r\x07\x1b[0m \ud800 é'
URI = {"type": "string", "pattern": r"^(file:///)?([A-Za-z0-9._~!$&'()*+;=@/-]|,|%[0-9A-F]{2}|(?<=^file:///[A-Z]):)+$"}
TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}, "additionalProperties": False}
NUMBER = {"type": "integer", "minimum": 1}
PLACE = {
    "type": "object",
    "required": ["artifactLocation"],
    "additionalProperties": False,
    "properties": {
        "artifactLocation": {"type": "object", "required": ["uri"], "properties": {"uri": URI}, "additionalProperties": False},
        "region": {"type": "object", "required": ["startLine"], "properties": {"startLine": NUMBER, "startColumn": NUMBER}, "additionalProperties": False},
    },
}
LOGICAL = {"type": "object", "properties": {"fullyQualifiedName": {"type": "string"}, "kind": {"type": "string"}}, "additionalProperties": False}
LOCATION = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "id": {"type": "integer", "minimum": -1},
        "physicalLocation": PLACE,
        "logicalLocations": {"type": "array", "items": LOGICAL},
        "message": TEXT,
    },
}
RESULT = {
    "type": "object",
    "required": ["message", "ruleId", "level", "partialFingerprints"],
    "additionalProperties": False,
    "properties": {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": TEXT,
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
        "locations": {"type": "array", "items": LOCATION},
        "relatedLocations": {"type": "array", "items": LOCATION},
    },
}
# Of SARIF 2.1.0, sections 3.13 to 3.30, what is used here; stricter where the standard leaves things open.
SARIF = Draft202012Validator(
    {
        "type": "object",
        "required": ["version", "runs"],
        "properties": {
            "version": {"const": "2.1.0"},
            "runs": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["tool", "results"],
                    "properties": {
                        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                        "results": {"type": "array", "items": RESULT},
                        "tool": {"type": "object", "required": ["driver"], "properties": {"driver": {"type": "object", "required": ["name", "rules"]}}},
                    },
                },
            },
        },
    }
)
GITLAB = Draft202012Validator(
    {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "properties": {
                "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
                "location": {
                    "type": "object",
                    "required": ["path", "lines"],
                    "properties": {
                        "path": {"type": "string", "pattern": r"^(?!\./)"},
                        "lines": {"type": "object", "required": ["begin"], "properties": {"begin": NUMBER}},
                    },
                },
            },
        },
    }
)


@pytest.fixture(autouse=True)
def at_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0)


def nasty(line: int = 3) -> list[Diagnostic]:
    """Diagnostics with everything that might be taken for something else."""
    span = Span("a dir/50%,b:c.yaml", line, 2)
    ref = Ref("", "ConfigMap", "a", "b")
    return [
        Diagnostic("a-rule", Severity.ERROR, NASTY, ref, "data[x]", span, "do it", ((Span("<stdin>", 1), NASTY),)),
        Diagnostic("a-rule", Severity.WARNING, NASTY, ref, "data[x]", Span("./other.yaml", line)),
        Diagnostic("b-rule", Severity.NOTE, "plain", None, "", Span("C:\\a b\\c.yaml")),
        Diagnostic("c-rule", Severity.ERROR, "of nothing"),
    ]


def text_of(render: Any, *arguments: Any) -> str:
    out = io.StringIO()
    render(*arguments, out)
    return out.getvalue()


def fingerprints(diagnostics: list[Diagnostic]) -> tuple[list[str], list[str]]:
    first = [r["partialFingerprints"]["kplan/v1"] for r in json.loads(text_of(sarif.render_diagnostics, diagnostics))["runs"][0]["results"]]
    return first, [e["fingerprint"] for e in json.loads(text_of(gitlab.render_diagnostics, diagnostics))]


def check_sarif(text: str) -> Any:
    document = json.loads(text)
    assert not [e.message for e in SARIF.iter_errors(document)]
    (only,) = document["runs"]
    rules = [r["id"] for r in only["tool"]["driver"]["rules"]]
    assert rules == sorted(set(rules))
    assert all(rules[r["ruleIndex"]] == r["ruleId"] for r in only["results"])
    return only


def check_junit(text: str) -> ElementTree.Element:
    root = ElementTree.fromstring(text)
    assert root.tag == "testsuites"
    for suite in root:
        cases = suite.findall("testcase")
        assert suite.tag == "testsuite" and len(cases) == len(suite)
        assert all(c.get("name") and c.get("classname") for c in cases)
        assert (int(suite.get("tests", "")), int(suite.get("failures", ""))) == (len(cases), len(suite.findall("testcase/failure")))
        assert all([f.tag for f in c] in ([], ["failure"]) and all(f.get("type") and f.get("message") for f in c) for c in cases)
    assert int(root.get("tests", "")) == len(root.findall("*/testcase"))
    assert int(root.get("failures", "")) == len(root.findall("*/testcase/failure"))
    return root


@pytest.mark.skipif(sys.platform != "linux", reason="names there are texts")
@pytest.mark.parametrize("format", ["json", "sarif", "junit", "gitlab", "github", "markdown", "text"])
def test_a_file_whose_name_is_no_text(format: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / os.fsdecode(b"\xff.yaml")).write_text("a: [\n", encoding="utf-8")
    assert run("lint", "--format", format, f"--output={format}={tmp_path / 'out'}", str(tmp_path)) == 1
    assert "yaml/syntax" in (tmp_path / "out").read_text(encoding="utf-8")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.name)
@pytest.mark.parametrize("command", ["lint", "plan"])
def test_all_formats_of_one_run_hold(command: str, sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outputs = [f"--output={name}={tmp_path / name}" for name in ("sarif", "junit", "gitlab", "github", "markdown", "json", "text")]
    code = run(command, *outputs, "--format", "sarif", str(sample.relative_to(ROOT)))
    printed = capsys.readouterr().out
    assert printed == (tmp_path / "sarif").read_text(encoding="utf-8")
    results = check_sarif(printed)["results"]
    entries = json.loads((tmp_path / "gitlab").read_text(encoding="utf-8"))
    assert not [e.message for e in GITLAB.iter_errors(entries)]
    assert len(entries) == len({e["fingerprint"] for e in entries})
    failures = check_junit((tmp_path / "junit").read_text(encoding="utf-8")).findall("*/testcase/failure")
    commands = (tmp_path / "github").read_text(encoding="utf-8").splitlines()
    told = json.loads((tmp_path / "json").read_text(encoding="utf-8"))["diagnostics"]
    assert len(results) == len(commands) == len(told)
    assert bool(failures) == any(d["severity"] != "note" for d in told)
    assert code == int(any(d["severity"] == "error" for d in told))


def test_nothing_is_taken_for_something_else() -> None:
    results = check_sarif(text_of(sarif.render_diagnostics, nasty()))["results"]
    uris = [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in results if "physicalLocation" in (r.get("locations") or [{}])[0]]
    assert uris == ["a%20dir/50%25%2Cb%3Ac.yaml", "other.yaml", "file:///C:/a%20b/c.yaml"]
    root = check_junit(text_of(junit.render_diagnostics, nasty()))
    assert [c.get("classname") for c in root.iter("testcase")] == ["(the plan)", "./other.yaml", "a dir/50%,b:c.yaml"]
    assert root.findall("*/testcase/failure")[1].get("message") == NASTY.replace("\x07", "").replace("\x1b", "").replace("\ud800", "")
    entries = json.loads(text_of(gitlab.render_diagnostics, nasty()))
    assert [e["location"]["path"] for e in entries] == ["a dir/50%,b:c.yaml", "other.yaml", "C:/a b/c.yaml"]


def test_annotations_are_escaped() -> None:
    lines = text_of(github.render_diagnostics, nasty()).split("\n")
    assert len(lines) == 5 and not lines[-1]
    assert all(re.fullmatch(r"::(error|warning|notice) (?:[a-z]+=[^:,\r\n]*,?)+::[^\r\n]*", line) for line in lines[:-1])
    assert lines[0].startswith("::error file=a dir/50%25%2Cb%3Ac.yaml,line=3,col=2,title=a-rule::50%25 of a, b: ")
    assert "%0Ag%0D" in lines[0]


def test_identities_do_not_move_with_lines() -> None:
    before, after = fingerprints(nasty(3)), fingerprints(nasty(300))
    assert before == after
    assert before[0][0] == before[0][1], "two places of one finding"
    assert len(set(before[1])) == len(before[1]), "GitLab shows one of each"


def test_comments_are_bounded_and_tables_whole() -> None:
    many = tuple(Diagnostic("a-rule", Severity.ERROR, f"{NASTY} {i}", None, "", Span("a|b.yaml", i)) for i in range(5000))
    text = text_of(markdown.render_findings, Findings(many, 1, {}))
    assert 50_000 < len(text) <= 60_000
    assert "and more" in text.splitlines()[-1]
    rows = [line for line in text.splitlines() if line.startswith("| ❌")]
    assert rows and all(len(re.findall(r"(?<!\\)\|", row)) == 5 for row in rows)


def test_statistics_tell_the_time_of_each_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("lint", "--statistics", "--profile", "all", "--fail-on", "never", "--format", "json", "samples/shop") == 0
    captured = capsys.readouterr()
    json.loads(captured.out)
    lines = [line for line in captured.err.splitlines() if line.endswith(" ms")]
    assert len(lines) > 50
    assert all(re.fullmatch(r"[\w/-]+ +\d+ +\d+\.\d ms", line) for line in lines)
