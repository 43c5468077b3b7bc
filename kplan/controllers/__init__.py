"""The control loops of kube-controller-manager, one module each. `CONTROLLERS` is the order in which they drain."""

from __future__ import annotations

from kplan.apiserver.loops import Controller
from kplan.controllers.clusterroleaggregation import ClusterRoleAggregationController
from kplan.controllers.cronjob import CronJobController
from kplan.controllers.customresourcedefinition import CustomResourceDefinitionController
from kplan.controllers.daemonset import DaemonSetController
from kplan.controllers.deployment import DeploymentController
from kplan.controllers.disruption import DisruptionController
from kplan.controllers.endpoints import EndpointsController
from kplan.controllers.endpointslice import EndpointSliceController
from kplan.controllers.endpointslicemirroring import EndpointSliceMirroringController
from kplan.controllers.ephemeral import EphemeralVolumeController
from kplan.controllers.expand import PersistentVolumeExpander
from kplan.controllers.garbagecollector import GarbageCollector
from kplan.controllers.horizontalpodautoscaler import HorizontalPodAutoscalerController
from kplan.controllers.job import JobController
from kplan.controllers.namespace import NamespaceController
from kplan.controllers.nodelifecycle import NodeLifecycleController
from kplan.controllers.persistentvolume import PersistentVolumeBinder
from kplan.controllers.podgc import PodGarbageCollector
from kplan.controllers.pvcprotection import PersistentVolumeClaimProtectionController
from kplan.controllers.pvprotection import PersistentVolumeProtectionController
from kplan.controllers.replicaset import ReplicaSetController, ReplicationControllerController
from kplan.controllers.resourceclaim import ResourceClaimController
from kplan.controllers.resourcequota import ResourceQuotaController
from kplan.controllers.rootca import RootCACertificatePublisher
from kplan.controllers.serviceaccount import ServiceAccountController
from kplan.controllers.serviceaccounttoken import TokensController
from kplan.controllers.statefulset import StatefulSetController
from kplan.controllers.tainteviction import TaintEvictionController
from kplan.controllers.ttlafterfinished import TTLAfterFinishedController
from kplan.controllers.validatingadmissionpolicystatus import ValidatingAdmissionPolicyStatusController

CONTROLLERS: tuple[type[Controller], ...] = (
    CustomResourceDefinitionController,
    NamespaceController,
    ServiceAccountController,
    TokensController,
    RootCACertificatePublisher,
    ResourceQuotaController,
    DeploymentController,
    ReplicaSetController,
    ReplicationControllerController,
    StatefulSetController,
    DaemonSetController,
    JobController,
    CronJobController,
    EphemeralVolumeController,
    ResourceClaimController,
    PersistentVolumeBinder,
    PersistentVolumeExpander,
    PersistentVolumeClaimProtectionController,
    PersistentVolumeProtectionController,
    EndpointsController,
    EndpointSliceController,
    EndpointSliceMirroringController,
    DisruptionController,
    HorizontalPodAutoscalerController,
    TTLAfterFinishedController,
    ClusterRoleAggregationController,
    ValidatingAdmissionPolicyStatusController,
    NodeLifecycleController,
    TaintEvictionController,
    PodGarbageCollector,
    GarbageCollector,
)
