"""How the loops talk to the door: reading straight from the store, writing as the component they are.

Upstream: client-go as controllers, scheduler and kubelets use it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from kplan.admission import User
from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.apiserver.door import Door
from kplan.apiserver.reading import as_read
from kplan.apiserver.response import Response
from kplan.apiserver.writes import Call

KUBE_SYSTEM = "system:serviceaccount:kube-system:"


class Client:
    """One component's connection. Implements `kplan.api.reader.Reader`; writes answer with a Response.

    `write_status`, `bind` and `write` are for components that hand over objects made from stored ones by `replace`: they skip the
    decoding of what cannot be malformed and still pass the door (generation, finalizers, watch log).
    """

    def __init__(self, door: Door, component: str, user: str | None = None) -> None:
        self.door = door
        self.component = component
        self.user = User(user or KUBE_SYSTEM + component, ("system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"))

    # -- reading

    @property
    def version(self) -> str:
        """The Kubernetes minor version that is served."""
        return self.door.store.version

    @property
    def now(self) -> datetime:
        """The virtual time, UTC."""
        return self.door.store.clock.now

    @property
    def now_text(self) -> str:
        """The virtual time as metav1.Time."""
        return self.door.store.clock.text()

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """One object, or None."""
        return self.door.store.get(kind, namespace, name)

    def read(self, obj: Object) -> Object:
        """A stored object with its version's defaults, for those who compare templates; one that `restore` put in may lack some."""
        return as_read(self.door, obj)

    def list(self, kind: str, namespace: str | None = None) -> Sequence[Object]:
        """All objects of a kind in one namespace or in all."""
        return self.door.store.list(kind, namespace)

    def owned(self, kind: str, uid: str) -> Sequence[Object]:
        """The objects of a kind with an owner reference to `uid`."""
        return self.door.store.owned(kind, uid)

    def on_node(self, node: str) -> Sequence[Object]:
        """The Pods bound to a node."""
        return self.door.store.on_node(node)

    def selected(self, namespace: str, matches: Callable[[dict[str, str]], bool]) -> Sequence[Object]:
        """The Pods of a namespace whose labels match, by name."""
        return self.door.store.selected(namespace, matches)

    def labelled(self, namespace: str, labels: dict[str, str]) -> Sequence[Object]:
        """The Pods of a namespace that have all these labels, by name."""
        return self.door.store.labelled(namespace, labels)

    def dependents(self, uid: str) -> Sequence[tuple[str, Object]]:
        """(kind, object) of all that have an owner reference to `uid`."""
        return self.door.store.dependents(uid)

    def kinds(self) -> Sequence[str]:
        """The group-kinds of which there is or was an object."""
        return self.door.store.kinds()

    def orphans(self, kind: str, namespace: str) -> Sequence[Object]:
        """The Pods, ReplicaSets or ControllerRevisions of a namespace that no controller owns."""
        return self.door.store.orphans(kind, namespace)

    def using_claim(self, namespace: str, claim: str) -> Sequence[Object]:
        """The Pods whose volumes use a claim, ephemeral volumes' claims included."""
        return self.door.store.using_claim(namespace, claim)

    # -- writing

    def create(self, obj: Object) -> Response:
        """POST."""
        return self.door.create(obj, self._call(obj["metadata"].get("namespace") or ""))

    def create_pod(self, pod: Object, template: Object) -> Response:
        """POST of a pod made from `template`, a stored (frozen) pod template: equal templates are admitted and validated once."""
        return self.door.create_pod(pod, template, self._call(pod["metadata"]["namespace"]))

    def update(self, obj: Object) -> Response:
        """PUT."""
        return self.door.update(obj, self._call(obj["metadata"].get("namespace") or ""))

    def write(self, obj: Object) -> Response:
        """PUT of a stored object of which metadata or spec fields were replaced by a trusted component."""
        return self.door.write(obj, self._call(obj["metadata"].get("namespace") or ""))

    def write_status(self, obj: Object, status: Object) -> Response:
        """PUT of the status subresource: `obj` as stored, with this status."""
        call = self._call(obj["metadata"].get("namespace") or "")
        call.subresource = "status"
        return self.door.write({**obj, "status": status}, call)

    def finalize(self, namespace: Object) -> Response:
        """PUT of a Namespace's finalize subresource: its spec.finalizers."""
        call = self._call("")
        call.subresource = "finalize"
        return self.door.write(namespace, call)

    def bind(self, pod: Object, node: str) -> Response:
        """POST of a binding: the pod goes to the node and its condition PodScheduled becomes True."""
        return self.door.bind(pod, node, self._call(pod["metadata"]["namespace"]))

    def patch(self, ref: Ref, body: Any, kind_of_patch: str = "merge", subresource: str = "") -> Response:
        """PATCH."""
        call = self._call(ref.namespace)
        call.subresource = subresource
        return self.door.patch(ref, body, kind_of_patch, call)

    def scale(self, ref: Ref, replicas: int) -> Response:
        """PUT of the scale subresource."""
        return self.door.scale(ref, replicas, self._call(ref.namespace))

    def delete(self, obj: Object, *, propagation: str | None = "Background", grace: int | None = None) -> Response:
        """DELETE of this very object (another one of the same name is left alone and answered with a conflict)."""
        return self.door.delete(Ref.of(obj), self._call(obj["metadata"].get("namespace") or ""), propagation=propagation, grace=grace)

    def event(self, obj: Object, type: str, reason: str, message: str, component: str = "") -> None:
        """Emit an event about an object. `type` is Normal or Warning; `component`: who says so, if not this one."""
        meta = obj["metadata"]
        self.door.events.append(
            {
                "type": type,
                "reason": reason,
                "message": message,
                "involvedObject": {
                    "apiVersion": obj["apiVersion"],
                    "kind": obj["kind"],
                    **({"namespace": meta["namespace"]} if meta.get("namespace") else {}),
                    "name": meta["name"],
                    "uid": meta.get("uid", ""),
                },
                "source": {"component": component or self.component},
                "time": self.door.store.clock.text(),
            }
        )

    def _call(self, namespace: str) -> Call:
        return Call(namespace=namespace, user=self.user, manager=self.component)


