"""PersistentVolumeClaimResize: which claims may grow.

Upstream: plugin/pkg/admission/storage/persistentvolume/resize.
"""

from __future__ import annotations

from kplan.admission.default_storage_class import BETA_CLASS, CLASS
from kplan.admission.refusal import forbidden
from kplan.admission.request import Plugin, Request
from kplan.api.objects import Object, annotations_of
from kplan.api.quantity import compare
from kplan.api.reader import Reader


class PersistentVolumeClaimResize(Plugin):
    """Only bound claims of a class with allowVolumeExpansion grow."""

    name = "PersistentVolumeClaimResize"
    kinds = frozenset({"PersistentVolumeClaim"})

    def validate(self, request: Request, reader: Reader) -> None:
        """Compare the sizes asked for."""
        new, old = request.object, request.old
        if request.kind.group_kind not in self.kinds or request.operation != "UPDATE" or request.subresource or new is None or old is None:
            return
        if compare(_size(new), _size(old)) <= 0:
            return
        if (old.get("status") or {}).get("phase") != "Bound":
            raise forbidden(request, "Only bound persistent volume claims can be expanded")
        name = class_name(new)
        found = reader.get(CLASS, "", name) if name and name == class_name(old) else None
        if found is None or not found.get("allowVolumeExpansion"):
            raise forbidden(
                request, "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"
            )


def _size(claim: Object) -> str:
    return ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage") or "0"


def class_name(claim: Object) -> str:
    """The class of a claim; the beta annotation counts first.   Upstream: GetPersistentVolumeClaimClass."""
    beta = annotations_of(claim).get(BETA_CLASS)
    return beta if beta is not None else claim["spec"].get("storageClassName") or ""
