"""The engine: all that can be said of manifests without running the cluster, in one sorted list of diagnostics."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

from kplan.api.objects import Object, group_kind_of
from kplan.api.ref import Ref
from kplan.apiserver.clock import Clock
from kplan.apiserver.door import Door
from kplan.apiserver.writes import Call
from kplan.config import Config
from kplan.diagnostics import Diagnostic, Severity
from kplan.graph import OWNS, Edge, Graph, build
from kplan.kinds.customreferences import CLUSTER_SCOPED
from kplan.lint import answers, peers
from kplan.lint.asking import EXISTS, Answered, Server
from kplan.lint.findings import DUPLICATE, Findings, in_order, together
from kplan.lint.rule import Context, Edit, Finding
from kplan.lint.rules import RULES
from kplan.lint.selection import Chosen, choose, elsewhere
from kplan.lint.suppression import Suppressions
from kplan.lint.unseen import Unseen
from kplan.manifests.manifest import Manifest, duplicates
from kplan.manifests.sources import Sources


@dataclass(slots=True)
class Record:
    """What a run notes besides its findings: seconds by rule, and the edits that rules offer (manifest, field path, edit)."""

    times: dict[str, float] = field(default_factory=dict)
    edits: list[tuple[Manifest, str, Edit]] = field(default_factory=list)


UNKNOWN = "schema/unknown-custom-kind"
UNREAD = "manifests/"  # of files of which nothing is known
SEEN = {"manifests/encrypted", "manifests/placeholder", "manifests/encoding"}  # of documents that are known, if not in full
SEEN |= {"manifests/template"}  # whose kinds the sources tell
MADE = ("Pod", "ReplicaSet.apps", "Job.batch")  # in a dump these may be copies of what their owner says


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to lint. `state` are objects of the cluster that references may point at; they are not linted, and neither are `definitions` of custom kinds.

    `strict_kinds`: a custom resource without its definition is an error.
    """

    namespace: str = "default"
    version: str = "1.36"
    state: Sequence[Object] = ()
    definitions: Sequence[Object] = ()
    strict_kinds: bool = False
    config: Config = field(default_factory=Config)
    profile: str = ""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    suppress: bool = True
    statistics: bool = False
    simulated: bool = False

    @property
    def chosen(self) -> tuple[Chosen, ...]:
        """The rules that run; where a plan simulates, less those whose answer it gives."""
        rules = choose(RULES, self.config, self.profile, self.select, self.ignore)
        return tuple(c for c in rules if not c.rule.simulated) if self.simulated else rules


def lint(sources: Sources, options: Options | None = None, record: Record | None = None) -> Findings:
    """Lint what was read; `record` is filled in."""
    options, record, answered = options or Options(), record or Record(), Answered()
    found = [_lint(part, options, record, answered) for _, part in sources.clusters()]
    return together(found) if len(found) > 1 else found[0]


def _lint(sources: Sources, options: Options, record: Record, answered: Answered) -> Findings:
    """Lint what goes to one cluster."""
    namespace, version = options.namespace, options.version
    checked = [(Ref(*_ref(m, namespace)), m) for m in sources.manifests]
    found = [*sources.diagnostics]
    good, once = [], set()
    server = Server(version, namespace, answered)
    for _, manifest in checked:  # definitions first: their resources may stand anywhere in the input
        if manifest.data.get("kind") == "CustomResourceDefinition":
            server.define(manifest)
    found += defined(server.door, (*options.definitions, *(o for o in options.state if o.get("kind") == "CustomResourceDefinition")))
    for ref, manifest in checked:
        found += duplicate_keys(manifest, ref)
        answer = server.answer(manifest)
        if answer.accepted and answer.object is not None:
            found += answers.warnings(manifest, ref, answer)
            good.append((_placed(ref, answer.object), manifest, answer.object))
        elif answer.reason == EXISTS:
            good.append((ref, manifest, manifest.data))
        else:
            other = server.elsewhere(manifest, answer)
            if other is not None:
                good.append((_placed(ref, other), manifest, other))
            for diagnostic in answers.refusal(manifest, ref, answer, version):
                if other is not None:
                    diagnostic = replace(diagnostic, severity=Severity.NOTE, message=f"{diagnostic.message} (a dual-stack one takes it)")
                elif diagnostic.rule == UNKNOWN:
                    diagnostic = replace(diagnostic, severity=Severity.ERROR) if options.strict_kinds else diagnostic
                    custom = _unchecked(ref, manifest)
                    if custom is not None:
                        good.append(custom)
                    if (ref.group, ref.kind) in once:
                        continue
                    once.add((ref.group, ref.kind))
                found.append(diagnostic)
    found += ruled(good, options, sources, record)
    kept: list[Diagnostic] = list(dict.fromkeys(found))
    accepted: list[Diagnostic] = []
    if options.suppress:
        suppressions = suppressed(checked, options.config)
        kept, accepted = suppressions.split(kept)
        kept += suppressions.unused(frozenset(c.rule.name for c in options.chosen))
    kinds = Counter(str(m.data.get("kind")) for _, m in checked)
    return Findings(tuple(sorted(kept, key=in_order)), len(checked), dict(sorted(kinds.items())), len(accepted), record.times)


