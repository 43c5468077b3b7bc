"""The base state: what the change is applied to, made of a dump, of the manifests at another revision, of nodes that are given."""

from __future__ import annotations

from kplan.applying import Applying, Options
from kplan.cluster import Cluster
from kplan.manifests.sources import Sources
from kplan.node.shapes import GENERIC, nodes


def prepare(cluster: Cluster, sources: Sources, options: Options) -> list[str]:
    """Make the state that the change is applied to; notes on what it is."""
    notes = []
    cluster.run()
    if options.state:
        cluster.restore(options.state)
        notes.append(f"base: {len(options.state)} objects of the given state")
    manifests = [*sources.manifests, *(options.base.manifests if options.base else ())]
    if options.nodes:
        _add_nodes(cluster, options.nodes)
    elif not cluster.objects("Node") and not any(m.data.get("kind") == "Node" for m in manifests):
        _add_nodes(cluster, GENERIC)
        notes.append("nodes: 3 generic ones of 8 cpu and 32Gi (give --nodes or --state for yours)")
    cluster.run()
    if options.base is not None:
        options.progress("applying the base")
        Applying(cluster, options).all(options.base.manifests)
        cluster.run(quiet=options.horizon, horizon=options.horizon)
        notes.append(f"base: {len(options.base.manifests)} manifests of the other revision")
    return notes


def _add_nodes(cluster: Cluster, text: str) -> None:
    for node in nodes(text):
        cluster.apply(node)
        ref = {"apiVersion": "v1", "kind": "Node", "name": node["metadata"]["name"]}
        cluster.patch(ref, {"status": node["status"]}, type="merge", subresource="status")
