"""Decoding: what a Go round trip leaves, and the decoder's words."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.schema import cannot_be_handled, decode, decode_type, kinds, versions
from kplan.schema.strict import StrictDecoder, base64_decode
from kplan.schema.structs import root


def deployment(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def error_of(obj: dict[str, Any]) -> str | None:
    return decode(obj, obj["apiVersion"], obj["kind"]).error


def pod(**container: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", **container}]}}


def test_zero_structs_stand_and_empty_fields_go() -> None:
    found = decode(deployment(paused=False, minReadySeconds=0, replicas=0), "apps/v1", "Deployment").object
    assert found == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"replicas": 0, "selector": None, "template": {"metadata": {}, "spec": {"containers": None}}, "strategy": {}},
        "status": {},
    }


def test_null_counts_as_absent_and_labels_empty_go() -> None:
    found = decode({**deployment(replicas=None), "metadata": {"name": "web", "labels": {}, "annotations": None}}, "apps/v1", "Deployment").object
    assert found is not None
    assert found["metadata"] == {"name": "web"}
    assert "replicas" not in found["spec"]


def test_the_tree_is_private() -> None:
    given = pod(args=["a"], env=[{"name": "A", "value": "1"}])
    found = decode(given, "v1", "Pod").object
    assert found is not None
    found["spec"]["containers"][0]["args"].append("b")
    found["metadata"]["name"] = "other"
    assert given["spec"]["containers"][0]["args"] == ["a"]
    assert given["metadata"]["name"] == "p"


def test_empty_lists_that_are_always_sent_come_back_as_null() -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "r"}, "rules": []}
    found = decode(role, "rbac.authorization.k8s.io/v1", "Role").object
    assert found is not None
    assert found["rules"] is None


@pytest.mark.parametrize(
    ("value", "text"),
    [("1000m", "1"), (2, "2"), (0.5, "500m"), ("1024Mi", "1Gi"), (" 1 ", "1"), (None, "0")],
)
def test_quantities_are_canonical(value: Any, text: str) -> None:
    found = decode(pod(resources={"limits": {"cpu": value}}), "v1", "Pod").object
    assert found is not None
    assert found["spec"]["containers"][0]["resources"]["limits"]["cpu"] == text


def test_int_or_string_of_32_bits() -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": 80, "targetPort": "http"}, {"port": 81}]}}
    found = decode(service, "v1", "Service").object
    assert found is not None
    assert [p["targetPort"] for p in found["spec"]["ports"]] == ["http", 0]
    service["spec"]["ports"][0]["targetPort"] = 2**31  # type: ignore[index]
    assert error_of(service) == "json: cannot unmarshal number 2147483648 into Go struct field ServicePort.spec.ports.targetPort of type int32"


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        (deployment(replicas="3"), "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"),
        (deployment(replicas=1.5), "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32"),
        (deployment(replicas=2**40), "json: cannot unmarshal number 1099511627776 into Go struct field DeploymentSpec.spec.replicas of type int32"),
        (deployment(template=[]), "json: cannot unmarshal array into Go struct field DeploymentSpec.spec.template of type v1.PodTemplateSpec"),
        (pod(args={}), "json: cannot unmarshal object into Go struct field Container.spec.containers.args of type []string"),
        (pod(tty="yes"), "json: cannot unmarshal string into Go struct field Container.spec.containers.tty of type bool"),
        (pod(resources={"limits": {"cpu": "x"}}), "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"),
        ({**pod(), "metadata": {"labels": {"a": 1}}}, "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string"),
        (
            {**pod(), "metadata": {"creationTimestamp": 5}},
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string",
        ),
        (
            {**pod(), "spec": {"volumes": [{"emptyDir": []}]}},
            "json: cannot unmarshal array into Go struct field Volume.spec.volumes.VolumeSource.emptyDir of type v1.EmptyDirVolumeSource",
        ),
        (
            {"apiVersion": "v1", "kind": "Secret", "data": {"a": "YQ"}},
            "illegal base64 data at input byte 0",
        ),
        (
            {"apiVersion": "v1", "kind": "Namespace", "spec": {"finalizers": "a"}},
            "json: cannot unmarshal string into Go struct field NamespaceSpec.spec.finalizers of type []v1.FinalizerName",
        ),
    ],
)
def test_type_errors_in_the_decoders_words(obj: dict[str, Any], message: str) -> None:
    assert error_of(obj) == message


def test_the_first_type_error_wins_but_a_type_that_reads_itself_ends_decoding() -> None:
    obj = pod(args=5, resources={"limits": {"cpu": "x"}}, tty=1)
    assert (error_of(obj) or "").startswith("quantities must match")
    del obj["spec"]["containers"][0]["resources"]
    assert (error_of(obj) or "").startswith("json: cannot unmarshal number into Go struct field Container.spec.containers.args")


def test_unknown_fields_are_collected_in_sorted_order() -> None:
    obj = {**deployment(zeta=1, template={"spec": {"containers": [{"Image": "x"}]}}), "extra": {}}
    found = decode(obj, "apps/v1", "Deployment")
    assert found.unknown == ("extra", "spec.template.spec.containers[0].Image", "spec.zeta")
    assert found.error == (
        'strict decoding error: unknown field "extra", unknown field "spec.template.spec.containers[0].Image", unknown field "spec.zeta"'
    )
    lenient = decode(obj, "apps/v1", "Deployment", strict=False)
    assert lenient.error is None
    assert lenient.unknown == found.unknown
    assert lenient.object is not None
    assert "extra" not in lenient.object


def test_unions_of_crd_schemas_are_read_without_strictness() -> None:
    props = {"items": {"type": "string", "bogus": 1}, "additionalProperties": False, "type": "object"}
    found = decode_type("apiextensions/v1.JSONSchemaProps", props)
    assert found.error is None
    assert found.object == {"items": {"type": "string"}, "additionalProperties": False, "type": "object"}
    wrong = decode_type("apiextensions/v1.JSONSchemaProps", {"additionalProperties": "no"})
    assert wrong.error == "boolean or JSON schema expected"
    deep = decode_type("apiextensions/v1.JSONSchemaProps", {"items": {"maxLength": "5"}})
    assert deep.error == "json: cannot unmarshal string into Go struct field JSONSchemaProps.items.maxLength of type int64"


def test_a_value_that_is_no_struct_at_all() -> None:
    assert decode_type("meta/v1.ObjectMeta", "text").error == "json: cannot unmarshal string into Go value of type v1.ObjectMeta"
    wrong = decode_type("meta/v1.ObjectMeta", {"labels": []})
    assert wrong.error == "json: cannot unmarshal array into Go struct field ObjectMeta.labels of type map[string]string"


def test_the_servers_sentence() -> None:
    assert cannot_be_handled("apps/v1", "Deployment", "x") == 'Deployment in version "v1" cannot be handled as a Deployment: x'


@pytest.mark.parametrize(
    ("text", "fault"),
    [("", None), ("YQ==", None), ("YQ=\n=", None), ("YQ", 0), ("Y", 0), ("YQ=", 3), ("YQ==x", 4), ("YQ=a", 2), ("Y!==", 1), ("YWJj", None)],
)
def test_where_base64_goes_wrong(text: str, fault: int | None) -> None:
    assert base64_decode(text)[1] == fault


def test_every_kind_of_every_version_decodes_twice_the_same() -> None:
    for version in versions():
        for info in kinds(version):
            empty = {"apiVersion": info.api_version, "kind": info.kind, "metadata": {"name": "x"}}
            first = decode(empty, info.api_version, info.kind, version)
            assert first.error is None, (version, info)
            assert first.object is not None
            assert decode(first.object, info.api_version, info.kind, version).object == first.object, (version, info)
            assert StrictDecoder(version).decode(root(version, info.definition), empty) == first.object, (version, info)


def test_older_versions_do_not_know_newer_fields() -> None:
    obj = deployment(template={"spec": {"resources": {}, "containers": []}})
    assert error_of(obj) is None
    assert decode(obj, "apps/v1", "Deployment", "1.25").error == 'strict decoding error: unknown field "spec.template.spec.resources"'
    with pytest.raises(KeyError):
        decode({}, "resource.k8s.io/v1", "ResourceClaim", "1.30")
