"""Pods as rules look at them: the template of any workload, its containers with their paths, how many there will be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from kplan.api.objects import Object, group_kind_of, labels_of
from kplan.graph import TEMPLATES, pod_template

WORKLOADS = tuple(TEMPLATES)
LASTING = ("ReplicaSet.apps", "Deployment.apps", "StatefulSet.apps", "DaemonSet.apps", "ReplicationController")
REPLICATED = ("ReplicaSet.apps", "Deployment.apps", "StatefulSet.apps", "ReplicationController")


class Container(NamedTuple):
    """One container. `role` is `container`, `init container`, `sidecar` or `ephemeral container`; `path` is its field path."""

    data: Object
    path: str
    role: str

    @property
    def name(self) -> str:
        """Its name."""
        return self.data.get("name") or ""

    @property
    def title(self) -> str:
        """How messages call it."""
        return f'{self.role} "{self.name}"'

    @property
    def security(self) -> Object:
        """Its own securityContext."""
        found: Object = self.data.get("securityContext") or {}
        return found

    def resource(self, sort: str, name: str) -> str | None:
        """A request or limit that it states."""
        found: str | None = ((self.data.get("resources") or {}).get(sort) or {}).get(name)
        return found

    @property
    def ports(self) -> Sequence[Object]:
        """The ports that it declares."""
        return self.data.get("ports") or ()

    @property
    def env(self) -> Sequence[Object]:
        """Its environment variables."""
        return self.data.get("env") or ()


@dataclass(frozen=True)
class Pods:
    """The pods of a workload: `path` leads to their spec, `meta_path` to their metadata."""

    workload: Object
    template: Object
    path: str
    meta_path: str

    @cached_property
    def spec(self) -> Object:
        """The pod spec."""
        return self.template.get("spec") or {}

    @property
    def labels(self) -> dict[str, str]:
        """The pods' labels."""
        return labels_of(self.template)

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """All that run in a pod at some time, those of its life first."""
        spec, path = self.spec, self.path
        found = [Container(c, f"{path}.containers[{i}]", "container") for i, c in enumerate(spec.get("containers") or ())]
        for i, c in enumerate(spec.get("initContainers") or ()):
            found.append(Container(c, f"{path}.initContainers[{i}]", "sidecar" if c.get("restartPolicy") == "Always" else "init container"))
        for i, c in enumerate(spec.get("ephemeralContainers") or ()):
            found.append(Container(c, f"{path}.ephemeralContainers[{i}]", "ephemeral container"))
        return tuple(found)

    @cached_property
    def running(self) -> tuple[Container, ...]:
        """Those that run as long as the pod does."""
        return tuple(c for c in self.containers if c.role in ("container", "sidecar"))

    @property
    def security(self) -> Object:
        """The pod's securityContext."""
        found: Object = self.spec.get("securityContext") or {}
        return found

    @property
    def windows(self) -> bool:
        """Whether they run on Windows, where Linux's security settings mean nothing."""
        return bool((self.spec.get("os") or {}).get("name") == "windows" or (self.spec.get("nodeSelector") or {}).get("kubernetes.io/os") == "windows")

    @property
    def replicas(self) -> int | None:
        """How many the workload wants; None where nodes or schedules decide."""
        kind, spec = self.workload["kind"], self.workload.get("spec") or {}
        if kind == "Pod":
            return 1
        if kind in ("Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"):
            return int(spec.get("replicas", 1))
        return int(spec.get("parallelism", 1)) if kind == "Job" else None

    def port_names(self, protocol: str = "") -> set[str]:
        """Names of the ports that its running containers declare, of one protocol or of all."""
        return {p["name"] for c in self.running for p in c.ports if p.get("name") and (not protocol or (p.get("protocol") or "TCP") == protocol)}

    def port_number(self, port: Any, protocol: str = "TCP") -> int | None:
        """What a Service's targetPort comes to: a number as it is, a name by the container that declares it."""
        if isinstance(port, int):
            return port
        for c in self.running:
            for declared in c.ports:
                if declared.get("name") == port and (declared.get("protocol") or "TCP") == protocol:
                    return int(declared["containerPort"])
        return None

    def affinity_terms(self, field: str) -> Iterator[tuple[Object, str]]:
        """The required terms of podAffinity or podAntiAffinity, with their paths."""
        required = ((self.spec.get("affinity") or {}).get(field) or {}).get("requiredDuringSchedulingIgnoredDuringExecution")
        for i, term in enumerate(required or ()):
            yield term, f"{self.path}.affinity.{field}.requiredDuringSchedulingIgnoredDuringExecution[{i}]"


def pods_of(obj: Object) -> Pods:
    """The pods of a workload; for what has none, no pods: an empty template."""
    path = TEMPLATES.get(group_kind_of(obj), ())
    template = pod_template(obj)
    head = ".".join(path)
    return Pods(obj, template or {}, f"{head}.spec" if head else "spec", f"{head}.metadata" if head else "metadata")


__all__ = ["LASTING", "REPLICATED", "WORKLOADS", "Container", "Pods", "pods_of"]
