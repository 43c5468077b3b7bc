"""Roles and bindings."""

from kplan.kinds import clusterrole, clusterrolebinding, role, rolebinding

GROUP = "rbac.authorization.k8s.io"


def errors(found):
    return [f"{e.field}: {e.message}" for e in found]


def test_rules():
    rules = [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}, {"nonResourceURLs": ["/healthz"], "resources": ["pods"]}, {"verbs": ["get"]}]
    assert errors(role.validate({"metadata": {"name": "r", "namespace": "n"}, "rules": rules})) == [
        "rules[1].verbs: Required value: verbs must contain at least one value",
        'rules[1].nonResourceURLs: Invalid value: ["/healthz"]: namespaced rules cannot apply to non-resource URLs',
        'rules[1].nonResourceURLs: Invalid value: ["/healthz"]: rules cannot apply to both regular resources and non-resource URLs',
        "rules[2].apiGroups: Required value: resource rules must supply at least one api group",
        "rules[2].resources: Required value: resource rules must supply at least one resource",
    ]
    assert errors(role.validate({"metadata": {"name": "system:a", "namespace": "n"}, "rules": None})) == []


def test_aggregation():
    obj = {"metadata": {"name": "r"}, "aggregationRule": {"clusterRoleSelectors": [{"matchExpressions": [{"key": "a", "operator": "In"}]}]}}
    assert [e.field for e in clusterrole.validate(obj)] == [
        "aggregationRule.clusterRoleSelectors[0].matchExpressions[0].values",
        "aggregationRule.clusterRoleSelectors[0]",
    ]
    assert [e.field for e in clusterrole.validate({"metadata": {"name": "r"}, "aggregationRule": {}})] == ["aggregationRule.clusterRoleSelectors"]


def binding(*subjects, **ref):
    obj = {"metadata": {"name": "b", "namespace": "n"}, "roleRef": {"kind": "Role", "name": "r", **ref}, "subjects": [dict(s) for s in subjects]}
    rolebinding.KIND.default(obj)
    return obj


def test_bindings():
    good = binding({"kind": "User", "name": "jane"}, {"kind": "ServiceAccount", "name": "sa"})
    assert good["roleRef"]["apiGroup"] == GROUP and good["subjects"][0]["apiGroup"] == GROUP
    assert errors(rolebinding.validate(good)) == []
    assert [(r.kind, r.namespace, r.name) for r in rolebinding.KIND.references(good)] == [(f"Role.{GROUP}", "n", "r"), ("ServiceAccount", "n", "sa")]
    bad = binding({"kind": "Robot"}, {"kind": "ServiceAccount", "name": "x", "apiGroup": GROUP}, kind="Pod")
    assert errors(rolebinding.validate(bad)) == [
        'roleRef.kind: Unsupported value: "Pod": supported values: "Role", "ClusterRole"',
        "subjects[0].name: Required value",
        'subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
        f'subjects[1].apiGroup: Unsupported value: "{GROUP}": supported values: ""',
    ]
    assert [e.field for e in clusterrolebinding.validate({**good, "metadata": {"name": "b"}})] == ["roleRef.kind", "subjects[1].namespace"]


def test_a_binding_stays_with_its_role():
    old = binding()
    assert errors(rolebinding.validate_update(binding(name="other"), old)) == [
        f'roleRef: Invalid value: {{"APIGroup":"{GROUP}","Kind":"Role","Name":"other"}}: cannot change roleRef'
    ]
