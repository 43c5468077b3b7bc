"""The page in a browser, where Chromium is installed: its script runs, filters filter, the graph is found, chosen, zoomed; nothing breaks."""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest

from kplan.manifests.sources import load
from kplan.plan import Options, plan
from kplan.report import html

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync "
    "--virtual-time-budget=4000 --dump-dom"
)
USE = """
const told = {}, errors = [];
addEventListener("error", (event) => errors.push(event.message));
const type = (field, text) => { field.value = text; field.dispatchEvent(new Event("input")); };
const shown = (list) => all(`#${list} [data-text]`).filter((entry) => !entry.hidden).length;
told.wide = document.documentElement.scrollWidth <= innerWidth;
told.changes = shown("change-list");
type(one('[data-filter="change-list"]'), "deployment api");
told.filtered = shown("change-list");
type(one('[data-filter="change-list"]'), "");
const view = () => one(".drawing").getAttribute("viewBox");
const first = view();
one('[data-zoom="in"]').click();
told.zoomed = view() !== first;
type(one(".find"), "deployment web");
told.found = one(".found").textContent;
one(".find").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
told.chosen = all(".box.chosen title").map((title) => title.textContent).join();
told.panel = !one("aside").hidden && one("aside").textContent.includes("Pointed at by");
one("#theme").click();
told.theme = document.documentElement.dataset.theme;
location.hash = one('aside a[href^="#object-"]').getAttribute("href");
reveal();
told.opened = document.getElementById(decodeURIComponent(location.hash.slice(1))).open;
told.errors = errors;
document.body.replaceChildren(document.createTextNode(JSON.stringify(told)));
"""


@pytest.fixture(scope="module")
def page() -> str:
    out = io.StringIO()
    html.render_plan(plan(load([str(ROOT / "samples" / "shop")]), Options()), out)
    return out.getvalue()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
@pytest.mark.parametrize("size", ["1280,900", "500,900"])
def test_in_a_browser(page: str, size: str, tmp_path: Path) -> None:
    script = (html.PARTS / "page.js").read_text(encoding="utf-8")
    used = script + USE
    digests = [b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in (script, used)]
    assert digests[0] in page
    file = tmp_path / "page.html"
    file.write_text(page.replace(script, used).replace(*digests), encoding="utf-8")
    command = [str(CHROMIUM), *FLAGS.split(), f"--window-size={size}", f"--user-data-dir={tmp_path / 'profile'}", file.as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120).stdout
    told = re.search(r"<body>(\{.*\})\s*</body>", dom, re.S)
    assert told is not None, dom[-2000:]
    assert told.group(1).replace("&quot;", '"') == (
        '{"wide":true,"changes":CHANGES,"filtered":1,"zoomed":true,"found":"1 found","chosen":"Deployment web (shop)","panel":true,'
        '"theme":"dark","opened":true,"errors":[]}'
    ).replace("CHANGES", str(page.count('<details class="object ')))
