"""Kinds by version, plurals, scopes, removals."""

from __future__ import annotations

from kplan.schema import deprecated, kinds, lookup, plural_of, removed, versions, versions_of


def test_versions() -> None:
    assert versions()[0] == "1.25"
    assert "1.36" in versions()
    assert versions()[-1] == "1.37"


def test_a_kind_as_a_version_has_it() -> None:
    found = lookup("1.36", "apps/v1", "Deployment")
    assert found is not None
    assert (found.group, found.version, found.plural, found.namespaced, found.served) == ("apps", "v1", "deployments", True, True)
    assert lookup("1.36", "v1", "DeploymentList") is None
    assert lookup("1.36", "apps/v1", "Pod") is None
    assert lookup("1.36", "policy/v1", "Eviction") is None


def test_plurals() -> None:
    wanted = {"Ingress": "ingresses", "NetworkPolicy": "networkpolicies", "Endpoints": "endpoints", "IPAddress": "ipaddresses"}
    assert {kind: plural_of(kind) for kind in wanted} == wanted


def test_what_is_switched_off_by_default() -> None:
    alpha = [k for k in kinds("1.36") if "alpha" in k.version]
    assert alpha
    assert not any(k.served for k in alpha)
    old_beta = lookup("1.25", "autoscaling/v2beta2", "HorizontalPodAutoscaler")
    assert old_beta is not None
    assert old_beta.served
    assert [k.api_version for k in versions_of("HorizontalPodAutoscaler")] == ["autoscaling/v1", "autoscaling/v2"]


def test_removed() -> None:
    ingress = removed("extensions/v1beta1", "Ingress")
    assert ingress is not None
    assert ingress.message == "extensions/v1beta1 Ingress is deprecated in v1.14+, unavailable in v1.22+; use networking.k8s.io/v1 Ingress"
    assert removed("apps/v1", "Deployment") is None
    assert removed("example.com/v1", "Widget") is None
    claim = removed("resource.k8s.io/v1alpha2", "ResourceClaim")
    assert claim is not None
    assert (claim.removed_in, claim.replacement) == ("1.31", "resource.k8s.io/v1")
    flow = ("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema")
    assert removed(*flow, "1.31") is None
    assert removed(*flow, "1.32") is not None


def test_deprecated() -> None:
    endpoints = deprecated("v1", "Endpoints")
    assert endpoints is not None
    assert endpoints.message == "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
    assert deprecated("v1", "Endpoints", "1.32") is None
    assert deprecated("batch/v1beta1", "CronJob") is None
