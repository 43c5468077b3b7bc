"""What pods used when somebody looked: recorded PodMetrics, and which pods of another cluster they speak of.

Upstream: PodMetrics of metrics.k8s.io/v1beta1, as metrics-server serves them (`kubectl get --raw /apis/metrics.k8s.io/v1beta1/pods`,
`kubectl get pods.metrics.k8s.io -A -o yaml`). Usage is in milli-units: of a cpu, of a byte. Left out: timestamps and windows (usage is as
fresh as the moment it is asked for), NodeMetrics, custom and external metrics.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from kplan.api.objects import Object, controller_of, labels_of
from kplan.api.quantity import QuantityError, parse_json
from kplan.manifests.documents import read_documents

GROUP = "metrics.k8s.io/"
HASH = "pod-template-hash"
OWN = {  # labels that pods of one workload do not share, or that another rollout, run or node changes
    HASH,
    "controller-revision-hash",
    "pod-template-generation",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/job-completion-index",
    "batch.kubernetes.io/controller-uid",
    "controller-uid",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
}
_RANDOM = "[bcdfghjklmnpqrstvwxz2456789]"  # of what names are made that the server or a hash makes up
_NAMES = (  # of pods, by the kind of the workload that they are named for
    ("Deployment", re.compile(rf"(.+)-{_RANDOM}{{1,10}}-{_RANDOM}{{5}}")),
    ("StatefulSet", re.compile(r"(.+)-\d+")),
    ("Job", re.compile(rf"(.+)-\d+-{_RANDOM}{{5}}")),
    ("", re.compile(rf"(.+)-{_RANDOM}{{5}}")),
)

Usage = dict[str, int]  # milli-units by container/resource
Workload = tuple[str, str, object]  # its namespace, how pods are known to be its own, and by what
Known = Callable[[str, str], bool]


class PodMetricsError(ValueError):
    """A text that is no PodMetrics."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The usage of one pod."""

    namespace: str
    name: str
    labels: dict[str, str]
    usage: Usage

    @property
    def workloads(self) -> Iterator[Workload]:
        """What it may be a pod of."""
        yield from _by_labels(self.namespace, self.labels)
        for kind, pattern in _NAMES:
            found = pattern.fullmatch(self.name)
            if found:
                yield self.namespace, kind, found[1]


