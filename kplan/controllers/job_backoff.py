"""How long the Job controller waits before it replaces pods that failed: 10 s, 20 s, 40 s .. up to 10 minutes.

Upstream: pkg/controller/job/backoff_utils.go. Virtual seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from kplan.api.objects import Object
from kplan.controllers.job_pods import all_failures_of_index, finished_at

FIRST, LAST = 10.0, 600.0


class Backoff(NamedTuple):
    """The failures since the last success, and when the last was."""

    failures: int = 0
    last: datetime | None = None

    def after(self, succeeded: Sequence[Object], failed: Sequence[Object]) -> Backoff:
        """The record with the pods that have ended since: a success starts it anew."""
        failures = sorted(finished_at(p) for p in failed)
        if not succeeded:
            return Backoff(self.failures + len(failures), failures[-1]) if failures else self
        success = max(finished_at(p) for p in succeeded)
        later = [t for t in failures if t > success]
        return Backoff(len(later), later[-1] if later else None)

    def remaining(self, now: datetime) -> float:
        """Seconds until the next pod may be made."""
        if self.failures == 0 or self.last is None:
            return 0.0
        wait = min(FIRST * 2.0 ** min(self.failures - 1, 10), LAST)
        return max(0.0, wait - (now - self.last).total_seconds())


NO_FAILURES = Backoff()


def remaining_of_index(replaced: Object | None, now: datetime) -> float:
    """The same for one index, from the failed pod that is to be replaced."""
    return Backoff(all_failures_of_index(replaced) + 1, finished_at(replaced)).remaining(now) if replaced is not None else 0.0
