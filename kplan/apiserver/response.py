"""What the door answers."""

from __future__ import annotations

from dataclasses import dataclass

from kplan.api.objects import Object
from kplan.api.status import Cause, Status


@dataclass(frozen=True, slots=True)
class Response:
    """An answer of the API server.

    `code` is the HTTP status; `reason`, `message`, `causes` are those of a refusal; `object` is the
    object as it then stands (as it would, for a dry run); `warnings` are texts of Warning headers, in order.
    """

    accepted: bool
    code: int
    reason: str = ""
    message: str = ""
    causes: tuple[Cause, ...] = ()
    warnings: tuple[str, ...] = ()
    object: Object | None = None


def refused(status: Status, warnings: tuple[str, ...] = ()) -> Response:
    """The answer that carries a Status."""
    return Response(False, status.code, status.reason, status.message, status.causes, warnings)
