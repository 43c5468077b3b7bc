"""The rules, one module each. `RULES` is the order in which they run and are listed, by topic."""

from __future__ import annotations

from kplan.lint.rule import Rule
from kplan.lint.rules.access_to_create_pods import access_to_create_pods
from kplan.lint.rules.access_to_secrets import access_to_secrets
from kplan.lint.rules.automounted_service_account_token import automounted_service_account_token
from kplan.lint.rules.cluster_admin_role_binding import cluster_admin_role_binding
from kplan.lint.rules.configmap_secret import configmap_secret
from kplan.lint.rules.cronjob_no_deadline import cronjob_no_deadline
from kplan.lint.rules.cronjob_short_deadline import cronjob_short_deadline
from kplan.lint.rules.dangerous_capabilities import dangerous_capabilities
from kplan.lint.rules.dangling_horizontalpodautoscaler import dangling_horizontalpodautoscaler
from kplan.lint.rules.dangling_ingress import dangling_ingress
from kplan.lint.rules.dangling_networkpolicy import dangling_networkpolicy
from kplan.lint.rules.dangling_networkpolicypeer_podselector import dangling_networkpolicypeer_podselector
from kplan.lint.rules.dangling_owner import dangling_owner
from kplan.lint.rules.dangling_pod_affinity import dangling_pod_affinity
from kplan.lint.rules.dangling_poddisruptionbudget import dangling_poddisruptionbudget
from kplan.lint.rules.dangling_podmonitor import dangling_podmonitor
from kplan.lint.rules.dangling_reference import dangling_reference
from kplan.lint.rules.dangling_service import dangling_service
from kplan.lint.rules.dangling_servicemonitor import dangling_servicemonitor
from kplan.lint.rules.dangling_subpath import dangling_subpath
from kplan.lint.rules.default_service_account import default_service_account
from kplan.lint.rules.deprecated_api import deprecated_api
from kplan.lint.rules.deprecated_service_account_field import deprecated_service_account_field
from kplan.lint.rules.dnsconfig_options import dnsconfig_options
from kplan.lint.rules.docker_sock import docker_sock
from kplan.lint.rules.drop_net_raw_capability import drop_net_raw_capability
from kplan.lint.rules.duplicate_object import duplicate_object
from kplan.lint.rules.env_var_secret import env_var_secret
from kplan.lint.rules.exposed_service import exposed_service
from kplan.lint.rules.host_ipc import host_ipc
from kplan.lint.rules.host_network import host_network
from kplan.lint.rules.host_path import host_path
from kplan.lint.rules.host_pid import host_pid
from kplan.lint.rules.host_port import host_port
from kplan.lint.rules.host_port_conflict import host_port_conflict
from kplan.lint.rules.host_process import host_process
from kplan.lint.rules.hpa_beyond_quota import hpa_beyond_quota
from kplan.lint.rules.hpa_fixed_replicas import hpa_fixed_replicas
from kplan.lint.rules.hpa_minimum_three_replicas import hpa_minimum_three_replicas
from kplan.lint.rules.hpa_missing_requests import hpa_missing_requests
from kplan.lint.rules.hpa_unscalable_target import hpa_unscalable_target
from kplan.lint.rules.hpa_without_room import hpa_without_room
from kplan.lint.rules.identical_probes import identical_probes
from kplan.lint.rules.image_pull_policy import image_pull_policy
from kplan.lint.rules.ingress_conflict import ingress_conflict
from kplan.lint.rules.ingress_without_tls import ingress_without_tls
from kplan.lint.rules.invalid_target_ports import invalid_target_ports
from kplan.lint.rules.job_ttl_seconds_after_finished import job_ttl_seconds_after_finished
from kplan.lint.rules.latest_tag import latest_tag
from kplan.lint.rules.limit_range import limit_range
from kplan.lint.rules.liveness_port import liveness_port
from kplan.lint.rules.low_user_id import low_user_id
from kplan.lint.rules.minimum_three_replicas import minimum_three_replicas
from kplan.lint.rules.mismatching_instance_label import mismatching_instance_label
from kplan.lint.rules.mismatching_spread_selector import mismatching_spread_selector
from kplan.lint.rules.missing_namespace import missing_namespace
from kplan.lint.rules.missing_poddisruptionbudget import missing_poddisruptionbudget
from kplan.lint.rules.missing_reference_grant import missing_reference_grant
from kplan.lint.rules.mutable_tag import mutable_tag
from kplan.lint.rules.naked_pod import naked_pod
from kplan.lint.rules.networkpolicy_blocks_connection import networkpolicy_blocks_connection
from kplan.lint.rules.networkpolicy_blocks_dns import networkpolicy_blocks_dns
from kplan.lint.rules.networkpolicy_blocks_ingress import networkpolicy_blocks_ingress
from kplan.lint.rules.networkpolicy_blocks_service import networkpolicy_blocks_service
from kplan.lint.rules.no_anti_affinity import no_anti_affinity
from kplan.lint.rules.no_fitting_node import no_fitting_node
from kplan.lint.rules.no_liveness_probe import no_liveness_probe
from kplan.lint.rules.no_node_affinity import no_node_affinity
from kplan.lint.rules.no_read_only_root_fs import no_read_only_root_fs
from kplan.lint.rules.no_readiness_probe import no_readiness_probe
from kplan.lint.rules.no_rolling_update_strategy import no_rolling_update_strategy
from kplan.lint.rules.no_topology_spread import no_topology_spread
from kplan.lint.rules.node_port_conflict import node_port_conflict
from kplan.lint.rules.non_existent_service_account import non_existent_service_account
from kplan.lint.rules.non_isolated_pod import non_isolated_pod
from kplan.lint.rules.overlapping_horizontalpodautoscalers import overlapping_horizontalpodautoscalers
from kplan.lint.rules.overlapping_poddisruptionbudgets import overlapping_poddisruptionbudgets
from kplan.lint.rules.overlapping_selectors import overlapping_selectors
from kplan.lint.rules.pdb_max_unavailable import pdb_max_unavailable
from kplan.lint.rules.pdb_min_available import pdb_min_available
from kplan.lint.rules.pdb_unhealthy_pod_eviction_policy import pdb_unhealthy_pod_eviction_policy
from kplan.lint.rules.pdb_unscalable_target import pdb_unscalable_target
from kplan.lint.rules.pdb_without_policy import pdb_without_policy
from kplan.lint.rules.plain_secret import plain_secret
from kplan.lint.rules.pod_exec_access import pod_exec_access
from kplan.lint.rules.pod_security import pod_security
from kplan.lint.rules.priority_class_name import priority_class_name
from kplan.lint.rules.privilege_escalation_container import privilege_escalation_container
from kplan.lint.rules.privileged_container import privileged_container
from kplan.lint.rules.privileged_ports import privileged_ports
from kplan.lint.rules.quota_blocks_rollout import quota_blocks_rollout
from kplan.lint.rules.quota_exceeded import quota_exceeded
from kplan.lint.rules.quota_must_specify import quota_must_specify
from kplan.lint.rules.rbac_escalation import rbac_escalation
from kplan.lint.rules.read_secret_from_env_var import read_secret_from_env_var
from kplan.lint.rules.readiness_port import readiness_port
from kplan.lint.rules.requests_equal_limits import requests_equal_limits
from kplan.lint.rules.required_annotation_email import required_annotation_email
from kplan.lint.rules.required_label_owner import required_label_owner
from kplan.lint.rules.restart_policy import restart_policy
from kplan.lint.rules.rolling_update_read_write_once import rolling_update_read_write_once
from kplan.lint.rules.route_not_allowed import route_not_allowed
from kplan.lint.rules.run_as_non_root import run_as_non_root
from kplan.lint.rules.run_as_root_refused import run_as_root_refused
from kplan.lint.rules.sensitive_host_mounts import sensitive_host_mounts
from kplan.lint.rules.service_mixed_workloads import service_mixed_workloads
from kplan.lint.rules.single_replica import single_replica
from kplan.lint.rules.sorted_keys import sorted_keys
from kplan.lint.rules.ssh_port import ssh_port
from kplan.lint.rules.stale_image import stale_image
from kplan.lint.rules.startup_port import startup_port
from kplan.lint.rules.statefulset_headless_service import statefulset_headless_service
from kplan.lint.rules.too_few_nodes import too_few_nodes
from kplan.lint.rules.undeclared_target_port import undeclared_target_port
from kplan.lint.rules.undropped_capabilities import undropped_capabilities
from kplan.lint.rules.unpinned_image import unpinned_image
from kplan.lint.rules.unreferenced_object import unreferenced_object
from kplan.lint.rules.unsafe_sysctls import unsafe_sysctls
from kplan.lint.rules.unselected_monitor import unselected_monitor
from kplan.lint.rules.unset_cpu_limits import unset_cpu_limits
from kplan.lint.rules.unset_cpu_requirements import unset_cpu_requirements
from kplan.lint.rules.unset_ephemeral_storage import unset_ephemeral_storage
from kplan.lint.rules.unset_memory_requests import unset_memory_requests
from kplan.lint.rules.unset_memory_requirements import unset_memory_requirements
from kplan.lint.rules.unset_seccomp_profile import unset_seccomp_profile
from kplan.lint.rules.use_namespace import use_namespace
from kplan.lint.rules.webhook_blocks_itself import webhook_blocks_itself
from kplan.lint.rules.wildcard_in_rules import wildcard_in_rules
from kplan.lint.rules.writable_host_mount import writable_host_mount

