"""Comments on pull requests: what matters first, folded, and never longer than a comment may be."""

from __future__ import annotations

import io

import pytest

from kplan.manifests.sources import load
from kplan.plan import Options, Plan, plan
from kplan.report import markdown
from kplan.report.markdown import MOST_CHARACTERS

TEMPLATE = "{{metadata: {{labels: {{app: a{0}}}}}, spec: {{containers: [{{name: web, image: '{1}', env: [{{name: TEXT, value: '{2}'}}]}}]}}}}"
DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a{0}}}\nspec: {{selector: {{matchLabels: {{app: a{0}}}}}, template: TEMPLATE}}\n---\n"


CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{0}}}\ndata: {{a: '{1}', a: '{1}'}}\n---\n"


def manifests(count: int, image: str, text: str = "") -> str:
    return "".join(DEPLOYMENT.replace("TEMPLATE", TEMPLATE).format(i, image, text) for i in range(count))


def configs(count: int, text: str) -> str:
    return "".join(CONFIG.format(i, text) for i in range(count))


@pytest.fixture(scope="module")
def large() -> Plan:
    """1,000 updates with as many warnings, a hundred of them restarts; ten new Deployments find no node."""
    old, new = configs(900, "old") + manifests(100, "web:1"), configs(900, "|<b>```") + manifests(110, "web", "|<b>```")
    return plan(load(["-"], stdin=new), Options(nodes="10x8cpu,32Gi,pods=10", base=load(["-"], stdin=old)))


def drawn(found: Plan) -> str:
    out = io.StringIO()
    markdown.render_plan(found, out)
    return out.getvalue()


def blocks_are_closed(text: str) -> bool:
    return text.count("<details") == text.count("</details>") and text.count("\n```") % 2 == 0


def test_a_large_plan_fits_into_a_comment(large: Plan) -> None:
    text = drawn(large)
    assert MOST_CHARACTERS // 2 < len(text) <= MOST_CHARACTERS
    assert blocks_are_closed(text)
    assert text.startswith("### kplan: ❌ something breaks\n\n`Plan: 10 to create, 1000 to update")
    expected = ("more findings", "What it does to what runs", "more lines", "<summary>Changes", "the comment would be too long")
    assert [part for part in expected if part not in text] == []


def test_several_share_the_room(large: Plan) -> None:
    for count in (2, 40):
        out = io.StringIO()
        markdown.render_plans([(f"plan {i}", large) for i in range(count)], [("compared", ["~ x"] * 5000)], out)
        text = out.getvalue()
        assert len(text) <= MOST_CHARACTERS and blocks_are_closed(text)
        assert text.count("### kplan:") == text.count("\n## plan ") + 1 == count


def test_what_matters_comes_first() -> None:
    old, new = (load(["-"], stdin=manifests(1, image)) for image in ("web:1", "web:2"))
    text = drawn(plan(new, Options(base=old)))
    order = ["everything comes up", "`Plan: 0 to create, 1 to update", "base: 1 manifest of the other revision", "1 pod restarts", "web:1 → web:2"]
    assert [text.find(words) for words in order] == sorted(text.find(words) for words in order)
    assert "more" not in text and blocks_are_closed(text)
