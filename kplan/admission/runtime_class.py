"""RuntimeClass: overhead and scheduling rules of a pod's runtime class.

Upstream: plugin/pkg/admission/runtimeclass, pkg/util/tolerations.
"""

from __future__ import annotations

from collections.abc import Sequence

from kplan.admission.refusal import forbidden
from kplan.admission.request import Plugin, Request
from kplan.api.gotext import go_quote
from kplan.api.objects import Object
from kplan.api.podrequests import quantities
from kplan.api.reader import Reader
from kplan.api.status import Status, StatusError

CLASS = "RuntimeClass.node.k8s.io"


class RuntimeClass(Plugin):
    """New pods take over overhead, node selector and tolerations of their runtime class."""

    name = "RuntimeClass"
    kinds = frozenset({"Pod"})

    def admit(self, request: Request, reader: Reader) -> None:
        """Fill in overhead, node selector, tolerations."""
        if request.kind.group_kind not in self.kinds or request.operation != "CREATE" or request.subresource or request.object is None:
            return
        spec = request.object["spec"]
        found = _class_of(request, spec, reader)
        if found is None:
            return
        fixed = (found.get("overhead") or {}).get("podFixed")
        if "overhead" in found:
            if spec.get("overhead") and quantities(fixed) != quantities(spec["overhead"]):
                raise forbidden(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
            spec["overhead"] = dict(fixed or {})
        if scheduling := found.get("scheduling"):
            _set_scheduling(request, spec, scheduling)

    def validate(self, request: Request, reader: Reader) -> None:
        """Overhead is the class's or none."""
        if request.kind.group_kind not in self.kinds or request.operation != "CREATE" or request.subresource or request.object is None:
            return
        spec = request.object["spec"]
        found = _class_of(request, spec, reader)
        if found is not None and "overhead" in found:
            if quantities(found["overhead"].get("podFixed")) != quantities(spec.get("overhead")):
                raise forbidden(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
        elif spec.get("overhead") is not None:
            raise forbidden(request, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead")


def _class_of(request: Request, spec: Object, reader: Reader) -> Object | None:
    name = spec.get("runtimeClassName")
    if name is None:
        return None
    if not name:
        raise StatusError(Status(500, "", "resource name may not be empty"))
    found = reader.get(CLASS, "", name)
    if found is None:
        raise forbidden(request, f"pod rejected: RuntimeClass {go_quote(name)} not found")
    return found


def _set_scheduling(request: Request, spec: Object, scheduling: Object) -> None:
    wanted = scheduling.get("nodeSelector") or {}
    mine = spec.get("nodeSelector") or {}
    for key in sorted(wanted):
        if mine.get(key, wanted[key]) != wanted[key]:
            raise forbidden(
                request,
                f"conflict: runtimeClass.scheduling.nodeSelector[{key}] = {wanted[key]}; pod.spec.nodeSelector[{key}] = {mine[key]}",
            )
    if wanted:
        spec["nodeSelector"] = {**mine, **wanted}
    if scheduling.get("tolerations") or spec.get("tolerations"):
        spec["tolerations"] = merge_tolerations(spec.get("tolerations") or (), scheduling.get("tolerations") or ())


def merge_tolerations(first: Sequence[Object], second: Sequence[Object]) -> list[Object]:
    """Both lists without what another one covers.   Upstream: tolerations.MergeTolerations."""
    everything = [*first, *second]
    merged: list[Object] = []
    for index, toleration in enumerate(everything):
        if any(_covers(other, toleration) for other in merged):
            continue
        if any(other != toleration and _covers(other, toleration) for other in everything[index + 1 :]):
            continue
        merged.append(toleration)
    return merged


def _covers(wide: Object, narrow: Object) -> bool:
    if wide == narrow:
        return True
    operator = wide.get("operator") or "Equal"
    if (wide.get("key") or "") != (narrow.get("key") or "") and (wide.get("key") or operator != "Exists"):
        return False
    if wide.get("effect") and wide["effect"] != narrow.get("effect"):
        return False
    seconds = wide.get("tolerationSeconds")
    if wide.get("effect") == "NoExecute" and seconds is not None:
        mine = narrow.get("tolerationSeconds")
        if mine is None or mine > seconds:
            return False
    if operator == "Exists":
        return True
    return operator == "Equal" == narrow.get("operator") and (wide.get("value") or "") == (narrow.get("value") or "")
