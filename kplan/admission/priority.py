"""Priority: a pod's priority comes from its PriorityClass, or the default one.

Upstream: plugin/pkg/admission/priority. Left out: PodGroups (gate WorkloadAwarePreemption, off by default).
"""

from __future__ import annotations

from kplan.admission.refusal import forbidden
from kplan.admission.request import Plugin, Request
from kplan.api.objects import Object, name_of
from kplan.api.reader import Reader

CLASS = "PriorityClass.scheduling.k8s.io"


class Priority(Plugin):
    """Pods get their priority in numbers; only one class is the default."""

    name = "Priority"
    kinds = frozenset({"Pod", CLASS})

    def admit(self, request: Request, reader: Reader) -> None:
        """Fill in the priority and preemption policy of a pod; an update keeps them."""
        if request.subresource or request.kind.group_kind != "Pod" or request.object is None:
            return
        spec = request.object["spec"]
        if request.operation == "UPDATE" and request.old is not None:
            for key in ("priority", "preemptionPolicy"):
                if spec.get(key) is None and request.old["spec"].get(key) is not None:
                    spec[key] = request.old["spec"][key]
        elif request.operation == "CREATE":
            _establish(request, spec, reader)

    def validate(self, request: Request, reader: Reader) -> None:
        """A second default class is refused."""
        if request.kind.group_kind != CLASS or request.subresource or request.object is None or request.operation == "DELETE":
            return
        if request.object.get("globalDefault"):
            default = default_class(reader)
            if default is not None and (request.operation == "CREATE" or name_of(default) != name_of(request.object)):
                raise forbidden(request, f"PriorityClass {name_of(default)} is already marked as default. Only one default can exist")


def default_class(reader: Reader) -> Object | None:
    """The default PriorityClass: the lowest, should there be several."""
    defaults = [c for c in reader.list(CLASS) if c.get("globalDefault")]
    return min(defaults, key=lambda c: c.get("value") or 0, default=None)


def _establish(request: Request, spec: Object, reader: Reader) -> None:
    name = spec.get("priorityClassName") or ""
    found = reader.get(CLASS, "", name) if name else default_class(reader)
    if name and found is None:
        raise forbidden(request, f"no PriorityClass with name {name} was found")
    priority: int = (found.get("value") or 0) if found else 0
    policy = found.get("preemptionPolicy") if found else "PreemptLowerPriority"
    if found and not name:
        spec["priorityClassName"] = name_of(found)
    computed = "must not be provided in pod spec; priority admission controller computed"
    if spec.get("priority") is not None and spec["priority"] != priority:
        raise forbidden(
            request, f"the integer value of priority ({spec['priority']}) {computed} {priority} from the given PriorityClass name"
        )
    spec["priority"] = priority
    if policy is not None:
        if spec.get("preemptionPolicy") is not None and spec["preemptionPolicy"] != policy:
            given = spec["preemptionPolicy"]
            raise forbidden(request, f"the string value of PreemptionPolicy ({given}) {computed} {policy} from the given PriorityClass name")
        spec["preemptionPolicy"] = policy
