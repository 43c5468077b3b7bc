"""What a change does to connections, and to pods that would not be let in again."""

from __future__ import annotations

import io
import json

import pytest
from questions import Object, changed, meta, objects, service, workload

from kplan.questions import traffic
from kplan.report.impact import impact_lines
from kplan.report.json import render_plan
from kplan.report.reading import read_plan


def port(number: int) -> Object:
    """A container that states a port."""
    return {"ports": [{"containerPort": number}]}


def ingress(name: str, backend: str, host: str = "www.example.com") -> Object:
    """One rule."""
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": backend, "port": {"number": 80}}}}
    spec = {"ingressClassName": "nginx", "rules": [{"host": host, "http": {"paths": [path]}}]}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta(name), "spec": spec}


def policy(name: str, **spec: object) -> Object:
    """A NetworkPolicy of all pods, unless it says otherwise."""
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta(name), "spec": {"podSelector": {}, **spec}}


def lets_in(app: str) -> Object:
    """Port 5432 of db for the pods of one workload."""
    rule = {"from": [{"podSelector": {"matchLabels": {"app": app}}}], "ports": [{"port": 5432}]}
    return policy("db", podSelector={"matchLabels": {"app": "db"}}, ingress=[rule])


WEB, DB = workload("web", 2, container=port(8080)), workload("db", container=port(5432))


def test_an_ingress_that_is_moved_to_a_service_without_pods() -> None:
    both = [WEB, service("web", "web"), service("other", "other")]
    found = changed([*both, ingress("shop", "other")], [*both, ingress("shop", "web")])
    (route,) = found.blast.routes
    assert (route.route, route.before, route.after, route.before_ready, route.after_ready) == ("www.example.com/", "service/web:80", "service/other:80", 2, 0)
    assert "! ingress/shop www.example.com/: service/web:80 (2 ready) → service/other:80 (no endpoints)" in list(impact_lines(found))


def test_an_ingress_whose_pods_go() -> None:
    found = changed([workload("web", 0), service("web", "web"), ingress("shop", "web")], [WEB, service("web", "web"), ingress("shop", "web")])
    assert "! ingress/shop www.example.com/: service/web:80 (no endpoints)" in list(impact_lines(found))


def test_a_host_that_nobody_answers_for_any_more() -> None:
    both = [WEB, service("web", "web")]
    found = changed(both, [*both, ingress("shop", "web")])
    assert "! ingress/shop www.example.com/: service/web:80 (2 ready) → no Ingress answers for it" in list(impact_lines(found))


def test_a_host_that_another_ingress_takes_over() -> None:
    both = [WEB, service("web", "web")]
    assert not changed([*both, ingress("new", "web")], [*both, ingress("shop", "web")]).blast.routes


def test_ingresses_that_lead_where_they_led_are_nothing_to_tell() -> None:
    both = [service("web", "web"), ingress("shop", "web")]
    assert not changed([*both, workload("web", 2, image="r.example.com/x:2")], [*both, workload("web", 2)]).blast.routes


def test_a_policy_that_cuts_one_and_lets_another_in() -> None:
    both = [WEB, DB, workload("api"), service("db", "db", ports=[{"port": 5432}])]
    found = changed([*both, lets_in("api")], [*both, lets_in("web")])
    cut, opened = found.blast.traffic
    assert (cut.target, cut.port, cut.sources, cut.allowed) == ("deployment/db", "5432", ("deployment/web",), False)
    assert (opened.sources, opened.allowed) == (("deployment/api",), True)
    lines = list(impact_lines(found))
    assert "! deployment/db:5432 is no longer reached by deployment/web: isolated for ingress by default/db, and no rule allows it" in lines
    assert "~ deployment/db:5432 is now reached by deployment/api: allowed by default/db spec.ingress[0]" in lines