def suppressed(manifests: Iterable[tuple[Ref, Manifest]], config: Config) -> Suppressions:
    """What of the findings is accepted, by the configuration and by the manifests themselves."""
    suppressions = Suppressions(peers.checks(RULES))
    suppressions.add_config(config.suppress, config.file)
    for ref, manifest in manifests:
        suppressions.add_manifest(ref, manifest)
        suppressions.add_comments(manifest)
    return suppressions


def graph_of(
    sources: Sources,
    *,
    namespace: str = "default",
    version: str = "1.36",
    definitions: Sequence[Object] = (),
    state: Sequence[Object] = (),
    config: Config | None = None,
) -> Graph:
    """The graph of the manifests that the server takes, and of custom resources that nobody can check; `state` is what else they may point at."""
    door = Door(version, Clock(), plugins=())
    given = [m.data for m in sources.manifests if m.data.get("kind") == "CustomResourceDefinition"]
    for definition in (*given, *definitions):
        door.create(definition, Call(namespace=namespace))
    good: list[tuple[Ref, Manifest, Object]] = []
    for manifest in sources.manifests:
        ref, answer = Ref(*_ref(manifest, namespace)), door.create(manifest.data, Call(namespace=namespace, dry_run=True))
        if answer.accepted and answer.object is not None:
            good.append((ref, manifest, answer.object))
        elif answer.reason == EXISTS:
            good.append((ref, manifest, manifest.data))
        elif any(d.rule == UNKNOWN for d in answers.refusal(manifest, ref, answer, version)):
            custom = _unchecked(ref, manifest)
            good += [custom] if custom is not None else []
    graph, hidden = build([obj for _, _, obj in good], state), unseen(good, Options(namespace=namespace), sources)
    return replace(graph, edges=tuple(_excused(edge, hidden, config or Config()) for edge in graph.edges))


def defined(door: Door, definitions: Iterable[Object]) -> Iterator[Diagnostic]:
    """Make a server know custom kinds that the input does not define; what it refuses of them."""
    for definition in definitions:
        answer = door.create({k: v for k, v in definition.items() if k != "status"}, Call())
        if not answer.accepted and answer.reason != "AlreadyExists":
            yield Diagnostic("schema/definition-refused", Severity.WARNING, f"its resources are not checked: {answer.message}", Ref.of(definition))


def duplicate_keys(manifest: Manifest, ref: Ref) -> Iterator[Diagnostic]:
    """Keys that a map has twice: kubectl lets the last one win."""
    for path, first, second in duplicates(manifest):
        message = f'duplicate key "{path}": the last one wins'
        yield Diagnostic("yaml/duplicate-key", Severity.WARNING, message, ref, path, second, "remove one of them", ((first, "first here"),))


def _ref(manifest: Manifest, namespace: str) -> Ref:
    data: Any = manifest.data
    return Ref.of(data, namespace if _may_be_namespaced(data) else "")


def _unchecked(ref: Ref, manifest: Manifest) -> tuple[Ref, Manifest, Object] | None:
    """A custom resource whose definition nobody has, if at least its metadata is what metadata must be."""
    data, meta = manifest.data, manifest.data.get("metadata")
    if not isinstance(meta, dict) or not isinstance(meta.get("name"), str) or not isinstance(meta.get("namespace", ""), str):
        return None
    for field_name in ("labels", "annotations"):
        held = meta.get(field_name) or {}
        if not isinstance(held, dict) or not all(isinstance(v, str) for v in held.values()):
            return None
    if meta.get("ownerReferences") or meta.get("generateName"):
        return None
    if ref.kind.startswith("Cluster") or ref.group_kind in CLUSTER_SCOPED:
        ref = ref._replace(namespace="")
    return ref, manifest, {**data, "metadata": {**meta, "namespace": ref.namespace}} if ref.namespace else data


def _may_be_namespaced(data: Object) -> bool:
    from kplan.apiserver.registry import BUILT_IN

    known = BUILT_IN.get(group_kind_of(data))
    return known is None or known.namespaced


