"""Pods as the scheduler sees them: what each asks for, read once for all pods that ask the same.

Upstream: pkg/scheduler/framework/types.go (PodInfo) and KEP-5598 (signatures). A `PodClass` is all of a pod that any
plugin's verdict depends on but for its name, priority and node; thousands of replicas share one. Pods are read with the
defaults of API v1, because they may have been restored as they were written.
"""

from __future__ import annotations

import marshal
from functools import cached_property
from typing import Any, NamedTuple

from kplan.api.objects import Object
from kplan.api.podrequests import is_sidecar
from kplan.scheduler import requests as ask
from kplan.scheduler import selectors
from kplan.scheduler.pod_terms import AffinityTerm, Spread, spread_constraints
from kplan.scheduler.selectors import NodeSelector, Term

HOSTNAME = "kubernetes.io/hostname"
DISKS = ("gcePersistentDisk", "awsElasticBlockStore", "rbd", "iscsi")
# Volumes by which plugins judge; all others say nothing to a scheduler.
VOLUMES = ("persistentVolumeClaim", "ephemeral", "image", "csi", "azureDisk", "azureFile", "cinder", "portworxVolume", *DISKS)


class Usage(NamedTuple):
    """Amounts that count on a node: millicores, bytes, and by name; `nonzero_*` with defaults for what names none."""

    cpu: int
    memory: int
    ephemeral_storage: int
    scalars: tuple[tuple[str, int], ...]
    nonzero_cpu: int
    nonzero_memory: int


