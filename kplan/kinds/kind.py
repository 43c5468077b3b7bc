"""A resource kind as the API server sees it: how it is named, defaulted, prepared, validated, warned about.

Upstream: each kind's `strategy.go` and `defaults.go`. A kind is one module with one `KIND` record of this type; the
door calls its functions in the order decode, default, (mutating admission), prepare, validate, warnings,
(validating admission). The object that `default` and `prepare*` get is private to the request, so they fill it in
in place; `old` is stored and must not be changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from kplan.api.field import FieldError
from kplan.api.objects import Object, group_kind
from kplan.api.reader import Reader


class Reference(NamedTuple):
    """One edge that an object's fields state.

    `path` is the field that states it; `kind` the group-kind it points at; `namespace` empty for cluster-scoped
    targets; `key` an entry that must be in the target (a ConfigMap key, a port); `optional` where nothing breaks
    if it is missing; `selects` a label selector (JSON form) in place of a name, `within` one over Namespaces in place of `namespace`.
    """

    path: str
    kind: str
    namespace: str
    name: str
    key: str = ""
    optional: bool = False
    selects: Object | None = None
    within: Object | None = None


def leave(obj: Object) -> None:
    """Nothing to fill in."""


def leave_for_user(obj: Object, name: str, groups: tuple[str, ...]) -> None:
    """Who asks does not matter."""


def leave_update(new: Object, old: Object) -> None:
    """Nothing to carry over."""


def no_errors(obj: Object) -> Iterable[FieldError]:
    """Nothing to check."""
    return ()


def no_errors_in_cluster(obj: Object, reader: Reader) -> Iterable[FieldError]:
    """Nothing to look up."""
    return ()


def no_update_errors(new: Object, old: Object) -> Iterable[FieldError]:
    """Nothing to check."""
    return ()


def no_warnings(obj: Object) -> Iterable[str]:
    """Nothing to warn of."""
    return ()


def no_update_warnings(new: Object, old: Object) -> Iterable[str]:
    """Nothing to warn of."""
    return ()


def no_references(obj: Object) -> Iterable[Reference]:
    """Points at nothing."""
    return ()


class Subresource(NamedTuple):
    """How an update of one subresource is prepared and validated; both get the new object and the stored one."""

    prepare: Callable[[Object, Object], None]
    validate: Callable[[Object, Object], Iterable[FieldError]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind. `version` is the preferred one, in which objects are stored and returned.

    `validate` includes the metadata checks of the kind (its name rule); `validate_update` is what upstream's
    ValidateUpdate does, the metadata's common update checks are the door's. `validate_in_cluster` is what upstream's Validate
    looks up in the cluster on create; its errors come before those of `validate`. `prepare*` must do all that upstream's
    PrepareFor* does: clear or carry over status, drop what may not be set, count the generation. `prepare_for_user`, called after
    `prepare`, is for the one kind that notes who made it (user name, groups).
    `status`: the kind has a status subresource; `subresources`: others that are updated in a way of their own. `finish` is
    upstream's Canonicalize and, for kinds with a decorator on read, that. `early_warnings` are given before a new object is
    prepared, even if it is then refused. `create_on_update`: a PUT of an absent object creates it. `other_versions` are served too;
    `deprecated`: a warning that comes with every request, refused or not. `refused_as`: the group-kind in refusals where that is
    not the kind's own, since the server keeps its objects as those of another group.
    `to_preferred` and `from_preferred` convert (version, object). `empties`: paths of lists and maps which, sent empty, the server
    does not take as unset (decoding drops what is empty; these are put back). `kube_finalizers`: finalizers must be standard ones or have a domain.
    """

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    short_names: tuple[str, ...] = ()
    status: bool = False
    create_on_update: bool = False
    unconditional_update: bool = True
    kube_finalizers: bool = True
    deprecated: str = ""
    refused_as: str = ""
    empties: tuple[tuple[str, ...], ...] = ()
    default: Callable[[Object], None] = leave
    prepare: Callable[[Object], None] = leave
    prepare_for_user: Callable[[Object, str, tuple[str, ...]], None] = leave_for_user
    prepare_update: Callable[[Object, Object], None] = leave_update
    prepare_status: Callable[[Object, Object], None] | None = None
    validate: Callable[[Object], Iterable[FieldError]] = no_errors
    validate_in_cluster: Callable[[Object, Reader], Iterable[FieldError]] = no_errors_in_cluster
    validate_update: Callable[[Object, Object], Iterable[FieldError]] = no_update_errors
    validate_status: Callable[[Object, Object], Iterable[FieldError]] = no_update_errors
    early_warnings: Callable[[Object], Iterable[str]] = no_warnings
    warnings: Callable[[Object], Iterable[str]] = no_warnings
    update_warnings: Callable[[Object, Object], Iterable[str]] = no_update_warnings
    status_warnings: Callable[[Object, Object], Iterable[str]] = no_update_warnings
    subresources: Mapping[str, Subresource] = field(default_factory=dict)
    finish: Callable[[Object], None] = leave
    references: Callable[[Object], Iterable[Reference]] = no_references
    other_versions: tuple[str, ...] = ()
    to_preferred: Callable[[str, Object], Object] | None = None
    from_preferred: Callable[[str, Object], Object] | None = None

    @property
    def group_kind(self) -> str:
        """`Deployment.apps`, `Pod`."""
        return group_kind(self.kind, self.group)

    @property
    def name_in_refusals(self) -> str:
        """The group-kind that a refusal names."""
        return self.refused_as or self.group_kind

    @property
    def api_version(self) -> str:
        """`apps/v1`, `v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """The plural with its group, as messages have it: `deployments.apps`, `pods`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural
