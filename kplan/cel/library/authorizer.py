"""Questions to the authorizer. The one here says yes to everything: requests come from a member of system:masters.

Upstream: apiserver/pkg/cel/library/authz.go.
"""

from __future__ import annotations

from kplan.api.names import name_is_dns_label, name_is_dns_subdomain
from kplan.cel.declare import NAMED, overload
from kplan.cel.errors import EvaluationError
from kplan.cel.values import Opaque


class Authorizer(Opaque):
    """Who answers."""

    __slots__ = ()
    cel_type = NAMED["Authorizer"]


class PathCheck(Opaque):
    """A question about a path that is no resource."""

    __slots__ = ()
    cel_type = NAMED["PathCheck"]


class GroupCheck(Opaque):
    """A question about a group of resources."""

    __slots__ = ()
    cel_type = NAMED["GroupCheck"]


class ResourceCheck(Opaque):
    """A question about a resource."""

    __slots__ = ()
    cel_type = NAMED["ResourceCheck"]


class Decision(Opaque):
    """The answer."""

    __slots__ = ()
    cel_type = NAMED["Decision"]


@overload("Authorizer.path(string) -> PathCheck")
def path(_authorizer: Authorizer, text: str) -> PathCheck:
    """Ask about a path."""
    if not text:
        raise EvaluationError("path must not be empty")
    return PathCheck()


@overload("Authorizer.group(string) -> GroupCheck")
def group(_authorizer: Authorizer, _name: str) -> GroupCheck:
    """Ask about a group."""
    return GroupCheck()


@overload("Authorizer.serviceAccount(string, string) -> Authorizer")
def service_account(authorizer: Authorizer, namespace: str, name: str) -> Authorizer:
    """Ask for a service account. It is answered as everyone is."""
    if name_is_dns_subdomain(name, False):
        raise EvaluationError("Invalid service account name")
    if name_is_dns_label(namespace, False):
        raise EvaluationError("Invalid service account namespace")
    return authorizer


@overload("GroupCheck.resource(string) -> ResourceCheck")
def resource(_check: GroupCheck, name: str) -> ResourceCheck:
    """Ask about a resource."""
    if not name:
        raise EvaluationError("resource must not be empty")
    return ResourceCheck()


def _same(check: ResourceCheck, _text: str) -> ResourceCheck:
    return check


for _name in ("subresource", "namespace", "name", "fieldSelector", "labelSelector"):
    overload(f"ResourceCheck.{_name}(string) -> ResourceCheck")(_same)
narrow = _same


@overload("PathCheck.check(string) -> Decision", "ResourceCheck.check(string) -> Decision")
def check(_check: Opaque, _verb: str) -> Decision:
    """Whether a verb is allowed."""
    return Decision()


@overload("Decision.errored() -> bool")
def errored(_decision: Decision) -> bool:
    """Whether asking failed."""
    return False


@overload("Decision.error() -> string")
def error(_decision: Decision) -> str:
    """Why asking failed."""
    return ""


@overload("Decision.allowed() -> bool")
def allowed(_decision: Decision) -> bool:
    """Whether it is allowed."""
    return True


@overload("Decision.reason() -> string")
def reason(_decision: Decision) -> str:
    """Why."""
    return ""
