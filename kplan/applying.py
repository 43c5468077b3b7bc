"""Applying manifests to a cluster one after the other, as a pipeline would, and keeping what the server said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kplan.api.objects import Object, annotations_of, group_kind_of
from kplan.api.ref import Ref
from kplan.apiserver.registry import BUILT_IN
from kplan.apiserver.response import Response
from kplan.cluster import Cluster
from kplan.diagnostics import Diagnostic
from kplan.graph import apply_order
from kplan.lint import answers
from kplan.lint.engine import duplicate_keys
from kplan.manifests.manifest import Manifest
from kplan.manifests.sources import Sources

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
REST = 0.3  # virtual seconds without a change after each object
HORIZON = 600.0


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


class Applying:
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
