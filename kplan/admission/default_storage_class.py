"""DefaultStorageClass: claims that name no class get the default one.

Upstream: plugin/pkg/admission/storage/storageclass/setdefault.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.admission.request import Plugin, Request
from kplan.api.objects import Object, annotations_of, name_of
from kplan.api.reader import Reader

CLASS = "StorageClass.storage.k8s.io"
DEFAULT = "storageclass.kubernetes.io/is-default-class"
BETA_DEFAULT = "storageclass.beta.kubernetes.io/is-default-class"
BETA_CLASS = "volume.beta.kubernetes.io/storage-class"


class DefaultStorageClass(Plugin):
    """A new claim without a class gets the default class; an empty class name is a choice."""

    name = "DefaultStorageClass"
    kinds = frozenset({"PersistentVolumeClaim"})

    def admit(self, request: Request, reader: Reader) -> None:
        """Fill in `spec.storageClassName`."""
        claim = request.object
        if request.kind.group_kind not in self.kinds or request.operation != "CREATE" or request.subresource or claim is None:
            return
        if BETA_CLASS in annotations_of(claim) or claim["spec"].get("storageClassName") is not None:
            return
        default = default_class(reader)
        if default is not None:
            claim["spec"]["storageClassName"] = name_of(default)


def default_class(reader: Reader) -> Object | None:
    """The default StorageClass: the newest, then the first by name.   Upstream: util.GetDefaultClass."""
    return newest(c for c in reader.list(CLASS) if "true" in (annotations_of(c).get(DEFAULT), annotations_of(c).get(BETA_DEFAULT)))


def newest(classes: Iterable[Object]) -> Object | None:
    """The newest of some objects, the first by name among equals."""
    return max(sorted(classes, key=name_of), key=lambda c: c["metadata"].get("creationTimestamp") or "", default=None)
