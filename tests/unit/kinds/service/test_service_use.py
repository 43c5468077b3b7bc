"""Counting addresses and ports from writes gives what counting the Services gives."""

import random

import kplan
from kplan.apiserver.service_use import ServiceUse, use_of


def test_following_equals_counting():
    cluster = kplan.Cluster(version="1.36")
    pick = random.Random(7)
    store = None
    for _ in range(150):
        name, kind = f"s{pick.randrange(12)}", pick.choice(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"])
        spec = {"type": kind, "ports": [{"port": 80}], "externalTrafficPolicy": "Local"} if kind == "LoadBalancer" else {"type": kind, "ports": [{"port": 80}]}
        obj = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {**spec, **({"externalName": "x"} if kind == "ExternalName" else {})}}
        if pick.random() < 0.3:
            cluster.delete(obj)
        else:
            response = cluster.update(obj)
            assert response.accepted, response.message
        store = cluster.door.store if store is None else store
        counted, followed = ServiceUse(store), use_of(store)
        assert +counted.addresses == +followed.addresses and +counted.ports == +followed.ports
        free = followed.lowest_free(0x0A600101, 0x0A60FFFF)
        assert free == counted.lowest_free(0x0A600101, 0x0A60FFFF)
