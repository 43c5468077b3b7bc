"""What kplan prints, to the letter: `tests/golden/<scenario>/args` and, beside it, the expected output and exit code. `pytest --update` rewrites."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from referencing import Registry, Resource

from kplan.cli.main import main
from kplan.report.formats import FORMATS

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

    documents = {n: json.loads((ROOT / "schemas" / f"{n}.schema.json").read_text(encoding="utf-8")) for n in ("plan", "plans", "findings")}
    registry = Registry().with_resources([(d["$id"], Resource.from_contents(d)) for d in documents.values()])
    return Draft202012Validator(documents[name], registry=registry)


def plans() -> dict[str, list[str]]:
    """What each scenario plans, without how it is printed."""
    found = {}
    for scenario in SCENARIOS:
        command, *words = shlex.split((scenario / "args").read_text(encoding="utf-8"))
        if command == "plan" and not {"--format", "--quiet", "-v"} & set(words):
            found[scenario.name] = words
    return found


PLANS = plans()


@pytest.mark.parametrize("name", PLANS)
def test_every_plan_follows_the_schema_and_is_drawn_again_from_it(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`kplan show plan.json` prints in each format what the plan itself printed, to the byte."""
    direct, again = ([f"--output={f}={tmp_path / f'{when}.{f}'}" for f in FORMATS] for when in ("direct", "again"))
    _, text = run(["plan", *PLANS[name], *direct], capsys)
    document = json.loads((tmp_path / "direct.json").read_text(encoding="utf-8"))
    validator("plans" if "plans" in document else "plan").validate(document)
    assert run(["show", str(tmp_path / "direct.json"), *again], capsys) == (0, text)
    for format in FORMATS:
        assert (tmp_path / f"again.{format}").read_bytes() == (tmp_path / f"direct.{format}").read_bytes(), format


def test_there_are_plans_of_one_and_of_several() -> None:
    several = [name for name, words in PLANS.items() if "1.25,1.26" in words]
    assert several and len(PLANS) > len(several) + 15


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


def test_every_part_of_a_plan_is_documented() -> None:
    rows = (ROOT / "docs" / "plan-json.md").read_text(encoding="utf-8").split("| field | is |")[1].split("\n\n")[0]
    named = {word for row in rows.splitlines() for word in row.partition("| ")[2].partition(" |")[0].replace("`", "").split(", ")} - {"", "---|---|"}
    schema = json.loads((ROOT / "schemas" / "plan.schema.json").read_text(encoding="utf-8"))
    assert named == set(schema["properties"])
