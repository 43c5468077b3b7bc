"""StorageObjectInUseProtection: volumes and claims in use are not deleted.

Upstream: plugin/pkg/admission/storage/storageobjectinuseprotection.
"""

from __future__ import annotations

from kplan.admission.request import Plugin, Request
from kplan.api.reader import Reader

FINALIZERS = {
    "PersistentVolume": "kubernetes.io/pv-protection",
    "PersistentVolumeClaim": "kubernetes.io/pvc-protection",
    "VolumeAttributesClass.storage.k8s.io": "kubernetes.io/vac-protection",
}


class StorageObjectInUseProtection(Plugin):
    """New volumes, claims and volume attributes classes get a finalizer."""

    name = "StorageObjectInUseProtection"
    kinds = frozenset(FINALIZERS)

    def admit(self, request: Request, reader: Reader) -> None:
        """Add the finalizer unless it is there."""
        finalizer = FINALIZERS.get(request.kind.group_kind)
        if finalizer is None or request.operation != "CREATE" or request.subresource or request.object is None:
            return
        finalizers = request.object["metadata"].setdefault("finalizers", [])
        if finalizer not in finalizers:
            finalizers.append(finalizer)
