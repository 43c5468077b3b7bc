"""Refusals: the Status objects of the API, and the exception that carries one inside the door.

Upstream: staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from kplan.api.field import FieldError, aggregate
from kplan.api.gotext import go_quote


class Cause(NamedTuple):
    """One cause of a refusal, as in `status.details.causes`."""

    reason: str
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Status:
    """Why a request was refused: HTTP `code`, machine-readable `reason`, the text that kubectl would print."""

    code: int
    reason: str
    message: str
    causes: tuple[Cause, ...] = ()


class StatusError(Exception):
    """Ends a request inside the door; the door turns it into a Response and it never leaves it."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.message)
        self.status = status


def bad_request(message: str) -> StatusError:
    """400: the request cannot be read."""
    return StatusError(Status(400, "BadRequest", message))


def forbidden(resource: str, name: str, why: str) -> StatusError:
    """403. `resource` is the plural with its group (`deployments.apps`)."""
    if not resource:
        return StatusError(Status(403, "Forbidden", f"forbidden: {why}"))
    if not name:
        return StatusError(Status(403, "Forbidden", f"{resource} is forbidden: {why}"))
    return StatusError(Status(403, "Forbidden", f"{resource} {go_quote(name)} is forbidden: {why}"))


def not_found(resource: str, name: str) -> StatusError:
    """404."""
    return StatusError(Status(404, "NotFound", f"{resource} {go_quote(name)} not found"))


def already_exists(resource: str, name: str) -> StatusError:
    """409 on create."""
    return StatusError(Status(409, "AlreadyExists", f"{resource} {go_quote(name)} already exists"))


def conflict(resource: str, name: str, why: str) -> StatusError:
    """409 on update."""
    return StatusError(Status(409, "Conflict", f"Operation cannot be fulfilled on {resource} {go_quote(name)}: {why}"))


def invalid(group_kind: str, name: str, errors: Iterable[FieldError]) -> StatusError:
    """422 with a cause for each field error. `group_kind` as `Deployment.apps`."""
    found = list(errors)
    causes = tuple(Cause(e.reason, e.field, e.message) for e in found)
    message = f"{group_kind} {go_quote(name)} is invalid" + (f": {aggregate(found)}" if found else "")
    return StatusError(Status(422, "Invalid", message, causes))


def too_many_requests(message: str, causes: tuple[Cause, ...] = ()) -> StatusError:
    """429, what an eviction that a PodDisruptionBudget forbids is answered with."""
    return StatusError(Status(429, "TooManyRequests", message, causes))


def method_not_supported(resource: str, verb: str) -> StatusError:
    """405."""
    return StatusError(Status(405, "MethodNotAllowed", f"{verb} is not supported on resources of kind {go_quote(resource)}"))


def internal_error(message: str) -> StatusError:
    """500."""
    return StatusError(Status(500, "InternalError", f"Internal error occurred: {message}"))
