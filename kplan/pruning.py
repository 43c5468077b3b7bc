"""What an apply with --prune deletes: what the selector or the ApplySet has and the manifests do not state any more.

Upstream: kubectl/pkg/cmd/apply/{prune,applyset,applyset_pruner}.go and util/prune. By selector, only what kubectl applied itself (it carries
the last applied manifest) goes, of a list of kinds and in the namespaces that the manifests name; an ApplySet knows its kinds and namespaces.
Left out: --prune-allowlist, parents that are custom resources.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from kplan.api import selectors
from kplan.api.objects import LAST_APPLIED, Object, annotations_of, controller_of, labels_of
from kplan.api.ref import Ref
from kplan.cluster import Cluster
from kplan.manifests.manifest import Manifest

NAMESPACED = ("ConfigMap", "Endpoints", "PersistentVolumeClaim", "Pod", "ReplicationController", "Secret", "Service", "Job.batch", "CronJob.batch")
NAMESPACED_APPS = ("Ingress.networking.k8s.io", "DaemonSet.apps", "Deployment.apps", "ReplicaSet.apps", "StatefulSet.apps")
CLUSTER_SCOPED = ("Namespace", "PersistentVolume")
PART_OF, ID = "applyset.kubernetes.io/part-of", "applyset.kubernetes.io/id"
KINDS, NAMESPACES = "applyset.kubernetes.io/contains-group-kinds", "applyset.kubernetes.io/additional-namespaces"
TOOLING = "applyset.kubernetes.io/tooling"
PARENTS = {"": "Secret", "secret": "Secret", "secrets": "Secret", "configmap": "ConfigMap", "configmaps": "ConfigMap", "cm": "ConfigMap"}
UNSELECTED = (
    "all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. "
    "If you did not mean to prune all resources, specify a label selector"
)


class PruneError(ValueError):
    """The options do not say what to prune, or what they name cannot be."""


@dataclass(frozen=True, slots=True)
class Prune:
    """What to prune: by label `selector` (empty: all that kubectl applied), or by the ApplySet whose parent is `parent`."""

    selector: str = ""
    parent: Ref | None = None

    @property
    def id(self) -> str:
        """The id of the ApplySet."""
        assert self.parent is not None
        unencoded = ".".join((self.parent.name, self.parent.namespace, self.parent.kind, self.parent.group))
        return f"applyset-{base64.urlsafe_b64encode(hashlib.sha256(unencoded.encode()).digest()).decode().rstrip('=')}-v1"


def asked(*, prune: bool, selector: str, everything: bool, applyset: str, apply: str, namespace: str) -> Prune | None:
    """What the command line asks for, refused in kubectl's words where it does not say enough."""
    try:
        selectors.parse(selector)
    except selectors.SelectorError as error:
        raise PruneError(f"--selector: {error}") from None
    if everything and selector:
        raise PruneError("cannot set --all and --selector at the same time")
    if applyset and not prune:
        raise PruneError("--applyset requires --prune")
    if not prune:
        return None
    if applyset:
        for given, name in ((everything, "--all"), (selector, "--selector")):
            if given:
                raise PruneError(f"{name} is incompatible with --applyset")
        return Prune(parent=_parent(applyset, namespace))
    if not everything and not selector:
        raise PruneError(UNSELECTED)
    if apply == "server":
        raise PruneError("--prune is in alpha and doesn't currently work on objects created by server-side apply")
    return Prune(selector)


def _parent(text: str, namespace: str) -> Ref:
    kind, _, name = text.rpartition("/")
    found = PARENTS.get(kind.partition(".")[0].lower())
    if found is None:
        raise PruneError(f'resource "{kind}" is not permitted as an ApplySet parent')
    if not name:
        raise PruneError("name cannot be blank")
    return Ref("", found, namespace, name)


def matching(manifests: Iterable[Manifest], selector: str) -> tuple[Manifest, ...]:
    """The manifests that a label selector selects: only these are applied."""
    matches = selectors.parse(selector)
    return tuple(m for m in manifests if matches(_labels(m.data)))


def members(manifests: Sequence[Manifest], prune: Prune) -> tuple[Manifest, ...]:
    """The manifests as members of the ApplySet: with its label."""
    return tuple(replace(m, data=_labelled(m.data, prune.id)) for m in manifests)


