"""Owners and their dependents across scopes and namespaces: who waits for whom, and what is told of references that cannot be."""

from __future__ import annotations

from typing import Any

import kplan

Object = dict[str, Any]
ROLE = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "name": "owner"}


def config(name: str, namespace: str = "default", owner: Object | None = None, blocks: bool = True, **meta: Any) -> Object:
    if owner is not None:
        known = {k: owner["metadata"][k] for k in ("name", "uid")}
        meta["ownerReferences"] = [{"apiVersion": owner["apiVersion"], "kind": owner["kind"], **known, "blockOwnerDeletion": blocks}]
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace, **meta}}


def role() -> Object:
    return {"apiVersion": ROLE["apiVersion"], "kind": ROLE["kind"], "metadata": {"name": ROLE["name"]}, "rules": []}


def ref(name: str, namespace: str = "default") -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "name": name, "namespace": namespace}


def made(cluster: kplan.Cluster, obj: Object) -> Object:
    answer = cluster.create(obj)
    assert answer.accepted and answer.object is not None, answer.message
    cluster.run()
    return answer.object


def invalid(cluster: kplan.Cluster) -> list[tuple[str, str]]:
    return [(e["involvedObject"]["name"], e["message"]) for e in cluster.events() if e["reason"] == "OwnerRefInvalidNamespace"]


def test_a_cluster_scoped_owner_goes_after_its_namespaced_dependents() -> None:
    cluster = kplan.Cluster()
    owner = made(cluster, role())
    made(cluster, config("dependent", owner=owner))
    assert cluster.delete(ROLE, propagation="Foreground").accepted
    cluster.run()
    assert cluster.get(ref("dependent")) is None
    assert cluster.get(ROLE) is None


def test_an_owner_goes_when_what_it_waits_for_forgets_it() -> None:
    cluster = kplan.Cluster()
    owner = made(cluster, role())
    made(cluster, config("held", owner=owner, finalizers=["example.com/hold"]))
    cluster.delete(ROLE, propagation="Foreground")
    cluster.run()
    assert cluster.get(ROLE) is not None, "it waits for its dependent, which somebody holds"
    cluster.patch(ref("held"), {"metadata": {"ownerReferences": None}}, type="merge")
    cluster.run()
    assert cluster.get(ROLE) is None
    assert cluster.get(ref("held")) is not None


def test_an_owner_in_another_namespace_is_none_and_told_of() -> None:
    cluster = kplan.Cluster()
    made(cluster, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}})
    owner = made(cluster, config("owner"))
    made(cluster, config("dependent", "other", owner))
    assert cluster.get(ref("dependent", "other")) is None
    reference = f"ownerRef [v1/ConfigMap, namespace: other, name: owner, uid: {owner['metadata']['uid']}]"
    assert invalid(cluster) == [("dependent", f'{reference} does not exist in namespace "other"')]


def test_a_namespaced_owner_of_something_cluster_scoped_is_told_of_and_nothing_is_deleted() -> None:
    cluster = kplan.Cluster()
    owner = made(cluster, config("owner"))
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    made(cluster, {**role(), "metadata": {"name": ROLE["name"], "ownerReferences": [reference]}})
    assert cluster.get(ROLE) is not None
    assert [name for name, _ in invalid(cluster)] == ["owner"]


def test_dependents_of_an_orphaning_owner_stay_without_it() -> None:
    cluster = kplan.Cluster()
    owner = made(cluster, role())
    made(cluster, config("dependent", owner=owner))
    cluster.delete(ROLE, propagation="Orphan")
    cluster.run()
    kept = cluster.get(ref("dependent"))
    assert cluster.get(ROLE) is None
    assert kept is not None and "ownerReferences" not in kept["metadata"]
