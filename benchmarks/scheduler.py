"""Pods a second, under scheduler_perf's names.

    python benchmarks/scheduler.py [--only NAME]... [--quick] [--json FILE]

For each workload: pods a CPU second of `Scheduler.schedule`, every node scored, Decisions included; the ratio to the floor
that upstream's own benchmark asks for; to what a real kube-scheduler 1.36 did on one idle machine with all nodes scored, where that
was measured; peak memory of a process that does nothing else. Nodes and init pods are there before the clock starts.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from scheduler_objects import Store
from scheduler_workloads import WORKLOADS

from kplan.scheduler import Scheduler

QUICK = 0.1
REPORTED_ONLY = ("ResourceClaim",)
"""Workloads of these names may be slower than ten times the floor."""


def groups(pods: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (pods[first : first + size] for first in range(0, len(pods), size))


def run(name: str, scale: float) -> dict[str, Any]:
    """The figures of one workload."""
    workload = WORKLOADS[name](lambda n: max(1, int(n * scale)))
    store = Store([*workload.nodes, *workload.objects])
    scheduler = Scheduler(store)
    scheduler.schedule(workload.init, preemption=False)
    asked = len(workload.pods)
    placed, come = 0, []
    measured = {f"{p['metadata']['namespace']}/{p['metadata']['name']}" for p in workload.pods}
    start = time.process_time()
    for number, pods in enumerate(groups(workload.pods, workload.every or asked)):
        placed += sum(d.chosen is not None and d.pod in measured for d in scheduler.schedule([*come, *pods]))
        if workload.meanwhile is not None:
            entries, come = workload.meanwhile(number, store)
            for entry in entries:
                scheduler.observe(entry)
    rate = asked / (time.process_time() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    wanted = 0 if any(part in name for part in REPORTED_ONLY) else workload.times * workload.floor
    return {"rate": rate, "placed": placed, "asked": asked, "megabytes": peak, "floor": workload.floor, "real": workload.real, "wanted": wanted}


def figures(names: Sequence[str], scale: float) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each workload in a process of its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as pool:
        for name in names:
            yield name, pool.submit(run, name, scale).result()


def main() -> int:
    """Run and print; exit code 1 where a workload is slower than aimed at."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", metavar="NAME", help="part of a workload's name; may be repeated")
    parser.add_argument("--quick", action="store_true", help="a tenth of the nodes and pods")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found: dict[str, dict[str, Any]] = {}
    print(f"{'workload':<78} {'pods/s':>9} {'floor x':>8} {'real x':>7} {'placed':>14} {'MiB':>6}")
    for name, one in figures([n for n in WORKLOADS if not given.only or any(part in n for part in given.only)], QUICK if given.quick else 1):
        found[name] = one
        floor, real = (f"{one['rate'] / one[key]:.1f}" if one[key] else "" for key in ("floor", "real"))
        short = f"  below {one['wanted']:g}" if one["rate"] < one["wanted"] else ""
        print(f"{name:<78} {one['rate']:9.0f} {floor:>8} {real:>7} {one['placed']:>6}/{one['asked']:<7} {one['megabytes']:6}{short}", flush=True)
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return int(any(one["rate"] < one["wanted"] for one in found.values()))


if __name__ == "__main__":
    sys.exit(main())
