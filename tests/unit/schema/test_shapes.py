"""Go shapes: the facts and their notation."""

from __future__ import annotations

from kplan.schema import CURRENT, shape
from kplan.schema.bundle import definitions
from kplan.schema.shapes import OPAQUE, SHAPES, STRUCT, has_shape, package, packages
from kplan.schema.structs import slots


def test_fields_in_gos_order_with_their_types() -> None:
    found = shape("core/v1.PodTemplateSpec")
    assert [(f.go, f.json, f.type.text, f.pointer, f.omitempty) for f in found.fields] == [
        ("ObjectMeta", "metadata", "v1.ObjectMeta", False, True),
        ("Spec", "spec", "v1.PodSpec", False, True),
    ]
    by_json = {f.json: f for f in shape("core/v1.Container").fields}
    assert by_json["command"].type.text == "[]string"
    assert by_json["securityContext"].pointer
    assert by_json["name"].omitempty is False
    assert {f.json: f.type.text for f in shape("core/v1.ResourceRequirements").fields}["limits"] == "v1.ResourceList"
    assert {f.json: f.type.text for f in shape("core/v1.Secret").fields}["data"] == "map[string][]uint8"


def test_embedded_structs_are_flattened_in_place() -> None:
    volume = shape("core/v1.Volume")
    assert [f.go for f in volume.fields if f.embedded] == ["VolumeSource"]
    flat = {slot.json: slot for slot in slots(CURRENT, "core/v1.Volume")}
    assert flat["name"].embedded == ()
    assert flat["emptyDir"].embedded == ("VolumeSource",)


def test_every_struct_that_a_field_names_has_a_shape() -> None:
    for name in packages().values():
        home = package(name)
        assert home is not None
        for go in home.structs:
            for field in shape(f"{name}.{go}").fields:
                wanted = field.type
                while wanted.element is not None:
                    wanted = wanted.element
                assert wanted.kind != STRUCT or has_shape(wanted.name), (name, go, field.json)


def test_shapes_and_published_schemas_of_the_current_version_agree() -> None:
    for name in packages().values():
        home = package(name)
        assert home is not None
        for go in home.structs:
            struct = f"{name}.{go}"
            known = definitions(CURRENT).get(f"{home.openapi}.{go}")
            if known is not None and struct not in OPAQUE:
                assert {slot.json for slot in slots(CURRENT, struct)} == set(known.get("properties") or {}), struct


def test_a_file_is_named_after_its_package() -> None:
    for path in SHAPES.glob("*.txt"):
        assert path.read_text(encoding="ascii").split()[1].replace("/", ".") == path.stem
