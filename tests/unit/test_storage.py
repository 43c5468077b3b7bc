"""A default StorageClass is taken as there where manifests mean one and nobody says what the cluster has."""

from __future__ import annotations

from pathlib import Path

import pytest

from kplan.manifests.sources import load
from kplan.plan import Options, Plan, plan

CLAIM = """
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}
---
apiVersion: v1
kind: Pod
metadata: {name: db}
spec:
  containers: [{name: db, image: "example.com/db:1"}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
---
"""
SET = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: db, image: "example.com/db:1"}]}}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]
---
"""
EPHEMERAL = """
apiVersion: v1
kind: Pod
metadata: {name: db}
spec:
  containers: [{name: db, image: "example.com/db:1"}]
  volumes: [{name: a, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}}]
---
"""
CLASS = "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: fast}, provisioner: sim.kplan.dev/disk}\n"
VOLUME = "{apiVersion: v1, kind: PersistentVolume, metadata: {name: v}, spec: {accessModes: [ReadWriteMany], capacity: {storage: 1Mi}, hostPath: {path: /v}}}\n"
NOTE = "claims that name no class: a default StorageClass is taken as there"


def planned(folder: Path, text: str, **options: object) -> Plan:
    (folder / "app.yaml").write_text(text)
    return plan(load([str(folder)]), Options(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize("claim", [CLAIM, SET, EPHEMERAL])
def test_claims_without_a_class_are_bound(tmp_path: Path, claim: str) -> None:
    found = planned(tmp_path, claim)
    assert found.ok and (found.running, found.pending) == (1, 0) and NOTE in found.notes
    assert not any(c.ref.kind == "StorageClass" for c in found.changes)


@pytest.mark.parametrize("other", [CLASS, VOLUME])
def test_what_is_stated_is_what_there_is(tmp_path: Path, other: str) -> None:
    found = planned(tmp_path, CLAIM + other)
    assert not found.ok and found.pending == 1 and NOTE not in found.notes


def test_named_classes_and_states_get_none(tmp_path: Path) -> None:
    assert NOTE not in planned(tmp_path, CLAIM.replace("accessModes", 'storageClassName: "", accessModes')).notes
    state = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}]
    assert NOTE not in planned(tmp_path, CLAIM, state=state).notes
