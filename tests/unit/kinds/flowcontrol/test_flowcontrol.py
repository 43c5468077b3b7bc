"""Flow schemas and priority levels."""

import pytest

from kplan.kinds import flowschema, prioritylevelconfiguration


def errors(found):
    return [f"{e.field}: {e.message}" for e in found]


def schema(name="s", **spec):
    rule = {"subjects": [{"kind": "User", "user": {"name": "jane"}}], "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/healthz"]}]}
    obj = {"metadata": {"name": name}, "spec": {"priorityLevelConfiguration": {"name": "p"}, "rules": [rule], **spec}}
    flowschema.default(obj)
    return obj


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, []),
        ({"matchingPrecedence": 1}, ["spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1"]),
        ({"distinguisherMethod": {"type": "x"}}, ['spec.distinguisherMethod.type: Unsupported value: {"Type":"x"}: supported values: "ByNamespace", "ByUser"']),
        (
            {"rules": [{"subjects": [{"kind": "Group", "user": {"name": "u"}}]}]},
            [
                "spec.rules[0].subjects[0].group: Required value: group is required when subject kind is 'Group'",
                "spec.rules[0].subjects[0].user: Forbidden: user is forbidden when subject kind is not 'User'",
                "spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty",
            ],
        ),
        (
            {
                "rules": [
                    {
                        "subjects": [{"kind": "ServiceAccount", "serviceAccount": {"name": "*", "namespace": "n"}}],
                        "nonResourceRules": [{"verbs": ["use"], "nonResourceURLs": ["", "a", "/a b", "/a//b", "/a*", "/a/*"]}],
                    }
                ]
            },
            [
                (
                    'spec.rules[0].nonResourceRules[0].verbs: Unsupported value: ["use"]: supported values: '
                    '"create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"'
                ),
                'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "": must not be empty',
                'spec.rules[0].nonResourceRules[0].nonResourceURLs[1]: Invalid value: "a": must start with slash',
                'spec.rules[0].nonResourceRules[0].nonResourceURLs[2]: Invalid value: "/a b": must not contain white-space',
                'spec.rules[0].nonResourceRules[0].nonResourceURLs[3]: Invalid value: "/a//b": must not contain double slash',
                'spec.rules[0].nonResourceRules[0].nonResourceURLs[4]: Invalid value: "/a*": wildcard can only do suffix matching',
            ],
        ),
    ],
)
def test_flow_schemas(spec, expected):
    assert errors(flowschema.validate(schema(**spec))) == expected


def test_mandatory_objects_are_fixed():
    fixed = {"metadata": {"name": "exempt"}, "spec": flowschema.MANDATORY["exempt"]}
    assert errors(flowschema.validate(fixed)) == []
    assert errors(flowschema.validate(schema("catch-all")))[-1].endswith("spec of 'catch-all' must equal the fixed value")
    level = {"metadata": {"name": "catch-all"}, "spec": prioritylevelconfiguration.CATCH_ALL}
    assert errors(prioritylevelconfiguration.validate(level)) == []


def level(queuing, kind="Queue"):
    obj = {"metadata": {"name": "p"}, "spec": {"type": "Limited", "limited": {"limitResponse": {"type": kind, "queuing": queuing}}}}
    prioritylevelconfiguration.default(obj)
    return obj


def test_priority_levels():
    obj = level({})
    assert obj["spec"]["limited"] == {
        "limitResponse": {"type": "Queue", "queuing": {"handSize": 8, "queues": 64, "queueLengthLimit": 50}},
        "nominalConcurrencyShares": 30,
        "lendablePercent": 0,
    }
    assert errors(prioritylevelconfiguration.validate(obj)) == []
    path = "spec.limited.limitResponse.queuing"
    assert errors(prioritylevelconfiguration.validate(level({"handSize": 9, "queues": 8}))) == [
        f"{path}.handSize: Invalid value: 9: should not be greater than queues (8)"
    ]
    assert errors(prioritylevelconfiguration.validate(level({"handSize": 10, "queues": 128}))) == [
        f"{path}.handSize: Invalid value: 10: required entropy bits of deckSize 128 and handSize 10 should not be greater than 60"
    ]
    assert errors(prioritylevelconfiguration.validate(level({}, "Reject"))) == [f"{path}: Forbidden: must be nil if limited.limitResponse.type is not Limited"]
    assert [e.field for e in prioritylevelconfiguration.validate({"metadata": {"name": "p"}, "spec": {"type": "Exempt"}})] == ["spec.type"]
