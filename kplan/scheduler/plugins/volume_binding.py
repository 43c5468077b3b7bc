"""Claims bind to volumes that the chosen node can reach.   Upstream: pkg/scheduler/framework/plugins/volumebinding."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from kplan.api.objects import Object, annotations_of, replace
from kplan.api.quantity import compare, value_of
from kplan.scheduler import selectors
from kplan.scheduler.cluster_state import CLAIM, CSI_CAPACITY, CSI_DRIVER, STORAGE_CLASS, VOLUME, ClusterState
from kplan.scheduler.columns import Nodes
from kplan.scheduler.csi_migration import in_tree, translated_affinity
from kplan.scheduler.framework import Check, ClusterPlugin, Reject, Rejected, Rejects
from kplan.scheduler.node_rows import Row
from kplan.scheduler.podinfo import PodInfo
from kplan.scheduler.volumes import (
    BOUND_BY_CONTROLLER,
    NO_PROVISIONER,
    SELECTED_NODE,
    claims_of,
    class_name,
    is_bound,
    is_owned,
    waits_for_consumer,
)


class VolumeBinding(ClusterPlugin):
    """Checks bound volumes, finds volumes for claims that wait for a pod, or where they could be provisioned."""

    name = "VolumeBinding"
    weight = 1

    def prepare(self, pod: PodInfo, cluster: ClusterState) -> Check | None:
        """Sort the pod's claims; what should have been bound at once and is not rejects it."""
        found = [self._claim(pod, name, ephemeral, cluster) for name, ephemeral in claims_of(pod)]
        if not found:
            return None
        unbound = [c for c in found if not is_bound(c)]
        if any(c["spec"].get("volumeName") or not waits_for_consumer(c, cluster) for c in unbound):
            raise Rejected("pod has unbound immediate PersistentVolumeClaims")
        return BindingCheck(pod, cluster, [c for c in found if is_bound(c)], unbound)

    def _claim(self, pod: PodInfo, name: str, ephemeral: bool, cluster: ClusterState) -> Object:
        claim = cluster.get(CLAIM, pod.cls.namespace, name)
        if claim is None:
            if ephemeral:
                raise Rejected(f'waiting for ephemeral volume controller to create the persistentvolumeclaim "{name}"')
            raise Rejected(f'persistentvolumeclaim "{name}" not found')
        if (claim.get("status") or {}).get("phase") == "Lost":
            raise Rejected(f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{claim["spec"].get("volumeName") or ""}"')
        if claim["metadata"].get("deletionTimestamp") is not None:
            raise Rejected(f'persistentvolumeclaim "{name}" is being deleted')
        if ephemeral and not is_owned(claim, pod):
            namespace = pod.cls.namespace
            raise Rejected(f"PVC {namespace}/{name} was not created for pod {namespace}/{pod.name} (pod is not owner)")
        return claim


class Offer(NamedTuple):
    """A volume that could serve a claim, apart from where it is. `prebound`: meant for this very claim."""

    volume: Object
    size: str
    prebound: bool
    reach: int


class BindingCheck(Check):
    """One pod's claims. Volumes are matched once for all nodes that reach the same ones."""

    name = VolumeBinding.name

    def __init__(self, pod: PodInfo, cluster: ClusterState, bound: list[Object], unbound: list[Object]) -> None:
        self.cluster = cluster
        self.bound = [cluster.get(VOLUME, "", c["spec"]["volumeName"]) for c in bound]
        self.selected = [c for c in unbound if SELECTED_NODE in annotations_of(c)]
        waiting = [c for c in unbound if SELECTED_NODE not in annotations_of(c)]
        self.waiting = sorted(waiting, key=lambda c: value_of(request(c)))
        self.claims = [*self.selected, *self.waiting]
        self.volumes: list[Object] = []
        self.offers = [self._offers(claim) for claim in self.waiting]
        self.updates: list[tuple[str, Object]] = []

    def filter(self, nodes: Nodes) -> Rejects:
        """Bound volumes out of reach, no volume for a claim, no space to provision one."""
        astray, missing = self._check_bound(nodes)
        yield Reject("node(s) didn't match PersistentVolume's node affinity", astray, resolvable=False)
        if self.claims:
            unmatched, no_space = self._check_unbound(nodes)
            yield Reject("node(s) didn't find available persistent volumes to bind", unmatched, resolvable=False)
            yield Reject("node(s) did not have enough free storage", no_space, resolvable=False)
        yield Reject("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)", missing, resolvable=False)

    def reserve(self, pod: PodInfo, row: int) -> None:
        """Take the volumes found for a node, and note for the provisioner where the others are wanted."""
        view = self.cluster.table.at(row)
        found, rest = self._match([bool(plain_reach(v, view)) for v in self.volumes])
        self.updates = []
        for claim, volume in found:
            if (volume["spec"].get("claimRef") or {}).get("uid") != claim["metadata"].get("uid") or not is_for(volume, claim):
                self.updates.append((VOLUME, bind(volume, claim)))
        node = self.cluster.table.names[row]
        self.updates += ((CLAIM, replace(c, ("metadata", "annotations"), {**annotations_of(c), SELECTED_NODE: node})) for c in (*self.selected, *rest))
        for kind, obj in self.updates:
            self.cluster.assume(kind, obj)

    def _check_bound(self, nodes: Nodes) -> tuple[Any, Any]:
        alive, astray, missing = nodes.yes, nodes.no, nodes.no
        for volume in self.bound:
            if volume is None:
                missing = alive
                break
            here = reach(self.cluster, volume, nodes)
            astray = astray | (alive & (here ^ True))
            alive = alive & here
        return astray, missing

    def _check_unbound(self, nodes: Nodes) -> tuple[Any, Any]:
        elsewhere: Any = nodes.no
        for claim in self.selected:
            elsewhere = elsewhere | (nodes.name.among((annotations_of(claim)[SELECTED_NODE],)) ^ True)
        if not self.volumes:
            unmatched, no_space = self._check_provision(nodes, [*self.selected, *self.waiting])
            return elsewhere | unmatched, no_space & (elsewhere ^ True)
        reached = np.stack([np.atleast_1d(plain_reach(v, nodes)) for v in self.volumes], axis=1)
        patterns, which = np.unique(reached, axis=0, return_inverse=True)
        unmatched = no_space = nodes.no
        for number, pattern in enumerate(patterns.tolist()):
            _, rest = self._match(pattern)
            provision = [*self.selected, *rest]
            if provision:
                here = which.reshape(-1) == number
                mask = bool(here[0]) if isinstance(nodes, Row) else here
                found = self._check_provision(nodes, provision)
                unmatched, no_space = unmatched | (mask & found[0]), no_space | (mask & found[1])
        return elsewhere | unmatched, no_space & (elsewhere ^ True)

    def _check_provision(self, nodes: Nodes, claims: list[Object]) -> tuple[Any, Any]:
        alive, impossible, no_space = nodes.yes, nodes.no, nodes.no
        for claim in claims:
            storage_class = self.cluster.get(STORAGE_CLASS, "", class_name(claim)) or {}
            if (storage_class.get("provisioner") or NO_PROVISIONER) == NO_PROVISIONER:
                return impossible | alive, no_space
            allowed = selectors.topology_match(nodes, storage_class.get("allowedTopologies") or ())
            impossible = impossible | (alive & (allowed ^ True))
            alive = alive & allowed
            enough = self._has_space(nodes, claim, storage_class)
            no_space = no_space | (alive & (enough ^ True))
            alive = alive & enough
        return impossible, no_space

    def _has_space(self, nodes: Nodes, claim: Object, storage_class: Object) -> Any:
        driver = self.cluster.get(CSI_DRIVER, "", storage_class["provisioner"])
        asked = ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage")
        if asked is None or driver is None or not (driver.get("spec") or {}).get("storageCapacity"):
            return nodes.yes
        found: Any = nodes.no
        for capacity in self.cluster.list(CSI_CAPACITY):
            limit = capacity.get("maximumVolumeSize") or capacity.get("capacity")
            topology = capacity.get("nodeTopology")
            if capacity["storageClassName"] != storage_class["metadata"]["name"] or limit is None or topology is None:
                continue
            if value_of(limit) >= value_of(asked):
                mask: Any = nodes.yes
                for requirement in selectors.of_label_selector(topology).requirements:
                    mask = mask & selectors.requirement_mask(nodes, requirement)
                found = found | mask
        return found

    def _offers(self, claim: Object) -> list[Offer]:
        spec, name = claim["spec"], class_name(claim)
        selector = selectors.of_label_selector(spec["selector"]) if spec.get("selector") is not None else None
        found = []
        for volume in self.cluster.list(VOLUME):
            offered = volume["spec"]
            if class_name(volume) != name or (offered.get("claimRef") is not None and not is_for(volume, claim)):
                continue
            size = (offered.get("capacity") or {}).get("storage") or "0"
            if compare(size, request(claim)) < 0 or (offered.get("volumeMode") or "Filesystem") != (spec.get("volumeMode") or "Filesystem"):
                continue
            if (offered.get("volumeAttributesClassName") or "") != (spec.get("volumeAttributesClassName") or ""):
                continue
            if volume["metadata"].get("deletionTimestamp") is not None:
                continue
            prebound = offered.get("claimRef") is not None
            if not prebound:
                if (volume.get("status") or {}).get("phase") != "Available":
                    continue
                if selector is not None and not selector.matches(volume["metadata"].get("labels") or {}):
                    continue
                if not set(spec.get("accessModes") or ()) <= set(offered.get("accessModes") or ()):
                    continue
            found.append(Offer(volume, size, prebound, self._number(volume)))
        return found

    def _number(self, volume: Object) -> int:
        for number, known in enumerate(self.volumes):
            if known is volume:
                return number
        self.volumes.append(volume)
        return len(self.volumes) - 1

    def _match(self, reached: list[bool]) -> tuple[list[tuple[Object, Object]], list[Object]]:
        taken: set[int] = set()
        found, rest = [], []
        for claim, offers in zip(self.waiting, self.offers, strict=True):
            best: Offer | None = None
            for offer in offers:
                if offer.reach in taken:
                    continue
                if offer.prebound:
                    best = offer if reached[offer.reach] else None
                    break
                if reached[offer.reach] and (best is None or compare(offer.size, best.size) < 0):
                    best = offer
            if best is None:
                rest.append(claim)
            else:
                taken.add(best.reach)
                found.append((claim, best.volume))
        return found, rest


def request(claim: Object) -> str:
    """How much storage a claim asks."""
    return str(((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage") or "0")


def is_for(volume: Object, claim: Object) -> bool:
    """Whether a volume is reserved for a claim.   Upstream: IsVolumeBoundToClaim."""
    ref, meta = volume["spec"].get("claimRef") or {}, claim["metadata"]
    if ref.get("name") != meta["name"] or ref.get("namespace") != (meta.get("namespace") or "default"):
        return False
    return not ref.get("uid") or ref["uid"] == meta.get("uid")


def bind(volume: Object, claim: Object) -> Object:
    """A volume reserved for a claim.   Upstream: GetBindVolumeToClaim."""
    meta = claim["metadata"]
    ref = {"kind": "PersistentVolumeClaim", "namespace": meta.get("namespace") or "default", "name": meta["name"], "uid": meta.get("uid") or "",
           "apiVersion": "v1", "resourceVersion": meta.get("resourceVersion") or ""}  # fmt: skip
    found = replace(volume, ("spec", "claimRef"), {key: value for key, value in ref.items() if value})
    if is_for(volume, claim):
        return found
    return replace(found, ("metadata", "annotations"), {**annotations_of(volume), BOUND_BY_CONTROLLER: "yes"})


def plain_reach(volume: Object, nodes: Nodes) -> Any:
    """Which nodes a volume's node affinity allows."""
    return affinity_mask(volume["spec"].get("nodeAffinity"), nodes)


def affinity_mask(affinity: Object | None, nodes: Nodes) -> Any:
    """Which nodes a VolumeNodeAffinity allows."""
    required = (affinity or {}).get("required")
    return nodes.yes if required is None else selectors.node_selector(required).match(nodes)


def reach(cluster: ClusterState, volume: Object, nodes: Nodes) -> Any:
    """The same for a volume in use: where a CSI driver took over from an in-tree plugin, in the driver's labels."""
    found = plain_reach(volume, nodes)
    plugin = in_tree(volume["spec"])
    if plugin is None:
        return found
    affinity = translated_affinity(volume, plugin[1])
    if affinity is volume["spec"].get("nodeAffinity"):
        return found
    migrated = cluster.migrated(plugin[1].plugin)[nodes.row]
    return (migrated & affinity_mask(affinity, nodes)) | ((migrated ^ True) & found)
