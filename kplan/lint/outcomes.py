"""What came up and what did not: the state after a run, read for pods, the workloads that made them, and claims.

Every finding stands at the field that is responsible (`kplan.lint.blame`). What was no better before the change is a note.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kplan.api.objects import Object, controller_of, group_kind_of
from kplan.api.ref import Ref
from kplan.diagnostics import Diagnostic, Severity
from kplan.diff import Causes, cause_of
from kplan.lint.blame import State, blame
from kplan.manifests.manifest import Manifest
from kplan.node.wants import missing_volume

UP = ("Running", "Completed")
VIOLATES, WOULD_VIOLATE = "violates PodSecurity ", "would violate PodSecurity "  # the server's words
UNBOUND = frozenset({"ProvisioningFailed", "FailedBinding"})  # reasons of events about claims that wait for nobody's pod


@dataclass(frozen=True, slots=True)
class PodSummary:
    """The pods of one workload: how many in each state, why those that are not up are not, and on which nodes the others are."""

    states: dict[str, int]
    nodes: dict[str, int]
    reasons: tuple[str, ...] = ()

    @property
    def bad(self) -> int:
        """How many are not up."""
        return sum(n for s, n in self.states.items() if s not in UP)


def phase_of(pod: Object) -> str:
    """Running, NotReady, Pending, Completed or Failed."""
    status = pod.get("status") or {}
    phase = status.get("phase") or "Pending"
    if phase == "Succeeded":
        return "Completed"
    if phase != "Running":
        return str(phase)
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or ())
    return "Running" if ready else "NotReady"


def summaries(state: State) -> dict[Ref, PodSummary]:
    """The pods of the state by what made them."""
    groups: dict[Ref, list[Object]] = {}
    causes = Causes(state)
    for ref, obj in state.items():
        if ref.group_kind == "Pod":
            groups.setdefault(causes.of(obj) or ref, []).append(obj)
    found = {}
    for ref in sorted(groups):
        pods = groups[ref]
        states = Counter(phase_of(p) for p in pods)
        on = Counter(p["spec"].get("nodeName", "") for p in pods if p["spec"].get("nodeName"))
        reasons = dict.fromkeys(filter(None, (why(p, state) for p in pods)))
        found[ref] = PodSummary(dict(sorted(states.items())), dict(sorted(on.items())), tuple(reasons))
    return found


def not_up(
    before: State, after: State, now: Mapping[Ref, PodSummary], places: Mapping[Ref, Manifest], events: Sequence[Object]
) -> Iterator[Diagnostic]:
    """What does not come up, at the manifests that state it; `now` are the pods of `after`, `events` those of the change."""
    was = summaries(before)
    told = set()
    for ref, summary in now.items():
        if not summary.bad:
            continue
        told.add(ref)
        known = ref not in places and ref in was and summary.bad <= was[ref].bad
        text = f"{summary.bad} of {sum(summary.states.values())} pods not up"
        for reason in summary.reasons:
            yield _at("not-ready", f"{text}{', as before' if known else ''}: {reason}", reason, ref, places, after, Severity.NOTE if known else Severity.ERROR)
    said = _last_warnings(events)
    for ref, obj in after.items():
        for diagnostic in _stuck(ref, obj, places, after, said):
            told.add(ref)
            yield _as_before(diagnostic) if _known(ref, obj, before, after, places) else diagnostic
    for ref in places:
        if ref in after and ref not in told:
            yield from _short(ref, after[ref], places, after)


def confirmed(found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Without the warnings that foretell in the same words what then fails of the same object: pods below the standard of their namespace."""
    told = list(found)
    failed = [(d.ref, d.message.partition(VIOLATES)[2]) for d in told if d.severity is Severity.ERROR and VIOLATES in d.message]
    for diagnostic in told:
        _, warned, words = diagnostic.message.partition(WOULD_VIOLATE)
        if not warned or not any(ref == diagnostic.ref and text.startswith(words) for ref, text in failed):
            yield diagnostic


def why(pod: Object, state: State) -> str:
    """Why a pod is not up, in a few words; `state` says what its volumes lack."""
    if phase_of(pod) in UP:
        return ""
    status = pod.get("status") or {}
    for condition in status.get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return f"{condition.get('reason', '')}: {condition.get('message', '')}"
    for container in [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]:
        waiting = (container.get("state") or {}).get("waiting")
        if waiting and waiting.get("reason") != "PodInitializing":
            detail = waiting.get("message") or (_lacking(pod, state) if waiting.get("reason") == "ContainerCreating" else "")
            return f"{waiting.get('reason', '')}: {detail}".rstrip(": ")
        ended = (container.get("state") or {}).get("terminated")
        if ended and ended.get("exitCode"):
            return f"{ended.get('reason', '')}: exit code {ended['exitCode']}"
    unready = next((c for c in status.get("conditions") or () if c["type"] == "Ready" and c.get("reason")), None)
    if unready is not None and status.get("phase") == "Running":
        return f"{unready['reason']}: {unready.get('message', '')}".rstrip(": ")
    return str(status.get("reason") or status.get("phase") or "not ready")


def _lacking(pod: Object, state: State) -> str:
    """What a pod's volumes wait for."""
    return missing_volume(pod, lambda kind, namespace, name: state.get(Ref("", kind, namespace, name))) or "waiting for its volumes"


