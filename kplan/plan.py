"""The table of contents of the program: load → validate → graph → simulate → diff → Plan.

A plan applies manifests to a base state in dependency order, lets controllers, scheduler and kubelets run, and says how the state differs and what is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from kplan.api.objects import Object, controller_of, group_kind_of
from kplan.api.ref import Ref
from kplan.api.times import format_time
from kplan.api.words import some
from kplan.apiserver.clock import START
from kplan.apiserver.registry import BUILT_IN
from kplan.applying import HORIZON, Applying, Options
from kplan.arriving import arrive
from kplan.arriving import told as arrivals
from kplan.base import prepare
from kplan.cluster import Cluster
from kplan.diagnostics import Diagnostic, Severity, Span
from kplan.diff import REPLACE, Change, changes, state_of
from kplan.excerpts import Excerpt, excerpts
from kplan.graph import rank
from kplan.hooks import without_idle_hooks
from kplan.lint import engine as lint
from kplan.lint.engine import ruled, suppressed, unseen
from kplan.lint.outcomes import PodSummary, confirmed, not_up, phase_of, summaries
from kplan.losing import lose
from kplan.manifests.manifest import Manifest
from kplan.manifests.sources import Sources
from kplan.node.provisioner import assumed
from kplan.picture import Picture, picture
from kplan.questions.blast import Blast, blast_radius
from kplan.questions.recording import Recording
from kplan.questions.rollout import Rollout, rollouts
from kplan.schema.resources import lookup
from kplan.simulate import Run
from kplan.webhooks import asked, blocking
from kplan.webhooks import notes as webhook_notes

ABSENT = ("dangling-", "non-existent-")  # rules that foresee what then happens
ASSUMED = 'provisioner "{}" is taken to be installed: no CSIDriver object tells of it'
UNASKED = "connections that NetworkPolicies decide: {} pairs of workloads are too many and were not asked about (kplan reach A B asks about one)"
UNPRUNED = "--prune leaves what has no last-applied configuration, as kubectl does: {} (--base or an ApplySet would delete it)"
HIDDEN = frozenset({"Event", "Lease.coordination.k8s.io", "IPAddress.networking.k8s.io"})


@dataclass(frozen=True)
class Plan:
    """What applying the manifests comes to. `stated` are the refs of the manifests; `pods` are by topmost owner (or the pod itself).

    `started` and `ended` are virtual times around the change. `before` and `after` are whole states; a plan that was read again has neither,
    and a `drawn` picture in their place. `left_out` are custom resources whose definitions nobody gave: a cluster that has them may take these.
    """

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
    started: str = ""
    ended: str = ""
    excerpts: dict[Span, Excerpt] = field(default_factory=dict, repr=False)
    drawn: Picture | None = field(default=None, repr=False)
    blast: Blast = field(default_factory=Blast)
    rollouts: tuple[Rollout, ...] = ()
    left_out: tuple[Ref, ...] = ()

    @cached_property
    def picture(self) -> Picture:
        """Nodes, pods and the edges around what changes; made when first asked for."""
        return self.drawn or picture(self.before, self.after, {*self.stated, *(c.ref for c in self.changes)})

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
        unserved = len(self.left_out)
        refused = f" {len(self.rejected)} rejected." if self.rejected else ""
        unknown = f" {unserved} custom resource{'s' if unserved != 1 else ''} left out, of kinds without definition." if unserved else ""
        return f"Plan: {', '.join(parts)}; {', '.join(pods)}.{refused}{unknown}"

    @property
    def findings(self) -> str:
        """How much is wrong: `1 error, 2 warnings`; empty where nothing is."""
        counts = {s: sum(1 for d in self.diagnostics if d.severity is s) for s in (Severity.ERROR, Severity.WARNING)}
        return ", ".join(f"{n} {s}{'s' if n != 1 else ''}" for s, n in counts.items() if n)


@dataclass(frozen=True, slots=True)
class Applied:
    """A cluster to which the manifests have been applied, at rest. `recording` has the writes since `before`, `events` begin with the change,
    `arrived` is what programs are taken to have made.
    """

    cluster: Cluster
    notes: tuple[str, ...]
    applying: Applying
    before: dict[Ref, Object]
    stated: set[Ref]
    run: Run
    recording: Recording
    events: tuple[Object, ...]
    started: str
    arrived: frozenset[Ref]


def applied(sources: Sources, options: Options) -> Applied:
    """Apply the manifests of `sources` to the base state that `options` give, and run the cluster until it rests."""
    sources, options, idle = without_idle_hooks(sources, options)
    cluster = Cluster(version=options.version, now=options.now or START, scheduler_config=options.scheduler, metrics=options.metrics, provisioners=True)
    notes = [*prepare(cluster, sources, options), *idle]
    if options.without_nodes or options.without_zones:
        options.progress("losing nodes")
        sources, note = lose(cluster, sources, options.without_nodes, options.without_zones)
        notes.append(note)
    before = _snapshot(cluster)
    mark, started = len(cluster.events()), format_time(cluster.door.store.now)
    applying = Applying(cluster, options)
    with Recording(cluster) as recording:
        stated = applying.all(sources.manifests)
        applying.prune(options.base.manifests if options.base is not None else (), stated)
        options.progress("running the cluster")
        made = arrive(applying, sources.opaque)
        run = cluster.run(quiet=options.horizon, horizon=options.horizon)
    volumes = {ref.name for ref in before if ref.kind == "PersistentVolume"}
    notes += [ASSUMED.format(driver) for driver in assumed(cluster.door.store, volumes)]
    notes += _unmatched(options, [*before.values(), *cluster.objects("Pod")])
    notes += arrivals(made)
    if applying.left_alone:
        notes.append(UNPRUNED.format(some([str(r) for r in applying.left_alone])))
    return Applied(cluster, tuple(notes), applying, before, stated, run, recording, tuple(cluster.events()[mark:]), started, frozenset(made))


def plan(sources: Sources, options: Options) -> Plan:
    """Plan the manifests of `sources` over the base state that `options` give."""
    done = applied(sources, options)
    cluster, applying, before, stated, run, events = done.cluster, done.applying, done.before, done.stated, done.run, done.events
    after = _snapshot(cluster)
    pods = summaries(after)
    outcomes = [*run.diagnostics, *not_up(before, after, pods, applying.places, events)]
    standing = tuple(_standing(after))
    linting = lint.Options(namespace=options.namespace, version=options.version, state=standing, config=options.config, profile="default", simulated=True)
    judged = replace(sources, manifests=tuple(applying.places.values()))
    hidden = unseen(applying.taken, linting, judged)
    found: list[Diagnostic] = [*sources.diagnostics, *map(hidden.temper, applying.diagnostics)]
    outcomes = [*map(hidden.temper, outcomes)]
    webhooks = asked(cluster, before, after)
    outcomes += blocking(webhooks, cluster, after, applying.places)
    accepted = suppressed(applying.places.items(), options.config)
    found += _explained(outcomes, accepted.split([*ruled(applying.taken, linting, judged)])[0])
    found += _not_simulated(sources.manifests, options.version)
    phases = Counter(phase_of(o) for r, o in after.items() if r.group_kind == "Pod")
    refused = applying.replacements  # what would have to be replaced, and is left as it is
    differing = [c for c in changes(before, after, full=options.full) if c.ref not in refused and c.ref not in done.arrived]
    differing += [Change(ref, REPLACE, found.fields, found.live, found.live) for ref, found in refused.items()]
    difference = tuple(sorted(differing, key=lambda c: (rank(c.ref.group_kind), c.ref)))
    changed = {c.ref for c in difference}
    told = tuple(_once(confirmed(dict.fromkeys(found))))
    unknown = {d.ref.group_kind for d in told if d.rule == lint.UNKNOWN and d.ref is not None}
    blast = blast_radius(before, after, done.recording, cluster)
    unasked = [UNASKED.format(blast.unasked)] if blast.unasked else []
    return Plan(
        version=options.version,
        notes=(*done.notes, *webhook_notes(webhooks, before), *unasked),
        changes=difference,
        diagnostics=told,
        stated=tuple(sorted(stated)),
        rejected=tuple(r for r in applying.rejected if r.group_kind not in unknown),
        left_out=tuple(r for r in applying.rejected if r.group_kind in unknown),
        pods=pods,
        running=phases["Running"] + phases["Completed"],
        pending=phases["Pending"] + phases["NotReady"],
        failed=phases["Failed"],
        unchanged=sum(1 for r in stated if r not in changed and r in after and r not in applying.rejected),
        elapsed=run.elapsed,
        events=events,
        before=before,
        after=after,
        started=done.started,
        ended=format_time(cluster.door.store.now),
        excerpts=excerpts(told, sources.manifests),
        blast=blast,
        rollouts=rollouts(before, after, done.recording, cluster),
    )


def _snapshot(cluster: Cluster) -> dict[Ref, Object]:
    return {r: o for r, o in state_of(cluster.objects()).items() if r.group_kind not in HIDDEN}


def _unmatched(options: Options, objects: Iterable[Object]) -> Iterable[str]:
    """A word about recorded metrics that say nothing of any pod here."""
    names = options.metrics.unmatched(o for o in objects if o["kind"] == "Pod") if options.metrics is not None else ()
    if names:
        yield f"metrics: recorded of pods that match none here: {some(names)}"


def _standing(state: dict[Ref, Object]) -> Iterable[Object]:
    """What references may point at: everything but the pods and sets that workloads made, whose templates stand for them, and but what is on its way out."""
    there = (o for r, o in state.items() if r.kind not in ("Pod", "ReplicaSet") or controller_of(o) is None)
    return (o for o in there if "deletionTimestamp" not in o["metadata"])


def _explained(outcomes: Sequence[Diagnostic], findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """What happened, with the remedy that a rule knows for the same place; and what the rules find besides."""
    left = list(findings)
    told = []
    for outcome in outcomes:
        same = next((f for f in left if f.span is not None and f.span == outcome.span and f.rule.startswith(ABSENT)), None)
        if same is not None:
            left.remove(same)
        told.append(replace(outcome, hint=outcome.hint or same.hint, severity=max(outcome.severity, same.severity)) if same else outcome)
    return [*told, *left]


def _once(found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Kinds without a definition are told once each, as linting does."""
    kinds = set()
    for diagnostic in found:
        if diagnostic.rule == lint.UNKNOWN and diagnostic.ref is not None:
            if diagnostic.ref.group_kind in kinds:
                continue
            kinds.add(diagnostic.ref.group_kind)
        yield diagnostic


def _not_simulated(manifests: Sequence[Manifest], version: str) -> Iterable[Diagnostic]:
    """Built-in kinds that are stored and looked at by nobody here, named once each."""
    seen = set()
    for manifest in manifests:
        gk = group_kind_of(manifest.data)
        if gk in BUILT_IN or gk in seen:
            continue
        seen.add(gk)
        if lookup(version, manifest.data["apiVersion"], manifest.data["kind"]):
            yield Diagnostic("not-simulated", Severity.NOTE, f"{gk} is stored as its schema allows and not simulated yet", None, "", manifest.locate("kind"))


__all__ = ["HORIZON", "Options", "Plan", "PodSummary", "plan"]
