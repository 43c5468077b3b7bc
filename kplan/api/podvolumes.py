"""Which claims a pod's volumes use.

Upstream: pkg/controller/volume/common (PodPVCIndexFunc) and component-helpers/storage/ephemeral.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object, controller_of


def ephemeral_claim(pod_name: str, volume_name: str) -> str:
    """The name of the claim that is made for a pod's ephemeral volume."""
    return f"{pod_name}-{volume_name}"


def claims_of(pod: Object) -> Iterator[tuple[str, bool]]:
    """The claims of a pod's volumes by name, and whether the volume is ephemeral."""
    for volume in pod["spec"].get("volumes") or ():
        if "persistentVolumeClaim" in volume:
            yield volume["persistentVolumeClaim"]["claimName"], False
        elif "ephemeral" in volume:
            yield ephemeral_claim(pod["metadata"]["name"], volume["name"]), True


def is_made_for(claim: Object, pod: Object) -> bool:
    """Whether a claim was made for an ephemeral volume of the pod.   Upstream: VolumeIsForPod."""
    owner = controller_of(claim)
    return owner is not None and owner["uid"] == pod["metadata"]["uid"]


def not_made_for(claim: Object, pod: Object) -> str:
    """Upstream's words where it was not."""
    mine, its = claim["metadata"], pod["metadata"]
    return f"PVC {mine['namespace']}/{mine['name']} was not created for pod {its['namespace']}/{its['name']} (pod is not owner)"


def is_terminated(pod: Object) -> bool:
    """Whether no container of a pod runs or will run, as volumes see it.   Upstream: volume/util.IsPodTerminated."""
    status = pod.get("status") or {}
    if status.get("phase") in ("Succeeded", "Failed"):
        return True
    if "deletionTimestamp" not in pod["metadata"]:
        return False
    groups = (status.get(g) or () for g in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"))
    return not any("running" in (c.get("state") or {}) for group in groups for c in group)
