"""The kubelets: nodes become ready, bound pods start, deleted pods end.

Simulated as docs/simulation.md says: a pod starts at once and turns out as its annotations say (see `kplan.node.outcome`); one that misses a ConfigMap, a
Secret or a key waits for it. Leaves out images, processes, probes, resource pressure, heartbeats, mounts.
Upstream for the shape of what is written: pkg/kubelet/kubelet_pods.go and status/generate.go.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from kplan.api.objects import Object, annotations_of, controller_of
from kplan.api.reader import Entry, Reader
from kplan.apiserver.client import Client
from kplan.apiserver.loops import Controller, Key, Watch
from kplan.node import outcome, wants

HOST_IP = "10.0.0.1"
CONDITIONS = "kplan.dev/conditions"
DELETION = "kplan.dev/deletion"
JOB_TRACKING = "batch.kubernetes.io/job-tracking"
OURS = "ok"  # the message of conditions that are written here; those of a restored node, which a real kubelet wrote, stay
WAITING_FOR_GOOD = frozenset({"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "CrashLoopBackOff"})
OF_OTHERS = ("qosClass", "resourceClaimStatuses", "extendedResourceClaimStatus")  # fields of a pod's status that others write
NODE_CONDITIONS = (
    ("MemoryPressure", "False", "Kubelet"),
    ("DiskPressure", "False", "Kubelet"),
    ("PIDPressure", "False", "Kubelet"),
    ("Ready", "True", "KubeletReady"),
)


def _waiting_in_namespace(entry: Entry, reader: Reader) -> Iterable[Key]:
    """Pods that wait for something in the namespace of a ConfigMap or Secret."""
    namespace = entry.object["metadata"].get("namespace") or ""
    return [
        ("pod", namespace, p["metadata"]["name"])
        for p in reader.list("Pod", namespace)
        if p["spec"].get("nodeName") and (p.get("status") or {}).get("phase") == "Pending"
    ]


def _pod(entry: Entry, reader: Reader) -> Iterable[Key]:
    new = entry.new
    if new is None or not new["spec"].get("nodeName"):
        return ()
    return (("pod", new["metadata"]["namespace"], new["metadata"]["name"]),)


def _node_and_its_pods(entry: Entry, reader: Reader) -> Iterable[Key]:
    name = entry.object["metadata"]["name"]
    keys: list[Key] = [("node", "", name)]
    if _ready(entry.old) != _ready(entry.new):
        keys += [("pod", p["metadata"]["namespace"], p["metadata"]["name"]) for p in reader.on_node(name)]
    return keys


def _ready(node: Object | None) -> str:
    """The status of a node's condition Ready; empty where there is none."""
    conditions = ((node or {}).get("status") or {}).get("conditions") or ()
    return next((c["status"] for c in conditions if c["type"] == "Ready"), "")