def _labels(obj: Object) -> dict[str, str]:
    meta = obj.get("metadata")
    labels = meta.get("labels") if isinstance(meta, dict) else None
    return {k: v for k, v in labels.items() if isinstance(v, str)} if isinstance(labels, dict) else {}


def _labelled(obj: Object, id: str) -> Object:
    meta = obj.get("metadata")
    if PART_OF in _labels(obj):
        raise PruneError(f'ApplySet label "{PART_OF}" already set in input data')
    if not isinstance(meta, dict) or not isinstance(meta.get("labels"), dict | None):
        return obj  # refused for what it is
    return {**obj, "metadata": {**meta, "labels": {**(meta.get("labels") or {}), PART_OF: id}}}


def left_over(cluster: Cluster, prune: Prune, stated: set[Ref]) -> Iterator[Ref]:
    """What is to be deleted after the manifests were applied, in kubectl's order. Raises PruneError for a parent that is somebody else's."""
    if prune.parent is not None:
        yield from _of_set(cluster, prune, stated)
        return
    matches = selectors.parse(prune.selector)
    namespaces = sorted({r.namespace for r in stated if r.namespace})
    for kinds, places in (((*NAMESPACED, *NAMESPACED_APPS), namespaces), (CLUSTER_SCOPED, [None])):
        for place in places:
            for kind in kinds:
                for obj in cluster.objects(kind, place):
                    ref = Ref.of(obj)
                    if ref.group_kind == kind and LAST_APPLIED in annotations_of(obj) and matches(labels_of(obj)) and ref not in stated:
                        yield ref


def left_alone(cluster: Cluster, prune: Prune, stated: set[Ref]) -> list[Ref]:
    """What the selector has and the manifests do not state, and what kubectl leaves all the same: it has no last applied manifest."""
    if prune.parent is not None:
        return []
    matches = selectors.parse(prune.selector)
    namespaces = sorted({r.namespace for r in stated if r.namespace})
    held = (o for kind in (*NAMESPACED, *NAMESPACED_APPS) for place in namespaces for o in cluster.objects(kind, place))
    found = (Ref.of(o) for o in held if LAST_APPLIED not in annotations_of(o) and matches(labels_of(o)) and _applied(o, unless_told=bool(prune.selector)))
    return [ref for ref in found if ref not in stated]


def _applied(obj: Object, *, unless_told: bool) -> bool:
    """Whether somebody applied it, and no controller made it; `unless_told` is the answer for an object without managedFields."""
    entries = obj["metadata"].get("managedFields")
    if not entries or controller_of(obj) is not None:
        return unless_told and controller_of(obj) is None and obj["kind"] != "Endpoints"
    return any(e.get("operation") == "Apply" and not e.get("subresource") for e in entries)


def _of_set(cluster: Cluster, prune: Prune, stated: set[Ref]) -> Iterator[Ref]:
    assert prune.parent is not None
    parent = cluster.get(prune.parent)
    if parent is None:
        return
    told = f'"{prune.parent.kind.lower()}s./{prune.parent.name}"'
    notes, label = annotations_of(parent), labels_of(parent).get(ID)
    if TOOLING not in notes:
        raise PruneError(f'ApplySet parent object {told} already exists and is missing required annotation "{TOOLING}"')
    if not notes[TOOLING].startswith("kubectl/"):
        raise PruneError(f'ApplySet parent object {told} already exists and is managed by tooling "{notes[TOOLING].partition("/")[0]}" instead of "kubectl"')
    if label != prune.id:
        said = f"has incorrect value for label {ID!r} (got: {label}, want: {prune.id})" if label else f"does not have required label {ID}"
        raise PruneError(f"ApplySet parent object {told} exists and {said}".replace("'", '"'))
    kinds = sorted(filter(None, notes.get(KINDS, "").split(",")))
    namespaces = {"", prune.parent.namespace, *filter(None, notes.get(NAMESPACES, "").split(","))}
    for kind in kinds:
        for obj in cluster.objects(kind):
            ref = Ref.of(obj)
            if ref.group_kind == kind and ref.namespace in namespaces and labels_of(obj).get(PART_OF) == prune.id and ref not in stated:
                yield ref
