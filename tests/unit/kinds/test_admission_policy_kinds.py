"""ValidatingAdmissionPolicy, MutatingAdmissionPolicy and their bindings: defaults and rules."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.api.objects import Object
from kplan.kinds import mutatingadmissionpolicy, mutatingadmissionpolicybinding, validatingadmissionpolicy, validatingadmissionpolicybinding

RULE = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}


def errors(module: Any, spec: Object, name: str = "p") -> list[str]:
    obj = {"metadata": {"name": name}, "spec": spec}
    module.default(obj)
    return [str(error) for error in module.validate(obj)]


def validating(**spec: Any) -> list[str]:
    return errors(validatingadmissionpolicy, {"matchConstraints": {"resourceRules": [{**RULE}]}, "validations": [{"expression": "true"}], **spec})


def mutating(**spec: Any) -> list[str]:
    patch = {"patchType": "JSONPatch", "jsonPatch": {"expression": "[JSONPatch{op: 'remove', path: '/a'}]"}}
    given = {"matchConstraints": {"resourceRules": [{**RULE}]}, "mutations": [patch], "reinvocationPolicy": "Never", **spec}
    return errors(mutatingadmissionpolicy, given)


def test_defaults() -> None:
    obj: Object = {
        "metadata": {"name": "p"},
        "spec": {"matchConstraints": {"resourceRules": [{**RULE}], "excludeResourceRules": [{**RULE, "scope": "Cluster"}]}},
    }
    validatingadmissionpolicy.default(obj)
    assert obj["spec"] == {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "matchPolicy": "Equivalent",
            "namespaceSelector": {},
            "objectSelector": {},
            "resourceRules": [{**RULE, "scope": "*"}],
            "excludeResourceRules": [{**RULE, "scope": "Cluster"}],
        },
    }


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        ({}, None),
        ({"paramKind": {"apiVersion": "v1", "kind": "ConfigMap"}, "validations": [{"expression": "params.data.a == 'b'"}]}, None),
        ({"paramKind": {"apiVersion": "apps/", "kind": "A"}}, 'spec.paramKind.apiVersion: Invalid value: "apps/": version must be specified'),
        ({"validations": [], "auditAnnotations": [{"key": "a", "valueExpression": "null"}]}, None),
        (
            {"validations": [{"expression": "variables.a && true"}], "variables": [{"name": "a", "expression": "object.x"}]},
            None,
        ),
        (
            {"validations": [{"expression": "variables.a == 'b'"}], "variables": [{"name": "a", "expression": "1"}]},
            "found no matching overload for '_==_' applied to '(int, string)'",
        ),
        (
            {"variables": [{"name": "a", "expression": "variables.b"}, {"name": "b", "expression": "1"}]},
            "spec.variables[0].expression: Invalid value: \"variables.b\": compilation failed: ERROR: <input>:1:10: undefined field 'b'",
        ),
        ({"validations": [{"expression": "true", "messageExpression": " "}]}, "must be non-empty if specified"),
        ({"validations": [{"expression": "true", "messageExpression": "string(authorizer.path('/').check('get').allowed())"}]}, "undeclared reference"),
        ({"validations": [{"expression": "object.a"}]}, "must evaluate to bool but got dyn"),
        ({"auditAnnotations": [{"key": "a", "valueExpression": "'b'"}] * 2}, 'spec.auditAnnotations[1].key: Duplicate value: "a"'),
        ({"auditAnnotations": [{"key": "a", "valueExpression": "'b'"}] * 21}, 'Invalid value: [{"Key":"a","ValueExpression":"\'b\'"},{"Key":'),
        ({"auditAnnotations": [{"key": "a", "valueExpression": "'" + "b" * 5200 + "'"}]}, "must not exceed 5120 bytes in length"),
        ({"matchConditions": [{"name": "a", "expression": "true"}] * 65}, "spec.matchConditions: Too many: 65: must have at most 64 items"),
        ({"matchConditions": [{"name": "a", "expression": "Object{} == Object{}"}]}, "undeclared reference to 'Object'"),
    ],
)
def test_validating(spec: Object, error: str | None) -> None:
    found = validating(**spec)
    if error is None:
        assert found == []
    else:
        assert any(error in one for one in found)


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        ({}, None),
        ({"mutations": [{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": "Object{spec: Object.spec{a: 1}}"}}]}, None),
        ({"mutations": [{"patchType": "JSONPatch"}]}, "spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch"),
        (
            {"mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": "[]"}}]},
            "must evaluate to list(JSONPatch) but got list(dyn)",
        ),
        (
            {"mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": "[JSONPatch{nope: 1}]"}}]},
            "undefined field 'nope'",
        ),
        (
            {"matchConstraints": {"resourceRules": [{**RULE, "operations": ["DELETE"]}]}},
            'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"',
        ),
    ],
)
def test_mutating(spec: Object, error: str | None) -> None:
    found = mutating(**spec)
    if error is None:
        assert found == []
    else:
        assert any(error in one for one in found)


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        ({"policyName": "p", "validationActions": ["Deny", "Audit"]}, None),
        ({"policyName": "p", "validationActions": ["Deny", "Warn"]}, "must not contain both Deny and Warn"),
        ({"policyName": "p", "validationActions": []}, "spec.validationActions: Required value: at least one validation action is required"),
        (
            {"policyName": "p", "validationActions": ["Warn"], "paramRef": {"name": "a", "selector": {}, "parameterNotFoundAction": "Deny"}},
            "spec.paramRef.selector: Forbidden: name and selector are mutually exclusive",
        ),
    ],
)
def test_bindings(spec: Object, error: str | None) -> None:
    found = errors(validatingadmissionpolicybinding, spec)
    if error is None:
        assert found == []
    else:
        assert any(error in one for one in found)
    assert errors(mutatingadmissionpolicybinding, {"policyName": "P"})[0].startswith('spec.policyName: Invalid value: "P"')


def test_match_conditions_that_stand_are_not_looked_at_again() -> None:
    old: Object = {"metadata": {"name": "p"}, "spec": {"matchConditions": [{"name": "a", "expression": "nope"}], "validations": [{"expression": "true"}]}}
    new: Object = {**old, "spec": {**old["spec"], "validations": [{"expression": "false"}]}}
    assert not [e for e in validatingadmissionpolicy.validate_update(new, old) if "matchConditions" in e.field]
    changed: Object = {**new, "spec": {**new["spec"], "paramKind": {"apiVersion": "v1", "kind": "Pod"}}}
    assert [e for e in validatingadmissionpolicy.validate_update(changed, old) if "matchConditions" in e.field]
