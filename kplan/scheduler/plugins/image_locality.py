"""Prefer nodes that have the images.   Upstream: pkg/scheduler/framework/plugins/imagelocality."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from kplan.scheduler.columns import Nodes
from kplan.scheduler.framework import MAX_NODE_SCORE, Plugin
from kplan.scheduler.podinfo import PodClass

MIN_THRESHOLD = 23 * 1024 * 1024
MAX_CONTAINER_THRESHOLD = 1000 * 1024 * 1024


class ImageLocality(Plugin):
    """Sizes weighed by how many nodes have the image, between two thresholds."""

    name = "ImageLocality"
    weight = 1

    def key(self, pod: PodClass) -> Hashable:
        """Image names and how many containers there are."""
        return pod.images, len(pod.containers) + len(pod.init_containers)

    def score(self, pod: PodClass, nodes: Nodes) -> Any:
        """0 to 100."""
        total: Any = nodes.zero
        for image in pod.images:
            total = total + nodes.image(image)
        top = MAX_CONTAINER_THRESHOLD * (len(pod.containers) + len(pod.init_containers))
        return MAX_NODE_SCORE * (clamp(total, MIN_THRESHOLD, top) - MIN_THRESHOLD) // (top - MIN_THRESHOLD)


def clamp(value: Any, low: int, high: int) -> Any:
    """A number, or each of a column, held between two bounds."""
    below, above = value < low, value > high
    return below * low + above * high + ((below | above) ^ True) * value
