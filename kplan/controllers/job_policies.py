"""A Job's policies: what a failed pod means, and which successes are enough.

Upstream: pkg/controller/job/{pod_failure_policy,success_policy}.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from kplan.api.objects import Object
from kplan.controllers import job_pods
from kplan.controllers.job_indexes import Intervals, parse_intervals, total


class Judgement(NamedTuple):
    """What a pod failure policy says of a failed pod: the message if the Job fails by it, whether it counts, the action."""

    message: str = ""
    counts: bool = True
    action: str = ""


def judge(spec: Object, pod: Object) -> Judgement:
    """The first rule of the Job's spec.podFailurePolicy that matches a failed pod."""
    meta, status = pod["metadata"], pod.get("status") or {}
    where = f"{meta['namespace']}/{meta['name']}"
    for position, rule in enumerate((spec.get("podFailurePolicy") or {}).get("rules") or ()):
        action = rule.get("action", "")
        if rule.get("onExitCodes") is not None:
            container = _exited(status, rule["onExitCodes"])
            if container is None:
                continue
            code = container["state"]["terminated"]["exitCode"]
            message = f"Container {container['name']} for pod {where} failed with exit code {code} matching {action} rule at index {position}"
        elif rule.get("onPodConditions"):
            type = _condition(status, rule["onPodConditions"])
            if not type:
                continue
            message = f"Pod {where} has condition {type} matching {action} rule at index {position}"
        else:
            continue
        if action in ("Ignore", "FailIndex", "Count", "FailJob"):
            return Judgement(message if action == "FailJob" else "", action != "Ignore", action)
    return Judgement()


def _exited(status: Object, wanted: Object) -> Object | None:
    """The first container, main ones before init ones, that ended with an exit code that the requirement names."""
    values, chosen = wanted.get("values") or (), wanted.get("operator") == "In"
    for container in (*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())):
        code = ((container.get("state") or {}).get("terminated") or {}).get("exitCode") or 0
        if code and wanted.get("containerName", container["name"]) == container["name"] and (code in values) == chosen:
            return container  # type: ignore[no-any-return]
    return None


def _condition(status: Object, patterns: Iterable[Object]) -> str:
    """The type of the first condition of the pod that a pattern names; empty if there is none."""
    wanted = {(p["type"], p.get("status", "True")) for p in patterns}
    return next((c["type"] for c in status.get("conditions") or () if (c["type"], c["status"]) in wanted), "")


def failure_message(spec: Object, of: Iterable[Object]) -> str:
    """Why the Job fails by its pod failure policy; empty if it does not."""
    if spec.get("podFailurePolicy") is None:
        return ""
    return next((m for p in of if job_pods.failed(p, spec) and (m := judge(spec, p).message)), "")


def success_message(spec: Object, succeeded: Intervals) -> str:
    """Which rule of the success policy is met; empty if none is."""
    if not succeeded:
        return ""
    for position, rule in enumerate((spec.get("successPolicy") or {}).get("rules") or ()):
        if _met(rule, succeeded, spec["completions"]):
            return f"Matched rules at index {position}"
    return ""


def _met(rule: Object, succeeded: Intervals, completions: int) -> bool:
    count = rule.get("succeededCount")
    if rule.get("succeededIndexes") is None:
        return count is not None and total(succeeded) >= count
    wanted = parse_intervals(rule["succeededIndexes"], completions)
    if not wanted:
        return False
    common = sum(max(0, min(b, d) - max(a, c) + 1) for a, b in wanted for c, d in succeeded)
    return common == total(wanted) or (count is not None and common >= count)