class PodClass:
    """What scheduling depends on, shared by all pods for which it is the same. Compared by identity."""

    def __init__(self, pod: Object) -> None:
        meta = pod["metadata"]
        self.pod = pod
        self.spec: Object = pod.get("spec") or {}
        self.namespace: str = meta.get("namespace") or "default"
        self.labels: dict[str, str] = meta.get("labels") or {}
        self.terminating: bool = meta.get("deletionTimestamp") is not None
        spec = self.spec
        affinity = spec.get("affinity") or {}
        self.affinity: Object = affinity.get("podAffinity") or {}
        self.anti_affinity: Object = affinity.get("podAntiAffinity") or {}
        self.node_affinity: Object = affinity.get("nodeAffinity") or {}
        self.tolerations: list[Object] = spec.get("tolerations") or []
        self.volumes: list[Object] = spec.get("volumes") or []
        self.containers: list[Object] = spec.get("containers") or []
        self.init_containers: list[Object] = spec.get("initContainers") or []
        self.gates: tuple[str, ...] = tuple(g["name"] for g in spec.get("schedulingGates") or ())
        self.has_affinity = bool(self.affinity or self.anti_affinity)

    @cached_property
    def tolerations_key(self) -> bytes:
        """Equal where tolerations are."""
        return marshal.dumps(self.tolerations, 2)

    @cached_property
    def node_affinity_key(self) -> bytes | None:
        """Equal where node selector and node affinity are; None without any."""
        if not self.node_affinity and not self.spec.get("nodeSelector"):
            return None
        return marshal.dumps((self.spec.get("nodeSelector"), self.node_affinity), 2)

    @cached_property
    def requests(self) -> ask.Amounts:
        """What the pod asks of a node before it runs."""
        return ask.pod_requests(self.spec)

    @cached_property
    def asked(self) -> Usage:
        """`requests` rounded; the nonzero amounts are those of its containers alone, as NodeResourcesFit scores a new pod."""
        plain = ask.pod_requests(self.spec, missing=ask.DEFAULTS, pod_level=False)
        return _usage(self.requests, plain)

    @cached_property
    def usage(self) -> Usage:
        """What the pod counts for on its node.   Upstream: PodInfo.CalculateResource."""
        status = self.pod.get("status") or {}
        if not self.spec.get("resources") and not resize_state(status):
            return self.asked
        found = ask.pod_requests(self.spec, status)
        missing = ask.non_missing(found, bool(ask.pod_level_requests(self.spec)))
        return _usage(found, ask.pod_requests(self.spec, status, missing) if missing else found)

    def asks(self, resource: str, defaults: bool) -> int:
        """The amount of one resource that scores count; with `defaults` as NodeResourcesFit counts it."""
        if defaults:
            amounts = ask.pod_requests(self.spec, missing=ask.DEFAULTS, pod_level=False)
        else:
            amounts = ask.pod_requests(self.spec)
        amount = amounts.get(resource, 0)
        return ask.milli(amount) if resource == ask.CPU else ask.whole(amount)

    @cached_property
    def host_ports(self) -> tuple[tuple[str, str, int], ...]:
        """Protocol, address and port of each host port of what keeps running."""
        on_host = self.spec.get("hostNetwork")
        found = []
        for container in [*filter(is_sidecar, self.init_containers), *self.containers]:
            for port in container.get("ports") or ():
                number = port.get("hostPort") or (port["containerPort"] if on_host else 0)
                if number > 0:
                    found.append((port.get("protocol") or "TCP", port.get("hostIP") or "0.0.0.0", number))
        return tuple(found)

    @cached_property
    def images(self) -> tuple[str, ...]:
        """The images it needs, with their tags."""
        names = [c.get("image") or "" for c in (*self.init_containers, *self.containers)]
        names += [v["image"].get("reference") or "" for v in self.volumes if v.get("image") is not None]
        return tuple(n if n.rfind(":") > n.rfind("/") else n + ":latest" for n in names)

    @cached_property
    def required_nodes(self) -> NodeSelector | None:
        """The required node affinity."""
        required = self.node_affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
        return None if required is None else selectors.node_selector(required)

    @cached_property
    def preferred_nodes(self) -> tuple[tuple[int, Term], ...]:
        """Weighted node affinity terms."""
        preferred = self.node_affinity.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
        terms = ((p.get("weight") or 0, selectors.node_term(p.get("preference") or {})) for p in preferred)
        return tuple((weight, term) for weight, term in terms if weight and term is not None)

    @cached_property
    def required_affinity(self) -> tuple[AffinityTerm, ...]:
        """Pods it must be with."""
        return self._terms(self.affinity.get("requiredDuringSchedulingIgnoredDuringExecution"))

    @cached_property
    def required_anti_affinity(self) -> tuple[AffinityTerm, ...]:
        """Pods it must not be with."""
        return self._terms(self.anti_affinity.get("requiredDuringSchedulingIgnoredDuringExecution"))

    @cached_property
    def preferences(self) -> tuple[AffinityTerm, ...]:
        """Pods it would rather be with, or (negative weight) without."""
        with_weight = self.affinity.get("preferredDuringSchedulingIgnoredDuringExecution")
        without = self.anti_affinity.get("preferredDuringSchedulingIgnoredDuringExecution")
        return self._weighted(with_weight, 1) + self._weighted(without, -1)

    @cached_property
    def spread(self) -> tuple[tuple[Spread, ...], tuple[Spread, ...]]:
        """Its own topology spread constraints: those it must keep, those it would."""
        return spread_constraints(self.spec.get("topologySpreadConstraints") or (), self.labels)

    @cached_property
    def controller(self) -> tuple[str, str, str] | None:
        """apiVersion, kind and name of its controller."""
        owners = (self.pod["metadata"].get("ownerReferences")) or ()
        return next(((o["apiVersion"], o["kind"], o["name"]) for o in owners if o.get("controller")), None)

    @cached_property
    def claim_names(self) -> tuple[str, ...]:
        """The claims it names itself."""
        return tuple(v["persistentVolumeClaim"]["claimName"] for v in self.volumes if v.get("persistentVolumeClaim") is not None)

    @cached_property
    def disks(self) -> tuple[tuple[str, Object], ...]:
        """Its volumes of the kinds of which a node takes only one writer."""
        return tuple((kind, v[kind]) for v in self.volumes for kind in DISKS if v.get(kind) is not None)

    @cached_property
    def has_claims(self) -> bool:
        """Whether volumes count at all: claims, ephemeral claims, in-tree disks that a CSI driver serves."""
        return any(kind != "image" and v.get(kind) is not None for v in self.volumes for kind in VOLUMES)

    @cached_property
    def needs_objects(self) -> bool:
        """Whether verdicts depend on objects that other pods may change: claims, volumes, devices."""
        return bool(self.has_claims or self.disks or self.resource_claims)

    @cached_property
    def resource_claims(self) -> list[Object]:
        """`spec.resourceClaims`."""
        return self.spec.get("resourceClaims") or []

    def _terms(self, terms: list[Object] | None) -> tuple[AffinityTerm, ...]:
        return tuple(self._term(t, 0) for t in terms or ())

    def _weighted(self, terms: list[Object] | None, sign: int) -> tuple[AffinityTerm, ...]:
        return tuple(self._term(t["podAffinityTerm"], sign * (t.get("weight") or 0)) for t in terms or ())

    def _term(self, term: Object, weight: int) -> AffinityTerm:
        names, selector = term.get("namespaces") or (), term.get("namespaceSelector")
        if not names and selector is None:
            names = (self.namespace,)
        return AffinityTerm(term["topologyKey"], selectors.of_label_selector(term.get("labelSelector")), frozenset(names),
                            selectors.of_label_selector(selector), weight)  # fmt: skip


