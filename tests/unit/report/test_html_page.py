"""The page: well-formed, alone, the same each time, silent about secrets, and nobody's manifest can write on it."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kplan.manifests.sources import load
from kplan.plan import Options, Plan, plan
from kplan.report import html
from kplan.report.markup import element, escaped

ROOT = Path(__file__).resolve().parents[3]


def page(made: Plan) -> str:
    out = io.StringIO()
    html.render_plan(made, out)
    return out.getvalue()


def tree(text: str) -> ElementTree.Element:
    """The page as XML: what stands in style and script is not markup."""
    text = re.sub(r"(<(style|script)>).*?(</\2>)", r"\1\3", text.removeprefix("<!DOCTYPE html>\n"), flags=re.S)
    return ElementTree.fromstring(text)


@pytest.fixture(scope="module")
def shop() -> Plan:
    return plan(load([str(ROOT / "samples" / "shop")]), Options())


@pytest.fixture(scope="module")
def bank() -> Plan:
    samples = ROOT / "samples" / "cluster"
    return plan(load([str(samples / "change")]), Options(state=[m.data for m in load([str(samples / "state.yaml")]).manifests]))


def test_well_formed_with_unique_ids(shop: Plan, bank: Plan) -> None:
    for made in (shop, bank):
        root = tree(page(made))
        ids = [e.get("id") for e in root.iter() if e.get("id")]
        assert len(ids) == len(set(ids))
        links = [e.get("href", "")[1:] for e in root.iter("a")]
        assert links and not set(links) - set(ids)


def test_nothing_is_loaded(bank: Plan) -> None:
    root = tree(page(bank))
    for found in root.iter():
        for name, value in found.attrib.items():
            if name in ("src", "href", "action", "srcset", "data", "poster"):
                assert value.startswith(("#", "data:")), (found.tag, name, value)
    assert not list(root.iter("iframe")) and not list(root.iter("object"))
    style, script = (Path(html.PARTS / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    assert "@import" not in style
    assert not re.search(r"url\((?!#)", style)
    assert not re.search(r"https?://|fetch\(|XMLHttpRequest|import\(|innerHTML|eval\(", script)
    policy = next(e.get("content", "") for e in root.iter("meta") if e.get("http-equiv"))
    assert policy.startswith("default-src 'none'") and "script-src 'sha256-" in policy


def test_the_same_each_time(bank: Plan) -> None:
    samples = ROOT / "samples" / "cluster"
    again = plan(load([str(samples / "change")]), Options(state=[m.data for m in load([str(samples / "state.yaml")]).manifests]))
    assert page(bank) == page(again)


def test_secrets_are_masked() -> None:
    text = """
apiVersion: v1
kind: Secret
metadata: {name: door, annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"stringData":{"code":"hunter2hunter2"}}'}}
stringData: {code: hunter2hunter2}
data: {bad: "#hunter3hunter3"}
---
apiVersion: v1
kind: Secret
metadata: {name: window}
stringData:
  code: hunter4hunter4
  long: |
    hunter5hunter5
"""
    shown = page(plan(load(["-"], stdin=text), Options()))
    assert "door" in shown and "(sensitive)" in shown
    for n in (2, 4, 5):
        assert f"hunter{n}" not in shown


def test_manifests_write_no_markup(shop: Plan) -> None:
    bad = '</script><script>alert(1)</script>"><img src=x>\x07'
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{x: {bad[:-1]!r}}}\n"
    shown = page(plan(load(["-"], stdin=text), Options()))
    assert not list(tree(shown).iter("img")) and "alert(1)</script>" not in shown
    noted = replace(shop, notes=(bad,))
    assert "\ufffd" in page(noted) and not list(tree(page(noted)).iter("img"))


def test_what_it_tells(bank: Plan) -> None:
    root = tree(page(bank))
    text = " ".join("".join(root.itertext()).split())
    assert "1 thing breaks" in text and bank.summary in text
    assert "samples/cluster/change/reports.yaml" in text and "0/4 nodes are available" in text
    boxes = [e for e in root.iter("g") if (e.get("class") or "").startswith("box")]
    assert {e.get("data-text") for e in boxes} >= {"deployment ledger bank", "persistentvolumeclaim export bank"}
    nodes = [e for e in root.iter("article") if e.get("class") == "node"]
    assert [e.find("h3").text for e in nodes] and {"worker-1", "worker-4"} <= {e.find("h3").text for e in nodes}  # type: ignore[union-attr]
    assert "0.7 → 1.7 of 4" in text


def test_an_empty_plan_has_a_page() -> None:
    made = plan(load(["-"], stdin="apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, uid: b}\n"), Options())
    assert "refused by the server" in page(made)


def test_findings_have_a_page() -> None:
    from kplan.lint.engine import lint

    out = io.StringIO()
    html.render_findings(lint(load([str(ROOT / "samples" / "broken" / "missing-key")])), out)
    root = tree(out.getvalue())
    assert "has no key" in "".join(root.itertext())
    assert [e.text for e in root.iter("mark")] == ["LEVEL"]


def test_elements() -> None:
    assert element("p", "<a & b>", class_="x", data_a=1, hidden=True, open=False, title=None) == '<p class="x" data-a="1" hidden="hidden">&lt;a &amp; b&gt;</p>'
    assert element("br") == "<br/>"
    assert element("b", element("i", "x")) == "<b><i>x</i></b>"
    assert escaped('"\x00') == "&quot;\ufffd"


def test_of_much_that_happens_bad_news_is_shown_and_the_rest_folded() -> None:
    from kplan.report.page.impact import MANY, _by_weight

    few = ["~ a", "! b", "    help: c"]
    assert _by_weight(few) == (few, [])
    many = [line for i in range(MANY) for line in (f"~ {i}", f"! {i}", f"    help: {i}")]
    shown, folded = _by_weight(many)
    assert shown == [line for i in range(MANY // 2) for line in (f"! {i}", f"    help: {i}")]
    assert sorted(shown + folded) == sorted(many) and folded[-1] == f"~ {MANY - 1}"
