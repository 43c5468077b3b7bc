"""Webhook configurations and API services."""

import pytest

from kplan.api.urls import parse_url
from kplan.kinds import apiservice, mutatingwebhookconfiguration, validatingwebhookconfiguration


def errors(found):
    return [f"{e.field.removeprefix('webhooks[0].')}: {e.message}" for e in found]


def configuration(**webhook):
    base = {
        "name": "a.example.com",
        "clientConfig": {"url": "https://example.com/x"},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}],
    }
    obj = {"metadata": {"name": "c"}, "webhooks": [{**base, **webhook}]}
    validatingwebhookconfiguration.default(obj)
    return obj


def rule(**fields):
    return {"rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], **fields}]}


def test_defaults():
    obj = {"metadata": {"name": "c"}, "webhooks": [{"clientConfig": {"service": {}}, "rules": [{}]}]}
    mutatingwebhookconfiguration.default(obj)
    assert obj["webhooks"][0] == {
        "clientConfig": {"service": {"port": 443}},
        "rules": [{"scope": "*"}],
        "failurePolicy": "Fail",
        "matchPolicy": "Equivalent",
        "namespaceSelector": {},
        "objectSelector": {},
        "timeoutSeconds": 10,
        "reinvocationPolicy": "Never",
    }


@pytest.mark.parametrize(
    ("webhook", "expected"),
    [
        ({}, []),
        ({"sideEffects": None}, ["sideEffects: Required value: must specify one of None, NoneOnDryRun"]),
        ({"sideEffects": "Some"}, ['sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"']),
        ({"timeoutSeconds": 31}, ["timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds"]),
        ({"clientConfig": {}}, ["clientConfig: Required value: exactly one of url or service is required"]),
        (
            {"clientConfig": {"url": "http://u@h/?q#f"}},
            [
                "clientConfig.url: Invalid value: \"http\": 'https' is the only allowed URL scheme; desired format: https://host[/path]",
                'clientConfig.url: Invalid value: "u": user information is not permitted in the URL',
                'clientConfig.url: Invalid value: "f": fragments are not permitted in the URL',
                'clientConfig.url: Invalid value: "q": query parameters are not permitted in the URL',
            ],
        ),
        (
            {"clientConfig": {"service": {"name": "s", "path": "a//b"}}},
            [
                "clientConfig.service.name: Required value",
                "clientConfig.service.path: Invalid value: \"a//b\": must start with a '/'",
                'clientConfig.service.path: Invalid value: "a//b": segment[0] may not be empty',
                'clientConfig.service.path: Invalid value: "a//b": segment[1] may not be empty',
            ],
        ),
        (
            {"admissionReviewVersions": ["v9", "v9"]},
            [
                'admissionReviewVersions[1]: Invalid value: "v9": duplicate version',
                'admissionReviewVersions: Invalid value: ["v9","v9"]: must include at least one of v1, v1beta1',
            ],
        ),
        (rule(operations=["*", "CREATE"]), ['rules[0].operations: Invalid value: ["*","CREATE"]: if \'*\' is present, must not specify other operations']),
        (rule(resources=["pods/*", "pods/log"]), ["rules[0].resources[1]: Invalid value: \"pods/log\": if 'pods/*' is present, must not specify pods/log"]),
        (
            rule(resources=["*", "pods"]),
            ['rules[0].resources: Invalid value: ["*","pods"]: if \'*\' is present, must not specify other resources without subresources'],
        ),
        (rule(resources=["*/*", "pods"]), ['rules[0].resources: Invalid value: ["*/*","pods"]: if \'*/*\' is present, must not specify other resources']),
        (
            {"matchConditions": [{"name": "a", "expression": " "}, {"name": "a", "expression": ""}]},
            [
                "matchConditions[0].expression: Required value",
                "matchConditions[1].expression: Required value",
                'matchConditions[1].name: Duplicate value: "a"',
            ],
        ),
    ],
)
def test_webhooks(webhook, expected):
    assert errors(validatingwebhookconfiguration.KIND.validate(configuration(**webhook))) == expected


def test_a_stored_configuration_may_stay_wrong():
    old = configuration(sideEffects="Unknown", admissionReviewVersions=["v9"])
    assert len(errors(validatingwebhookconfiguration.KIND.validate(old))) == 2
    assert errors(validatingwebhookconfiguration.validate_update(old, old)) == []


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("https://h:1/p%20q", ""),
        ("", ""),
        (":x", 'parse ":x": missing protocol scheme'),
        ("1a:b", 'parse "1a:b": first path segment in URL cannot contain colon'),
        ("https://h:x", 'parse "https://h:x": invalid port ":x" after host'),
        ("https://h/%zz", 'parse "https://h/%zz": invalid URL escape "%zz"'),
        ("https://a b/", 'parse "https://a b/": invalid character " " in host name'),
        ("https://[::1/", "parse \"https://[::1/\": missing ']' in host"),
    ],
)
def test_urls(text, error):
    assert parse_url(text).error == error


def test_api_services():
    obj = {"metadata": {"name": "v1.g.example.com"}, "spec": {"group": "g.example.com", "version": "v1", "groupPriorityMinimum": 1, "versionPriority": 1001}}
    apiservice.default(obj)
    assert errors(apiservice.validate(obj)) == ["spec.versionPriority: Invalid value: 1001: must be positive and less than 1000"]
    apiservice.prepare(obj)
    assert obj["status"]["conditions"][0]["reason"] == "Local"
    remote = {
        "metadata": {"name": "v1."},
        "spec": {"version": "v1", "groupPriorityMinimum": 1, "versionPriority": 1, "service": {"port": 443}, "caBundle": "AA==", "insecureSkipTLSVerify": True},
    }
    assert [e.field for e in apiservice.validate(remote)] == ["spec.service.namespace", "spec.service.name", "spec.insecureSkipTLSVerify"]
