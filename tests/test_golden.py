"""What kplan prints, to the letter: `tests/golden/<scenario>/args` and, beside it, the expected output and exit code. `pytest --update` rewrites."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from referencing import Registry, Resource

from kplan.cli.main import main

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = Path(__file__).parent / "golden"
SCENARIOS = sorted(p.parent for p in GOLDEN.glob("*/args"))
SAMPLES = sorted(p for p in (ROOT / "samples").iterdir() if p.name in ("shop",)) + sorted((ROOT / "samples" / "broken").iterdir())


@pytest.fixture(autouse=True)
def at_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """As README does: from the root of the checkout, without a terminal or colour."""
    monkeypatch.chdir(ROOT)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "KPLAN_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code and standard output."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0), capsys.readouterr().out


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda p: p.name)
def test_output_is_as_recorded(scenario: Path, capsys: pytest.CaptureFixture[str], update: bool) -> None:
    code, out = run(shlex.split((scenario / "args").read_text(encoding="utf-8")), capsys)
    text = f"{out}[exit code {code}]\n"
    expected = scenario / "expected.txt"
    if update:
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")


def test_every_sample_has_scenarios() -> None:
    said = " ".join((s / "args").read_text(encoding="utf-8") for s in SCENARIOS).split()
    assert not [p.name for p in SAMPLES if said.count(str(p.relative_to(ROOT))) < 2]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda p: p.name)
def test_output_fits_eighty_columns(scenario: Path) -> None:
    if "--format" in (scenario / "args").read_text(encoding="utf-8"):
        pytest.skip("a format for machines")
    wide = [line for line in (scenario / "expected.txt").read_text(encoding="utf-8").splitlines() if len(line) > 80]
    assert not wide


@pytest.mark.parametrize("sample", sorted((ROOT / "samples" / "broken").iterdir()), ids=lambda p: p.name)
def test_every_broken_sample_fails_at_its_line(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(["plan", "--format", "json", str(sample.relative_to(ROOT))], capsys)
    assert code == 1
    if out.startswith("{"):
        errors = [d for d in json.loads(out)["diagnostics"] if d["severity"] == "error"]
        assert errors
        assert all(d["location"]["line"] > 1 or d["rule"] == "removed-api" for d in errors)


def validator(name: str) -> Any:
    """A validator for one of our own formats."""
    from jsonschema import Draft202012Validator

    documents = [json.loads((ROOT / "schemas" / f"{n}.schema.json").read_text(encoding="utf-8")) for n in ("plan", "findings")]
    registry = Registry().with_resources([(d["$id"], Resource.from_contents(d)) for d in documents])
    schema = next(d for d in documents if d["$id"].rpartition("/")[2].startswith(name))
    return Draft202012Validator(schema, registry=registry)


PLANS = [
    ["samples/shop"],
    ["samples/update/v2", "--base", "samples/update/v1"],
    ["samples/cluster/change", "--state", "samples/cluster/state.yaml"],
    ["samples/broken/misspelt-field"],
    ["samples/broken/too-big"],
    ["samples/broken/yaml-indentation"],
]


@pytest.mark.parametrize("arguments", PLANS, ids=lambda a: a[0].removeprefix("samples/"))
def test_plan_json_follows_its_schema(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    _, out = run(["plan", "--format", "json", *arguments], capsys)
    validator("plan").validate(json.loads(out))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.name)
def test_findings_json_follows_its_schema(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out = run(["lint", "--format", "json", str(sample.relative_to(ROOT))], capsys)
    validator("findings").validate(json.loads(out))


def test_secrets_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    for format in ("text", "json"):
        _, out = run(["plan", "-v", "--full", "--format", format, "samples/shop"], capsys)
        assert "change-me-in-the-vault" not in out
        assert "Y2hhbmdlLW1lLWluLXRoZS12YXVsdA" not in out


def test_colour_is_on_when_forced(capsys: pytest.CaptureFixture[str]) -> None:
    _, plain = run(["lint", "samples/broken/wrong-type"], capsys)
    _, coloured = run(["lint", "--color", "samples/broken/wrong-type"], capsys)
    assert "\x1b[" not in plain
    assert "\x1b[" in coloured
