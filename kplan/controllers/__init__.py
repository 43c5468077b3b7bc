"""The control loops of kube-controller-manager, one module each. `CONTROLLERS` is the order in which they drain."""

from __future__ import annotations

from kplan.apiserver.loops import Controller
from kplan.controllers.deployment import DeploymentController
from kplan.controllers.replicaset import ReplicaSetController, ReplicationControllerController

CONTROLLERS: tuple[type[Controller], ...] = (
    DeploymentController,
    ReplicaSetController,
    ReplicationControllerController,
)
