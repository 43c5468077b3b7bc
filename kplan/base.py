"""The base state: what the change is applied to, made of a dump, of the manifests at another revision, of nodes that are given.

Where there are both a dump and base manifests, the dump is the truth: base manifests only say who owns what, and are applied where the dump has nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from kplan import outside
from kplan.api.objects import LAST_APPLIED, Object, annotations_of
from kplan.api.ref import Ref
from kplan.api.words import some
from kplan.apiserver import merge, writes
from kplan.apiserver.writes import Call
from kplan.applying import MANAGER, Applying, Options
from kplan.arriving import arrive
from kplan.arriving import told as arrivals
from kplan.cluster import Cluster
from kplan.diagnostics import Severity
from kplan.graph import Graph
from kplan.kinds.entries import is_stub
from kplan.lint.engine import graph_of
from kplan.manifests.manifest import Manifest
from kplan.manifests.sources import Sources
from kplan.missing import completed
from kplan.node.shapes import GENERIC, nodes
from kplan.sound import sound
from kplan.storage import DEFAULT, class_like_default, needs_default, unstated


def prepare(cluster: Cluster, sources: Sources, options: Options) -> list[str]:
    """Make the state that the change is applied to; notes on what it is."""
    notes: list[str] = []
    manifests = [*sources.manifests, *(options.base.manifests if options.base else ())]
    stated_nodes = any(m.data.get("kind") == "Node" for m in manifests)
    for definition in options.definitions:
        answer = cluster.door.create(definition, Call())
        if not answer.accepted:
            notes.append(f"{definition['metadata'].get('name')}: its resources are not checked: {answer.message}")
    cluster.run()
    applying = Applying(cluster, options)
    stated = {applying.ref(m) for m in manifests if isinstance(m.data.get("metadata"), dict)}
    leaning = _graph(sources, options) if options.config.external or any(map(is_stub, options.state)) else None
    if options.state:
        options.progress("restoring the state")
        options = replace(options, state=outside.with_keys(options.state, leaning)) if leaning is not None else options
        notes += _restore(cluster, options, stated, nodes_given=stated_nodes or bool(options.nodes))
    notes += _outside(cluster, options, stated, leaning)
    if options.nodes:
        _add_nodes(cluster, options.nodes)
    elif not stated_nodes and not cluster.objects("Node"):
        _add_nodes(cluster, GENERIC)
        notes.append("nodes: 3 generic ones of 8 cpu and 32Gi (give --nodes or --state for yours)")
    if not options.state and needs_default(m.data for m in manifests):
        cluster.create(DEFAULT)
        notes.append("claims that name no class: a default StorageClass is taken as there")
    missing = [n for n in unstated(m.data for m in manifests) if cluster.get(Ref("storage.k8s.io", "StorageClass", "", n)) is None] if not options.state else []
    for name in missing:
        cluster.create(class_like_default(name))
    if missing:
        notes.append(f"StorageClasses taken as there: {some(missing)}")
    if options.state:
        options.progress("letting the state come to rest")
    cluster.run()
    if options.base is not None:
        notes += _apply_base(cluster, options.base, options)
    if options.state:
        notes += _unowned(cluster, sources, options)
    return notes


def _graph(sources: Sources, options: Options) -> Graph:
    """What the manifests lean on."""
    together = Sources((*sources.manifests, *(options.base.manifests if options.base else ())))
    return graph_of(together, namespace=options.namespace, version=options.version, definitions=options.definitions, state=options.state)


def _outside(cluster: Cluster, options: Options, stated: Collection[Ref], leaning: Graph | None) -> list[str]:
    """Take as there what exists outside the input."""

    def known(ref: Ref) -> bool:
        return ref in stated or cluster.get(ref) is not None

    lived_in = {r.namespace for r in stated if r.namespace and not known(Ref("", "Namespace", "", r.namespace))}
    spaces = outside.namespaces(lived_in, options.config, all_there=not options.state)
    others = outside.stand_ins(leaning, options.config, known) if leaning is not None else []
    cluster.restore([*spaces, *others])
    return outside.notes(spaces, others)


def _restore(cluster: Cluster, options: Options, stated: Collection[Ref], *, nodes_given: bool) -> list[str]:
    def known(ref: Ref) -> bool:
        return cluster.get(ref) is not None

    whole, left_out = sound(options.state, cluster.door)
    objects, notes = completed(whole, known, stated.__contains__, nodes_given=nodes_given)
    cluster.restore(objects)
    return [f"base: {_objects(len(options.state))} of the given state", *left_out, *notes]


def _apply_base(cluster: Cluster, base: Sources, options: Options) -> list[str]:
    """Apply the base manifests; where the state has an object already, only say who owns what they state of it."""
    options.progress("applying the base")
    applying = Applying(cluster, options)
    absent = [m for m in base.manifests if not options.state or cluster.get(applying.ref(m)) is None]
    owned = 0
    for manifest in base.manifests if options.state else ():
        ref = applying.ref(manifest)
        live = cluster.get(ref)
        if live is not None and not _has_owner(live):
            owned += _own(cluster, manifest, ref, options)
    applying.all(absent)
    made = arrive(applying, base.opaque)
    cluster.run(quiet=options.horizon, horizon=options.horizon)
    notes = [f"base: {len(base.manifests)} manifest{'s' if len(base.manifests) != 1 else ''} of the other revision", *arrivals(made)]
    if owned:
        notes.append(f"ownership: taken from the base manifests for {owned} objects of the state that have no managedFields")
    refused = [r for r in applying.rejected if r.name]
    if refused:
        notes.append(f"base: refused and left out: {', '.join(f'{r.kind}/{r.name}' for r in refused[:3])}{' …' if len(refused) > 3 else ''}")
    broken = sum(1 for d in base.diagnostics if d.severity is Severity.ERROR)
    if broken:
        notes.append(f"base: {broken} of its sources could not be read")
    return notes


def _has_owner(live: Object) -> bool:
    """Whether the object itself says what was applied: to the server, or by kubectl's client side."""
    return bool(live["metadata"].get("managedFields")) or LAST_APPLIED in annotations_of(live)


