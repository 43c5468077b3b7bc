"""How fast an autoscaler may scale: stabilization windows, policies, and the plain rules where nothing is said.

Upstream: stabilizeRecommendation and its kin in pkg/controller/podautoscaler/horizontal.go.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from kplan.api.objects import Object

DOWNSCALE_WINDOW = 300  # seconds
Verdict = tuple[int, str, str]  # replicas, reason, message

LOWER_BEFORE = "recent recommendations were lower than current one, applying the lowest recent recommendation"
HIGHER_BEFORE = "recent recommendations were higher than current one, applying the highest recent recommendation"
TOO_FAST_UP = ("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate")
TOO_MANY = ("TooManyReplicas", "the desired replica count is more than the maximum replica count")
TOO_FAST_DOWN = ("ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate")
TOO_FEW = ("TooFewReplicas", "the desired replica count is less than the minimum replica count")
WITHIN = ("DesiredWithinRange", "the desired count is within the acceptable range")


class Bounds(NamedTuple):
    """What an autoscaler keeps to, and where it is."""

    minimum: int
    maximum: int
    current: int


@dataclass(slots=True)
class Memory:
    """What an autoscaler recommended and did, with times: it stands in no object."""

    recommendations: list[tuple[int, datetime]] = field(default_factory=list)
    ups: list[tuple[int, datetime]] = field(default_factory=list)
    downs: list[tuple[int, datetime]] = field(default_factory=list)

    def stabilize(self, desired: int, now: datetime) -> int:
        """The highest recommendation of the last five minutes.   Upstream: stabilizeRecommendation."""
        cutoff = now - timedelta(seconds=DOWNSCALE_WINDOW)
        highest = max([desired, *(n for n, at in self.recommendations if at >= cutoff)])
        self._recommend(desired, now, cutoff)
        return highest

    def stabilize_by_behavior(self, desired: int, current: int, behavior: Object, now: datetime) -> Verdict:
        """As far as all recommendations of the windows agree.   Upstream: stabilizeRecommendationWithBehaviors."""
        up_cutoff = now - timedelta(seconds=behavior["scaleUp"].get("stabilizationWindowSeconds", 0))
        down_cutoff = now - timedelta(seconds=behavior["scaleDown"].get("stabilizationWindowSeconds", DOWNSCALE_WINDOW))
        up = min([desired, *(n for n, at in self.recommendations if at > up_cutoff)])
        down = max([desired, *(n for n, at in self.recommendations if at > down_cutoff)])
        stable = min(max(current, up), down)
        self._recommend(desired, now, min(up_cutoff, down_cutoff))
        return (stable, "ScaleUpStabilized", LOWER_BEFORE) if desired >= current else (stable, "ScaleDownStabilized", HIGHER_BEFORE)

    def _recommend(self, desired: int, now: datetime, cutoff: datetime) -> None:
        self.recommendations = [(n, at) for n, at in self.recommendations if at >= cutoff] + [(desired, now)]

    def scaled(self, behavior: Object | None, before: int, after: int, now: datetime) -> None:
        """Remember a change for the policies' periods.   Upstream: storeScaleEvent."""
        if behavior is None:
            return
        rules = behavior["scaleUp"] if after > before else behavior["scaleDown"]
        longest = max((p["periodSeconds"] for p in rules.get("policies") or ()), default=0)
        cutoff = now - timedelta(seconds=longest)
        kept = [(n, at) for n, at in (self.ups if after > before else self.downs) if at >= cutoff]
        kept.append((abs(after - before), now))
        if after > before:
            self.ups = kept
        else:
            self.downs = kept

    def limit_by_behavior(self, desired: int, bounds: Bounds, behavior: Object, now: datetime) -> Verdict:
        """Upstream: convertDesiredReplicasWithBehaviorRate."""
        current = bounds.current
        if desired > current:
            fastest = max(self._limit(current, behavior["scaleUp"], 1, now), current)
            allowed, why = (fastest, TOO_FAST_UP) if bounds.maximum > fastest else (bounds.maximum, TOO_MANY)
            if desired > allowed:
                return (allowed, *why)
        elif desired < current:
            fastest = min(self._limit(current, behavior["scaleDown"], -1, now), current)
            allowed, why = (fastest, TOO_FAST_DOWN) if bounds.minimum < fastest else (bounds.minimum, TOO_FEW)
            if desired < allowed:
                return (allowed, *why)
        return (desired, *WITHIN)

    def _limit(self, current: int, rules: Object, sign: int, now: datetime) -> int:
        """How far the policies let it go.   Upstream: calculateScaleUpLimitWithScalingRules, calculateScaleDownLimitWithBehaviors."""
        select = rules.get("selectPolicy", "Max")
        if select == "Disabled":
            return current
        proposed: list[int] = []
        for policy in rules.get("policies") or ():
            cutoff = now - timedelta(seconds=policy["periodSeconds"])
            start = current - _changed(self.ups, cutoff) + _changed(self.downs, cutoff)
            value = policy["value"]
            if policy["type"] == "Pods":
                proposed.append(start + sign * value)
            elif sign > 0:
                proposed.append(math.ceil(start * (1 + value / 100)))
            else:
                proposed.append(int(start * (1 - value / 100)))
        most = (select == "Min") is (sign < 0)
        if not proposed:
            return -(2**31) if most else 2**31 - 1
        return max(proposed) if most else min(proposed)


def _changed(events: Sequence[tuple[int, datetime]], cutoff: datetime) -> int:
    return sum(n for n, at in events if at > cutoff)


def limit_by_rules(desired: int, bounds: Bounds) -> Verdict:
    """Without a stated behavior: at most twice as many, or four.   Upstream: convertDesiredReplicasWithRules."""
    fastest = int(max(2.0 * bounds.current, 4.0))
    allowed, why = (fastest, TOO_FAST_UP) if bounds.maximum > fastest else (bounds.maximum, TOO_MANY)
    if desired < bounds.minimum:
        return (bounds.minimum, *TOO_FEW)
    if desired > allowed:
        return (allowed, *why)
    return (desired, *WITHIN)
