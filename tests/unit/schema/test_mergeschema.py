"""How fields merge."""

from __future__ import annotations

from kplan.schema import DEDUCED, kinds, merge_schema, structural_node


def test_lists_maps_and_directives_of_a_deployment() -> None:
    spec = merge_schema("apps/v1", "Deployment").field("spec")
    assert spec is not None
    selector, strategy, template = (spec.field(name) for name in ("selector", "strategy", "template"))
    assert selector is not None and selector.map is not None and selector.map.kind == "atomic"
    assert strategy is not None and strategy.strategy == {"retainKeys"}
    pod = template and template.field("spec")
    containers = pod and pod.field("containers")
    assert containers is not None and containers.list is not None
    assert (containers.list.kind, containers.list.keys, containers.merge_key, containers.strategy) == ("map", ("name",), "name", {"merge"})
    ports = containers.items.field("ports")
    assert ports is not None and ports.list is not None
    assert ports.list.defaults == {"containerPort": 0, "protocol": "TCP"}
    assert ports.merge_key == "containerPort"
    args = containers.items.field("args")
    assert args is not None and args.list is not None and args.list.kind == "atomic"
    assert spec.field("bogus") is None


def test_every_kind_has_a_root_with_metadata() -> None:
    for info in kinds():
        root = merge_schema(info.api_version, info.kind)
        assert root.field("apiVersion") is not None, info


def test_structural_schemas() -> None:
    item = {"type": "object", "properties": {"name": {"type": "string"}, "protocol": {"type": "string", "default": "TCP"}}}
    listed = {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name", "protocol"], "items": item}
    free = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    spec = {"type": "object", "properties": {"list": listed, "free": free, "port": {"x-kubernetes-int-or-string": True}}}
    node = structural_node({"type": "object", "properties": {"spec": spec}}).field("spec")
    assert node is not None
    items, anything, port = (node.field(name) for name in ("list", "free", "port"))
    assert items is not None and items.list is not None and items.list.defaults == {"protocol": "TCP"}
    assert anything is not None and anything.field("x") is DEDUCED
    assert port is not None and port.scalar == "untyped"
    assert node.field("other") is None