@dataclass(slots=True)
class PodMetrics:
    """Recorded usage by pod, and for pods that were not there by what they have in common with those that were."""

    recorded: Sequence[Recorded]
    _pods: dict[tuple[str, str], Recorded] = field(init=False, repr=False)
    _workloads: dict[Workload, list[Recorded]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._pods = {(r.namespace, r.name): r for r in self.recorded}
        self._workloads = defaultdict(list)
        for pod in self._pods.values():
            for workload in pod.workloads:
                self._workloads[workload].append(pod)

    def usages(self, pods: Iterable[Object], known: Known) -> dict[str, Usage]:
        """The usage of pods of one namespace, by name; those that it is unknown of are left out.

        A pod that was recorded uses what it did. Another one uses the mean of those that were recorded with the same labels, or else named for
        the same workload, and are gone now: `known` says which are there.
        """
        found: dict[str, Usage] = {}
        means: dict[Workload, Usage] = {}
        for pod in pods:
            namespace, name = _key(pod)
            if (namespace, name) in self._pods:
                found[name] = self._pods[namespace, name].usage
                continue
            for workload in _workloads_of(pod):
                if workload not in means:
                    gone = [r.usage for r in self._workloads.get(workload, ()) if not known(r.namespace, r.name)]
                    means[workload] = _mean(gone)
                if means[workload]:
                    found[name] = means[workload]
                    break
        return found

    def unmatched(self, pods: Iterable[Object]) -> tuple[str, ...]:
        """Recorded pods that speak of none of these pods, as namespace/name."""
        names: set[tuple[str, str]] = set()
        workloads: set[Workload] = set()
        for pod in pods:
            names.add(_key(pod))
            workloads.update(_workloads_of(pod))
        return tuple(f"{r.namespace}/{r.name}" for key, r in sorted(self._pods.items()) if key not in names and workloads.isdisjoint(r.workloads))


def read_pod_metrics(data: str | bytes) -> PodMetrics:
    """The PodMetrics of a text in YAML or JSON: a PodMetricsList, a List, or one by one. Raises PodMetricsError."""
    found: list[Recorded] = []
    some = False
    for document in read_documents(data):
        if document.error is not None:
            raise PodMetricsError(str(document.error))
        if document.value is not None:
            some = True
            found += (_recorded(item) for item in _items(document.value))
    if not some:
        raise PodMetricsError("not PodMetrics")
    return PodMetrics(found)


def _items(value: Any) -> Iterable[Any]:
    """The PodMetrics of one document; in a list of its own an item need not say what it is."""
    if not isinstance(value, dict):
        raise PodMetricsError("not PodMetrics")
    version, kind = str(value.get("apiVersion")), value.get("kind")
    own = version.startswith(GROUP) and kind == "PodMetricsList"
    if not own and (version, kind) != ("v1", "List"):
        return (_checked(value),)
    items = value.get("items") or ()
    if not isinstance(items, list | tuple) or not all(isinstance(item, dict) for item in items):
        raise PodMetricsError("its items are no PodMetrics")
    return [item if own and "kind" not in item else _checked(item) for item in items]


def _checked(item: Object) -> Object:
    if item.get("kind") != "PodMetrics" or not str(item.get("apiVersion")).startswith(GROUP):
        raise PodMetricsError(f"not PodMetrics but {item.get('kind') or 'an object without a kind'}")
    return item


def _recorded(item: Object) -> Recorded:
    meta, containers = item.get("metadata"), item.get("containers") or []
    if not isinstance(meta, dict) or not isinstance(meta.get("name"), str):
        raise PodMetricsError("PodMetrics without a name")
    namespace = str(meta.get("namespace") or "default")
    where = f"{namespace}/{meta['name']}"
    labels = meta.get("labels") or {}
    if not isinstance(labels, dict) or not isinstance(containers, list):
        raise PodMetricsError(f"{where}: not PodMetrics")
    usage: Usage = {}
    for container in containers:
        if not isinstance(container, dict) or not isinstance(container.get("usage") or {}, dict):
            raise PodMetricsError(f"{where}: a container without usage")
        for resource, text in (container.get("usage") or {}).items():
            try:
                usage[f"{container.get('name')}/{resource}"] = parse_json(text).milli_value()
            except QuantityError as error:
                raise PodMetricsError(f"{where}: usage of {resource}: {error}") from None
    return Recorded(namespace, meta["name"], {str(k): str(v) for k, v in labels.items()}, usage)


def _key(pod: Object) -> tuple[str, str]:
    return pod["metadata"].get("namespace") or "", pod["metadata"]["name"]


def _by_labels(namespace: str, labels: dict[str, str]) -> Iterator[Workload]:
    shared = frozenset((name, value) for name, value in labels.items() if name not in OWN)
    if shared:
        yield namespace, "labels", shared


def _workloads_of(pod: Object) -> Iterator[Workload]:
    """What a pod of the cluster is a pod of, the better match first."""
    namespace, labels = pod["metadata"].get("namespace") or "", labels_of(pod)
    yield from _by_labels(namespace, labels)
    owner = controller_of(pod)
    if owner is None:
        return
    kind, name = owner["kind"], owner["name"]
    if kind == "StatefulSet":
        yield namespace, kind, name
        return
    hashed = f"-{labels.get(HASH)}"
    if kind == "ReplicaSet" and name.endswith(hashed):
        yield namespace, "Deployment", name.removesuffix(hashed)
    if kind == "Job":
        yield namespace, kind, name
    yield namespace, "", name


def _mean(usages: Sequence[Usage]) -> Usage:
    """Of each container's resource over the pods that report it."""
    values: dict[str, list[int]] = defaultdict(list)
    for usage in usages:
        for name, value in usage.items():
            values[name].append(value)
    return {name: sum(each) // len(each) for name, each in values.items()}