def _stuck(ref: Ref, obj: Object, places: Mapping[Ref, Manifest], state: State, said: Mapping[tuple[str, str, str], Object]) -> Iterator[Diagnostic]:
    """Objects other than pods that do not get where they should: pods that may not be made, claims that stay unbound."""
    status: dict[str, Any] = obj.get("status") or {}
    last = said.get((ref.kind, ref.namespace, ref.name))
    failing = next((c for c in status.get("conditions") or () if c.get("type") == "ReplicaFailure" and c.get("status") == "True"), None)
    if failing is not None and controller_of(obj) is None:
        text = f"{failing.get('reason')}: {failing.get('message')}"
        yield _at("replica-failure", text, text, ref, places, state)
    elif last is not None and last["reason"] == "FailedCreate" and ref.kind in ("StatefulSet", "DaemonSet", "Job") and _wanted(obj) > _made(obj):
        yield _at("replica-failure", f"FailedCreate: {last['message']}", last["message"], ref, places, state)
    if ref.group_kind != "PersistentVolumeClaim":
        return
    if status.get("phase") == "Lost":
        yield _at("claim-lost", "its volume is gone", "", ref, places, state)
    elif status.get("phase") == "Pending" and last is not None and last["reason"] in UNBOUND:
        manifest, path = _claim_place(ref, obj, places, state)
        yield Diagnostic("claim-pending", Severity.ERROR, f"{last['reason']}: {last['message']}", ref, path, manifest.locate(path) if manifest else None)


def _known(ref: Ref, obj: Object, before: State, after: State, places: Mapping[Ref, Manifest]) -> bool:
    """Whether nobody states it or what made it, and it was no better before."""
    old, maker = before.get(ref), cause_of(obj, after)
    if old is None or ref in places or (maker is not None and maker in places):
        return False
    if ref.group_kind == "PersistentVolumeClaim":
        return bool((old.get("status") or {}).get("phase") == (obj.get("status") or {}).get("phase"))
    return _wanted(old) - _made(old) >= _wanted(obj) - _made(obj)


def _as_before(diagnostic: Diagnostic) -> Diagnostic:
    return replace(diagnostic, severity=Severity.NOTE, message=f"as before: {diagnostic.message}")


def _claim_place(ref: Ref, claim: Object, places: Mapping[Ref, Manifest], state: State) -> tuple[Manifest | None, str]:
    """Where a claim's class is stated: in its manifest, or in the claim template of the StatefulSet that made it."""
    path = "spec.storageClassName"
    maker = cause_of(claim, state)
    if ref in places or maker is None or maker not in places:
        return places.get(ref), path
    templates = (places[maker].data.get("spec") or {}).get("volumeClaimTemplates") or ()
    index = next((i for i, t in enumerate(templates) if ref.name.startswith(f"{(t.get('metadata') or {}).get('name')}-{maker.name}-")), None)
    return places[maker], f"spec.volumeClaimTemplates[{index}].{path}" if index is not None else ""


def _short(ref: Ref, obj: Object, places: Mapping[Ref, Manifest], state: State) -> Iterator[Diagnostic]:
    """A stated workload that has fewer ready pods than it wants, with no pod or event that says why."""
    if ref.kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController") and not (obj.get("spec") or {}).get("paused"):
        status = obj.get("status") or {}
        ready, wanted = status.get("numberReady" if ref.kind == "DaemonSet" else "readyReplicas", 0), _wanted(obj)
        if ready < wanted:
            yield _at("not-ready", f"{ready} of {wanted} pods ready", "", ref, places, state)


def _wanted(obj: Object) -> int:
    """How many pods a workload wants to have."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    if obj["kind"] == "DaemonSet":
        return int(status.get("desiredNumberScheduled", 0))
    if obj["kind"] == "Job":
        over = any(c["type"] in ("Complete", "Failed") and c["status"] == "True" for c in status.get("conditions") or ())
        return 0 if over or spec.get("suspend") else 1
    return int(spec.get("replicas", 1))


def _made(obj: Object) -> int:
    """How many pods of a workload there are."""
    status = obj.get("status") or {}
    return int(status.get({"DaemonSet": "currentNumberScheduled", "Job": "active"}.get(obj["kind"], "replicas"), 0))


def _last_warnings(events: Iterable[Object]) -> dict[tuple[str, str, str], Object]:
    """The last telling event about each object that claims and workloads are stuck by."""
    found = {}
    for event in events:
        if event["reason"] == "FailedCreate" or event["reason"] in UNBOUND:
            about = event["involvedObject"]
            found[about["kind"], about.get("namespace", ""), about["name"]] = event
    return found


def _at(rule: str, text: str, reason: str, ref: Ref, places: Mapping[Ref, Manifest], state: State, severity: Severity = Severity.ERROR) -> Diagnostic:
    manifest = places.get(ref)
    path = blame(reason, manifest.data, state) if manifest is not None and group_kind_of(manifest.data) == ref.group_kind else ""
    return Diagnostic(rule, severity, text, ref, path, manifest.locate(path) if manifest else None)


__all__ = ["PodSummary", "confirmed", "not_up", "phase_of", "summaries", "why"]
