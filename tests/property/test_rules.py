"""No rule breaks, whatever the API server takes: recorded objects, samples and custom resources with every field changed."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kplan.lint.engine import Options, lint
from kplan.manifests.sources import load

ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT.parent / "shared" / "conformance" / "admission" / "create.jsonl.gz"
OTHERS: tuple[Any, ...] = (None, "", "text", "80", -1, 0, 3, "50%", True, [], {}, [None], [{}], ["a"], {"": ""}, {"a": {"b": 1}})
CUSTOM: tuple[dict[str, Any], ...] = (
    {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": {"name": "web", "namespace": "shop", "labels": {"a": "b"}},
        "spec": {
            "selector": {"matchLabels": {"app.kubernetes.io/name": "web"}, "matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]},
            "namespaceSelector": {"matchNames": ["shop"]},
            "endpoints": [{"port": "http", "basicAuth": {"username": {"name": "a", "key": "b"}}, "bearerTokenSecret": {"name": "a", "key": "b"}}],
        },
    },
    {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"selector": {"matchLabels": {"app.kubernetes.io/name": "web"}}, "podMetricsEndpoints": [{"port": "http"}]},
    },
    {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "web", "namespace": "shop", "annotations": {"cert-manager.io/issuer": "ca"}},
        "spec": {"gatewayClassName": "a", "listeners": [{"name": "http", "tls": {"certificateRefs": [{"name": "tls", "kind": "Secret"}]}}]},
    },
    {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "parentRefs": [{"name": "web", "sectionName": "http", "namespace": "shop"}],
            "rules": [{"backendRefs": [{"name": "web", "port": 80}], "filters": [{"requestMirror": {"backendRef": {"name": "web", "port": 80}}}]}],
        },
    },
    {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"secretName": "web-tls", "issuerRef": {"name": "ca", "kind": "ClusterIssuer"}},
    },
    {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"scaleTargetRef": {"name": "web", "kind": "Deployment", "apiVersion": "apps/v1"}},
    },
    {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"secretStoreRef": {"name": "vault", "kind": "SecretStore"}, "target": {"name": "web-env"}},
    },
    {
        "apiVersion": "secrets-store.csi.x-k8s.io/v1",
        "kind": "SecretProviderClass",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"secretObjects": [{"secretName": "web-env"}]},
    },
)
SHOP = tuple(m.data for m in load([str(ROOT / "samples" / "shop")]).manifests)
NODE = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "one"}, "status": {"allocatable": {"cpu": "4", "memory": "8Gi"}}}


def crashes(objects: list[Any]) -> list[str]:
    """What rules that broke say of objects that are linted together."""
    text = "\n".join(json.dumps(o) for o in objects)
    return [d.message for d in lint(load(["-"], stdin=text), Options(profile="all")).diagnostics if d.rule == "internal/rule-crashed"]


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path into a value."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*at, key)
        yield from paths(inner, (*at, key))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy with another value at a path."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


@pytest.mark.parametrize("data", CUSTOM, ids=lambda d: d["kind"])
def test_no_rule_breaks_on_custom_resources_that_nobody_checks(data: dict[str, Any]) -> None:
    for path in paths(data):
        if path[0] not in ("apiVersion", "kind"):
            for other in OTHERS:
                assert not crashes([*SHOP, changed(data, path, other)][-8:]), (path, other)


@pytest.mark.parametrize("seed", range(12))
def test_no_rule_breaks_on_changed_samples(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(12):
        objects = [NODE, *CUSTOM]
        for data in SHOP:
            found = [p for p in paths(data) if p[0] not in ("apiVersion", "kind")]
            mutant: Any = data
            for path in sorted(chance.sample(found, 2), reverse=True):
                try:
                    mutant = changed(mutant, path, chance.choice(OTHERS))
                except (KeyError, IndexError, TypeError):
                    continue  # the other change took the place away
            objects.append(mutant)
        assert not crashes(objects)


@pytest.mark.skipif(not RECORDED.exists(), reason="no recordings here")
def test_no_rule_breaks_on_what_the_server_takes() -> None:
    with gzip.open(RECORDED, "rt", encoding="utf-8") as lines:
        cases = [json.loads(line) for line in lines]
    accepted = [c["object"] for c in cases if c["verdict"] == "accepted"]
    assert accepted
    for start in range(0, len(accepted), 100):
        assert not crashes(accepted[start : start + 100])
