"""Validation options of an update: what the stored pod spec already violates, its successor may go on violating.

Upstream: GetValidationOptionsFromPodSpecAndMeta and GetValidationOptionsFromPodTemplate in pkg/api/pod/util.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kplan.api.objects import Object, annotations_of
from kplan.api.quantity import parse
from kplan.kinds.labelselector import validate_label_selector
from kplan.kinds.nodeselector import has_invalid_label_value
from kplan.kinds.podspec.annotations import DELETION_COST, is_deletion_cost
from kplan.kinds.podspec.container import is_sidecar, visit_containers
from kplan.kinds.podspec.options import POD, TEMPLATE, PodValidationOptions
from kplan.kinds.podspec.resources import is_huge_page_value_divisible
from kplan.kinds.podspec.scheduling import PREFERRED, REQUIRED, validate_match_label_keys
from kplan.kinds.podspec.security import host_sysctl_problem
from kplan.kinds.podspec.values import any_errors, validate_local_non_reserved_path
from kplan.kinds.resourcenames import HUGE_PAGES


def options_for_pod(old: Object | None = None) -> PodValidationOptions:
    """How to validate a Pod on creation, or on update of one that was `old`."""
    return POD if old is None else _options(POD, old)


def options_for_template(template: Object | None, old: Object | None = None) -> PodValidationOptions:
    """How to validate a PodTemplateSpec on creation, or on update of one that was `old`. The new one has no say."""
    return TEMPLATE if old is None else _options(TEMPLATE, old)


def _options(base: PodValidationOptions, old: Object) -> PodValidationOptions:
    spec = old.get("spec") or {}
    context = spec.get("securityContext") or {}
    constraints = spec.get("topologySpreadConstraints") or ()
    containers = [c for c, _ in visit_containers(spec, "")]
    cost = annotations_of(old).get(DELETION_COST)
    required = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(REQUIRED) or {}
    own_users = spec.get("hostUsers") is False
    return replace(
        base,
        allow_invalid_pod_deletion_cost=cost is not None and not is_deletion_cost(cost),
        allow_invalid_label_value_in_selector=any(
            any_errors(validate_label_selector(term.get(field), "")) for term in _affinity_terms(spec) for field in ("labelSelector", "namespaceSelector")
        ),
        allow_indivisible_huge_pages_values=any(
            name.startswith(HUGE_PAGES) and not is_huge_page_value_divisible(name, parse(amount)) for name, amount in _amounts(spec, containers)
        ),
        allow_invalid_topology_spread_constraint_label_selector=any(any_errors(validate_label_selector(c.get("labelSelector"), "")) for c in constraints),
        allow_non_local_projected_token_path=any(any_errors(validate_local_non_reserved_path(path, "")) for path in _token_paths(spec)),
        allow_namespaced_sysctls_for_host_net_and_host_ipc=any(host_sysctl_problem(s.get("name", ""), spec) for s in context.get("sysctls") or ()),
        allow_only_recursive_selinux_change_policy=context.get("seLinuxChangePolicy") is None,
        allow_invalid_label_value_in_required_node_affinity=has_invalid_label_value(required.get("nodeSelectorTerms")),
        old_pod_violates_match_label_keys_validation=any(
            any_errors(validate_match_label_keys(c.get("matchLabelKeys") or (), (), c.get("labelSelector"), "")) for c in constraints
        ),
        allow_existing_restart_container_for_non_sidecar_init_container=any(
            policy.get("restartPolicy") == "RestartContainer"
            for c in spec.get("initContainers") or ()
            if not is_sidecar(c)
            for policy in c.get("resizePolicy") or ()
        ),
        allow_user_namespaces_with_volume_devices=own_users and any(c.get("volumeDevices") for c in containers),
        allow_taint_toleration_comparison_operators=any(t.get("operator") in ("Lt", "Gt") for t in spec.get("tolerations") or ()),
        allow_user_namespaces_host_network_support=own_users and bool(spec.get("hostNetwork")),
    )


def _affinity_terms(spec: Object) -> Iterator[Object]:
    for field in ("podAffinity", "podAntiAffinity"):
        affinity = (spec.get("affinity") or {}).get(field) or {}
        yield from affinity.get(REQUIRED) or ()
        for weighted in affinity.get(PREFERRED) or ():
            yield weighted.get("podAffinityTerm") or {}


def _amounts(spec: Object, containers: list[Object]) -> Iterator[tuple[str, str]]:
    for container in containers:
        resources = container.get("resources") or {}
        yield from (resources.get("limits") or {}).items()
        yield from (resources.get("requests") or {}).items()
    yield from (spec.get("overhead") or {}).items()


def _token_paths(spec: Object) -> Iterator[str]:
    for volume in spec.get("volumes") or ():
        for source in (volume.get("projected") or {}).get("sources") or ():
            if "serviceAccountToken" in source:
                yield source["serviceAccountToken"].get("path", "")
