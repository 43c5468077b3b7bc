"""Every namespace has the ConfigMap `kube-root-ca.crt`.

Upstream: pkg/controller/certificates/rootcacertpublisher. The certificate is a placeholder: nothing here verifies it.
"""

from __future__ import annotations

from kplan.apiserver.client import Client
from kplan.apiserver.loops import Controller, Key, Watch
from kplan.controllers.serviceaccount import namespace_itself, namespace_of_deleted

NAME = "kube-root-ca.crt"
DATA = {"ca.crt": "-----BEGIN CERTIFICATE-----\nsimulated\n-----END CERTIFICATE-----\n"}
NOTE = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or "
    "kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."
)


class RootCACertificatePublisher(Controller):
    """Keys: (namespace,)."""

    name = "root-ca-certificate-publisher-controller"
    watches = (Watch("Namespace", namespace_itself), Watch("ConfigMap", namespace_of_deleted))

    def sync(self, key: Key, api: Client) -> float | None:
        """Make the ConfigMap, or put its data right."""
        (namespace,) = key
        space = api.get("Namespace", "", namespace)
        if space is None or "deletionTimestamp" in space["metadata"]:
            return None
        held = api.get("ConfigMap", namespace, NAME)
        if held is None:
            meta = {"name": NAME, "namespace": namespace, "annotations": {"kubernetes.io/description": NOTE}}
            api.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": DATA})
        elif held.get("data") != DATA:
            api.write({**held, "data": DATA})
        return None
