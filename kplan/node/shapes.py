"""Nodes from a few words: `3x8cpu,32Gi,zones=a/b/c`.

The words are a count, then cpu and memory, then any of `pods=`, `zones=`, `region=`, `prefix=`, `storage=`, `gpu=`. Several shapes are separated by `;`.
"""

from __future__ import annotations

import re

from kplan.api.objects import Object
from kplan.api.quantity import QuantityError, canonical

SHAPE = re.compile(r"(?:(?P<count>\d+)x)?(?P<cpu>\d+m|\d+(?:\.\d+)?)(?:cpu|c)?\Z")
GENERIC = "3x8cpu,32Gi"
OPTIONS = ("pods", "zones", "region", "prefix", "storage", "gpu")
MAX_NODES = 50_000


class ShapeError(ValueError):
    """The text does not say nodes."""


def nodes(text: str) -> list[Object]:
    """Node manifests with status; names are `node-1`, `node-2` .. across all shapes."""
    made: list[Object] = []
    for part in filter(None, (p.strip() for p in text.split(";"))):
        made += _shape(part, len(made))
    if not made:
        raise ShapeError(f'"{text}" says no nodes: write for instance --nodes 3x8cpu,32Gi,zones=a/b/c')
    return made


def _shape(text: str, before: int) -> list[Object]:
    first, *rest = (w.strip() for w in text.split(","))
    match = SHAPE.match(first)
    if match is None:
        raise ShapeError(f'"{first}" is not a count and cpus: write for instance 3x8cpu')
    count = int(match["count"] or 1)
    if count > MAX_NODES:
        raise ShapeError(f"{count} nodes are too many: at most {MAX_NODES}")
    memory, options = "32Gi", {"pods": "110", "storage": "100Gi", "prefix": "node"}
    for word in rest:
        key, equals, value = word.partition("=")
        if not equals:
            memory = word
        elif key in OPTIONS:
            options[key] = value
        else:
            raise ShapeError(f'"{key}" is not one of {", ".join(OPTIONS)}')
    try:
        capacity = {
            "cpu": canonical(match["cpu"]),
            "memory": canonical(memory),
            "pods": canonical(options["pods"]),
            "ephemeral-storage": canonical(options["storage"]),
            **({"nvidia.com/gpu": canonical(options["gpu"])} if "gpu" in options else {}),
        }
    except QuantityError as e:
        raise ShapeError(f'"{text}": {e}') from None
    zones = options["zones"].split("/") if options.get("zones") else []
    return [_node(f"{options['prefix']}-{before + i + 1}", capacity, zones[i % len(zones)] if zones else "", options.get("region", "")) for i in range(count)]


def _node(name: str, capacity: dict[str, str], zone: str, region: str) -> Object:
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    if zone:
        labels["topology.kubernetes.io/zone"] = zone
    if region:
        labels["topology.kubernetes.io/region"] = region
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "status": {"capacity": capacity, "allocatable": capacity},
    }