class PodInfo:
    """One pod: its class and what is its own."""

    __slots__ = ("cls", "key", "name", "never_preempts", "node", "nominated", "pod", "priority", "start", "uid")

    def __init__(self, pod: Object, cls: PodClass) -> None:
        meta, spec, status = pod["metadata"], pod.get("spec") or {}, pod.get("status") or {}
        self.pod = pod
        self.cls = cls
        self.name: str = meta.get("name") or ""
        self.key: str = f"{cls.namespace}/{self.name}"
        self.uid: str = meta.get("uid") or self.key
        self.priority: int = spec.get("priority") or 0
        self.never_preempts: bool = spec.get("preemptionPolicy") == "Never"
        self.node: str = spec.get("nodeName") or ""
        self.nominated: str = status.get("nominatedNodeName") or ""
        self.start: str = status.get("startTime") or ""


class PodReader:
    """Reads pods; pods that ask the same get the same class."""

    def __init__(self) -> None:
        self._classes: dict[bytes, PodClass] = {}

    def read(self, pod: Object) -> PodInfo:
        """A pod as the scheduler sees it."""
        key = _class_key(pod)
        found = self._classes.get(key)
        if found is None:
            if len(self._classes) > 100_000:
                self._classes.clear()
            found = self._classes[key] = PodClass(pod)
        return PodInfo(pod, found)


def _class_key(pod: Object) -> bytes:
    meta = pod["metadata"]
    spec = pod.get("spec") or {}
    get = spec.get
    containers = [(c.get("image"), c.get("resources"), c.get("ports"), c.get("restartPolicyRules")) for c in get("containers") or ()]
    owners = meta.get("ownerReferences")
    parts: list[Any] = [
        meta.get("namespace"), meta.get("labels"), meta.get("deletionTimestamp") is not None, containers,
        get("affinity"), get("nodeSelector"), get("tolerations"), get("topologySpreadConstraints"),
        [(o["kind"], o["name"], o["apiVersion"]) for o in owners if o.get("controller")] if owners else None,
        get("overhead"), get("resources"), get("hostNetwork"), get("hostUsers"), get("resourceClaims"), get("schedulingGates"),
        get("schedulerName"),
    ]  # fmt: skip
    inits, volumes = get("initContainers"), get("volumes")
    if inits:
        parts.append([(c.get("image"), c.get("resources"), c.get("ports"), c.get("restartPolicy"), c.get("restartPolicyRules")) for c in inits])
    if volumes:
        counted = [v for v in volumes if any(kind in v for kind in VOLUMES)]
        if counted:
            parts.append(counted)
            if any("ephemeral" in v for v in counted):
                parts += (meta.get("name"), meta.get("uid"))
    if get("resourceClaims"):
        parts += (meta.get("name"), meta.get("uid"), (pod.get("status") or {}).get("resourceClaimStatuses"))
    status = pod.get("status")
    if status:
        resized = resize_state(status)
        if resized:
            parts += (resized, [c.get("name") for c in (*(get("containers") or ()), *(inits or ()))])
    # Version 2 of the format depends on nothing but the values.
    return marshal.dumps(parts, 2)


def resize_state(status: Object) -> list[Any]:
    """What a pod's status says of a resize in progress; empty where it says nothing of resources."""
    found: list[Any] = []
    for states in (status.get("containerStatuses"), status.get("initContainerStatuses")):
        for state in states or ():
            if state.get("resources") is not None:
                found.append((state["name"], state["resources"].get("requests"), state.get("allocatedResources")))
    if status.get("resources") is not None:
        found.append((status["resources"], status.get("allocatedResources")))
    if found:
        found.append([c.get("reason") for c in status.get("conditions") or () if c.get("type") == "PodResizePending"])
    return found


def _usage(amounts: ask.Amounts, nonzero: ask.Amounts) -> Usage:
    scalars = tuple((name, ask.whole(amount)) for name, amount in sorted(amounts.items()) if ask.is_scalar(name))
    return Usage(
        ask.milli(amounts.get(ask.CPU, 0)), ask.whole(amounts.get(ask.MEMORY, 0)), ask.whole(amounts.get(ask.EPHEMERAL_STORAGE, 0)), scalars,
        ask.milli(nonzero.get(ask.CPU, 0)), ask.whole(nonzero.get(ask.MEMORY, 0)),
    )  # fmt: skip
