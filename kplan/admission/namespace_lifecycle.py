"""NamespaceLifecycle: nothing new in a namespace that is missing or on its way out.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle.
"""

from __future__ import annotations

from kplan.admission.refusal import forbidden
from kplan.admission.request import Plugin, Request
from kplan.api.reader import Reader
from kplan.api.status import Cause, not_found
from kplan.api.status import forbidden as forbidden_status

IMMORTAL = ("default", "kube-system", "kube-public")
ACCESS_REVIEWS = frozenset({"LocalSubjectAccessReview.authorization.k8s.io"})


class NamespaceLifecycle(Plugin):
    """Writes go into namespaces that exist; creations not into terminating ones; three namespaces stay."""

    name = "NamespaceLifecycle"

    def admit(self, request: Request, reader: Reader) -> None:
        """Look the namespace up."""
        kind, operation = request.kind.group_kind, request.operation
        if kind == "Namespace":
            if operation == "DELETE" and request.name in IMMORTAL:
                raise forbidden_status(request.kind.resource, request.name, "this namespace may not be deleted")
            return
        if not request.namespace or operation == "DELETE" or kind in ACCESS_REVIEWS:
            return
        namespace = reader.get("Namespace", "", request.namespace)
        if namespace is None:
            raise not_found("namespaces", request.namespace)
        if operation == "CREATE" and (namespace.get("status") or {}).get("phase") == "Terminating":
            why = f"unable to create new content in namespace {request.namespace} because it is being terminated"
            cause = Cause("NamespaceTerminating", "metadata.namespace", f"namespace {request.namespace} is being terminated")
            raise forbidden(request, why, cause)
