"""What a rolling update may do."""

from __future__ import annotations

from kplan.api.intstr import scaled_value
from kplan.api.objects import Object


def never_less(deployment: Object, replicas: int) -> bool:
    """Whether a Deployment's rolling update may not take any pod away before there is a new one."""
    strategy = deployment["spec"].get("strategy") or {}
    if strategy.get("type") == "Recreate" or replicas < 1:
        return False
    return scaled_value((strategy.get("rollingUpdate") or {}).get("maxUnavailable", "25%"), replicas, False) == 0
