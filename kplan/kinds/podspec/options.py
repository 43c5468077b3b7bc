"""What pod validation tolerates: strict for what is new, lenient where the stored object already has it.

Upstream: PodValidationOptions in pkg/apis/core/validation/validation.go and the GetValidationOptionsFrom* functions of
pkg/api/pod/util.go. Options of feature gates that Kubernetes 1.36 locks on or leaves off by default are no options here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PodValidationOptions:
    """The switches of pod validation. The defaults are those of a creation."""

    resource_is_pod: bool = False
    allow_invalid_pod_deletion_cost: bool = False
    allow_invalid_label_value_in_selector: bool = False
    allow_indivisible_huge_pages_values: bool = False
    allow_invalid_topology_spread_constraint_label_selector: bool = False
    allow_non_local_projected_token_path: bool = False
    allow_namespaced_sysctls_for_host_net_and_host_ipc: bool = False
    allow_only_recursive_selinux_change_policy: bool = True
    allow_invalid_label_value_in_required_node_affinity: bool = False
    old_pod_violates_match_label_keys_validation: bool = False
    allow_existing_restart_container_for_non_sidecar_init_container: bool = False
    allow_user_namespaces_with_volume_devices: bool = False
    allow_taint_toleration_comparison_operators: bool = False
    allow_user_namespaces_host_network_support: bool = False


TEMPLATE = PodValidationOptions()
POD = PodValidationOptions(resource_is_pod=True)
