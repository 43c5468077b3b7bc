"""Selectors, tolerations, node affinity, pod requests, int-or-string."""

from __future__ import annotations

import pytest

from kplan.api import intstr, selectors
from kplan.api.nodeselectors import matches_required, preference_score
from kplan.api.podrequests import pod_limits, pod_requests, qos_class
from kplan.api.tolerations import untolerated

LABELS = {"app": "web", "tier": "1"}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (None, False),
        ({}, True),
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchLabels": {"app": "web", "x": "y"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["db", "web"]}]}, True),
        ({"matchExpressions": [{"key": "x", "operator": "NotIn", "values": ["y"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
        ({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "tier", "operator": "Exists"}]}, True),
    ],
)
def test_label_selector(selector: dict[str, object] | None, expected: bool) -> None:
    assert selectors.matches(selector, LABELS) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("app=web", True), ("app!=web", False), ("app in (a,web),!x", True), ("tier>0", True), ("x", False), ("app notin (web)", False), ("", True)],
)
def test_selector_text(text: str, expected: bool) -> None:
    assert selectors.parse(text)(LABELS) is expected


@pytest.mark.parametrize(
    ("text", "error"),
    [("a,", "found '', expected: identifier after ','"), ("a in b", "unable to parse requirement: found 'b' expected: '('"), ("=", "found '='")],
)
def test_selector_text_errors(text: str, error: str) -> None:
    with pytest.raises(selectors.SelectorError) as caught:
        selectors.parse(text)
    assert str(caught.value).startswith(error)


def test_field_selector() -> None:
    pod = {"metadata": {"name": "a"}, "spec": {"hostNetwork": True}}
    assert selectors.parse_fields("metadata.name=a,spec.nodeName=,spec.hostNetwork=true")(pod)
    assert not selectors.parse_fields("metadata.name!=a")(pod)


def test_tolerations() -> None:
    taints = [{"key": "a", "value": "1", "effect": "NoSchedule"}, {"key": "b", "effect": "PreferNoSchedule"}]
    assert untolerated(taints, []) == taints[0]
    assert untolerated(taints, [{"key": "a", "value": "1"}]) is None
    assert untolerated(taints, [{"key": "a", "value": "2"}]) == taints[0]
    assert untolerated(taints, [{"operator": "Exists"}]) is None
    assert untolerated(taints, [{"key": "a", "operator": "Gt", "value": "0"}]) == taints[0]
    assert untolerated(taints, [], ("PreferNoSchedule",)) == taints[1]


def test_node_affinity() -> None:
    node = {"metadata": {"name": "n1", "labels": {"zone": "a", "cores": "8"}}}

    def spec(**term: object) -> dict[str, object]:
        return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}}}

    assert matches_required({"nodeSelector": {"zone": "a"}}, node)
    assert not matches_required({"nodeSelector": {"zone": "b"}}, node)
    assert matches_required(spec(matchExpressions=[{"key": "cores", "operator": "Gt", "values": ["4"]}]), node)
    assert not matches_required(spec(matchExpressions=[{"key": "cores", "operator": "Lt", "values": ["8"]}]), node)
    assert not matches_required(spec(matchExpressions=[{"key": "zone", "operator": "Gt", "values": ["x"]}]), node)
    assert matches_required(spec(matchFields=[{"key": "metadata.name", "operator": "In", "values": ["n1"]}]), node)
    assert not matches_required(spec(), node)
    preferred = [{"weight": 5, "preference": {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}}, {"weight": 7, "preference": {}}]
    wishes = {"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}}
    assert preference_score(wishes, {"zone": "a"}, "n1") == 5


def container(name: str, cpu: str = "", memory: str = "", **more: object) -> dict[str, object]:
    requests = {key: value for key, value in (("cpu", cpu), ("memory", memory)) if value}
    return {"name": name, "resources": {"requests": requests}, **more}


def test_pod_requests() -> None:
    spec = {
        "containers": [container("a", "100m", "1Mi"), container("b", "100m")],
        "initContainers": [container("side", "50m", restartPolicy="Always"), container("big", "400m", "3Mi"), container("late", "10m", restartPolicy="Always")],
        "overhead": {"cpu": "5m"},
    }
    assert pod_requests({"spec": spec}) == {"cpu": 455, "memory": 3 * 2**20}
    assert pod_requests({"spec": {**spec, "resources": {"requests": {"cpu": "1"}}}}) == {"cpu": 1005, "memory": 3 * 2**20}
    assert pod_limits({"spec": spec}) == {}


def test_pod_requests_while_resizing() -> None:
    pod = {
        "spec": {"containers": [container("a", "100m")]},
        "status": {"containerStatuses": [{"name": "a", "resources": {"requests": {"cpu": "300m"}}, "allocatedResources": {"cpu": "200m"}}]},
    }
    assert pod_requests(pod) == {"cpu": 100}
    assert pod_requests(pod, use_status=True) == {"cpu": 300}


@pytest.mark.parametrize(
    ("requests", "limits", "expected"),
    [
        ({}, {}, "BestEffort"),
        ({"cpu": "1"}, {}, "Burstable"),
        ({"cpu": "1", "memory": "1"}, {"cpu": "1000m", "memory": "1"}, "Guaranteed"),
        ({"cpu": "1", "memory": "1"}, {"cpu": "2", "memory": "1"}, "Burstable"),
        ({"cpu": "1"}, {"cpu": "1"}, "Burstable"),
        ({"example.com/gpu": "1"}, {"example.com/gpu": "1"}, "BestEffort"),
    ],
)
def test_qos(requests: dict[str, str], limits: dict[str, str], expected: str) -> None:
    resources = {"requests": requests, "limits": limits}
    assert qos_class({"containers": [{"name": "a", "resources": resources}]}) == expected
    assert qos_class({"containers": [{"name": "a"}], "resources": resources}) == expected


def test_int_or_string() -> None:
    assert (intstr.scaled_value("25%", 10, True), intstr.scaled_value("25%", 10, False), intstr.scaled_value(4, 10, True)) == (3, 2, 4)
    with pytest.raises(intstr.IntOrStringError, match="string is not a percentage"):
        intstr.scaled_value("4", 10, True)
    assert (intstr.parse("80"), intstr.parse("http"), intstr.int_value("x")) == (80, "http", 0)
