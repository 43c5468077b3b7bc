"""The scale subresource as controllers see it: how many replicas an object wants and has, and which pods are its own.

Upstream: client-go's scale client over each kind's scale subresource, for custom kinds as their definition's `subresources.scale` says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from kplan.api.objects import Object, group_kind, group_of, replace
from kplan.api.ref import Ref
from kplan.api.selectors import format_selector
from kplan.apiserver.client import Client
from kplan.apiserver.response import Response

NO_SCALE = "the server could not find the requested resource"


class ScaleError(Exception):
    """Why there is no scale to be had; the text is upstream's."""

    def __init__(self, message: str, *, no_kind: bool = False, not_found: bool = False) -> None:
        super().__init__(message)
        self.no_kind, self.not_found = no_kind, not_found


class Scale(NamedTuple):
    """`spec` replicas are wanted, `status` replicas there; `selector` is text as kubectl's `-l` takes it."""

    target: Object
    spec: int
    status: int
    selector: str
    put: Callable[[int], Response]


def _text(selector: Object | None) -> str:
    text = format_selector(selector)
    return "" if text == "<none>" else text


def _at(obj: Any, path: str) -> Any:
    for key in path.strip(".").split("."):
        obj = obj.get(key) if isinstance(obj, dict) else None
    return obj


def get_scale(api: Client, api_version: str, kind: str, namespace: str, name: str) -> Scale:
    """The scale of an object, whatever version of its group is named; raises ScaleError."""
    group = group_of(api_version)
    gk = group_kind(kind, group)
    served = api.door.registry.preferred(gk)
    if served is None:
        raise ScaleError(f'no matches for kind "{kind}" in group "{group}"', no_kind=True)
    paths = None
    if gk not in ("Deployment.apps", "ReplicaSet.apps", "StatefulSet.apps", "ReplicationController"):
        paths = _custom_paths(api, served.kind.resource, served.version)
        if paths is None:
            raise ScaleError(NO_SCALE)
    target = api.get(gk, namespace, name)
    if target is None:
        raise ScaleError(f'{served.kind.resource} "{name}" not found', not_found=True)
    if paths is not None:
        where = tuple(paths["specReplicasPath"].strip(".").split("."))
        selector = paths.get("labelSelectorPath")
        wanted, there = _at(target, paths["specReplicasPath"]), _at(target, paths["statusReplicasPath"])
        text = _at(target, selector) if selector else ""
        return Scale(target, wanted or 0, there or 0, text or "", lambda replicas: api.write(replace(target, where, replicas)))
    spec, ref = target["spec"], Ref(group, kind, namespace, name)
    chosen = {"matchLabels": spec.get("selector") or {}} if gk == "ReplicationController" else spec.get("selector")
    there = (target.get("status") or {}).get("replicas") or 0
    return Scale(target, spec.get("replicas", 1), there, _text(chosen), lambda replicas: api.scale(ref, replicas))


def _custom_paths(api: Client, resource: str, version: str) -> Object | None:
    """`subresources.scale` of a custom kind's definition."""
    definition = api.get("CustomResourceDefinition.apiextensions.k8s.io", "", resource)
    for each in definition["spec"]["versions"] if definition is not None else ():
        if each["name"] == version:
            scale: Object | None = (each.get("subresources") or {}).get("scale")
            return scale
    return None