def test_denying_everything_cuts_names_the_outside_and_ingress_controllers() -> None:
    both = [WEB, service("web", "web", ports=[{"port": 80, "targetPort": 8080}]), ingress("shop", "web")]
    found = changed([*both, policy("deny", policyTypes=["Ingress", "Egress"])], both)
    told = {(c.target, c.port, c.sources) for c in found.blast.traffic}
    assert told == {
        ("deployment/web", "8080", ("the controller of ingress/shop",)),
        ("the cluster's DNS", "53/UDP", ("deployment/web",)),
        ("the internet", "443", ("deployment/web",)),
    }


def test_the_internet_comes_through_load_balancers() -> None:
    both = [WEB, service("web", "web", type="LoadBalancer", ports=[{"port": 80, "targetPort": 8080}])]
    (cut,) = changed([*both, policy("deny")], both).blast.traffic
    assert (cut.target, cut.sources) == ("deployment/web", ("the internet",))


def test_policies_that_say_the_same_cost_nothing() -> None:
    both = [WEB, DB]
    relabelled = {**lets_in("web"), "metadata": meta("db", own="team")}
    assert not changed([*both, relabelled], [*both, lets_in("web")]).blast.traffic


def test_labels_of_namespaces_count() -> None:
    def space(**labels: str) -> Object:
        return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta("front", **labels)}

    rule = {"from": [{"namespaceSelector": {"matchLabels": {"may": "call"}}}]}
    both = [DB, workload("web", namespace="front"), policy("db", ingress=[rule])]
    (cut,) = changed([space(), *both], [space(may="call"), *both]).blast.traffic
    assert (cut.sources, cut.allowed) == (("deployment/web -n front",), False)


