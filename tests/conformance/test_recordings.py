"""kplan against recordings of a real control plane: no figure falls.

The recordings lie beside the checkout; without them there is nothing to hold against. `ratchet.json` has, for each suite and metric, how many
recorded cases came out equal; `pytest tests/conformance --update` raises it to what holds now (and never lowers it).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = ROOT.parent / "shared" / "conformance"
COMPARE = RECORDINGS / "compare.py"
RATCHET = Path(__file__).with_name("ratchet.json")
SUITES = ("create", "update", "apply", "yaml", "decisions", "sequences", "reconcile", "apps")
SECONDS = 170  # for one suite; all together take a fraction of it

pytestmark = pytest.mark.skipif(not COMPARE.exists(), reason="the recordings are not here")


def figures_of(suite: str, folder: Path) -> Any:
    """What compare.py says of a suite: {metric: {equal, of}, crashed}."""
    out = folder / "figures.json"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, str(COMPARE), suite, "--json", str(out)], env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(out.read_text(encoding="utf-8"))[suite]


def raised(old: dict[str, int], figures: dict[str, Any]) -> dict[str, int]:
    """The ratchet of a suite after a run."""
    best = {metric: max(f["equal"], old.get(metric, 0)) for metric, f in figures.items() if metric != "crashed"}
    return {**dict(sorted(best.items())), "crashed": min(figures["crashed"], old.get("crashed", figures["crashed"]))}


@pytest.mark.parametrize("suite", SUITES)
def test_no_figure_falls(suite: str, tmp_path: Path, update: bool) -> None:
    figures = figures_of(suite, tmp_path)
    ratchet = json.loads(RATCHET.read_text(encoding="utf-8"))
    if update:
        ratchet[suite] = raised(ratchet.get(suite, {}), figures)
        RATCHET.write_text(json.dumps({s: ratchet[s] for s in SUITES if s in ratchet}, indent=2) + "\n", encoding="utf-8")
    held = ratchet[suite]
    assert figures["crashed"] <= held["crashed"]
    fallen = {m: f"{figures[m]['equal']} of {figures[m]['of']}, was {n}" for m, n in held.items() if m != "crashed" and figures[m]["equal"] < n}
    assert not fallen
