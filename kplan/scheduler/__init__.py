"""kube-scheduler: the framework, the node table, the queue, preemption and the plugins.

Upstream: pkg/scheduler.
"""

from __future__ import annotations

from kplan.scheduler.decision import Decision, NodeVerdict
from kplan.scheduler.scheduler import Scheduler

__all__ = ["Decision", "NodeVerdict", "Scheduler"]
