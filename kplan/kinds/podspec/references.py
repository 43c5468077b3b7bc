"""The edges that a pod spec states: config maps, secrets, claims, service account, classes.

Upstream: VisitPodSecretNames and VisitPodConfigmapNames in pkg/api/pod/util.go, and the fields that admission, scheduler
and kubelet resolve.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.kinds.kind import Reference


def pod_spec_references(spec: Object, namespace: str, path: str) -> Iterator[Reference]:
    """Every reference of the pod spec at `path`, in the order of its fields."""
    for i, secret in enumerate(spec.get("imagePullSecrets") or ()):
        if secret.get("name"):
            yield Reference(f"{path}.imagePullSecrets[{i}].name", "Secret", namespace, secret["name"], optional=True)
