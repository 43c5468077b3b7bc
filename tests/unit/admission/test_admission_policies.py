"""Admission policies at work, through the door."""

from __future__ import annotations

from typing import Any

import pytest

import kplan

GROUP = "admissionregistration.k8s.io/v1"
RULE = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE", "DELETE"], "resources": ["configmaps"]}


def policy(kind: str, name: str = "p", rule: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    operations = ["CREATE", "UPDATE"] if kind.startswith("Mutating") else RULE["operations"]
    constraints = {"resourceRules": [rule or {**RULE, "operations": operations}], **spec.pop("match", {})}
    return {"apiVersion": GROUP, "kind": kind, "metadata": {"name": name}, "spec": {"matchConstraints": constraints, **spec}}


def binding(kind: str, name: str = "b", of: str = "p", **spec: Any) -> dict[str, Any]:
    if kind.startswith("Validating"):
        spec = {"validationActions": ["Deny"], **spec}
    return {"apiVersion": GROUP, "kind": f"{kind}Binding", "metadata": {"name": name}, "spec": {"policyName": of, **spec}}


def config_map(name: str = "c", **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **more.pop("metadata", {})}, **more}


def cluster(*objects: dict[str, Any]) -> kplan.Cluster:
    made = kplan.Cluster(version="1.36")
    for obj in objects:
        answer = made.create(obj)
        assert answer.accepted, answer.message
    return made


def validating(*validations: dict[str, Any] | str, bound: dict[str, Any] | None = None, **spec: Any) -> kplan.Cluster:
    stated = [{"expression": one} if isinstance(one, str) else one for one in validations]
    kind = "ValidatingAdmissionPolicy"
    return cluster(policy(kind, validations=stated, **spec), binding(kind, **(bound or {})))


def mutating(*mutations: dict[str, Any], bound: dict[str, Any] | None = None, **spec: Any) -> kplan.Cluster:
    kind = "MutatingAdmissionPolicy"
    return cluster(policy(kind, mutations=list(mutations), **{"reinvocationPolicy": "Never", **spec}), binding(kind, **(bound or {})))


