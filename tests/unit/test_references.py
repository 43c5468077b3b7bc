"""What leads from one object to another: every field that names or selects, kind by kind (`references.yaml`); what operators make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kplan.api.ref import Ref
from kplan.graph import OWNS, Edge, build
from kplan.lint.engine import graph_of
from kplan.manifests.documents import read_documents
from kplan.manifests.sources import load

(DOCUMENT,) = read_documents((Path(__file__).parent / "references.yaml").read_text(encoding="utf-8"), 50)
CASES: dict[str, Any] = DOCUMENT.value


def shown(edges: Iterable[Edge]) -> Iterator[str]:
    for edge in edges:
        wanted = edge.reference
        if edge.kind == OWNS or wanted is None:
            continue
        place = f"{wanted.namespace}/" if wanted.namespace else ""
        name = f"{wanted.name}[{wanted.key}]" if wanted.key else wanted.name
        yield f"{edge.path} {wanted.kind} {place}{'*' if wanted.selects is not None else name}{'?' if wanted.optional else ''}"


@pytest.mark.parametrize("name", CASES)
def test_every_field_leads_where_it_says(name: str) -> None:
    sources = load(["-"], stdin=CASES[name]["objects"])
    first, graph = Ref.of(sources.manifests[0].data), graph_of(sources)
    (ref,) = [r for r in graph.objects if (r.group, r.kind, r.name) == (first.group, first.kind, first.name)]
    assert sorted(shown(e for e in graph.edges if e.source == ref)) == sorted(CASES[name]["edges"])


MADE = (
    ("cert-manager.io/v1", "Certificate", {"secretName": "made"}, {}),
    ("external-secrets.io/v1", "ExternalSecret", {"target": {"name": "made"}}, {}),
    ("bitnami.com/v1alpha1", "SealedSecret", {"template": {"metadata": {"name": "made"}}}, {}),
    ("networking.k8s.io/v1", "Ingress", {"tls": [{"secretName": "made"}]}, {"cert-manager.io/issuer": "ca"}),
    ("gateway.networking.k8s.io/v1", "Gateway", {"listeners": [{"tls": {"certificateRefs": [{"name": "made"}]}}]}, {"cert-manager.io/cluster-issuer": "ca"}),
)


@pytest.mark.parametrize(("api", "kind", "spec", "notes"), MADE, ids=[m[1] for m in MADE])
def test_secrets_that_an_operator_makes_are_there(api: str, kind: str, spec: dict[str, object], notes: dict[str, str]) -> None:
    volumes = [{"name": "a", "secret": {"secretName": "made"}}]
    user = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"}, "spec": {"volumes": volumes}}
    meta = {"name": "maker", "namespace": "default", "annotations": notes}
    maker = {"apiVersion": api, "kind": kind, "metadata": meta, "spec": spec}
    (edge,) = [e for e in build([user, maker]).edges if e.source.name == "p"]
    assert edge.target is not None and edge.target.name == "maker"
    (lost,) = [e for e in build([user, {**maker, "metadata": {**meta, "namespace": "other"}}]).edges if e.source.name == "p"]
    assert lost.target is None


def test_what_is_refused_is_not_missing() -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: a, envFrom: [{configMapRef: {name: s}}]}]}\n"
    refused = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}\ntypo: 1\n"
    assert [e.path for e in graph_of(load(["-"], stdin=pod)).dangling] == ["spec.containers[0].envFrom[0].configMapRef.name"]
    assert not graph_of(load(["-"], stdin=f"{pod}---\n{refused}")).dangling
