"""Explaining what decoding refuses."""

from __future__ import annotations

from kplan.schema import SchemaError, check


def test_accepts_what_decodes() -> None:
    assert check({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}}, "v1", "ConfigMap") == []


def test_explains_with_exact_paths_and_remedies() -> None:
    container = {"name": 5, "imagePullpolicy": "Always", "ports": [{"containerPort": 2**40}], "resources": {"limits": {"cpu": "abc"}}}
    obj = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": "3", "template": {"spec": {"containers": [container]}}}}
    found = {e.path: e for e in check(obj, "apps/v1", "Deployment")}
    at = "spec.template.spec.containers[0]"
    assert found["spec.replicas"] == SchemaError("spec.replicas", "wrong-type", '"3" is not an integer', "remove the quotes")
    assert found["spec.selector"].kind == "missing-field"
    assert found[f"{at}.name"] == SchemaError(f"{at}.name", "wrong-type", "5 is not a string", "put it in quotes")
    assert found[f"{at}.imagePullpolicy"].hint == 'use "imagePullPolicy"'
    assert found[f"{at}.ports[0].containerPort"].kind == "bad-value"
    assert found[f"{at}.resources.limits[cpu]"].message.startswith("quantities must match")
    assert len(found) == 6


def test_a_list_where_a_map_is_wanted() -> None:
    found = check({"apiVersion": "v1", "kind": "Secret", "data": ["a"]}, "v1", "Secret")
    assert [(e.path, e.message) for e in found] == [("data", '["a"] is not a map')]
