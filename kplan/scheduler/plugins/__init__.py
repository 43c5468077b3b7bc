"""The scheduler's plugins, one file each, in the order of the default profile.

Upstream: pkg/scheduler/apis/config/v1/default_plugins.go. SchedulingGates is `kplan.scheduler.queue`, DefaultPreemption
`kplan.scheduler.preemption`; PrioritySort is the queue's order, DefaultBinder whoever drives the scheduler.
"""

from __future__ import annotations

from kplan.scheduler.framework import ClusterPlugin, Plugin
from kplan.scheduler.plugins.dynamic_resources import DynamicResources
from kplan.scheduler.plugins.image_locality import ImageLocality
from kplan.scheduler.plugins.inter_pod_affinity import InterPodAffinity
from kplan.scheduler.plugins.node_affinity import NodeAffinity
from kplan.scheduler.plugins.node_declared_features import NodeDeclaredFeatures
from kplan.scheduler.plugins.node_name import NodeName
from kplan.scheduler.plugins.node_ports import NodePorts
from kplan.scheduler.plugins.node_resources_balanced_allocation import NodeResourcesBalancedAllocation
from kplan.scheduler.plugins.node_resources_fit import NodeResourcesFit
from kplan.scheduler.plugins.node_unschedulable import NodeUnschedulable
from kplan.scheduler.plugins.node_volume_limits import NodeVolumeLimits
from kplan.scheduler.plugins.pod_topology_spread import PodTopologySpread
from kplan.scheduler.plugins.taint_toleration import TaintToleration
from kplan.scheduler.plugins.volume_binding import VolumeBinding
from kplan.scheduler.plugins.volume_restrictions import VolumeRestrictions
from kplan.scheduler.plugins.volume_zone import VolumeZone

PLUGINS: tuple[type[Plugin] | type[ClusterPlugin], ...] = (
    NodeUnschedulable,
    NodeName,
    TaintToleration,
    NodeAffinity,
    NodePorts,
    NodeResourcesFit,
    VolumeRestrictions,
    NodeVolumeLimits,
    VolumeBinding,
    VolumeZone,
    PodTopologySpread,
    InterPodAffinity,
    DynamicResources,
    NodeDeclaredFeatures,
    NodeResourcesBalancedAllocation,
    ImageLocality,
)
