"""Which object a text such as `pod/x`, `deploy/web` or `deployments.apps/web` names, as kubectl reads it."""

from __future__ import annotations

from collections.abc import Iterable

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.api.words import some
from kplan.apiserver.registry import BUILT_IN
from kplan.cluster import Cluster
from kplan.kinds.kind import Kind


class UnknownError(LookupError):
    """There is no such object, or no such kind, or there are several."""


def named(cluster: Cluster, text: str, namespace: str | None = None) -> Ref:
    """The ref of an object of the cluster. Without a namespace that of `default`, else of the only namespace that has one.

    The text may begin with a namespace: `shop/deployment/web`.
    """
    if text.count("/") == 2:
        namespace, _, text = text.partition("/")
    word, slash, name = text.partition("/")
    if not slash or not word or not name:
        raise UnknownError(f'"{text}" names no object: write for instance pod/web-0 or deployment/web')
    kinds = kinds_of(cluster, word)
    if not kinds:
        raise UnknownError(f'"{word}" is no kind that the server knows')
    found = [ref for kind in kinds for ref in _objects(cluster, kind, name, namespace)]
    here = [r for r in found if r.namespace in ("", namespace or "default")] or found
    if len(here) == 1:
        return here[0]
    if here:
        raise UnknownError(f"{text} is in {', '.join(r.namespace or r.group_kind for r in here)}: name the namespace with -n")
    place = f" in namespace {namespace}" if namespace else ""
    raise UnknownError(f"there is no {text}{place}{_instead(cluster, kinds, namespace)}")


def kinds_of(cluster: Cluster, word: str) -> list[Kind]:
    """The kinds that a word names: singular, plural, short name, with or without the group."""
    resource, _, group = word.lower().partition(".")
    every = [*BUILT_IN.values(), *cluster.door.registry.custom_kinds()]
    return [k for k in every if resource in (k.kind.lower(), k.plural, *k.short_names) and (not group or k.group == group)][:1] or []


def _objects(cluster: Cluster, kind: Kind, name: str, namespace: str | None) -> Iterable[Ref]:
    within = namespace if kind.namespaced else None
    return [Ref.of(o) for o in cluster.door.store.list(kind.group_kind, within) if o["metadata"]["name"] == name]


def _instead(cluster: Cluster, kinds: list[Kind], namespace: str | None) -> str:
    """What there is of the kind."""
    there: list[Object] = [o for k in kinds for o in cluster.door.store.list(k.group_kind, namespace if k.namespaced else None)]
    names = [o["metadata"]["name"] for o in there]
    if not names:
        return ""
    return f": there is {some(names, 5)}"
