"""Applying manifests to a cluster one after the other, as a pipeline would, and keeping what the server said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from kplan.api.objects import LAST_APPLIED, Object, annotations_of, group_kind_of
from kplan.api.ref import Ref
from kplan.apiserver.registry import BUILT_IN
from kplan.apiserver.response import Response
from kplan.cluster import Cluster
from kplan.config import Config
from kplan.diagnostics import Diagnostic
from kplan.graph import apply_order
from kplan.lint import answers
from kplan.lint.engine import duplicate_keys
from kplan.manifests.manifest import Manifest
from kplan.manifests.podmetrics import PodMetrics
from kplan.manifests.sources import Sources
from kplan.pruning import Prune, left_alone, left_over, matching, members
from kplan.replacing import Replacement, remedy, replacement

MANAGER = "kplan"
REST = 0.3  # virtual seconds without a change after each object
HORIZON = 660.0  # virtual seconds; a deadline of ten minutes, the default, has passed by then


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to plan.

    `base` are the sources of the folder at its other revision, `state` objects of a dump; `nodes` a text such as `3x8cpu,32Gi`; `now` the time at which the
    virtual clock starts. `replace`: what cannot be updated is deleted and created. `selector`: only manifests with such labels.
    `without_nodes` and `without_zones` are gone when the change is applied.
    `definitions` of custom kinds are in the cluster before the change; `scheduler` is a KubeSchedulerConfiguration; `metrics`
    say what pods use. Of `config` count what exists `external` to the input, and how rules run and what of their findings is accepted.
    """

    version: str = "1.36"
    namespace: str = "default"
    apply: str = "auto"
    nodes: str = ""
    horizon: float = HORIZON
    state: Sequence[Object] = ()
    definitions: Sequence[Object] = ()
    without_nodes: Sequence[str] = ()
    without_zones: Sequence[str] = ()
    now: datetime | None = None
    field_manager: str = ""
    replace: bool = False
    selector: str = ""
    prune: Prune | None = None
    base: Sources | None = None
    full: bool = False
    scheduler: Object | None = None
    metrics: PodMetrics | None = None
    config: Config = field(default_factory=Config)
    progress: Callable[[str], None] = field(default=lambda _: None, repr=False)


class Applying:
    """Applies manifests one after the other, as a pipeline would, and keeps what the server said."""

    def __init__(self, cluster: Cluster, options: Options) -> None:
        self.cluster, self.options = cluster, options
        self.diagnostics: list[Diagnostic] = []
        self.rejected: list[Ref] = []
        self.places: dict[Ref, Manifest] = {}
        self.taken: list[tuple[Ref, Manifest, Object]] = []
        self.replacements: dict[Ref, Replacement] = {}
        self.left_alone: list[Ref] = []

    def all(self, manifests: Sequence[Manifest]) -> set[Ref]:
        """Apply in dependency order; the refs that the manifests state."""
        if self.options.selector:
            manifests = matching(manifests, self.options.selector)
        if self.options.prune is not None and self.options.prune.parent is not None:
            manifests = members(manifests, self.options.prune)
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
        """Delete what the base states and the manifests do not state any more, and what --prune asks for."""
        gone = [self.ref(base[i]) for i in reversed(apply_order([m.data for m in base]))]
        if self.options.prune is not None:
            gone += left_over(self.cluster, self.options.prune, stated)
            self.left_alone = [r for r in left_alone(self.cluster, self.options.prune, stated) if r not in gone]
        for ref in gone:
            if ref not in stated and self.cluster.get(ref) is not None:
                self.cluster.delete(ref)
                self.cluster.run(quiet=REST)

    def _namespaces(self, manifests: Sequence[Manifest], made: set[str]) -> None:
        """The namespace that -n names is there, as with every pipeline that gives one."""
        name = self.options.namespace
        if name not in made and self.cluster.get(Ref("", "Namespace", "", name)) is None:
            self.cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
            self.cluster.run(quiet=REST)

    def ref(self, manifest: Manifest) -> Ref:
        """What a manifest names, in the namespace that it goes to."""
        data = manifest.data
        known = BUILT_IN.get(group_kind_of(data))
        served = self.cluster.door.registry.resolve(str(data.get("apiVersion")), str(data.get("kind")))
        namespaced = served.kind.namespaced if served else known is None or known.namespaced
        return Ref.of(data, self.options.namespace if namespaced else "")

    def _one(self, manifest: Manifest) -> Ref:
        ref = self.ref(manifest)
        live = self.cluster.get(ref) if ref.name else None
        answer = self._apply(manifest.data, ref, live)
        if not answer.accepted and live is not None:
            answer = self._refused(manifest, ref, live, answer)
        if answer.accepted and answer.object is not None:
            ref = Ref.of(answer.object)
            self.diagnostics += answers.warnings(manifest, ref, answer)
            self.taken.append((ref, manifest, answer.object))
        else:
            self.rejected.append(ref)
            found = answers.refusal(manifest, ref, answer, self.options.version)
            hint = remedy(ref, self.replacements[ref]) if ref in self.replacements else ""
            self.diagnostics += (replace(d, hint=d.hint or hint) for d in found)
        self.diagnostics += duplicate_keys(manifest, ref)
        self.places[ref] = manifest
        return ref

    def _refused(self, manifest: Manifest, ref: Ref, live: Object, answer: Response) -> Response:
        """What to answer for an update that was refused: if a new object of this manifest would be taken, it can be replaced."""
        found = replacement(self.cluster, manifest.data, live, answer, self.options.namespace)
        if found is None:
            return answer
        if self.options.replace:
            self.cluster.delete(ref)
            self.cluster.run(quiet=REST)
            left = self.cluster.get(ref)
            if left is None:
                return self._apply(manifest.data, ref, None)
            found = replace(found, waiting=", ".join(left["metadata"].get("finalizers") or ("its own deletion",)))
        self.replacements[ref] = found
        return answer

    def _apply(self, data: Object, ref: Ref, live: Object | None) -> Response:
        namespace = self.options.namespace
        if not ref.name:
            return self.cluster.create(data, namespace=namespace)
        if live is None:  # strict decoding of the whole manifest, as every client asks for
            answer = self.cluster.create(data, namespace=namespace, dry_run=True)
            if not answer.accepted:
                return answer
        client = self.options.apply == "client" or (self.options.apply == "auto" and live is not None and LAST_APPLIED in annotations_of(live))
        if client:
            answer = self.cluster.kubectl_apply(data, namespace=namespace)
        else:
            answer = self.cluster.apply(data, field_manager=self.options.field_manager or _applied_by(live), namespace=namespace)
        status = data.get("status")
        if answer.accepted and data.get("kind") == "Node" and isinstance(status, dict):
            capacity = {k: status[k] for k in ("capacity", "allocatable") if k in status}
            self.cluster.patch(ref, {"status": capacity}, type="merge", subresource="status")
        return answer


def _applied_by(live: Object | None) -> str:
    """Who applied an object before, most of it where there were several: applied by another, what a manifest no longer states would stay."""
    entries = (live or {}).get("metadata", {}).get("managedFields") or ()
    appliers = [e for e in entries if e.get("operation") == "Apply" and not e.get("subresource")]
    return str(max(appliers, key=lambda e: len(str(e.get("fieldsV1"))))["manager"]) if appliers else MANAGER
