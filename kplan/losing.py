"""Nodes that are gone while a change is applied: taken out of the base state, their pods gone with them, the cluster come to rest without them.

What the change then brings has to find its place on what is left. Manifests of such nodes are not applied either.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from kplan.api.objects import Object, labels_of
from kplan.api.ref import Ref
from kplan.api.words import some
from kplan.cluster import Cluster
from kplan.lint.outcomes import UP, phase_of
from kplan.manifests.manifest import Manifest
from kplan.manifests.sources import Sources

ZONE = "topology.kubernetes.io/zone"
PATIENCE = 600.0  # virtual seconds for pods to come up elsewhere
MOST_NAMED = 5


class LostError(ValueError):
    """No such node, or no node in such a zone."""


def lost_nodes(known: Iterable[Object], names: Sequence[str], zones: Sequence[str]) -> tuple[str, ...]:
    """The names of the nodes that are gone: those that are named and those of the zones. Raises LostError."""
    zone_of = {n["metadata"]["name"]: labels_of(n).get(ZONE, "") for n in known}
    for name in names:
        if name not in zone_of:
            raise LostError(f"there is no node {name}: there is {some(sorted(zone_of), MOST_NAMED) or 'none'}")
    for zone in zones:
        if zone not in zone_of.values() or not zone:
            raise LostError(f"no node is in zone {zone}: zones are {some(sorted(filter(None, set(zone_of.values()))), MOST_NAMED) or 'not set'}")
    return tuple(n for n in sorted(zone_of) if n in names or zone_of[n] in zones)


def lose(cluster: Cluster, sources: Sources, names: Sequence[str], zones: Sequence[str]) -> tuple[Sources, str]:
    """Take the nodes out of the cluster, and their manifests out of the sources; a note on what that did. Raises LostError."""
    stated = [m.data for m in sources.manifests if _is_node(m)]
    there = cluster.objects("Node")
    gone = lost_nodes([*there, *stated], names, zones)
    before = _waiting(cluster)
    away = sum(1 for p in cluster.objects("Pod") if (p["spec"].get("nodeName")) in gone)
    for node in there:
        if node["metadata"]["name"] in gone:
            cluster.delete(Ref("", "Node", "", node["metadata"]["name"]))
    cluster.run(quiet=PATIENCE, horizon=PATIENCE)
    left = replace(sources, manifests=tuple(m for m in sources.manifests if not (_is_node(m) and m.data["metadata"].get("name") in gone)))
    note = f"without {some(gone, MOST_NAMED)}, which had {away} pod{'s' if away != 1 else ''}"
    waiting = max(0, _waiting(cluster) - before)
    return left, note + (f": {waiting} of them {'has' if waiting == 1 else 'have'} no place before the change" if waiting else "")


def _is_node(manifest: Manifest) -> bool:
    data = manifest.data
    return data.get("apiVersion") == "v1" and data.get("kind") == "Node" and isinstance(data.get("metadata"), dict)


def _waiting(cluster: Cluster) -> int:
    return sum(1 for p in cluster.objects("Pod") if phase_of(p) not in UP)


__all__ = ["LostError", "lose", "lost_nodes"]
