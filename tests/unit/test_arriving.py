"""What programs make at run time: taken as there where the manifests show who makes it, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from kplan.manifests.sources import load
from kplan.plan import Options, Plan, plan

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers:
        - {name: web, image: "example.com/web:1", env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: access, key: password}}}]}
      volumes: [{name: tls, secret: {secretName: access}}]
---
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: web, namespace: shop}}
---
"""
JOB = """
apiVersion: batch/v1
kind: Job
metadata: {name: certificates, namespace: shop}
spec:
  ttlSecondsAfterFinished: 0
  template: {spec: {restartPolicy: Never, containers: [{name: create, image: "example.com/certgen:1", args: [create, "%s"]}]}}
---
"""
GRANT = """
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: web, namespace: shop}, rules: [{apiGroups: [""], resources: [secrets], verbs: [%s]}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web}
subjects: [{kind: ServiceAccount, name: web, namespace: shop}]
---
"""
SEALED = "{apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, metadata: {name: access, namespace: shop}, spec: {}}\n---\n"
ENCRYPTED = """
{apiVersion: v1, kind: Secret, metadata: {name: access, namespace: shop}, data: {password: "ENC[AES256_GCM,data:x,type:str]"}, sops: {mac: "ENC[x]"}}
---
"""


def planned(folder: Path, text: str, base: str = "") -> Plan:
    (folder / "new").mkdir()
    (folder / "new" / "app.yaml").write_text(text)
    (folder / "old").mkdir()
    (folder / "old" / "app.yaml").write_text(base or "{}")
    return plan(load([str(folder / "new")]), Options(base=load([str(folder / "old")]) if base else None))


@pytest.mark.parametrize(
    "maker",
    [JOB % "--secret-name=access", JOB % "shop/access", GRANT % "get, create", SEALED, ENCRYPTED],
    ids=["flag", "namespaced", "granted", "custom", "encrypted"],
)
def test_what_something_makes_is_taken_as_there(tmp_path: Path, maker: str) -> None:
    found = planned(tmp_path, WEB + maker)
    assert found.ok and (found.running, found.pending) == (1, 0)
    assert "in no manifest, and taken as made by what is applied: Secret access" in found.notes
    assert not any(c.ref.kind == "Secret" for c in found.changes)


@pytest.mark.parametrize("other", ["", JOB % "--access=all", JOB % "/etc/access", GRANT % "get", SEALED.replace("access", "others")])
def test_what_nothing_makes_is_missing(tmp_path: Path, other: str) -> None:
    found = planned(tmp_path, WEB + other)
    assert not found.ok and found.pending == 1
    assert any(d.rule == "not-ready" and d.message.endswith('ContainerCreating: secret "access" not found') for d in found.diagnostics)


def test_a_base_has_it_too(tmp_path: Path) -> None:
    maker = GRANT % "create"
    found = planned(tmp_path, (WEB + maker).replace("web:1", "web:2"), WEB + maker)
    assert found.ok and [c.ref.name for c in found.changes if c.cause is None] == ["web"]
    assert sum("taken as made" in note for note in found.notes) == 1
