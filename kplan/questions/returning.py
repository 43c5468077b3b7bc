"""Pods that run on although the server would not let them in again: a change of what is admitted touches nothing that is there.

Quotas, limits, the Pod Security of a namespace, policies, classes and accounts are asked when a pod is made. A pod that goes for any reason then has no
successor. Each workload is asked about once, by a pod of its template as its controller would make it. A quota that is full lets a successor in (what
went has made room), one that is overdrawn does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kplan.api.objects import Object, labels_of
from kplan.api.podrequests import quantities
from kplan.api.ref import Ref
from kplan.cluster import Cluster
from kplan.diff import cause_of
from kplan.questions.replicas import MARK, RefusedError, of_template

State = Mapping[Ref, Object]
ADMITTING = frozenset(
    {
        "ResourceQuota", "LimitRange", "ServiceAccount", "PriorityClass.scheduling.k8s.io", "RuntimeClass.node.k8s.io",
        "ValidatingAdmissionPolicy.admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io",
        "MutatingAdmissionPolicy.admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding.admissionregistration.k8s.io",
    }
)  # fmt: skip
CONTROLLED = ("Deployment.apps", "StatefulSet.apps", "DaemonSet.apps", "ReplicaSet.apps", "ReplicationController")
QUOTA = re.compile(r"exceeded quota: ([^,]+),")
MOST_ASKED = 300


class Barred(NamedTuple):
    """A workload whose `pods` run on, and would not be let in again for a `reason`."""

    ref: Ref
    pods: int
    reason: str


def barred(before: State, after: State, cluster: Cluster) -> Iterator[Barred]:
    """The workloads that the change keeps from ever getting a new pod, in the order of refs; `cluster` is as it is after."""
    places = {ref.namespace for ref in {*before, *after} if ref.group_kind in ADMITTING and _differs(before.get(ref), after.get(ref))}
    places |= {ref.name for ref, obj in after.items() if ref.group_kind == "Namespace" and ref in before and labels_of(before[ref]) != labels_of(obj)}
    if not places:
        return
    kept: dict[Ref, int] = {}
    for ref, pod in after.items():
        if ref.group_kind == "Pod" and ("" in places or ref.namespace in places) and ref in before and _same(before[ref], pod):
            workload = cause_of(pod, after)
            if workload is not None and workload.group_kind in CONTROLLED:
                kept[workload] = kept.get(workload, 0) + 1
    for ref in sorted(kept)[:MOST_ASKED]:
        try:
            of_template(cluster, ref)
        except RefusedError as refusal:
            reason = str(refusal)
            quota = QUOTA.search(reason)
            if quota is None or _overdrawn(after.get(Ref("", "ResourceQuota", ref.namespace, quota[1]))):
                yield Barred(ref, kept[ref], reason.removeprefix(f'pods "{ref.name}-{MARK}" is forbidden: '))


def _differs(old: Object | None, new: Object | None) -> bool:
    """Otherwise than in its status."""
    if old is None or new is None:
        return old is not new
    return old is not new and any(old.get(k) != new.get(k) for k in ({*old, *new} - {"status", "metadata"}))


def _same(old: Object, new: Object) -> bool:
    return bool(old["metadata"]["uid"] == new["metadata"]["uid"]) and "deletionTimestamp" not in new["metadata"]


def _overdrawn(quota: Object | None) -> bool:
    """Whether more is used than a quota allows."""
    hard, used = (quantities(((quota or {}).get("status") or {}).get(f)) for f in ("hard", "used"))
    return any(name in used and used[name].milli_value() > hard[name].milli_value() for name in hard)


__all__ = ["Barred", "barred"]
