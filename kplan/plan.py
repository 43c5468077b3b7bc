"""The table of contents of the program: load → validate → graph → simulate → diff → Plan.

A plan applies manifests to a base state in dependency order, lets controllers, scheduler and kubelets run, and says how the state differs and what is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from kplan.api.objects import Object, annotations_of, controller_of, group_kind_of
from kplan.api.ref import Ref
from kplan.apiserver.registry import BUILT_IN
from kplan.apiserver.response import Response
from kplan.cluster import Cluster
from kplan.diagnostics import Diagnostic, Severity
from kplan.diff import Change, changes, state_of
from kplan.graph import apply_order, rank
from kplan.lint import answers
from kplan.lint import engine as lint
from kplan.lint.engine import duplicate_keys, ruled
from kplan.lint.outcomes import PodSummary, not_up, phase_of, summaries
from kplan.manifests.manifest import Manifest
from kplan.manifests.sources import Sources
from kplan.node.shapes import GENERIC, nodes

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
REST = 0.3  # virtual seconds without a change after each object
HORIZON = 600.0
HIDDEN = frozenset({"Event", "Lease.coordination.k8s.io", "IPAddress.networking.k8s.io"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to plan. `base` are the sources of the folder at its other revision, `state` objects of a dump; `nodes` a text such as `3x8cpu,32Gi`."""

    version: str = "1.36"
    namespace: str = "default"
    apply: str = "auto"
    nodes: str = ""
    horizon: float = HORIZON
    state: Sequence[Object] = ()
    base: Sources | None = None
    full: bool = False
    progress: Callable[[str], None] = field(default=lambda _: None, repr=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """What applying the manifests comes to. `stated` are the refs of the manifests; `pods` are by topmost owner (or the pod itself)."""

    version: str
    notes: tuple[str, ...]
    changes: tuple[Change, ...]
    diagnostics: tuple[Diagnostic, ...]
    stated: tuple[Ref, ...]
    rejected: tuple[Ref, ...]
    pods: dict[Ref, PodSummary]
    running: int
    pending: int
    failed: int
    unchanged: int
    elapsed: float
    events: tuple[Object, ...] = ()
    before: dict[Ref, Object] = field(default_factory=dict, repr=False)
    after: dict[Ref, Object] = field(default_factory=dict, repr=False)

    def count(self, action: str) -> int:
        """How many stated objects have an action: create, update, replace, delete."""
        return sum(1 for c in self.changes if c.action == action and c.cause is None)

    @property
    def ok(self) -> bool:
        """Nothing is rejected and everything comes up."""
        return not any(d.severity is Severity.ERROR for d in self.diagnostics)

    @property
    def summary(self) -> str:
        """The countable last line."""
        replaced = self.count("replace")
        parts = [f"{self.count('create')} to create", f"{self.count('update')} to update"]
        if replaced:
            parts.append(f"{replaced} to replace")
        parts.append(f"{self.count('delete')} to delete")
        pods = [f"{self.running} pods running" if self.running != 1 else "1 pod running", f"{self.pending} pending"]
        if self.failed:
            pods.append(f"{self.failed} failed")
        refused = f" {len(self.rejected)} rejected." if self.rejected else ""
        return f"Plan: {', '.join(parts)}; {', '.join(pods)}.{refused}"


def plan(sources: Sources, options: Options) -> Plan:
    """Plan the manifests of `sources` over the base state that `options` give."""
    cluster = Cluster(version=options.version)
    notes = _base(cluster, sources, options)
    before = _snapshot(cluster)
    mark = len(cluster.events())
    applying = _Applying(cluster, options)
    found: list[Diagnostic] = [*sources.diagnostics]
    stated = applying.all(sources.manifests)
    found += applying.diagnostics
    if options.base is not None:
        applying.prune(options.base.manifests, stated)
    options.progress("running the cluster")
    run = cluster.run(quiet=options.horizon, horizon=options.horizon)
    after = _snapshot(cluster)
    events = tuple(cluster.events()[mark:])
    outcomes = [*run.diagnostics, *not_up(before, after, applying.places, events)]
    linting = lint.Options(namespace=options.namespace, version=options.version, state=tuple(_standing(after)))
    found += _explained(outcomes, ruled(applying.taken, linting, sources))
    found += _not_simulated(sources.manifests)
    phases = Counter(phase_of(o) for r, o in after.items() if r.group_kind == "Pod")
    difference = tuple(sorted(changes(before, after, full=options.full), key=lambda c: (rank(c.ref.group_kind), c.ref)))
    changed = {c.ref for c in difference}
    return Plan(
        version=options.version,
        notes=tuple(notes),
        changes=difference,
        diagnostics=tuple(dict.fromkeys(found)),
        stated=tuple(sorted(stated)),
        rejected=tuple(applying.rejected),
        pods=summaries(after),
        running=phases["Running"] + phases["Completed"],
        pending=phases["Pending"] + phases["NotReady"],
        failed=phases["Failed"],
        unchanged=sum(1 for r in stated if r not in changed and r in after),
        elapsed=run.elapsed,
        events=events,
        before=before,
        after=after,
    )


def _base(cluster: Cluster, sources: Sources, options: Options) -> list[str]:
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
        _Applying(cluster, options).all(options.base.manifests)
        cluster.run(quiet=options.horizon, horizon=options.horizon)
        notes.append(f"base: {len(options.base.manifests)} manifests of the other revision")
    return notes


def _add_nodes(cluster: Cluster, text: str) -> None:
    for node in nodes(text):
        cluster.apply(node)
        ref = {"apiVersion": "v1", "kind": "Node", "name": node["metadata"]["name"]}
        cluster.patch(ref, {"status": node["status"]}, type="merge", subresource="status")


class _Applying:
    """Applies manifests one after the other, as a pipeline would, and keeps what the server said."""

    def __init__(self, cluster: Cluster, options: Options) -> None:
        self.cluster, self.options = cluster, options
        self.diagnostics: list[Diagnostic] = []
        self.rejected: list[Ref] = []
        self.places: dict[Ref, Manifest] = {}
        self.taken: list[tuple[Ref, Manifest, Object]] = []

    def all(self, manifests: Sequence[Manifest]) -> set[Ref]:
        """Apply in dependency order; the refs that the manifests state."""
        stated: set[Ref] = set()
        order = apply_order([m.data for m in manifests])
        made = {m.data["metadata"]["name"] for m in manifests if m.data.get("kind") == "Namespace" and isinstance(m.data.get("metadata"), dict)}
        self._namespaces(manifests, made)
        for position, index in enumerate(order):
            manifest = manifests[index]
            self.options.progress(f"applying {position + 1} of {len(order)}")
            stated.add(self._one(manifest))
            following = manifests[order[position + 1]] if position + 1 < len(order) else None
            if not (manifest.data.get("kind") == "Node" and following is not None and following.data.get("kind") == "Node"):
                self.cluster.run(quiet=REST)
        return stated

    def prune(self, base: Sequence[Manifest], stated: set[Ref]) -> None:
        """Delete what the base states and the manifests do not state any more."""
        for index in reversed(apply_order([m.data for m in base])):
            ref = self._ref(base[index])
            if ref not in stated and self.cluster.get(ref) is not None:
                self.cluster.delete(ref)
                self.cluster.run(quiet=REST)

    def _namespaces(self, manifests: Sequence[Manifest], made: set[str]) -> None:
        """The namespace that -n names is there, as with every pipeline that gives one."""
        name = self.options.namespace
        if name not in made and self.cluster.get(Ref("", "Namespace", "", name)) is None:
            self.cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
            self.cluster.run(quiet=REST)

    def _ref(self, manifest: Manifest) -> Ref:
        data = manifest.data
        known = BUILT_IN.get(group_kind_of(data))
        served = self.cluster.door.registry.resolve(str(data.get("apiVersion")), str(data.get("kind")))
        namespaced = served.kind.namespaced if served else known is None or known.namespaced
        return Ref.of(data, self.options.namespace if namespaced else "")

    def _one(self, manifest: Manifest) -> Ref:
        ref = self._ref(manifest)
        answer = self._apply(manifest.data, ref)
        if answer.accepted and answer.object is not None:
            ref = Ref.of(answer.object)
            self.diagnostics += answers.warnings(manifest, ref, answer)
            self.taken.append((ref, manifest, answer.object))
        else:
            self.rejected.append(ref)
            self.diagnostics += answers.refusal(manifest, ref, answer, self.options.version)
        self.diagnostics += duplicate_keys(manifest, ref)
        self.places[ref] = manifest
        return ref

    def _apply(self, data: Object, ref: Ref) -> Response:
        namespace = self.options.namespace
        if not ref.name:
            return self.cluster.create(data, namespace=namespace)
        live = self.cluster.get(ref)
        if live is None:  # strict decoding of the whole manifest, as every client asks for
            answer = self.cluster.create(data, namespace=namespace, dry_run=True)
            if not answer.accepted:
                return answer
        client = self.options.apply == "client" or (self.options.apply == "auto" and live is not None and LAST_APPLIED in annotations_of(live))
        answer = self.cluster.kubectl_apply(data, namespace=namespace) if client else self.cluster.apply(data, namespace=namespace)
        status = data.get("status")
        if answer.accepted and data.get("kind") == "Node" and isinstance(status, dict):
            capacity = {k: status[k] for k in ("capacity", "allocatable") if k in status}
            self.cluster.patch(ref, {"status": capacity}, type="merge", subresource="status")
        return answer


def _snapshot(cluster: Cluster) -> dict[Ref, Object]:
    return {r: o for r, o in state_of(cluster.objects()).items() if r.group_kind not in HIDDEN}


def _standing(state: dict[Ref, Object]) -> Iterable[Object]:
    """What references may point at: everything but the pods and sets that workloads made, whose templates stand for them."""
    return (o for r, o in state.items() if r.kind not in ("Pod", "ReplicaSet") or controller_of(o) is None)


def _explained(outcomes: Sequence[Diagnostic], findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """What happened, with the remedy that a rule knows for the same field; and what the rules find besides."""
    known = {(f.ref, f.path): f for f in findings}
    told = []
    for outcome in outcomes:
        finding = known.pop((outcome.ref, outcome.path), None)
        told.append(replace(outcome, hint=outcome.hint or finding.hint) if finding else outcome)
    return [*told, *known.values()]


def _not_simulated(manifests: Sequence[Manifest]) -> Iterable[Diagnostic]:
    """Built-in kinds that are stored and looked at by nobody here, named once each."""
    seen = set()
    for manifest in manifests:
        gk = group_kind_of(manifest.data)
        if gk not in BUILT_IN and gk not in seen and (gk.endswith(".k8s.io") or "." not in gk):
            seen.add(gk)
            yield Diagnostic("not-simulated", Severity.NOTE, f"{gk} is stored as its schema allows and not simulated yet", None, "", manifest.locate("kind"))


__all__ = ["HORIZON", "Options", "Plan", "PodSummary", "plan"]