class Kubelet(Controller):
    """All kubelets of the cluster. Keys: ("node", "", name) and ("pod", namespace, name)."""

    name = "kubelet"
    watches = (
        Watch("Node", _node_and_its_pods),
        Watch("Pod", _pod),
        Watch("ConfigMap", _waiting_in_namespace),
        Watch("Secret", _waiting_in_namespace),
    )

    def __init__(self) -> None:
        self._addresses = 0

    def sync(self, key: Key, api: Client) -> float | None:
        """One node or one pod."""
        kind, namespace, name = key
        if kind == "node":
            self._sync_node(name, api)
        else:
            self._sync_pod(namespace, name, api)
        return None

    def seen_singly(self, key: Key, api: Client) -> bool:
        """Pods that start make nobody act before all have started, but where a rollout waits for each, or a Job for its end."""
        kind, namespace, name = key
        pod = api.get("Pod", namespace, name) if kind == "pod" else None
        if pod is None or "deletionTimestamp" in pod["metadata"]:
            return True
        owner = controller_of(pod)
        return owner is not None and not (owner["kind"] == "ReplicaSet" and _alone(owner, namespace, api))

    def _sync_node(self, name: str, api: Client) -> None:
        """A node that exists has the kubelet's conditions."""
        node = api.get("Node", "", name)
        if node is None:
            return
        try:
            said = json.loads(annotations_of(node).get(CONDITIONS, "{}"))
        except ValueError:
            said = {}
        status = node.get("status") or {}
        held = {c["type"]: c for c in status.get("conditions") or ()}
        usual = {t: s for t, s, _ in NODE_CONDITIONS if t not in held or held[t].get("message") == OURS}
        wanted = {**usual, **(said if isinstance(said, dict) else {})}
        reasons = {t: r for t, _, r in NODE_CONDITIONS}
        conditions = []
        for type, value in wanted.items():
            old = held.pop(type, None)
            if old is not None and old["status"] == value:
                conditions.append(old)
            else:
                conditions.append(
                    {
                        "type": type,
                        "status": value,
                        "lastHeartbeatTime": api.now_text,
                        "lastTransitionTime": api.now_text,
                        "reason": reasons.get(type, "Kubelet"),
                        "message": OURS,
                    }
                )
        conditions += held.values()
        if conditions != (status.get("conditions") or []):
            api.write_status(node, {**status, "conditions": conditions})

    def _sync_pod(self, namespace: str, name: str, api: Client) -> None:
        pod = api.get("Pod", namespace, name)
        if pod is None or not pod["spec"].get("nodeName"):  # another pod of that name, which no kubelet has yet
            return
        node = api.get("Node", "", pod["spec"]["nodeName"])
        ready = _ready(node)
        if "deletionTimestamp" in pod["metadata"]:
            if node is not None and ready not in ("", "Unknown"):
                self._end(pod, api)
            return
        if ready != "True" or (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed") or _reported(pod):
            return
        status = self._status(pod, api)
        if status != pod.get("status"):
            api.write_status(pod, status)

    def _end(self, pod: Object, api: Client) -> None:
        """A deleted pod ends at once, unless it hangs."""
        if annotations_of(pod).get(DELETION) == "hang":
            return
        if JOB_TRACKING in (pod["metadata"].get("finalizers") or ()) and pod["status"].get("phase") not in ("Succeeded", "Failed"):
            done = api.write_status(pod, {**pod["status"], "phase": "Failed"})
            pod = done.object or pod
        if pod["metadata"].get("deletionGracePeriodSeconds") != 0:
            api.delete(pod, propagation=None, grace=0)

    def _status(self, pod: Object, api: Client) -> Object:
        """The status that the pod has now."""
        spec, old, now = pod["spec"], pod.get("status") or {}, api.now_text
        inits = spec.get("initContainers") or []
        started = bool(old.get("startTime")) and old.get("phase") == "Running"
        if not started:
            blocked = self._blocked(pod, api)
            if blocked is not None:
                return blocked
        result = outcome.outcome_of(pod)
        restarts, code = outcome.number(pod, outcome.RESTARTS, 0), outcome.number(pod, outcome.EXIT_CODE, 1)
        status = self._base(pod, old, now, outcome.PHASES.get(result, "Running"))
        status["podIP"], status["podIPs"] = self._address(pod, old)
        status["containerStatuses"] = [outcome.main_status(c, result, restarts, code, now) for c in spec.get("containers") or ()]
        if inits:
            status["initContainerStatuses"] = [
                outcome.main_status(c, result, restarts, code, now) if outcome.sidecar(c) else outcome.completed_init(c, now) for c in inits
            ]
        if result in outcome.ENDED:
            reason = outcome.ENDED[result]
            initialized = {"reason": reason} if result == "Succeeded" else {}
            why = {"reason": reason}
            status["conditions"] = _conditions(old, now, ("Initialized", "True", initialized), ("Ready", "False", why), ("ContainersReady", "False", why))
        elif result == "Running":
            status["conditions"] = _conditions(old, now, ("Initialized", "True", {}), _gates(pod), ("ContainersReady", "True", {}))
        else:
            why = {"reason": "ContainersNotReady", "message": outcome.unready(spec)}
            status["conditions"] = _conditions(old, now, ("Initialized", "True", {}), ("Ready", "False", why), ("ContainersReady", "False", why))
        return _settled(status, old)

    def _blocked(self, pod: Object, api: Client) -> Object | None:
        """The status of a pod that waits for what it needs; None where it has all."""
        spec, old, namespace, now = pod["spec"], pod.get("status") or {}, pod["metadata"]["namespace"], api.now_text
        inits, mains = spec.get("initContainers") or [], spec.get("containers") or []
        first = inits or mains
        if wants.missing_volume(pod, api.get):
            waiting = {c["name"]: {"reason": "ContainerCreating"} for c in first}
        else:
            whys = {c["name"]: wants.missing_env(c, namespace, api.get) for c in [*inits, *mains]}
            if not any(whys.values()):
                return None
            if inits and not any(whys[c["name"]] for c in inits):
                first, inits = mains, []  # the init containers run; the main ones wait for what they miss
            waiting = {n: {"reason": "CreateContainerConfigError", "message": w} for n, w in whys.items() if w}
        status = self._base(pod, old, now, "Pending")

        def state(container: Object) -> Object:
            why = waiting.get(container["name"], {"reason": "ContainerCreating"})
            return outcome.container_status(container, {"waiting": why}, ready=False, started=False)

        initialized: tuple[str, str, Object] = ("Initialized", "True", {})
        if inits:
            status["initContainerStatuses"] = [state(c) for c in inits]
            status["containerStatuses"] = [outcome.container_status(c, {"waiting": {"reason": "PodInitializing"}}, ready=False, started=False) for c in mains]
            names = " ".join(c["name"] for c in inits)
            initialized = ("Initialized", "False", {"reason": "ContainersNotInitialized", "message": f"containers with incomplete status: [{names}]"})
        else:
            if spec.get("initContainers"):
                status["initContainerStatuses"] = [outcome.completed_init(c, now) for c in spec["initContainers"]]
            status["containerStatuses"] = [state(c) for c in first]
        if any(w["reason"] == "CreateContainerConfigError" for w in waiting.values()):
            status["podIP"], status["podIPs"] = self._address(pod, old)
        why = {"reason": "ContainersNotReady", "message": outcome.unready(spec)}
        status["conditions"] = _conditions(old, now, initialized, ("Ready", "False", why), ("ContainersReady", "False", why))
        return _settled(status, old)

    def _base(self, pod: Object, old: Object, now: str, phase: str) -> Object:
        status: Object = {"phase": phase, "hostIP": HOST_IP, "hostIPs": [{"ip": HOST_IP}], "startTime": old.get("startTime", now)}
        return {**status, **{field: old[field] for field in OF_OTHERS if field in old}}

    def _address(self, pod: Object, old: Object) -> tuple[str, list[Object]]:
        if pod["spec"].get("hostNetwork"):
            return HOST_IP, [{"ip": HOST_IP}]
        address = old.get("podIP")
        if not address:
            self._addresses += 1
            address = f"10.244.{self._addresses // 254 % 256}.{self._addresses % 254 + 1}"
        return address, [{"ip": address}]


def _alone(owner: Object, namespace: str, api: Client) -> bool:
    """Whether a ReplicaSet is the only one with pods that its Deployment has."""
    held = api.get("ReplicaSet.apps", namespace, owner["name"])
    above = controller_of(held) if held is not None else None
    if held is None or above is None:
        return True
    return all(s is held or not (s["spec"].get("replicas", 1) or (s.get("status") or {}).get("replicas")) for s in api.owned("ReplicaSet.apps", above["uid"]))


def _reported(pod: Object) -> bool:
    """Whether a real kubelet wrote the pod's status before it was restored: how such a pod fares is known, not simulated."""
    containers = (pod.get("status") or {}).get("containerStatuses") or ()
    return not pod["spec"].get("readinessGates") and any(
        c.get("containerID") or ((c.get("state") or {}).get("waiting") or {}).get("reason") in WAITING_FOR_GOOD for c in containers
    )


def _gates(pod: Object) -> tuple[str, str, Object]:
    """The condition Ready of a pod whose containers are ready: its readiness gates decide."""
    held = {c["type"]: c["status"] for c in (pod.get("status") or {}).get("conditions") or ()}
    missing = []
    for gate in pod["spec"].get("readinessGates") or ():
        type = gate["conditionType"]
        if type not in held:
            missing.append(f'corresponding condition of pod readiness gate "{type}" does not exist.')
        elif held[type] != "True":
            missing.append(f'the status of pod readiness gate "{type}" is not "True", but {held[type]}')
    return ("Ready", "False", {"reason": "ReadinessGatesNotReady", "message": ", ".join(missing)}) if missing else ("Ready", "True", {})


def _conditions(old: Object, now: str, *wanted: tuple[str, str, Object]) -> list[Object]:
    """The kubelet's conditions and PodScheduled, then those of others; transition times change with the status only."""
    held = {c["type"]: c for c in old.get("conditions") or ()}
    conditions = []
    for type, value, why in (*wanted, ("PodScheduled", "True", {})):
        before = held.pop(type, None)
        since = before["lastTransitionTime"] if before and before["status"] == value and "lastTransitionTime" in before else now
        conditions.append({"type": type, "status": value, "lastTransitionTime": since, **why})
    return [*conditions, *held.values()]


def _settled(status: Object, old: Object) -> Object:
    """Times inside container states stay as they were where the state is the same."""
    for field in ("containerStatuses", "initContainerStatuses"):
        before = {c["name"]: c for c in old.get(field) or ()}
        for container in status.get(field) or ():
            held = before.get(container["name"])
            if held and list(held.get("state") or ()) == list(container["state"]) and "waiting" not in container["state"]:
                container["state"] = held["state"]
    return status



