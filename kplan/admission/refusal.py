"""How admission refuses.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/errors.go. A new object may not have its name yet: then the prefix of it
stands in.
"""

from __future__ import annotations

from kplan.admission.request import Request
from kplan.api.gotext import go_quote
from kplan.api.status import Cause, Status, StatusError


def forbidden(request: Request, why: str, *causes: Cause) -> StatusError:
    """A 403 in the words that every plugin uses."""
    meta = (request.object or {}).get("metadata") or {}
    name = request.name or meta.get("name") or meta.get("generateName") or "Unknown"
    return StatusError(Status(403, "Forbidden", f"{request.kind.resource} {go_quote(name)} is forbidden: {why}", causes))


def aggregate(texts: list[str]) -> str:
    """Several reasons in one text, each once.   Upstream: utilerrors.NewAggregate."""
    once = list(dict.fromkeys(texts))
    return once[0] if len(once) == 1 else f"[{', '.join(once)}]"
