"""Cluster: the public face of the simulated cluster, for users' own tests as much as for the plan.

Every verb answers with a Response and never raises for what a manifest says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from kplan.admission import ADMIN
from kplan.api.objects import Object, group_kind, group_of
from kplan.api.reader import Reader
from kplan.api.ref import Ref
from kplan.apiserver.clock import START, Clock
from kplan.apiserver.door import Door
from kplan.apiserver.fresh import FIRST_OBJECTS
from kplan.apiserver.response import Response
from kplan.apiserver.writes import Call
from kplan.controllers import CONTROLLERS
from kplan.manifests.podmetrics import PodMetrics
from kplan.network.load_balancer import LoadBalancer
from kplan.node.kubelet import Kubelet
from kplan.node.provisioner import Provisioner
from kplan.scheduler.decision import Decision
from kplan.scheduler.loop import SchedulerLoop
from kplan.scheduler.scheduler import Scheduler
from kplan.simulate import Run, Simulation

AnyRef = Ref | Mapping[str, Any]


class Cluster:
    """A Kubernetes control plane in memory, on a virtual clock.

    `version` is a minor version such as `1.36`. A new cluster has the system namespaces with their ServiceAccounts and the system PriorityClasses; after the
    first `run` also the Service `kubernetes` and `kube-root-ca.crt` in each namespace. `metrics` says what pods use (see `read_pod_metrics`);
    with `provisioners` those of StorageClasses are there though no CSIDriver object tells of them.
    """

    def __init__(
        self, version: str = "1.36", *, now: datetime = START, scheduler_config: Any = None, metrics: PodMetrics | None = None, provisioners: bool = False
    ) -> None:
        self.door = Door(version, Clock(now))
        self.door.metrics = metrics
        for kind, obj in FIRST_OBJECTS:
            self.door.store.put(kind, obj)
        self._scheduler_config = scheduler_config
        self._loop = SchedulerLoop(scheduler_config)
        self._simulation = Simulation(self.door, ([c() for c in CONTROLLERS], [self._loop], [Kubelet(), Provisioner(assumed=provisioners), LoadBalancer()]))

    # -- writing

    def restore(self, objects: Iterable[Object]) -> None:
        """Put objects in as they are, as from a backup: no admission, no defaulting. Missing uids, times and an empty `spec` are filled in."""
        self.door.restore(objects)

    def create(self, obj: Object, namespace: str | None = None, dry_run: bool = False) -> Response:
        """POST with strict field validation, as `kubectl create`."""
        return self.door.create(obj, self._call(namespace, dry_run))

    def update(self, obj: Object, namespace: str | None = None, dry_run: bool = False, subresource: str = "") -> Response:
        """PUT."""
        call = self._call(namespace, dry_run)
        call.subresource = subresource
        return self.door.update(obj, call)

    def apply(self, obj: Object, field_manager: str = "kplan", force: bool = True, namespace: str | None = None, dry_run: bool = False) -> Response:
        """Server-side apply."""
        call = self._call(namespace, dry_run)
        call.manager = field_manager
        return self.door.apply(obj, call, force=force)

    def kubectl_apply(self, obj: Object, namespace: str | None = None) -> Response:
        """Client-side apply: the three-way merge with the last applied manifest."""
        call = self._call(namespace, False)
        call.manager = "kubectl-client-side-apply"
        return self.door.kubectl_apply(obj, call)

    def patch(self, ref: AnyRef, body: Any, type: str = "strategic", subresource: str | None = None, field_manager: str = "kplan") -> Response:
        """PATCH. `type` is strategic, merge or json."""
        found = self._ref(ref)
        call = self._call(found.namespace, False)
        call.manager, call.subresource = field_manager, subresource or ""
        return self.door.patch(found, body, type, call)

    def delete(self, ref: AnyRef, propagation: str = "Background", grace_period: int | None = None) -> Response:
        """DELETE. `propagation` is Background, Foreground or Orphan; `grace_period` in seconds."""
        found = self._ref(ref)
        return self.door.delete(found, self._call(found.namespace, False), propagation=propagation, grace=grace_period)

    def evict(self, ref: AnyRef) -> Response:
        """The eviction subresource: PodDisruptionBudgets count."""
        found = self._ref(ref)
        return self.door.evict(found, self._call(found.namespace, False))

    # -- running

    def run(self, quiet: float = 2.0, horizon: float | None = None) -> Run:
        """Let controllers, scheduler and kubelets work until nothing has changed for `quiet` virtual seconds, at most for `horizon`."""
        first = len(self._loop.decisions)
        run = self._simulation.run(quiet, horizon)
        return Run(run.converged, run.elapsed, run.events, tuple(self._loop.decisions[first:]), (*self._loop.diagnostics, *run.diagnostics))

    def explain(self, pod: Object | AnyRef) -> Decision:
        """How the scheduler sees a pod (a manifest, or a ref) against the state as it stands; nothing is changed."""
        if isinstance(pod, Mapping) and "spec" in pod:
            manifest = dict(pod)
        else:
            found = self.get(pod)
            if found is None:
                raise KeyError(str(self._ref(pod)))
            manifest = found
        return Scheduler(self.door.store, self._scheduler_config).explain(manifest)

    def schedule(self, pods: list[Object], preemption: bool = True) -> list[Decision]:
        """Schedule pods one after the other, by priority, each assumed before the next; the store is left alone."""
        if self._planner is None:
            self._planner = Scheduler(self.door.store, self._scheduler_config)
        return self._planner.schedule(pods, preemption)

    def scheduler_over(self, reader: Reader) -> Scheduler:
        """A scheduler of this cluster's configuration that sees what a reader shows it, such as the cluster as it might be."""
        return Scheduler(reader, self._scheduler_config)

    _planner: Scheduler | None = None

    # -- reading

    def get(self, ref: AnyRef) -> Object | None:
        """One object as the API returns it, managedFields included; None where there is none."""
        found = self._ref(ref)
        obj = self.door.store.get(found.group_kind, found.namespace, found.name)
        if obj is None:
            return None
        entries = self.door.ownership.of((found.group_kind, found.namespace, found.name))
        return {**obj, "metadata": {**obj["metadata"], "managedFields": entries}} if entries else obj

    def objects(self, kind: str | None = None, namespace: str | None = None) -> list[Object]:
        """All objects, or those of a kind (`Pod`, `Deployment` or `Deployment.apps`), in their preferred versions, without managedFields."""
        store = self.door.store
        kinds = store.kinds() if kind is None else [k for k in store.kinds() if k == kind or k.partition(".")[0] == kind]
        return [o for k in kinds for o in store.list(k, namespace)]

    def events(self) -> list[Object]:
        """Every event that was emitted, one entry each, in order."""
        return self.door.events

    @property
    def decisions(self) -> list[Decision]:
        """Every attempt of the scheduler in the runs so far, in order."""
        return self._loop.decisions

    # -- arguments

    def _call(self, namespace: str | None, dry_run: bool) -> Call:
        return Call(namespace=namespace or "default", user=ADMIN, dry_run=dry_run)

    def _ref(self, ref: AnyRef) -> Ref:
        if isinstance(ref, Ref):
            return ref
        meta = ref.get("metadata") or {}
        api_version, kind = str(ref.get("apiVersion") or "v1"), str(ref.get("kind") or "")
        group = group_of(api_version)
        served = self.door.registry.resolve(api_version, kind) or self.door.registry.preferred(group_kind(kind, group))
        namespaced = served is None or served.kind.namespaced
        if served is not None:
            group = served.kind.group
        namespace = (ref.get("namespace") or meta.get("namespace") or "default") if namespaced else ""
        return Ref(group, kind, str(namespace), str(ref.get("name") or meta.get("name") or ""))
