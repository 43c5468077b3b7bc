"""A request on its way through admission, and what a plugin is.

Upstream: staging/src/k8s.io/apiserver/pkg/admission. `object` is private to the request: `admit` fills it in in place.
A plugin refuses by raising a `StatusError` (see `kplan.api.status`) and warns by appending to `warnings`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from kplan.api.objects import Object
from kplan.api.reader import Reader
from kplan.kinds.kind import Kind


@dataclass(frozen=True, slots=True)
class User:
    """Who asks. Controllers and kubelets have the names that their real ones have."""

    name: str
    groups: tuple[str, ...] = ()


ADMIN = User("admin", ("system:masters", "system:authenticated"))


class PatchError(Exception):
    """A patch that cannot be applied; the text is the server's."""


class Patching(Protocol):
    """What the door does for plugins that patch objects of the request's kind; results are decoded and defaulted."""

    def merged(self, obj: Object, configuration: Object) -> Object:
        """An object with an apply configuration over it; raises PatchError."""

    def patched(self, obj: Object, operations: list[Object]) -> Object:
        """An object after the operations of a JSON patch; raises PatchError."""


@dataclass(slots=True, kw_only=True)
class Request:
    """One write. `operation` is CREATE, UPDATE or DELETE; `old` the stored object for the last two.

    `charges` are changed objects (group-kind, object) that validating admission wants written together with this one:
    the ResourceQuotas whose `status.used` grew. `reinvoke`: a policy changed the object, so that all mutating plugins are asked once
    more (`reinvoked`), policies only where they are `reinvocable`.
    """

    operation: str
    kind: Kind
    namespace: str
    name: str
    object: Object | None
    old: Object | None = None
    subresource: str = ""
    user: User = ADMIN
    dry_run: bool = False
    warnings: list[str] = field(default_factory=list)
    charges: list[tuple[str, Object]] = field(default_factory=list)
    patching: Patching | None = None
    reinvoke: bool = False
    reinvoked: bool = False
    reinvocable: set[tuple[str, ...]] = field(default_factory=set)


class Plugin:
    """An admission plugin: override `admit`, `validate` or both. `name` is upstream's.

    `counts`: its verdict depends on what was admitted before (quotas), so it is asked for every replica of a template.
    """

    name: str
    counts: bool = False

    def admit(self, request: Request, reader: Reader) -> None:
        """Mutating admission, before validation."""

    def validate(self, request: Request, reader: Reader) -> None:
        """Validating admission, after validation."""


def admit(plugins: Iterable[Plugin], request: Request, reader: Reader) -> None:
    """Mutating admission as a whole.   Upstream: apiserver/pkg/admission/reinvocation.go."""
    for plugin in plugins:
        plugin.admit(request, reader)
    if request.reinvoke and request.object is not None:
        request.reinvoked = True
        for plugin in plugins:
            plugin.admit(request, reader)
