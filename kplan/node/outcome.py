"""How a started pod turns out: what its containers and conditions say.

Simulated, not computed: no image is pulled and no process runs. The annotations are the user's knobs. `kplan.dev/outcome` is one of OUTCOMES
(default Succeeded for pods of Jobs, else Running), `kplan.dev/outcome-by-index` a JSON object from completion index or ordinal to one,
`kplan.dev/exit-code` that of Failed, `kplan.dev/restarts` the restartCount of all containers.
"""

from __future__ import annotations

import json

from kplan.api.objects import Object, annotations_of, controller_of, labels_of

OUTCOME = "kplan.dev/outcome"
BY_INDEX = "kplan.dev/outcome-by-index"
EXIT_CODE = "kplan.dev/exit-code"
RESTARTS = "kplan.dev/restarts"
OUTCOMES = ("Running", "NotReady", "CrashLoop", "ImagePull", "Succeeded", "Failed")
PHASES = {"ImagePull": "Pending", "Succeeded": "Succeeded", "Failed": "Failed"}
WAITING = {"CrashLoop": "CrashLoopBackOff", "ImagePull": "ImagePullBackOff"}
ENDED = {"Succeeded": "PodCompleted", "Failed": "PodFailed"}


def outcome_of(pod: Object) -> str:
    """The outcome that a pod's annotations and owner give it."""
    notes = annotations_of(pod)
    index = notes.get("batch.kubernetes.io/job-completion-index") or labels_of(pod).get("apps.kubernetes.io/pod-index")
    by_index = notes.get(BY_INDEX)
    if by_index and index is not None:
        try:
            chosen = json.loads(by_index).get(index)
        except (ValueError, AttributeError):
            chosen = None
        if chosen in OUTCOMES:
            return str(chosen)
    if notes.get(OUTCOME) in OUTCOMES:
        return notes[OUTCOME]
    owner = controller_of(pod)
    return "Succeeded" if owner and owner["kind"] == "Job" else "Running"


def number(pod: Object, annotation: str, default: int) -> int:
    """A whole number that an annotation states."""
    text = annotations_of(pod).get(annotation, "")
    return int(text) if text.isdecimal() else default


def sidecar(container: Object) -> bool:
    """An init container that keeps running."""
    return bool(container.get("restartPolicy") == "Always")


def container_status(container: Object, state: Object, *, ready: bool, started: bool, restarts: int = 0) -> Object:
    """One entry of status.containerStatuses."""
    return {
        "name": container["name"],
        "state": state,
        "lastState": {},
        "ready": ready,
        "restartCount": restarts,
        "image": container.get("image", ""),
        "imageID": "",
        "started": started,
    }


def main_status(container: Object, outcome: str, restarts: int, exit_code: int, now: str) -> Object:
    """The status of a main container or sidecar in a pod with this outcome."""
    if outcome in WAITING:
        state: Object = {"waiting": {"reason": WAITING[outcome], "message": "back-off"}}
    elif outcome == "Succeeded":
        state = {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}}
    elif outcome == "Failed":
        state = {"terminated": {"exitCode": exit_code, "reason": "Error", "startedAt": now, "finishedAt": now}}
    else:
        state = {"running": {"startedAt": now}}
    up = outcome == "Running"
    return container_status(container, state, ready=up, started=up, restarts=restarts)


def completed_init(container: Object, now: str) -> Object:
    """An init container that has done its work."""
    state = {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}}
    return container_status(container, state, ready=True, started=False)


def unready(spec: Object) -> str:
    """The message of a pod none of whose containers is ready."""
    names = [c["name"] for c in spec.get("initContainers") or () if sidecar(c)] + [c["name"] for c in spec["containers"]]
    return f"containers with unready status: [{' '.join(names)}]"
