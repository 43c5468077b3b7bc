"""Pods with gates wait outside the queue.   Upstream: pkg/scheduler/framework/plugins/schedulinggates."""

from __future__ import annotations

from kplan.scheduler.podinfo import PodClass


def gate_of(pod: PodClass) -> str:
    """Why a gated pod waits; empty without gates."""
    return f"waiting for scheduling gates: [{' '.join(pod.gates)}]" if pod.gates else ""