def _placed(ref: Ref, obj: Object) -> Ref:
    return ref._replace(group=ref.group, namespace=obj["metadata"].get("namespace") or "")


def ruled(good: Sequence[tuple[Ref, Manifest, Object]], options: Options, sources: Sources, record: Record | None = None) -> Iterator[Diagnostic]:
    """The findings of the rules about manifests that the server takes (each with its ref and the object it became), at their places."""
    record = record or Record()
    times = record.times
    graph = build([obj for _, _, obj in good], options.state)
    hidden = unseen(good, options, sources)
    edges: dict[Ref, list[Edge]] = {}
    for edge in graph.edges:
        edges.setdefault(edge.source, []).append(_excused(edge, hidden, options.config))
    stated: dict[Ref, list[Manifest]] = {}
    for ref, manifest, _ in good:
        stated.setdefault(ref, []).append(manifest)
    last = {ref: manifests[-1] for ref, manifests in stated.items()}
    context = Context(graph, {r: tuple(e) for r, e in edges.items()}, last, stated, options.version, hidden)
    chosen = options.chosen
    by_kind: dict[str, list[Chosen]] = {}
    for ref, manifest, obj in good:
        gk = ref.group_kind
        if gk in MADE and any(e.kind == OWNS and e.target is not None for e in context.edges.get(ref, ())):
            continue
        choices = by_kind.get(gk)
        if choices is None:
            choices = by_kind[gk] = [c for c in chosen if not c.rule.kinds or gk in c.rule.kinds]
        stands = graph.objects.get(ref)
        if ref.name and stands is not None and stands is not obj:  # another manifest overrides it
            choices = [c for c in choices if c.rule.name == DUPLICATE]
        for choice in choices:
            started = perf_counter() if options.statistics else 0.0
            name, findings = _checked(choice, ref, obj, context)
            if options.statistics:
                times[choice.rule.name] = times.get(choice.rule.name, 0.0) + perf_counter() - started
            for finding in findings:
                if finding.edit is not None and not manifest.render:  # what was rendered cannot be edited
                    record.edits.append((manifest, finding.path, finding.edit))
                yield _told(name, choice, finding, ref, manifest, context)


def _checked(choice: Chosen, ref: Ref, obj: Object, context: Context) -> tuple[str, Sequence[Finding]]:
    """What a rule finds in an object, under its name; if the rule breaks, that."""
    try:
        return choice.rule.name, list(choice.rule.check(ref, obj, context, **choice.options))
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{place.filename.rpartition('kplan')[2].lstrip('/')}:{place.lineno}"
        text = f"the rule {choice.rule.name} broke: {type(error).__name__}: {error} ({where})"
        return "internal/rule-crashed", [Finding("", text, "this is a bug of kplan: please report it with the manifest", Severity.NOTE)]


def _told(name: str, choice: Chosen, finding: Finding, ref: Ref, manifest: Manifest, context: Context) -> Diagnostic:
    """A finding at its place."""
    places = ((context.manifests.get(r) if isinstance(r, Ref) else r, p, words) for r, p, words in finding.related)
    related = tuple((m.locate(p), words) for m, p, words in places if m is not None)
    severity, message = choice.severity or finding.severity or choice.rule.severity, finding.message
    doubt = context.unseen.doubt(ref, finding.path, choice.rule.absent, context.edges.get(ref, ())) if choice.rule.whole else ""
    if doubt:
        severity, message = Severity.NOTE, f"{message} (uncertain: {doubt})"
    return Diagnostic(name, severity, message, ref, finding.path, manifest.locate(finding.path), finding.hint, related)


def unseen(good: Sequence[tuple[Ref, Manifest, Object]], options: Options, sources: Sources) -> Unseen:
    """What stands in the input and not in the graph."""
    seen = {id(manifest) for _, manifest, _ in good}
    hidden = [m for m in (*sources.opaque, *sources.manifests) if id(m) not in seen]
    unread = sources.unread
    if any(d.rule.startswith(UNREAD) and d.rule not in SEEN for d in sources.diagnostics):
        unread |= {""}
    return Unseen(tuple((Ref(*_ref(m, options.namespace)), m.data) for m in hidden), unread)


def _excused(edge: Edge, unseen: Unseen, config: Config) -> Edge:
    """An edge to something that exists and cannot be seen here counts as optional."""
    reference = edge.reference
    if reference is None or edge.target is not None or reference.selects is not None:
        return edge
    if unseen.excuses(reference) or elsewhere(reference, config):
        return edge._replace(reference=reference._replace(optional=True))
    return edge


__all__ = ["UNKNOWN", "Findings", "Options", "Record", "duplicate_keys", "graph_of", "lint", "ruled", "suppressed", "unseen"]
