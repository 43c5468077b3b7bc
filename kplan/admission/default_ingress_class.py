"""DefaultIngressClass: Ingresses that name no class get the default one.

Upstream: plugin/pkg/admission/network/defaultingressclass.
"""

from __future__ import annotations

from kplan.admission.default_storage_class import newest
from kplan.admission.request import Plugin, Request
from kplan.api.objects import annotations_of, name_of
from kplan.api.reader import Reader

CLASS = "IngressClass.networking.k8s.io"
DEFAULT = "ingressclass.kubernetes.io/is-default-class"
CLASS_ANNOTATION = "kubernetes.io/ingress.class"


class DefaultIngressClass(Plugin):
    """A new Ingress without a class gets the default class, the newest should there be several."""

    name = "DefaultIngressClass"
    kinds = frozenset({"Ingress.networking.k8s.io"})

    def admit(self, request: Request, reader: Reader) -> None:
        """Fill in `spec.ingressClassName`."""
        ingress = request.object
        if request.kind.group_kind not in self.kinds or request.operation != "CREATE" or request.subresource or ingress is None:
            return
        spec = ingress.setdefault("spec", {})
        if spec.get("ingressClassName") is not None or CLASS_ANNOTATION in annotations_of(ingress):
            return
        default = newest(c for c in reader.list(CLASS) if annotations_of(c).get(DEFAULT) == "true")
        if default is not None:
            spec["ingressClassName"] = name_of(default)