def patch(expression: str) -> dict[str, Any]:
    return {"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}


def apply(expression: str) -> dict[str, Any]:
    return {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}


def refusal(made: kplan.Cluster, obj: dict[str, Any]) -> str:
    answer = made.create(obj)
    return "" if answer.accepted else answer.message.removeprefix("configmaps \"c\" is forbidden: ValidatingAdmissionPolicy 'p' ")


@pytest.mark.parametrize(
    ("validation", "message", "code", "reason"),
    [
        ({"expression": "false"}, "failed expression: false", 422, "Invalid"),
        ({"expression": "false", "message": " no ", "reason": "Forbidden"}, "no", 403, "Forbidden"),
        ({"expression": "false", "reason": "RequestEntityTooLarge"}, "failed expression: false", 413, "RequestEntityTooLarge"),
        ({"expression": "false", "messageExpression": "'not ' + object.metadata.name"}, "not c", 422, "Invalid"),
        ({"expression": "false", "message": "no", "messageExpression": "string(object.nope)"}, "no", 422, "Invalid"),
        ({"expression": "false", "message": "no", "messageExpression": "'a\\nb'"}, "no", 422, "Invalid"),
        (
            {"expression": "object.nope == 1", "reason": "Forbidden"},
            "expression 'object.nope == 1' resulted in error: no such key: nope",
            422,
            "Invalid",
        ),
    ],
)
def test_what_a_denial_says(validation: dict[str, Any], message: str, code: int, reason: str) -> None:
    answer = validating(validation).create(config_map())
    assert answer.message == f"configmaps \"c\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: {message}"
    assert (answer.code, answer.reason) == (code, reason)
    assert [tuple(cause) for cause in answer.causes] == [("", "", answer.message.partition("forbidden: ")[2])]


def test_failures_are_ignored_where_the_policy_says_so() -> None:
    made = validating("object.nope == 1", "object.metadata.name != 'bad'", failurePolicy="Ignore")
    assert made.create(config_map()).accepted
    assert not made.create(config_map("bad")).accepted


def test_warnings_and_silence() -> None:
    made = validating({"expression": "false", "message": "hm"}, bound={"validationActions": ["Warn", "Audit"]})
    answer = made.create(config_map())
    assert answer.accepted
    assert answer.warnings == ("Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': hm",)


def test_what_expressions_see() -> None:
    made = validating(
        "request.operation == 'DELETE' || (request.kind.kind == 'ConfigMap' && request.resource.resource == 'configmaps')",
        "request.userInfo.username == 'admin' && 'system:masters' in request.userInfo.groups && !request.dryRun",
        "namespaceObject.metadata.name == request.namespace",
        "authorizer.group('').resource('pods').namespace('default').check('get').allowed()",
        "request.operation == 'CREATE' ? oldObject == null : oldObject.metadata.name == 'c'",
        "request.operation == 'DELETE' ? object == null : variables.name == 'c' && variables.twice == 'cc'",
        variables=[{"name": "name", "expression": "object.metadata.name"}, {"name": "twice", "expression": "variables.name + variables.name"}],
    )
    assert refusal(made, config_map()) == ""
    assert made.update(config_map(data={"a": "b"})).accepted
    assert made.delete({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}).accepted


def test_a_variable_that_fails() -> None:
    made = validating("variables.v == 1", variables=[{"name": "v", "expression": "object.nope"}])
    assert refusal(made, config_map()) == (
        "with binding 'b' denied request: expression 'variables.v == 1' resulted in error: composited variable \"v\" fails to evaluate: no such key: nope"
    )


@pytest.mark.parametrize(
    ("spec", "bound", "applies"),
    [
        ({"matchConditions": [{"name": "a", "expression": "object.metadata.name == 'c'"}]}, {}, True),
        ({"matchConditions": [{"name": "a", "expression": "object.metadata.name != 'c'"}]}, {}, False),
        ({"match": {"objectSelector": {"matchLabels": {"a": "b"}}}}, {}, True),
        ({"match": {"objectSelector": {"matchLabels": {"a": "c"}}}}, {}, False),
        ({"match": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "default"}}}}, {}, True),
        ({"match": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "other"}}}}, {}, False),
        ({"match": {"excludeResourceRules": [{**RULE, "resourceNames": ["c"]}]}}, {}, False),
        ({"match": {"excludeResourceRules": [{**RULE, "resourceNames": ["d"]}]}}, {}, True),
        ({"rule": {**RULE, "scope": "Cluster"}}, {}, False),
        ({"rule": {**RULE, "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*/*"], "operations": ["*"]}}, {}, True),
        ({"rule": {**RULE, "resources": ["configmaps/status"]}}, {}, False),
        ({"rule": {**RULE, "operations": ["DELETE"]}}, {}, False),
        ({}, {"matchResources": {"objectSelector": {"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}}}, False),
    ],
)
def test_what_a_policy_matches(spec: dict[str, Any], bound: dict[str, Any], applies: bool) -> None:
    made = validating("false", bound=bound, **spec)
    assert bool(refusal(made, config_map(metadata={"labels": {"a": "b"}}))) is applies


def test_a_match_condition_that_fails_denies_unless_another_is_false() -> None:
    conditions = [{"name": "a", "expression": "object.nope == 1"}, {"name": "b", "expression": "object.metadata.name == 'd'"}]
    made = validating("true", matchConditions=conditions)
    assert refusal(made, config_map()) == ""
    assert "resulted in error: no such key: nope" in made.create(config_map("d")).message


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ({"name": "limits", "namespace": "default", "parameterNotFoundAction": "Deny"}, "with binding 'b' denied request: above 3"),
        ({"name": "limits", "parameterNotFoundAction": "Deny"}, "with binding 'b' denied request: above 3"),
        ({"selector": {"matchLabels": {"limits": "yes"}}, "parameterNotFoundAction": "Deny"}, "with binding 'b' denied request: above 3"),
        (
            {"name": "none", "parameterNotFoundAction": "Deny"},
            "with binding 'b' denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction",
        ),
        ({"name": "none", "parameterNotFoundAction": "Allow"}, ""),
    ],
)
def test_parameters(ref: dict[str, Any], message: str) -> None:
    kind = "ValidatingAdmissionPolicy"
    validation = {"expression": "int(object.data.n) <= int(params.data.max)", "messageExpression": "'above ' + params.data.max"}
    made = cluster(
        config_map("limits", metadata={"labels": {"limits": "yes"}}, data={"max": "3"}),
        policy(kind, validations=[validation], paramKind={"apiVersion": "v1", "kind": "ConfigMap"}),
        binding(kind, paramRef=ref),
    )
    assert refusal(made, config_map(data={"n": "4"})) == message


