"""The door: every write of users, controllers and kubelets comes through here and is answered with a Response."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kplan import schema
from kplan.admission import ADMIN, PLUGINS, Plugin, Request, User
from kplan.api.objects import Object, copy_tree, group_kind_of
from kplan.api.ref import Ref
from kplan.api.status import Status, StatusError, not_found
from kplan.apiserver import custom, definition_status, deletion, eviction, flow_status, scaling, service_allocation, trusted, writes
from kplan.apiserver.clock import Clock
from kplan.apiserver.identity import Identity
from kplan.apiserver.ownership import Ownership, Touch
from kplan.apiserver.registry import Registry, Served
from kplan.apiserver.response import Response, refused
from kplan.apiserver.store import Store
from kplan.apiserver.writes import Call
from kplan.kinds.kind import Kind
from kplan.manifests.podmetrics import PodMetrics


class Door:
    """One API server over one store. Public verbs never raise for what a request says; they answer.

    `metrics` is what an aggregated metrics API would serve, None where there is none.
    """

    def __init__(self, version: str, clock: Clock, plugins: tuple[Plugin, ...] = PLUGINS) -> None:
        self.store = Store(version, clock)
        self.registry = Registry(version)
        self.identity = Identity()
        self.ownership = Ownership(version)
        self.plugins = plugins
        self.events: list[Object] = []
        self.metrics: PodMetrics | None = None
        self.admitted = trusted.Admitted()
        self.restored: dict[tuple[str, str, str], tuple[Object, Object]] = {}  # what `restore` put in: the object as it stands, and as it was last read
        self.store.listeners.append(self._on_write)

    # -- verbs

    def create(self, obj: Object, call: Call) -> Response:
        """POST."""

        def run() -> Object:
            served = writes.resolve(self, obj)
            return writes.versioned(served, writes.create(self, served, obj, call))

        return self._answer(call, 201, run)

    def update(self, obj: Object, call: Call) -> Response:
        """PUT, of the object or of the subresource that `call` names."""

        def run() -> Object:
            served = writes.resolve(self, obj)
            meta = obj.get("metadata") if isinstance(obj.get("metadata"), dict) else {}
            name = str((meta or {}).get("name") or "")
            namespace = writes.request_namespace(served.kind, obj, call.namespace)
            old = self.store.get(served.kind.group_kind, namespace, name)
            if old is None:
                if served.kind.create_on_update and not call.subresource:
                    return writes.versioned(served, writes.create(self, served, obj, call))
                raise not_found(served.kind.resource, name)
            return writes.versioned(served, writes.update(self, served, obj, old, call))

        return self._answer(call, 200, run)

    def apply(self, obj: Object, call: Call, *, force: bool = False) -> Response:
        """PATCH of type apply (server-side apply)."""
        return self._answer(call, 200, lambda: _applying().apply(self, obj, call, force=force))

    def kubectl_apply(self, obj: Object, call: Call) -> Response:
        """What `kubectl apply` does on the client side: the three-way merge with the last applied manifest."""
        return self._answer(call, 200, lambda: _applying().kubectl_apply(self, obj, call))

    def patch(self, ref: Ref, body: Any, kind_of_patch: str, call: Call) -> Response:
        """PATCH of type strategic, merge or json."""
        return self._answer(call, 200, lambda: _applying().patch(self, self._served(ref), ref, body, kind_of_patch, call))

    def delete(self, ref: Ref, call: Call, *, propagation: str | None = "Background", grace: int | None = None) -> Response:
        """DELETE."""
        return self._answer(call, 200, lambda: deletion.delete(self, self._served(ref), ref.namespace, ref.name, call, propagation=propagation, grace=grace))

    def evict(self, ref: Ref, call: Call, *, grace: int | None = None) -> Response:
        """POST to a pod's eviction subresource."""
        return self._answer(call, 201, lambda: eviction.evict(self, self._served(ref), ref.namespace, ref.name, call, grace))

    def scale(self, ref: Ref, replicas: int, call: Call) -> Response:
        """PUT of a scale subresource."""
        return self._answer(call, 200, lambda: scaling.scale(self, self._served(ref), ref, replicas, call))

    def restore(self, objects: Iterable[Object]) -> None:
        """Put objects in as they are; those without uid, creation time or resourceVersion get them, and structs that no server leaves out."""
        for given in objects:
            obj = schema.completed(given, self.store.version)
            meta = obj["metadata"]
            gk = group_kind_of(obj)
            served = self.registry.resolve(obj["apiVersion"], obj["kind"])
            if served is not None and served.kind.namespaced and not meta.get("namespace"):
                meta = {**meta, "namespace": "default"}
            namespace = meta.get("namespace") or ""
            uid = self.identity.uid(gk, namespace, meta["name"])  # used up in any case: another of this name gets another
            meta = {
                **meta,
                "uid": meta.get("uid") or uid,
                "creationTimestamp": meta.get("creationTimestamp") or self.store.clock.text(),
            }
            entries = meta.pop("managedFields", None)
            self.restored[gk, namespace, meta["name"]] = self.store.put(gk, {**obj, "metadata": meta}), {}
            self.ownership.forget((gk, namespace, meta["name"]))
            if entries:
                self.ownership.set((gk, namespace, meta["name"]), entries)

    def write(self, obj: Object, call: Call) -> Response:
        """PUT by a trusted component of an object made from a stored one: prepared and committed, not decoded again."""
        return self._answer(call, 200, lambda: trusted.write(self, obj, call))

    def create_pod(self, pod: Object, template: Object, call: Call) -> Response:
        """POST of a pod from a stored template, admitted once per template."""
        return self._answer(call, 201, lambda: trusted.create_pod(self, pod, template, call))

    def bind(self, pod: Object, node: str, call: Call) -> Response:
        """POST to a pod's binding subresource."""
        return self._answer(call, 201, lambda: trusted.bind(self, pod, node, call))

    # -- what the write functions need

    def merge_schema(self, served: Served) -> Any:
        """The merge keys and list types of a kind."""
        return custom.merge_schema(served) or schema.merge_schema(served.api_version, served.kind.kind, self.store.version)

    def decode(self, served: Served, obj: Object, *, strict: bool) -> schema.Decoded:
        """Decode by the schema of the served version; custom kinds by their CRD's."""
        return custom.decode(served, obj, strict) or schema.decode(obj, served.api_version, served.kind.kind, self.store.version, strict)

    def allocate(self, new: Object, old: Object | None, dry_run: bool = False) -> None:
        """Addresses and ports that the server itself gives out; before `prepare`, and a refusal ends the request."""
        if new["kind"] == "Service" and new["apiVersion"] == "v1":
            service_allocation.allocate(new, old, self.store, dry_run)

    def snapshot(self, obj: Object) -> Object:
        """The object as managedFields see it, before mutating admission: a private copy."""
        return copy_tree(obj)  # type: ignore[no-any-return]

    def commit(self, kind: Kind, new: Object, old: Object, request: Request, touch: Touch | None) -> Object:
        """Store a changed object; one that has nothing left to wait for is erased; one that did not change is left."""
        if deletion.gone(new, old):
            return self.erase(kind, new["metadata"].get("namespace") or "", new["metadata"]["name"], request)
        if writes.same(new, old):
            return old
        stored = self.store.put(kind.group_kind, new)
        if touch is not None:
            meta = stored["metadata"]
            self.ownership.touched((kind.group_kind, meta.get("namespace") or "", meta["name"]), touch)
        self.settle(request)
        return stored

    def erase(self, kind: Kind, namespace: str, name: str, request: Request) -> Object:
        """Take an object out of the store."""
        self.ownership.forget((kind.group_kind, namespace, name))
        return self.store.remove(kind.group_kind, namespace, name)

    def settle(self, request: Request) -> None:
        """Write what validating admission charged (quota usage) together with the object."""
        for kind, obj in request.charges:
            self.store.put(kind, obj)
        request.charges.clear()

    def _served(self, ref: Ref) -> Served:
        served = self.registry.preferred(ref.group_kind)
        if served is None:
            raise StatusError(Status(404, "NotFound", f'no matches for kind "{ref.kind}" in group "{ref.group}"'))
        return served

    def _on_write(self, entry: Any) -> None:
        if entry.kind == custom.DEFINITION:
            custom.serve(self, entry)
            definition_status.on_write(entry, self.store)
        if entry.kind in trusted.DECIDING:
            self.admitted.clear()
        flow_status.on_write(entry, self.store)

    def _answer(self, call: Call, code: int, run: Callable[[], Object]) -> Response:
        try:
            obj = run()
        except StatusError as e:
            return refused(e.status, tuple(dict.fromkeys(call.warnings)))
        return Response(True, code, warnings=tuple(dict.fromkeys(call.warnings)), object=obj)


def _applying() -> Any:
    from kplan.apiserver import applying

    return applying


__all__ = ["ADMIN", "Call", "Door", "User"]