RULES: tuple[Rule, ...] = (
    # references
    dangling_reference,
    dangling_service,
    dangling_ingress,
    dangling_horizontalpodautoscaler,
    dangling_networkpolicy,
    dangling_networkpolicypeer_podselector,
    dangling_poddisruptionbudget,
    dangling_servicemonitor,
    dangling_podmonitor,
    missing_reference_grant,
    route_not_allowed,
    unselected_monitor,
    dangling_owner,
    dangling_pod_affinity,
    dangling_subpath,
    non_existent_service_account,
    missing_namespace,
    statefulset_headless_service,
    invalid_target_ports,
    undeclared_target_port,
    liveness_port,
    readiness_port,
    startup_port,
    unreferenced_object,
    # conflicts
    duplicate_object,
    overlapping_selectors,
    service_mixed_workloads,
    overlapping_poddisruptionbudgets,
    overlapping_horizontalpodautoscalers,
    hpa_fixed_replicas,
    node_port_conflict,
    host_port_conflict,
    ingress_conflict,
    # what will not run
    quota_exceeded,
    quota_must_specify,
    quota_blocks_rollout,
    hpa_beyond_quota,
    limit_range,
    pod_security,
    run_as_root_refused,
    no_fitting_node,
    too_few_nodes,
    rolling_update_read_write_once,
    hpa_unscalable_target,
    hpa_missing_requests,
    unsafe_sysctls,
    cronjob_short_deadline,
    # traffic
    networkpolicy_blocks_service,
    networkpolicy_blocks_ingress,
    networkpolicy_blocks_dns,
    networkpolicy_blocks_connection,
    non_isolated_pod,
    ingress_without_tls,
    exposed_service,
    # availability
    pdb_min_available,
    pdb_max_unavailable,
    pdb_without_policy,
    pdb_unscalable_target,
    pdb_unhealthy_pod_eviction_policy,
    missing_poddisruptionbudget,
    single_replica,
    minimum_three_replicas,
    hpa_minimum_three_replicas,
    hpa_without_room,
    no_rolling_update_strategy,
    no_readiness_probe,
    no_liveness_probe,
    identical_probes,
    no_anti_affinity,
    mismatching_spread_selector,
    no_topology_spread,
    no_node_affinity,
    priority_class_name,
    naked_pod,
    restart_policy,
    cronjob_no_deadline,
    job_ttl_seconds_after_finished,
    webhook_blocks_itself,
    dnsconfig_options,
    # resources
    unset_cpu_requirements,
    unset_cpu_limits,
    unset_memory_requests,
    unset_memory_requirements,
    unset_ephemeral_storage,
    requests_equal_limits,
    # images
    latest_tag,
    mutable_tag,
    stale_image,
    unpinned_image,
    image_pull_policy,
    # secrets
    plain_secret,
    env_var_secret,
    configmap_secret,
    read_secret_from_env_var,
    # rights
    access_to_secrets,
    access_to_create_pods,
    cluster_admin_role_binding,
    pod_exec_access,
    rbac_escalation,
    wildcard_in_rules,
    automounted_service_account_token,
    default_service_account,
    # what containers may do
    privileged_container,
    privilege_escalation_container,
    run_as_non_root,
    low_user_id,
    no_read_only_root_fs,
    drop_net_raw_capability,
    dangerous_capabilities,
    undropped_capabilities,
    unset_seccomp_profile,
    host_network,
    host_pid,
    host_ipc,
    host_port,
    host_path,
    sensitive_host_mounts,
    writable_host_mount,
    docker_sock,
    host_process,
    ssh_port,
    privileged_ports,
    # form
    deprecated_service_account_field,
    deprecated_api,
    mismatching_instance_label,
    required_label_owner,
    required_annotation_email,
    use_namespace,
    sorted_keys,
)
