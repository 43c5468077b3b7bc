"""Jobs that have finished are deleted `spec.ttlSecondsAfterFinished` later, their pods first.

Upstream: pkg/controller/ttlafterfinished.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from kplan.api.objects import Object
from kplan.api.reader import Entry, Reader
from kplan.api.times import parse_time
from kplan.apiserver.client import Client
from kplan.apiserver.loops import RETRY, Controller, Key, Watch, itself


def _finished(entry: Entry, reader: Reader) -> Iterable[Key]:
    new = entry.new
    return itself(entry, reader) if new is not None and _finish_time(new) is not None else ()


def _finish_time(job: Object) -> datetime | None:
    """When a Job that is to be cleaned up finished."""
    if "ttlSecondsAfterFinished" not in job["spec"] or "deletionTimestamp" in job["metadata"]:
        return None
    for held in (job.get("status") or {}).get("conditions") or ():
        if held["type"] in ("Complete", "Failed") and held["status"] == "True" and held.get("lastTransitionTime"):
            return parse_time(held["lastTransitionTime"])
    return None


class TTLAfterFinishedController(Controller):
    """Keys: (namespace, name) of Jobs."""

    name = "ttl-after-finished-controller"
    watches = (Watch("Job.batch", _finished),)

    def sync(self, key: Key, api: Client) -> float | None:
        """Delete the Job when its time has come.   Upstream: processJob."""
        job = api.get("Job.batch", *key)
        finished = _finish_time(job) if job is not None else None
        if job is None or finished is None:
            return None
        left = (finished + timedelta(seconds=job["spec"]["ttlSecondsAfterFinished"]) - api.now).total_seconds()
        if left > 0:
            return left
        answer = api.delete(job, propagation="Foreground")
        return None if answer.accepted or answer.code == 404 else RETRY