def test_parameters_of_an_unknown_kind() -> None:
    made = validating("true", paramKind={"apiVersion": "example.com/v1", "kind": "Limit"})
    assert refusal(made, config_map()) == (
        "denied request: failed to configure policy: failed to find resource referenced by paramKind: 'example.com/v1, Kind=Limit'"
    )


def test_policies_do_not_judge_policies() -> None:
    made = validating("false", rule={**RULE, "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"]})
    assert made.create(policy("ValidatingAdmissionPolicy", "other", validations=[{"expression": "true"}])).accepted


def test_apply_configurations_merge() -> None:
    made = mutating(apply("Object{metadata: Object.metadata{labels: {'added': object.metadata.name}}, data: {'k': 'v'}}"))
    answer = made.create(config_map(metadata={"labels": {"a": "b"}}, data={"x": "y"}))
    assert answer.object["metadata"]["labels"] == {"a": "b", "added": "c"}
    assert answer.object["data"] == {"x": "y", "k": "v"}


def test_json_patches_one_after_the_other() -> None:
    made = mutating(
        patch("[JSONPatch{op: 'add', path: '/data', value: {'n': string(size(object.metadata.name))}}]"),
        patch("[JSONPatch{op: 'add', path: '/metadata/annotations', value: {'z': 'y'}}]"),
        patch("[JSONPatch{op: 'add', path: '/metadata/annotations/' + jsonpatch.escapeKey('a/b'), value: object.data.n + '!'}]"),
    )
    answer = made.create(config_map())
    assert answer.object["data"] == {"n": "1"}
    assert answer.object["metadata"]["annotations"] == {"z": "y", "a/b": "1!"}


@pytest.mark.parametrize(
    ("mutation", "message"),
    [
        (apply("Object{metadata: Object.spec{labels: {}}}"), 'type mismatch: unexpected type name "Object.spec", expected "Object.metadata"'),
        (apply("Object{metadata: Object.metadata{finalizers: ['a'], nope: 1}}"), "error applying patch: failed to convert patch object to typed object"),
        (patch("[JSONPatch{op: 'replace', path: '/data/x', value: 'y'}]"), "JSON Patch: "),
        (patch("[JSONPatch{op: 'add', path: object.nope, value: 'y'}]"), "resulted in error: no such key: nope"),
    ],
)
def test_mutations_that_fail(mutation: dict[str, Any], message: str) -> None:
    answer = mutating(mutation).create(config_map())
    assert answer.message.startswith("policy 'p' with binding 'b' denied request: ")
    assert message in answer.message
    assert (answer.code, answer.reason) == (403, "Invalid")
    assert mutating(mutation, failurePolicy="Ignore").create(config_map()).accepted


def test_reinvocation() -> None:
    kind = "MutatingAdmissionPolicy"
    count = patch("[JSONPatch{op: 'add', path: '/data', value: {'n': has(object.data) && has(object.data.n) ? object.data.n + 'i' : 'i'}}]")
    once = cluster(policy(kind, mutations=[count], reinvocationPolicy="Never"), binding(kind))
    again = cluster(policy(kind, mutations=[count], reinvocationPolicy="IfNeeded"), binding(kind))
    assert once.create(config_map()).object["data"] == {"n": "i"}
    assert again.create(config_map()).object["data"] == {"n": "ii"}


def test_status_says_what_does_not_fit_the_types() -> None:
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["deployments"]}
    made = validating("object.spec.replica > 1", "object.spec.replicas > 1", rule=rule)
    made.run()
    (found,) = made.objects("ValidatingAdmissionPolicy")
    warning = "apps/v1, Kind=Deployment: ERROR: <input>:1:12: undefined field 'replica'\n | object.spec.replica > 1\n | ...........^\n"
    assert found["status"] == {
        "observedGeneration": 1,
        "typeChecking": {"expressionWarnings": [{"fieldRef": "spec.validations[0].expression", "warning": warning}]},
    }
