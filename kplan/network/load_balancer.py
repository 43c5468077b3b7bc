"""The simulated cloud load balancer: gives Services of type LoadBalancer an address of 10.200.0.0/16.

Stands for a cloud-controller-manager's service controller. Services with a loadBalancerClass are someone else's. No finalizer is set.
"""

from __future__ import annotations

from kplan.apiserver.client import Client
from kplan.apiserver.loops import Controller, Key, Watch, itself


class LoadBalancer(Controller):
    """Keys: (namespace, name) of Services."""

    name = "sim-load-balancer"
    watches = (Watch("Service", itself),)

    def __init__(self) -> None:
        self._given = 0

    def sync(self, key: Key, api: Client) -> float | None:
        """Give an address, or take it away when the type is another."""
        service = api.get("Service", *key)
        if service is None:
            return None
        spec, status = service["spec"], service.get("status") or {}
        balancer = status.get("loadBalancer") or {}
        wanted = spec.get("type") == "LoadBalancer" and not spec.get("loadBalancerClass")
        if wanted and not balancer.get("ingress"):
            address = spec.get("loadBalancerIP")
            if not address:
                self._given += 1
                address = f"10.200.{self._given // 250}.{self._given % 250 + 1}"
            api.write_status(service, {**status, "loadBalancer": {"ingress": [{"ip": address, "ipMode": "VIP"}]}})
        elif spec.get("type") != "LoadBalancer" and balancer.get("ingress"):
            api.write_status(service, {**status, "loadBalancer": {}})
        return None
