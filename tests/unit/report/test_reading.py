"""plan.json is all that any format needs: what is read again is drawn as what was planned."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from rich.console import Console

from kplan.manifests.sources import load
from kplan.plan import Options, Plan, plan
from kplan.report.formats import FORMATS, write_plan
from kplan.report.page.changes import LEFT_OUT
from kplan.report.reading import NotAPlanError, read_plan, read_plans
from kplan.report.several import Named, write_plans

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = ROOT / "samples"
PLANS = {
    "shop": (["shop"], {}),
    "update": (["update/v2"], {"base": "update/v1"}),
    "cluster": (["cluster/change"], {"state": "cluster/state.yaml"}),
    "broken": (["broken"], {}),
}


@pytest.fixture(scope="module", params=PLANS)
def made(request: pytest.FixtureRequest) -> Plan:
    paths, given = PLANS[request.param]
    base = load([str(SAMPLES / given["base"])]) if "base" in given else None
    state = [m.data for m in load([str(SAMPLES / given["state"])]).manifests] if "state" in given else ()
    return plan(load([str(SAMPLES / p) for p in paths]), Options(base=base, state=state))


def drawn(found: Plan, format: str, *, verbose: bool = False) -> str:
    out = io.StringIO()
    write_plan(found, format, out, lambda: Console(file=out, width=80, no_color=True, highlight=False, markup=False, emoji=False), verbose=verbose)
    return out.getvalue()


@pytest.mark.parametrize("format", FORMATS)
def test_read_again_it_is_the_same(made: Plan, format: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = drawn(made, "json")
    monkeypatch.chdir(tmp_path)  # where no manifest is
    again = read_plan(text)
    assert drawn(again, format) == drawn(made, format)
    assert drawn(again, format, verbose=True) == drawn(made, format, verbose=True)


def test_custom_resources_without_a_definition_are_left_out_and_not_rejected(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w, namespace: default}\n")
    found = plan(load([str(tmp_path)]), Options())
    again = read_plan(drawn(found, "json"))
    for one in (found, again):
        assert (one.rejected, [str(r) for r in one.left_out]) == ((), ["widget/w"])
        assert drawn(one, "text").count("1 custom resource left out, of kinds without definition.") == 1
        assert LEFT_OUT in drawn(one, "html")


def test_several_read_again_are_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sources = load([str(SAMPLES / "broken" / "removed-api")])
    plans = [Named("here", version, plan(sources, Options(version=version))) for version in ("1.25", "1.36")]

    def together(found: list[Named], format: str) -> str:
        out = io.StringIO()
        write_plans(found, format, out, lambda: Console(file=out, width=80, no_color=True, highlight=False, markup=False, emoji=False))
        return out.getvalue()

    text = together(plans, "json")
    root = Path(__file__).resolve().parents[3] / "schemas"
    whole, one = (json.loads((root / f"{name}.schema.json").read_text(encoding="utf-8")) for name in ("plans", "plan"))
    Draft202012Validator(whole, registry=Registry().with_resource(one["$id"], Resource.from_contents(one))).validate(json.loads(text))
    monkeypatch.chdir(tmp_path)
    for format in FORMATS:
        assert together(read_plans(text), format) == together(plans, format)
    page = together(plans, "html")
    root_element = ElementTree.fromstring(re.sub(r"(<(style|script)>).*?(</\2>)", r"\1\3", page.removeprefix("<!DOCTYPE html>\n"), flags=re.S))
    ids = [e.get("id") for e in root_element.iter() if e.get("id")]
    assert len(ids) == len(set(ids)) and {"plan-1", "plan-2", "plan-2-changes"} <= set(ids)
    assert "Kubernetes 1.36 compared with 1.25" in page


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("[]", "not a plan"),
        ('{"formatVersion": "1.0", "diagnostics": []}', "not a plan"),
        ('{"formatVersion": "2.0", "kubernetesVersion": "1.36"}', "its format is 2.0"),
        ('{"formatVersion": "1.0", "kubernetesVersion": "1.36"}', "not a whole plan: KeyError"),
        ('{"formatVersion": "1.0", "kubernetesVersion": "1.36", "summary": 1, "diagnostics": 3}', "not a whole plan: TypeError"),
    ],
)
def test_what_is_no_plan_is_refused(text: str, words: str) -> None:
    with pytest.raises(NotAPlanError, match=words):
        read_plan(text)


def test_unknown_properties_are_ignored(made: Plan) -> None:
    document = json.loads(drawn(made, "json"))
    document["later"] = 1
    for part in ("changes", "diagnostics", "nodes", "pods"):
        for entry in document[part]:
            entry["later"] = {}
    assert drawn(read_plan(json.dumps(document)), "text") == drawn(made, "text")