def test_very_many_workloads_are_asked_about_their_neighbours_alone(monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setattr(traffic, "MOST_PAIRS", 3)
    both = [DB, workload("a"), workload("b", namespace="far"), {"apiVersion": "v1", "kind": "Namespace", "metadata": meta("far")}]
    made = changed([*both, policy("deny")], both)
    (cut,) = made.blast.traffic
    assert (cut.sources, made.blast.unasked) == (("deployment/a",), 2)
    assert [note for note in made.notes if note.startswith("connections") and "2 pairs of workloads are too many" in note]
    monkeypatch.setattr(traffic, "MOST_PAIRS", 4)
    made = changed([*both, policy("deny")], both)
    assert made.blast.traffic[0].sources == ("deployment/a", "deployment/b -n far") and not made.blast.unasked


QUOTA = "{apiVersion: v1, kind: ResourceQuota, metadata: {name: q}, spec: {hard: {requests.cpu: '%s'}}}"
LIMITS = "{apiVersion: v1, kind: LimitRange, metadata: {name: l}, spec: {limits: [{type: Container, max: {memory: 256Mi}}]}}"


def refused(new: list[Object], old: list[Object]) -> list[tuple[str, int, str]]:
    """Who would not be let in again."""
    return [(str(b.ref), b.pods, b.reason) for b in changed(new, old).blast.barred]


def test_pods_over_a_quota_run_on_and_have_no_successors() -> None:
    web = workload("web", 3, cpu="500m")
    (found,) = refused([*objects(QUOTA % 1), web], [*objects(QUOTA % 3), web])
    assert found[:2] == ("deployment/web", 3)
    assert found[2].startswith("exceeded quota: q, requested: requests.cpu=500m")


def test_a_full_quota_lets_a_successor_in() -> None:
    web = workload("web", 3, cpu="500m")
    assert not refused([*objects(QUOTA % "1500m"), web], [*objects(QUOTA % 3), web])


def test_limits_and_quotas_that_ask_for_what_pods_do_not_say() -> None:
    web = workload("web", 2, container={"resources": {"limits": {"memory": "512Mi"}}})
    assert refused([*objects(LIMITS), web], [web]) == [("deployment/web", 2, "maximum memory usage per Container is 256Mi, but limit is 512Mi")]
    assert refused([*objects(QUOTA % 4), web], [web]) == [("deployment/web", 2, "failed quota: q: must specify requests.cpu for: c")]


def test_classes_and_accounts_that_go() -> None:
    high = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": meta("high"), "value": 1000}
    web = workload("web", 2, pod={"priorityClassName": "high"})
    found = changed([web], [high, web])
    assert "! deployment/web: 2 pods run on, and would not be let in again: no PriorityClass with name high was found" in list(impact_lines(found))


def test_pods_that_restart_are_told_by_their_rollout() -> None:
    old, new = workload("web"), workload("web", image="r.example.com/x:2")
    assert not refused([*objects(LIMITS), new], [old])


def test_a_plan_that_is_read_again_has_them_all() -> None:
    both = [WEB, DB, service("web", "web"), service("other", "other")]
    new = [*both, *objects(LIMITS), lets_in("api"), ingress("shop", "other"), workload("fat", container={"resources": {"limits": {"memory": "1Gi"}}})]
    old = [*both, ingress("shop", "web"), workload("fat", container={"resources": {"limits": {"memory": "1Gi"}}})]
    found = changed(new, old)
    out = io.StringIO()
    render_plan(found, out)
    again = read_plan(json.dumps(json.loads(out.getvalue())))
    assert (again.blast.routes, again.blast.traffic, again.blast.barred) == (found.blast.routes, found.blast.traffic, found.blast.barred)
    assert found.blast.routes and found.blast.traffic and found.blast.barred


def test_pods_of_active_jobs_keep_the_template_of_their_cronjob() -> None:
    def nightly(image: str) -> Object:
        pod = {"restartPolicy": "Never", "containers": [{"name": "c", "image": image}]}
        template = {"metadata": {"annotations": {"kplan.dev/outcome": "Running"}}, "spec": pod}
        spec = {"schedule": "*/5 * * * *", "concurrencyPolicy": "Forbid", "jobTemplate": {"spec": {"template": template}}}
        return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": meta("nightly"), "spec": spec}

    found = changed([nightly("r.example.com/x:2")], [nightly("r.example.com/x:1")])
    (restart,) = found.blast.restarts
    assert (restart.kept, restart.replaced, [c.path for c in restart.causes]) == (1, 0, ["spec.containers[name=c].image"])
    assert restart.why_kept == "its active Jobs: the next ones have the new one"


def test_a_surge_over_host_ports_is_a_deadlock_of_daemonsets() -> None:
    def agent(image: str) -> Object:
        bare = workload("agent", kind="DaemonSet", image=image, container={"ports": [{"containerPort": 9100, "hostPort": 9100}]})
        spec = {k: v for k, v in bare["spec"].items() if k != "replicas"}
        return {**bare, "spec": {**spec, "updateStrategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}}

    (course,) = changed([agent("r.example.com/x:2")], [agent("r.example.com/x:1")]).rollouts
    assert course.remedies == (
        "maxUnavailable 0 keeps all 3 old pods and they hold the host ports that the new ones ask for: set maxUnavailable to 1 and maxSurge to 0",
    )


def test_claims_of_a_set_do_not_follow_its_template() -> None:
    def db(size: str) -> Object:
        claim = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}}
        return workload("db", kind="StatefulSet", serviceName="db", volumeClaimTemplates=[claim])

    found = changed([db("2Gi")], [db("1Gi")])
    assert "claims that are there stay as they are: change each by itself" in found.diagnostics[0].hint


def test_the_same_of_many_targets_is_told_once() -> None:
    both = [workload(name, container=port(8080)) for name in ("a", "b", "c", "d", "e")]
    lines = [x for x in impact_lines(changed([*both, policy("deny", policyTypes=["Ingress"])], both)) if "reached" in x]
    assert lines == [
        ("! deployment/a:8080, deployment/b:8080, deployment/c:8080 and 2 more are no longer reached by "
        "deployment/a, deployment/b, deployment/c and 2 more: isolated for ingress by default/deny, and no rule allows it")
    ]