def _own(cluster: Cluster, manifest: Manifest, ref: Ref, options: Options) -> int:
    """Our manager owns what the base manifest states, as if it had applied it; 1 if that could be said."""
    door = cluster.door
    try:
        served = writes.resolve(door, manifest.data)
        data = manifest.data
        if ref.namespace:
            data = {**data, "metadata": {**data["metadata"], "namespace": ref.namespace}}
        manager = options.field_manager or MANAGER
        _, entries = merge.apply(None, data, manager, True, door.merge_schema(served), door.store.clock.text(), "", door.store.version)
    except Exception as error:  # what cannot be applied owns nothing; the change will be told why
        from kplan.api.status import StatusError

        if not isinstance(error, StatusError):
            raise
        return 0
    door.ownership.set((ref.group_kind, ref.namespace, ref.name), entries)
    return 1


def _unowned(cluster: Cluster, sources: Sources, options: Options) -> Iterable[str]:
    """A word about objects of which nobody can say which fields the manifests had before."""
    applying = Applying(cluster, options)
    live = [cluster.get(applying.ref(m)) for m in sources.manifests if isinstance(m.data.get("metadata"), dict)]
    unowned = sum(1 for obj in live if obj is not None and not _has_owner(obj))
    if unowned:
        yield f"ownership: {_objects(unowned)} of the state with neither managedFields nor last-applied: what manifests leave out stays (give --base)"


def _objects(count: int) -> str:
    return "1 object" if count == 1 else f"{count} objects"


def _add_nodes(cluster: Cluster, text: str) -> None:
    made: Sequence[Object] = nodes(text)
    for node in made:
        cluster.create(node)  # as kubelets register: with the status
