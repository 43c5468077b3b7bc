"""The dependency graph as a text tree or in Graphviz's language."""

from __future__ import annotations

from typing import TextIO

from kplan.graph import Edge, Graph


def render_tree(graph: Graph, out: TextIO) -> None:
    """Each object with what it points at, in the order of refs."""
    for ref in sorted(graph.objects):
        edges = _edges(graph, ref)
        out.write(f"{ref.kind} {ref.name}{f' ({ref.namespace})' if ref.namespace else ''}\n")
        for i, edge in enumerate(edges):
            branch = "└─" if i == len(edges) - 1 else "├─"
            out.write(f"  {branch} {_words(edge)}\n")


def render_dot(graph: Graph, out: TextIO) -> None:
    """A digraph; what dangles is red."""
    out.write("digraph kplan {\n  rankdir=LR;\n  node [shape=box, fontname=Helvetica];\n")
    for ref in sorted(graph.objects):
        out.write(f'  "{_id(ref)}" [label="{ref.kind}\\n{ref.name}"];\n')
    for edge in graph.edges:
        if edge.target is not None:
            out.write(f'  "{_id(edge.source)}" -> "{_id(edge.target)}" [label="{edge.kind}"];\n')
        elif edge.reference is not None and not edge.reference.optional and edge.reference.name:
            missing = f"{edge.reference.kind}/{edge.reference.namespace}/{edge.reference.name}"
            out.write(f'  "{missing}" [color=red, style=dashed];\n  "{_id(edge.source)}" -> "{missing}" [color=red];\n')
    out.write("}\n")


def _edges(graph: Graph, ref: object) -> list[Edge]:
    return [e for e in graph.edges if e.source == ref]


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
