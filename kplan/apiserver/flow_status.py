"""The condition that the server itself keeps on FlowSchemas: whether the priority level they name exists.

Upstream: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/apf_controller.go, which writes moments after the object; here at once.
Leaves out everything else about priority and fairness.
"""

from __future__ import annotations

from kplan.api.gotext import go_quote
from kplan.api.objects import Object
from kplan.api.reader import Entry
from kplan.apiserver.store import Store

FLOW_SCHEMA = "FlowSchema.flowcontrol.apiserver.k8s.io"
PRIORITY_LEVEL = "PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io"
BUILT_IN_LEVELS = frozenset({"catch-all", "exempt", "global-default", "leader-election", "node-high", "system", "workload-high", "workload-low"})


def on_write(entry: Entry, store: Store) -> None:
    """After a write of a FlowSchema its condition, after one of a priority level those of all FlowSchemas."""
    if entry.kind == FLOW_SCHEMA and entry.new is not None:
        _settle(entry.new, store)
    elif entry.kind == PRIORITY_LEVEL and (entry.old is None or entry.new is None):
        for schema in store.list(FLOW_SCHEMA):
            _settle(schema, store)


def _settle(schema: Object, store: Store) -> None:
    name = ((schema.get("spec") or {}).get("priorityLevelConfiguration") or {}).get("name") or ""
    found = name in BUILT_IN_LEVELS or store.get(PRIORITY_LEVEL, "", name) is not None
    wanted = {
        "status": "False" if found else "True",
        "reason": "Found" if found else "NotFound",
        "message": f"This FlowSchema references the PriorityLevelConfiguration object named {go_quote(name)} "
        + ("and it exists" if found else "but there is no such object"),
    }
    status = schema.get("status") or {}
    conditions = status.get("conditions") or []
    current: Object = next((c for c in conditions if c.get("type") == "Dangling"), {})
    if wanted.items() <= current.items():
        return
    condition = {"type": "Dangling", "lastTransitionTime": store.clock.text(), **wanted}
    others = [c for c in conditions if c.get("type") != "Dangling"]
    store.put(FLOW_SCHEMA, {**schema, "status": {**status, "conditions": [*others, condition]}})
