"""The completion indexes of Indexed Jobs: as text in the status, as intervals in between; which are pending, which are doubled.

Upstream: pkg/controller/job/indexed_job_utils.go. Intervals are (first, last) pairs in ascending order that neither touch nor overlap.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

from kplan.api.objects import Object
from kplan.controllers.job_pods import INDEX, all_failures_of_index, finished_at, first_to_go, index_of

Intervals = tuple[tuple[int, int], ...]

INDEX_VARIABLE = "JOB_COMPLETION_INDEX"
MAX_PREFIX = 58  # what 5 random characters leave of a DNS label

_NUMBER = re.compile(r"[+-]?[0-9]+", re.ASCII)


def parse_intervals(text: str, completions: int) -> Intervals:
    """Read `0,2-4`, as far as it lies below `completions`; what is no number is passed over."""
    found: list[tuple[int, int]] = []
    for part in text.split(",") if text else ():
        first, *rest = part.split("-")
        if not _NUMBER.fullmatch(first) or (rest and not _NUMBER.fullmatch(rest[0])):
            continue
        start = int(first)
        if start >= completions:
            break
        end = min(int(rest[0]), completions - 1) if rest else start
        if found and found[-1][1] == start - 1:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return tuple(found)


def format_intervals(intervals: Intervals) -> str:
    """`0,2-4`; two neighbours are written one by one."""
    return ",".join(str(a) if a == b else f"{a},{b}" if b == a + 1 else f"{a}-{b}" for a, b in intervals)


def merged(*several: Intervals) -> Intervals:
    """All indexes that are in any of them."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(interval for intervals in several for interval in intervals):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def with_indexes(intervals: Intervals, indexes: Iterable[int]) -> Intervals:
    """The intervals and some more indexes."""
    return merged(intervals, tuple((i, i) for i in indexes))


def total(intervals: Intervals) -> int:
    """How many indexes they hold."""
    return sum(last - first + 1 for first, last in intervals)


def holds(intervals: Intervals, index: int) -> bool:
    """Whether an index is among them."""
    at = bisect_left(intervals, index, key=lambda interval: interval[1])
    return at < len(intervals) and intervals[at][0] <= index


def first_pending(taken: Intervals, count: int, completions: int) -> list[int]:
    """The first `count` indexes below `completions` that are not taken."""
    found: list[int] = []
    candidate = 0
    for first, last in (*taken, (completions, completions)):
        end = min(first, completions, candidate + count - len(found))
        found += range(candidate, end)
        candidate = max(candidate, last + 1)
    return found


def surplus(active: Sequence[Object], completions: int) -> tuple[list[Object], list[Object]]:
    """(pods to remove, the rest): those without index or beyond the last, and of several for one index all but the farthest along."""
    by_index: dict[int, list[Object]] = {}
    for pod in active:
        by_index.setdefault(index_of(pod), []).append(pod)
    remove: list[Object] = by_index.pop(-1, [])
    left: list[Object] = []
    for index in sorted(by_index):
        same = first_to_go(by_index[index])
        if index >= completions:
            remove += same
        else:
            remove += same[:-1]
            left.append(same[-1])
    return remove, left


def kept_for_replacement(failed: Iterable[Object], done: Intervals, active: Iterable[int]) -> Mapping[int, Object]:
    """By index, the failed pod that stays until its replacement is made, since it alone knows how often the index has failed."""
    kept: dict[int, Object] = {}
    taken = set(active)
    for pod in failed:
        index = index_of(pod)
        if index in taken or holds(done, index):
            continue
        held = kept.get(index)
        if held is None or (all_failures_of_index(held) <= all_failures_of_index(pod) and finished_at(pod) >= finished_at(held)):
            kept[index] = pod
    return kept


def pod_prefix(job: str, index: int) -> str:
    """The generateName of a pod for an index."""
    suffix = f"-{index}-"
    return job[: MAX_PREFIX - len(suffix)] + suffix


def with_index_variable(spec: Object) -> Object:
    """A pod spec whose containers learn their index from the environment, unless they set the variable themselves."""
    variable = {"name": INDEX_VARIABLE, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": f"metadata.labels['{INDEX}']"}}}

    def told(container: Object) -> Object:
        env = container.get("env") or []
        return container if any(v["name"] == INDEX_VARIABLE for v in env) else {**container, "env": [*env, variable]}

    changed = {field: [told(c) for c in spec[field]] for field in ("initContainers", "containers") if spec.get(field)}
    return {**spec, **changed}
