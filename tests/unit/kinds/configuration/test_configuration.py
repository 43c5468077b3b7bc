"""ConfigMaps, Secrets, service accounts, namespaces."""

import base64

import pytest

from kplan.kinds import configmap, namespace, secret, serviceaccount
from kplan.kinds.jsontext import object_error
from kplan.kinds.keypair import key_pair_error


def encoded(text):
    return base64.b64encode(text).decode()


def errors(found):
    return [f"{e.field}: {e.message}" for e in found]


def config(**fields):
    return {"metadata": {"name": "a", "namespace": "b"}, **fields}


def test_string_data_wins_over_data():
    obj = config(data={"a": encoded(b"old"), "b": ""}, stringData={"a": "new"})
    secret.default(obj)
    assert obj["data"] == {"a": encoded(b"new"), "b": ""} and obj["type"] == "Opaque" and "stringData" not in obj


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("kubernetes.io/tls", {}, ["data[tls.crt]: Required value", "data[tls.key]: Required value"]),
        ("kubernetes.io/ssh-auth", {"ssh-privatekey": ""}, ["data[ssh-privatekey]: Required value"]),
        ("kubernetes.io/basic-auth", {}, ["data[username]: Required value", "data[password]: Required value"]),
        ("kubernetes.io/basic-auth", {"password": ""}, []),
        ("kubernetes.io/dockerconfigjson", {".dockerconfigjson": encoded(b"{}")}, []),
        (
            "kubernetes.io/dockercfg",
            {".dockercfg": encoded(b"{'")},
            ["data[.dockercfg]: Invalid value: \"<secret contents redacted>\": invalid character '\\'' looking for beginning of object key string"],
        ),
        ("any", {"a/b": ""}, None),
    ],
)
def test_secret_types(kind, data, expected):
    found = errors(secret.validate(config(type=kind, data=data)))
    assert found == expected if expected is not None else found[0].startswith('data[a/b]: Invalid value: "a/b"')


def test_frozen_objects():
    old = config(immutable=True, data={"a": "1"})
    new = config(data={"a": "2"})
    frozen = "Forbidden: field is immutable when `immutable` is set"
    assert errors(configmap.validate_update(new, old)) == [f"immutable: {frozen}", f"data: {frozen}"]
    assert errors(configmap.validate_update(config(immutable=True, data={"a": "1"}), old)) == []
    assert errors(secret.validate_update({**new, "type": "x"}, {**old, "type": "y"}))[0] == 'type: Invalid value: "x": field is immutable'


def test_a_config_map_may_hold_a_mebibyte():
    assert errors(configmap.validate(config(data={"a": "x" * 1048576}))) == []
    assert errors(configmap.validate(config(data={"a": "x" * 1048576}, binaryData={"b": "AA=="}))) == [": Too long: may not be more than 1048576 bytes"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"a": [1, -0.5e+3, {"b": null}], "c": "\\u00e9\\n"} ', ""),
        (b"null", ""),
        (b"", "unexpected end of JSON input"),
        (b'{"a"', "unexpected end of JSON input"),
        (b"[1]", "json: cannot unmarshal array into Go value of type map[string]interface {}"),
        (b"tru", "unexpected end of JSON input"),
        (b"trux", "invalid character 'x' in literal true (expecting 'e')"),
        (b"{} x", "invalid character 'x' after top-level value"),
        (b'{"a" 1}', "invalid character '1' after object key"),
        (b'{"a":1 2}', "invalid character '2' after object key:value pair"),
        (b'{"a":[1 2]}', "invalid character '2' after array element"),
        (b'{"a":1,}', "invalid character '}' looking for beginning of object key string"),
        (b'{"a":[1,]}', "invalid character ']' looking for beginning of value"),
        (b'{"a":"\n"}', "invalid character '\\n' in string literal"),
        (b'{"a":"\\x"}', "invalid character 'x' in string escape code"),
        (b'{"a":"\\u00g0"}', "invalid character 'g' in \\u hexadecimal character escape"),
        (b'{"a":-x}', "invalid character 'x' in numeric literal"),
        (b'{"a":1.x}', "invalid character 'x' after decimal point in numeric literal"),
        (b'{"a":1ex}', "invalid character 'x' in exponent of numeric literal"),
        (b'{"a":01}', "invalid character '1' after object key:value pair"),
    ],
)
def test_json_errors(text, expected):
    assert object_error(text) == expected


def pem(kind, body):
    return f"-----BEGIN {kind}-----\n{encoded(body)}\n-----END {kind}-----\n".encode()


SEQUENCE = b"\x30\x03\x02\x01\x01"


@pytest.mark.parametrize(
    ("certificate", "key", "expected"),
    [
        (pem("CERTIFICATE", SEQUENCE), pem("RSA PRIVATE KEY", SEQUENCE), ""),
        (b"x", b"", "tls: failed to find any PEM data in certificate input"),
        (pem("CERTIFICATE", SEQUENCE), b"x", "tls: failed to find any PEM data in key input"),
        (pem("CERTIFICATE", SEQUENCE), pem("CERTIFICATE", SEQUENCE), "tls: found a certificate rather than a key in the PEM for the private key"),
        (pem("CERTIFICATE", b"junk"), pem("PRIVATE KEY", SEQUENCE), "x509: malformed certificate"),
        (pem("CERTIFICATE", SEQUENCE), pem("PRIVATE KEY", b"junk"), "tls: failed to parse private key"),
    ],
)
def test_key_pairs(certificate, key, expected):
    assert key_pair_error(certificate, key) == expected


def test_references_of_service_accounts_keep_names_only():
    obj = config(secrets=[{"name": "a", "namespace": "x"}, {"namespace": "y"}], imagePullSecrets=[{"name": "p"}])
    serviceaccount.prepare(obj)
    assert obj["secrets"] == [{"name": "a"}, {}]
    assert [r.name for r in serviceaccount.references(obj)] == ["a", "p"]


def test_namespaces():
    obj = {"metadata": {"name": "team"}, "spec": {"finalizers": ["plain"]}}
    namespace.default(obj)
    namespace.prepare(obj)
    assert obj["metadata"]["labels"] == {"kubernetes.io/metadata.name": "team"}
    assert obj["spec"]["finalizers"] == ["plain", "kubernetes"] and obj["status"] == {"phase": "Active"}
    assert errors(namespace.validate(obj)) == ['spec.finalizers: Invalid value: "plain": name is neither a standard finalizer name nor is it fully qualified']
    gone = {"metadata": {"name": "team", "deletionTimestamp": "2026-01-01T00:00:00Z"}, "status": {"phase": "Active"}}
    assert errors(namespace.validate_status(gone, gone)) == [
        "status.Phase: Invalid value: \"Active\": may only be 'Terminating' if `deletionTimestamp` is not empty"
    ]
