"""The condition of FlowSchemas, through the door."""

import kplan

GROUP = "flowcontrol.apiserver.k8s.io/v1"
RULE = {"subjects": [{"kind": "User", "user": {"name": "jane"}}], "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/healthz"]}]}
SCHEMA = {"apiVersion": GROUP, "kind": "FlowSchema", "metadata": {"name": "s"}, "spec": {"priorityLevelConfiguration": {"name": "p"}, "rules": [RULE]}}
LEVEL = {
    "apiVersion": GROUP,
    "kind": "PriorityLevelConfiguration",
    "metadata": {"name": "p"},
    "spec": {"type": "Limited", "limited": {"limitResponse": {"type": "Reject"}}},
}


def test_a_schema_dangles_until_its_level_is_there():
    cluster = kplan.Cluster(version="1.36")
    created = cluster.create(SCHEMA)
    assert created.object["status"] == {}
    reasons = []
    for step in (lambda: None, lambda: cluster.create(LEVEL), lambda: cluster.delete(LEVEL)):
        step()
        (condition,) = cluster.get(SCHEMA)["status"]["conditions"]
        reasons.append((condition["type"], condition["status"], condition["reason"]))
    assert reasons == [("Dangling", "True", "NotFound"), ("Dangling", "False", "Found"), ("Dangling", "True", "NotFound")]
