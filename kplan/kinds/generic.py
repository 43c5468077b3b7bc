"""Kinds without rules of their own here: stored by schema, with the metadata checks that all kinds have.

Upstream: the common part of every strategy. What a kind's own validation would say is left out; the registry marks these kinds as not simulated.
"""

from __future__ import annotations

from functools import cache

from kplan.api.field import FieldErrors
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object
from kplan.kinds.kind import Kind
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.strategy import clear_status, count_generation, first_generation, keep_all_but_status, keep_status


def prepare(obj: Object) -> None:
    """No status, first generation."""
    clear_status(obj)
    first_generation(obj)


def prepare_update(new: Object, old: Object) -> None:
    """Status stays, a changed spec counts."""
    keep_status(new, old)
    count_generation(new, old, "spec")


@cache
def generic_kind(group: str, version: str, kind: str, plural: str, namespaced: bool) -> Kind:
    """The record of such a kind."""

    def validate(obj: Object) -> FieldErrors:
        yield from validate_object_meta(obj["metadata"], namespaced, name_is_dns_subdomain)

    return Kind(
        group=group,
        version=version,
        kind=kind,
        plural=plural,
        namespaced=namespaced,
        status=True,
        prepare=prepare,
        prepare_update=prepare_update,
        prepare_status=keep_all_but_status,
        validate=validate,
    )
