"""The dependency graph as a text tree, as an apply order, in Graphviz's and Mermaid's languages, as JSON; a part of it.

Graphs of several clusters are drawn apart: each under its name, in a frame of its own, in JSON as a list.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import TextIO

from kplan.api.ref import Ref
from kplan.graph import Edge, Graph

VERSION = "1.2"
Named = tuple[str, Graph]  # the name of a cluster (empty: of the only one), and what is in it


def part(graph: Graph, about: Collection[Ref], depth: int | None, kinds: Collection[str]) -> Graph:
    """What is at most `depth` edges, either way, from the objects that it is about (None: all that hangs together); only edges of these kinds, if any."""
    import networkx

    edges = tuple(e for e in graph.edges if not kinds or e.kind in kinds)
    found = Graph(graph.objects, edges)
    if not about:
        return found
    network = found.network
    near = {ref for start in about for ref in networkx.ego_graph(network, start, len(network) if depth is None else depth, undirected=True)}
    objects = {ref: obj for ref, obj in graph.objects.items() if ref in near}
    return Graph(objects, tuple(e for e in edges if e.source in near and (e.target is None or e.target in near)))


def render_tree(graphs: Sequence[Named], out: TextIO) -> None:
    """Each object with what it points at, in the order of refs."""
    for graph in _titled(graphs, out):
        _tree(graph, out)


def render_order(graphs: Sequence[Named], out: TextIO) -> None:
    """An object a line, in the order in which to apply them."""
    for graph in _titled(graphs, out):
        for ref in graph.order:
            out.write(f"{_name(ref)}\n")


def _titled(graphs: Sequence[Named], out: TextIO) -> Iterator[Graph]:
    """Each graph, after a headline where there are several."""
    for i, (name, graph) in enumerate(graphs):
        if len(graphs) > 1:
            out.write(f"{chr(10) if i else ''}== {name}\n")
        yield graph


def _tree(graph: Graph, out: TextIO) -> None:
    by_source: dict[Ref, list[Edge]] = {}
    for edge in graph.edges:
        by_source.setdefault(edge.source, []).append(edge)
    for ref in sorted(graph.objects):
        edges = by_source.get(ref, [])
        out.write(f"{_name(ref)}\n")
        for i, edge in enumerate(edges):
            branch = "└─" if i == len(edges) - 1 else "├─"
            out.write(f"  {branch} {_words(edge)}\n")
    for cycle in graph.cycles():
        out.write(f"in a circle: {', '.join(map(_name, cycle))}\n")


def render_dot(graphs: Sequence[Named], out: TextIO) -> None:
    """A digraph, each of several clusters a subgraph; what dangles is red."""
    out.write("digraph kplan {\n  rankdir=LR;\n  node [shape=box, fontname=Helvetica];\n")
    for i, (name, graph) in enumerate(graphs):
        if len(graphs) == 1:
            _dot(graph, out, "", "  ")
            break
        out.write(f"  subgraph cluster_{i} {{\n    label={json.dumps(name, ensure_ascii=False)};\n")
        _dot(graph, out, f"{i}:", "    ")
        out.write("  }\n")
    out.write("}\n")


def _dot(graph: Graph, out: TextIO, prefix: str, indent: str) -> None:
    for ref in sorted(graph.objects):
        out.write(f'{indent}"{prefix}{_id(ref)}" [label="{ref.kind}\\n{ref.name}"];\n')
    for edge in graph.edges:
        source = f'"{prefix}{_id(edge.source)}"'
        if edge.target is not None:
            out.write(f'{indent}{source} -> "{prefix}{_id(edge.target)}" [label="{edge.kind}"];\n')
        elif edge.reference is not None and not edge.reference.optional and edge.reference.name:
            missing = f"{edge.reference.kind}/{edge.reference.namespace}/{edge.reference.name}"
            label = f'label="{missing}", ' if prefix else ""
            out.write(f'{indent}"{prefix}{missing}" [{label}color=red, style=dashed];\n{indent}{source} -> "{prefix}{missing}" [color=red];\n')


def render_mermaid(graphs: Sequence[Named], out: TextIO) -> None:
    """A flowchart for Markdown, each of several clusters a subgraph; what dangles is dashed."""
    out.write("flowchart LR\n")
    for i, (name, graph) in enumerate(graphs):
        if len(graphs) == 1:
            _mermaid(graph, out, "", "  ")
            break
        out.write(f'  subgraph c{i}["{name}"]\n')
        _mermaid(graph, out, f"c{i}", "    ")
        out.write("  end\n")


def _mermaid(graph: Graph, out: TextIO, prefix: str, indent: str) -> None:
    numbers = {ref: f"{prefix}n{i}" for i, ref in enumerate(sorted(graph.objects))}
    for ref, number in numbers.items():
        out.write(f'{indent}{number}["{ref.kind}<br>{ref.name}"]\n')
    for i, edge in enumerate(graph.edges):
        if edge.target is not None:
            out.write(f"{indent}{numbers[edge.source]} -->|{edge.kind}| {numbers[edge.target]}\n")
        elif _dangles(edge) and edge.reference is not None:
            out.write(f'{indent}{prefix}m{i}["{edge.reference.kind.partition(".")[0]}<br>{edge.reference.name} MISSING"]\n')
            out.write(f"{indent}{numbers[edge.source]} -.->|{edge.kind}| {prefix}m{i}\n")


def render_json(graphs: Sequence[Named], out: TextIO) -> None:
    """Objects and edges, an apply order, and what goes round in circles; an edge without a target dangles, and says what it states.

    Several clusters are a list `graphs` of such, each with its `name`.
    """
    if len(graphs) == 1:
        document = {"version": VERSION, **_document(graphs[0][1])}
    else:
        document = {"version": VERSION, "graphs": [{"name": name, **_document(graph)} for name, graph in graphs]}
    json.dump(document, out, indent=2, ensure_ascii=False)
    out.write("\n")


def _document(graph: Graph) -> dict[str, object]:
    return {
        "objects": [_object(ref) for ref in sorted(graph.objects)],
        "edges": list(map(_edge, graph.edges)),
        "order": [_object(ref) for ref in graph.order],
        "cycles": [[_object(ref) for ref in cycle] for cycle in graph.cycles()],
    }


def _name(ref: Ref) -> str:
    return f"{ref.kind} {ref.name}{f' ({ref.namespace})' if ref.namespace else ''}"


def _object(ref: Ref) -> dict[str, str]:
    return {k: v for k, v in ref._asdict().items() if v}


def _edge(edge: Edge) -> dict[str, object]:
    found: dict[str, object] = {"kind": edge.kind, "source": _object(edge.source), "path": edge.path}
    if edge.target is not None:
        return {**found, "target": _object(edge.target)}
    if edge.reference is None or edge.reference.selects is not None:
        return {**found, "optional": True}
    stated = {"kind": edge.reference.kind, "namespace": edge.reference.namespace, "name": edge.reference.name, "key": edge.reference.key}
    return {**found, "missing": {k: v for k, v in stated.items() if v}, "optional": edge.reference.optional}


def _dangles(edge: Edge) -> bool:
    return edge.target is None and edge.reference is not None and not edge.reference.optional and bool(edge.reference.name)


def _id(ref: object) -> str:
    return "/".join(part for part in ref if part)  # type: ignore[attr-defined]


def _words(edge: Edge) -> str:
    if edge.target is not None:
        place = f" ({edge.target.namespace})" if edge.target.namespace != edge.source.namespace and edge.target.namespace else ""
        return f"{edge.kind} {edge.target.kind} {edge.target.name}{place}  {edge.path}"
    reference = edge.reference
    if reference is None:
        return f"{edge.kind} ?  {edge.path}"
    if reference.selects is not None:
        return f"{edge.kind} nothing  {edge.path}"
    key = f" [{reference.key}]" if reference.key else ""
    return f"{edge.kind} {reference.kind.partition('.')[0]} {reference.name}{key} MISSING{' (optional)' if reference.optional else ''}  {edge.path}"
