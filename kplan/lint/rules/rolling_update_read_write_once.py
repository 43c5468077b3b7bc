"""Rollouts that wait for their own volume."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("rolling-update-read-write-once", Severity.WARNING, ("Deployment.apps",))
def rolling_update_read_write_once(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A Deployment with a rolling update mounts a volume that one node, or one pod, can have at a time.

    Why: the new pod cannot mount it while the old one has it on another node (ReadWriteOnce), or at all (ReadWriteOncePod): the rollout hangs.
    Example: a claim with `accessModes: [ReadWriteOnce]` in a Deployment with the default strategy.
    Fix: `strategy: {type: Recreate}` (or `maxSurge: 0`), a StatefulSet, or a volume for several nodes (ReadWriteMany).
    Upstream: the attach-detach controller; the scheduler's VolumeRestrictions.
    """
    strategy = obj["spec"].get("strategy") or {}
    if strategy.get("type") == "Recreate" or (strategy.get("rollingUpdate") or {}).get("maxSurge") in (0, "0%"):
        return  # the old pod lets go first
    pods = context.pods(ref)
    for i, volume in enumerate(pods.spec.get("volumes") or ()):
        source = volume.get("persistentVolumeClaim") or {}
        target = Ref("", "PersistentVolumeClaim", ref.namespace, source.get("claimName") or "")
        claim = context.graph.objects.get(target)
        modes = set((claim or {}).get("spec", {}).get("accessModes") or ())
        if modes and modes <= {"ReadWriteOnce", "ReadWriteOncePod"} and obj["spec"].get("replicas", 1) > 0:
            words = "one pod" if modes == {"ReadWriteOncePod"} else "one node"
            severity = Severity.ERROR if words == "one pod" and obj["spec"].get("replicas", 1) > 1 else None
            message = f'claim "{target.name}" is for {words} at a time: a rolling update may wait for ever for the old pod to let go'
            related = ((target, "spec.accessModes", "the claim"),)
            yield Finding(f"{pods.path}.volumes[{i}].persistentVolumeClaim", message, "use the strategy Recreate", severity, related)
