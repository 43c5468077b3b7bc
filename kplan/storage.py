"""The StorageClasses that a cluster has of which nobody says what it has.

Manifests that leave the class of a claim open are meant for a cluster with a default one, as nearly all are; those that name a class, for one that has it.
They are taken as there, like generic nodes, where neither a class nor a volume is stated that the claim could be meant for, and no state says what there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from kplan.api.names import is_dns1123_subdomain
from kplan.api.objects import Object, annotations_of
from kplan.graph import DEFAULTS, pod_template
from kplan.kinds.customreferences import list_of, map_of

CLASS = "StorageClass.storage.k8s.io"
BETA = "volume.beta.kubernetes.io/storage-class"
DEFAULT: Object = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "default", "annotations": {DEFAULTS[CLASS]: "true"}},
    "provisioner": "sim.kplan.dev/disk",
    "volumeBindingMode": "WaitForFirstConsumer",
    "allowVolumeExpansion": True,
}


def needs_default(objects: Iterable[Object]) -> bool:
    """Whether some claim of the manifests names no class, and they state neither classes nor volumes."""
    held = list(objects)
    if any(o.get("kind") in ("StorageClass", "PersistentVolume") for o in held):
        return False
    return any("storageClassName" not in map_of(claim.get("spec")) and _beta(claim) is None for o in held for claim in _claims(o))


def unstated(objects: Iterable[Object]) -> list[str]:
    """The classes that claims name and nobody states, by name; none where the manifests say which classes or volumes there are.

    A cluster's classes come with the cluster (gp3, standard-rwo), and are seldom part of what is applied to it.
    """
    held = list(objects)
    if any(o.get("kind") in ("StorageClass", "PersistentVolume") for o in held):
        return []
    named = (map_of(claim.get("spec")).get("storageClassName") or _beta(claim) for o in held for claim in _claims(o))
    return sorted({n for n in named if isinstance(n, str) and is_dns1123_subdomain(n) == []})


def class_like_default(name: str) -> Object:
    """A class of that name, which makes volumes as the default one does."""
    return {**DEFAULT, "metadata": {"name": name}}


def _claims(obj: Object) -> Iterator[dict[str, Any]]:
    """What a manifest states of claims: as one, as templates of a StatefulSet, as ephemeral volumes of pods."""
    if obj.get("kind") == "PersistentVolumeClaim":
        yield obj
    if obj.get("kind") == "StatefulSet":
        yield from map(map_of, list_of(map_of(obj.get("spec")).get("volumeClaimTemplates")))
    template = pod_template(obj) if isinstance(obj.get("apiVersion"), str) and isinstance(obj.get("kind"), str) else None
    for volume in list_of(map_of(map_of(template).get("spec")).get("volumes")):
        if map_of(volume).get("ephemeral"):
            yield map_of(map_of(volume["ephemeral"]).get("volumeClaimTemplate"))


def _beta(claim: dict[str, Any]) -> Any:
    """The class that the old annotation names; None where there is none."""
    return map_of(annotations_of(claim)).get(BETA) if isinstance(claim.get("metadata"), dict) else None
