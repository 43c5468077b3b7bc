"""What `restore` put in is kept as given, and read with the API's defaults: nothing that a field's absence means is refused, redone or a crash."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import kplan
from kplan.api.objects import Object

MANIFESTS = """
apiVersion: v1
kind: Node
metadata: {name: a, labels: {topology.kubernetes.io/zone: z}}
status: {capacity: {cpu: "8", memory: 16Gi, pods: "110"}, allocatable: {cpu: "8", memory: 16Gi, pods: "110"}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: "i:1", resources: {requests: {cpu: 100m}}}]}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec: {serviceName: db, selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, image: "i:1"}]}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec: {selector: {matchLabels: {app: agent}}, template: {metadata: {labels: {app: agent}}, spec: {containers: [{name: c, image: "i:1"}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 80}]}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: v}
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: manual, hostPath: {path: /x}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: v}
spec: {accessModes: [ReadWriteOnce], storageClassName: manual, resources: {requests: {storage: 1Gi}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "i:1"}]}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: often}
spec: {schedule: "* * * * *", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "i:1"}]}}}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
"""
GIVEN = kplan.load_yaml(MANIFESTS)
KINDS = sorted({o["kind"] for o in GIVEN} | {"Pod", "ReplicaSet"})


@pytest.fixture(scope="module")
def state() -> list[Object]:
    """A cluster at rest, as a dump has it."""
    made = kplan.Cluster()
    for obj in GIVEN:
        assert made.apply(obj).accepted
    made.run()
    return [o for o in made.objects() if o["kind"] in KINDS]


def cuts(obj: Object) -> Iterator[tuple[str, Object]]:
    """The object without one field of its metadata or its spec, without spec, without status."""
    for part in ("spec", "status"):
        if part in obj:
            yield part, {k: v for k, v in obj.items() if k != part}
    for part in ("metadata", "spec"):
        for key in obj.get(part) or ():
            if (part, key) != ("metadata", "name"):
                yield f"{part}.{key}", {**obj, part: {k: v for k, v in obj[part].items() if k != key}}


@pytest.mark.parametrize("kind", KINDS)
def test_any_field_may_be_absent(state: list[Object], kind: str) -> None:
    place = next(i for i, o in enumerate(state) if o["kind"] == kind)
    for field, cut in cuts(state[place]):
        made = kplan.Cluster()
        made.restore([*state[:place], cut, *state[place + 1 :]])
        run = made.run(horizon=120)
        assert run.converged, field
        assert len(made.objects("Pod")) < 20, field
        for pod in made.objects("Pod"):
            made.explain(pod)


@pytest.mark.parametrize("given", [o for o in GIVEN if o["kind"] not in ("Job", "Node")], ids=lambda o: o["kind"])
def test_the_manifest_that_was_restored_is_applied_as_no_change(given: Object) -> None:
    made = kplan.Cluster()
    made.restore([given])
    answer = made.apply(given)
    assert answer.accepted, answer.message
    assert made.get(given)["metadata"].get("generation") == given["metadata"].get("generation")  # type: ignore[index]


def test_objects_are_kept_as_given() -> None:
    made = kplan.Cluster()
    made.restore(GIVEN)
    for given in GIVEN:
        held = made.get(given)
        assert held is not None
        assert {**held, "metadata": given["metadata"]} == {"spec": {}, **given}


def test_a_headless_service_without_cluster_ips_has_its_endpoints() -> None:
    made = kplan.Cluster()
    spec = {"nodeName": "a", "containers": [{"name": "c", "image": "i"}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": {"app": "db"}}, "spec": spec}
    made.restore([o for o in GIVEN if o["kind"] in ("Node", "Service")] + [pod])
    made.run()
    found = [o for o in made.objects("EndpointSlice") if o["metadata"]["name"].startswith("db-")]
    assert [(o["addressType"], o["ports"][0]["port"], len(o["endpoints"])) for o in found] == [("IPv4", 80, 1)]


def test_an_address_that_is_stated_in_the_older_field_is_taken() -> None:
    made = kplan.Cluster()
    made.restore([{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "old"}, "spec": {"clusterIP": "10.96.0.9", "ports": [{"port": 80}]}}])
    other = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "new"}, "spec": {"clusterIP": "10.96.0.9", "ports": [{"port": 80}]}}
    assert "provided IP is already allocated" in made.create(other).message


def test_templates_are_compared_with_their_defaults(state: list[Object]) -> None:
    given = next(o for o in GIVEN if o["kind"] == "Deployment")
    kept = [o for o in state if (o["kind"], o["metadata"]["name"]) != ("Deployment", "web")]
    uid = next(o["metadata"]["uid"] for o in state if o["kind"] == "Deployment")
    made = kplan.Cluster()
    made.restore([*kept, {**given, "metadata": {**given["metadata"], "uid": uid}}])
    made.run()
    assert len(made.objects("ReplicaSet")) == 1
