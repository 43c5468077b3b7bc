"""The engine: all that can be said of manifests without running the cluster, in one sorted list of diagnostics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kplan.api.objects import Object, group_kind_of
from kplan.api.ref import Ref
from kplan.apiserver.clock import Clock
from kplan.apiserver.door import Door
from kplan.apiserver.writes import Call
from kplan.diagnostics import Diagnostic, Severity, Span
from kplan.graph import Edge, Graph, build
from kplan.lint import answers
from kplan.lint.rule import Context, Rule
from kplan.lint.rules import RULES
from kplan.manifests.manifest import Manifest, duplicates
from kplan.manifests.sources import Sources


@dataclass(frozen=True, slots=True)
class Findings:
    """What linting found. `objects` counts the manifests looked at, `kinds` how many of each."""

    diagnostics: tuple[Diagnostic, ...]
    objects: int
    kinds: dict[str, int]

    def worst(self) -> Severity | None:
        """The highest severity, None if there is nothing."""
        return max((d.severity for d in self.diagnostics), default=None)


def lint(sources: Sources, *, namespace: str = "default", version: str = "1.36", state: Iterable[Object] = (), rules: Sequence[Rule] = RULES) -> Findings:
    """Lint what was read. `state` are objects of the cluster that references may point at; they are not linted."""
    checked = [(Ref(*_ref(m, namespace)), m) for m in sources.manifests]
    found = [*sources.diagnostics]
    good, once = [], set()
    door = Door(version, Clock(), plugins=())
    for _, manifest in checked:  # definitions first: their resources may stand anywhere in the input
        if manifest.data.get("kind") == "CustomResourceDefinition":
            door.create(manifest.data, Call(namespace=namespace))
    for ref, manifest in checked:
        found += duplicate_keys(manifest, ref)
        answer = door.create(manifest.data, Call(namespace=namespace, dry_run=True))
        if answer.accepted and answer.object is not None:
            found += answers.warnings(manifest, ref, answer)
            good.append((_placed(ref, answer.object), manifest, answer.object))
        elif answer.reason == "AlreadyExists":
            good.append((ref, manifest, manifest.data))
        else:
            for diagnostic in answers.refusal(manifest, ref, answer, version):
                if diagnostic.rule == "schema/unknown-custom-kind":
                    if (ref.group, ref.kind) in once:
                        continue
                    once.add((ref.group, ref.kind))
                found.append(diagnostic)
    found += ruled(good, version, state, rules)
    kinds = Counter(str(m.data.get("kind")) for _, m in checked)
    return Findings(tuple(sorted(_unique(found), key=_order)), len(checked), dict(sorted(kinds.items())))


def graph_of(sources: Sources, *, namespace: str = "default", version: str = "1.36") -> Graph:
    """The graph of the manifests that the server takes."""
    door = Door(version, Clock(), plugins=())
    taken = [door.create(m.data, Call(namespace=namespace, dry_run=True)) for m in sources.manifests]
    return build([a.object for a in taken if a.accepted and a.object is not None])


def duplicate_keys(manifest: Manifest, ref: Ref) -> Iterator[Diagnostic]:
    """Keys that a map has twice: kubectl lets the last one win."""
    for path, first, second in duplicates(manifest):
        message = f'duplicate key "{path}": the last one wins'
        yield Diagnostic("yaml/duplicate-key", Severity.WARNING, message, ref, path, second, "remove one of them", ((first, "first here"),))


def _ref(manifest: Manifest, namespace: str) -> Ref:
    data: Any = manifest.data
    return Ref.of(data, namespace if _may_be_namespaced(data) else "")


def _may_be_namespaced(data: Object) -> bool:
    from kplan.apiserver.registry import BUILT_IN

    known = BUILT_IN.get(group_kind_of(data))
    return known is None or known.namespaced


def _placed(ref: Ref, obj: Object) -> Ref:
    return ref._replace(group=ref.group, namespace=obj["metadata"].get("namespace") or "")


def ruled(good: Sequence[tuple[Ref, Manifest, Object]], version: str, state: Iterable[Object], rules: Sequence[Rule] = RULES) -> Iterator[Diagnostic]:
    """The findings of the rules about manifests that the server takes (each with its ref and the object it became), at their places."""
    graph = build([obj for _, _, obj in good], state)
    edges: dict[Ref, list[Edge]] = {}
    for edge in graph.edges:
        edges.setdefault(edge.source, []).append(edge)
    context = Context(graph, {r: tuple(e) for r, e in edges.items()}, {r: m for r, m, _ in good}, version)
    for ref, manifest, obj in good:
        for rule in rules:
            if rule.kinds and group_kind_of(obj) not in rule.kinds:
                continue
            subject = manifest.data if rule.name == "duplicate-object" else obj
            for finding in rule.check(ref, subject, context):
                related = tuple((context.manifests[r].locate(p), words) for r, p, words in finding.related if r in context.manifests)
                yield Diagnostic(
                    rule.name,
                    finding.severity or rule.severity,
                    finding.message,
                    ref,
                    finding.path,
                    manifest.locate(finding.path),
                    finding.hint,
                    related,
                )


def _unique(found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    return iter(dict.fromkeys(found))


def _order(diagnostic: Diagnostic) -> tuple[Any, ...]:
    span = diagnostic.span or Span("")
    return (span.file, span.line, span.column, -diagnostic.severity, diagnostic.rule, diagnostic.path, diagnostic.message)
