"""Services use their ports and load balancers.

Upstream: pkg/quota/v1/evaluator/core/services.go.
"""

from __future__ import annotations

from kplan.admission.quota_evaluators.evaluator import ONE, Evaluator, created_or_updated, only
from kplan.api.objects import Object
from kplan.api.podrequests import Amounts
from kplan.api.quantity import Quantity
from kplan.api.reader import Reader

_SERVICE_RESOURCES = frozenset({"count/services", "services", "services.nodeports", "services.loadbalancers"})


def _service_usage(service: Object, reader: Reader) -> Amounts:
    spec = service["spec"]
    ports = spec.get("ports") or ()
    node_ports = balancers = 0
    kind = spec.get("type")
    if kind == "NodePort":
        node_ports = len(ports)
    elif kind == "LoadBalancer":
        balancers = 1
        node_ports = sum(1 for p in ports if p.get("nodePort")) if spec.get("allocateLoadBalancerNodePorts") is False else len(ports)
    return {
        "count/services": ONE,
        "services": ONE,
        "services.nodeports": Quantity(node_ports),
        "services.loadbalancers": Quantity(balancers),
    }


SERVICES = Evaluator("Service", only(_SERVICE_RESOURCES), _service_usage, created_or_updated)
