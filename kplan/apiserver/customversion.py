"""One version of a custom resource: how its objects are read, prepared and validated.

Upstream: apiextensions-apiserver/pkg/{apiserver/customresource_handler.go,registry/customresource}. What is made of the schema is made
when the first object comes. Leaves out conversion by webhook: objects go from version to version as with strategy None.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from kplan import schema
from kplan.api import status
from kplan.api.field import NOT_SUPPORTED, REQUIRED, TOO_LONG, TOO_MANY, TYPE_INVALID, FieldError, FieldErrors, invalid
from kplan.api.gotext import go_quote
from kplan.api.names import is_qualified_name, name_is_dns_subdomain, name_is_path_segment
from kplan.api.objects import Object, copy_tree
from kplan.apiserver import customscale
from kplan.kinds.metadata import STANDARD_FINALIZERS, validate_object_meta, validate_object_meta_update
from kplan.schema import structural
from kplan.schema.structural.numbers import unstructured
from kplan.schema.structural.paths import NIL

BLOCKING = frozenset({NOT_SUPPORTED, REQUIRED, TOO_LONG, TOO_MANY, TYPE_INVALID})
UNCHECKED = "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
META = ("apiVersion", "kind", "metadata")


class CustomVersion:
    """A version `name` of a definition's spec; objects are stored in `storage`, which may be this very one."""

    def __init__(self, definition: str, spec: Object, version: Object, storage: CustomVersion | None = None) -> None:
        self.definition = definition
        self.spec, self.version, self.storage = spec, version, storage or self
        self.name: str = version["name"]
        self.schema: Object | None = (version.get("schema") or {}).get("openAPIV3Schema")
        subresources = version.get("subresources") or {}
        self.has_status = subresources.get("status") is not None
        self.scale: Object = subresources.get("scale") or {}
        self.preserve = bool(spec.get("preserveUnknownFields"))
        self.namespaced = spec["scope"] == "Namespaced"

    @property
    def api_version(self) -> str:
        """`example.com/v1`."""
        return f"{self.spec['group']}/{self.name}"

    @cached_property
    def structure(self) -> structural.Structure | None:
        """The structural schema; None where the version has no schema."""
        return None if self.schema is None else structural.Structure(self.schema, root=True)

    @cached_property
    def node(self) -> schema.Node:
        """How fields merge."""
        return schema.UNTYPED if self.schema is None else schema.structural_node(self.schema, self.preserve)

    @cached_property
    def _accepts(self) -> Any:
        return structural.acceptor(self.schema or {})

    @cached_property
    def _status_schema(self) -> Object:
        return ((self.schema or {}).get("properties") or {}).get("status") or {}

    @cached_property
    def _status_accepts(self) -> Any:
        return structural.acceptor(self._status_schema)

    @cached_property
    def _rules(self) -> structural.Rules | None:
        return structural.Rules(self.schema, True) if structural.has_rules(self.schema) and self.schema else None

    def reset_fields(self, subresource: str) -> tuple[tuple[str, ...], ...]:
        """What a request cannot set.   Upstream: GetResetFields."""
        if subresource == "status":
            return (("f:metadata",), ("f:spec",))
        return (("f:status",),) if self.has_status and not subresource else ()

    # -- reading

    def decode(self, obj: Object, strict: bool) -> schema.Decoded:
        """A sent object: unknown fields found (an error if `strict`) and dropped, nulls dropped, defaults filled in."""
        new: Object = unstructured(obj)
        unknown: list[str] = []
        meta = None
        if "metadata" in new:
            meta, error, extra = structural.read_meta(new["metadata"], strict)
            if error:
                return schema.Decoded(None, error)
            unknown += [f"metadata.{field}" for field in extra]
        if not self.preserve:
            unknown += structural.prune(new, self.structure)
            structural.drop_nulls(new, self.structure)
        if self.structure is not None and self.structure.embeds:
            try:
                unknown += structural.coerce(new, self.structure)
            except structural.MalformedError as malformed:
                return schema.Decoded(None, str(malformed.error))
        if meta is not None:
            new["metadata"] = meta
        if self.structure is not None:
            structural.default(new, self.structure)
        if strict and unknown:
            words = ", ".join(f'unknown field "{path}"' for path in dict.fromkeys(unknown))
            return schema.Decoded(new, f"strict decoding error: {words}", tuple(unknown))
        return schema.Decoded(new, None, tuple(unknown))

    def to_storage(self, _version: str, obj: Object) -> Object:
        """A decoded object under the version in which it will be stored; pruned to that one's schema by `finish`."""
        return {**obj, "apiVersion": self.storage.api_version}

    def from_storage(self, _version: str, obj: Object) -> Object:
        """A stored object as this version shows it."""
        if self.storage is self:
            return obj
        new = {**copy_tree({k: v for k, v in obj.items() if k != "metadata"}), "metadata": obj["metadata"], "apiVersion": self.api_version}
        if not self.preserve:
            structural.prune(new, self.structure)
        return new

    def reread(self, obj: Object) -> Object:
        """An object that was stored under another schema, as this storage version shows it."""
        new = {**copy_tree({k: v for k, v in obj.items() if k != "metadata"}), "metadata": obj["metadata"], "apiVersion": self.api_version}
        if not self.preserve:
            structural.prune(new, self.structure)
            structural.drop_nulls(new, self.structure)
        if self.structure is not None:
            structural.default(new, self.structure)
        return new

    def finish(self, obj: Object) -> None:
        """What is stored has the fields and defaults of the storage version."""
        if self.storage is self or self.storage.preserve:
            return
        structural.prune(obj, self.storage.structure)
        if self.storage.structure is not None:
            structural.default(obj, self.storage.structure)

    # -- preparing

    def prepare(self, obj: Object) -> None:
        """Status is not the creator's where it is a subresource."""
        if self.has_status:
            obj.pop("status", None)
        obj["metadata"]["generation"] = 1

    def prepare_update(self, new: Object, old: Object) -> None:
        """Any change outside metadata counts; status stays where it is a subresource."""
        before = self.from_storage("", old)
        if self.has_status:
            if "status" in before:
                new["status"] = before["status"]
            else:
                new.pop("status", None)
        if {k: v for k, v in new.items() if k not in META} != {k: v for k, v in before.items() if k not in META}:
            new["metadata"]["generation"] = (old["metadata"].get("generation") or 0) + 1

    def prepare_status(self, new: Object, old: Object) -> None:
        """All but the status is as it was, metadata included."""
        if not self.has_status:
            raise status.StatusError(status.Status(404, "NotFound", "the server could not find the requested resource"))
        held, given = new.get("status"), "status" in new
        new.clear()
        new.update({k: v for k, v in old.items() if k not in ("status", "metadata")})
        new["metadata"] = dict(old["metadata"])
        if given:
            new["status"] = held

    # -- validating

    def validate(self, obj: Object) -> FieldErrors:
        """A new object."""
        yield from self._with_rules(self._create_errors(self._shown(obj)), self._shown(obj), None)

    def _create_errors(self, obj: Object) -> FieldErrors:
        yield from validate_object_meta(obj["metadata"], self.namespaced, name_is_dns_subdomain, kube_finalizers=False)
        if not self._accepts(obj):
            yield from structural.explain(self.schema or {}, obj).errors()
        yield from customscale.spec_errors(obj, self.scale)
        yield from customscale.status_errors(obj, self.scale)
        if self.structure is not None:
            yield from self._embedded_errors(obj)
            yield from structural.validate_lists(obj, self.structure)

    def validate_update(self, new: Object, old: Object) -> FieldErrors:
        """A changed object; what was wrong before and did not change is let be."""
        obj, before = self._shown(new), self.from_storage("", old)
        yield from self._with_rules(self._update_errors(obj, before), obj, before)

    def _update_errors(self, obj: Object, old: Object) -> FieldErrors:
        if not self._accepts(obj):
            yield from structural.explain(self.schema or {}, obj, "", structural.Correlated(obj, old, self.schema or {})).errors()
        yield from customscale.spec_errors(obj, self.scale)
        yield from customscale.status_errors(obj, self.scale)
        if self.structure is not None:
            yield from self._embedded_errors(obj)
            yield from self._list_errors(obj, old)

    def validate_status(self, new: Object, old: Object) -> FieldErrors:
        """A changed status."""
        obj, before = self._shown(new), self.from_storage("", old)
        yield from self._with_rules(self._status_errors(obj, before), obj, before)

    def _status_errors(self, obj: Object, old: Object) -> FieldErrors:
        yield from validate_object_meta_update(obj["metadata"], old["metadata"], kube_finalizers=False)
        if "status" in obj and not self._status_accepts(obj["status"]):
            correlated = structural.Correlated(obj["status"], old.get("status"), self._status_schema)
            yield from structural.explain(self._status_schema, obj["status"], "", correlated).errors("status")
        yield from customscale.status_errors(obj, self.scale)
        if self.structure is not None:
            yield from self._list_errors(obj, old)

    def _shown(self, obj: Object) -> Object:
        return obj if self.storage is self else {**obj, "apiVersion": self.api_version}

    def _embedded_errors(self, obj: Object) -> FieldErrors:
        assert self.structure is not None
        if self.structure.embeds:
            yield from structural.validate(obj, self.structure, _meta_errors)

    def _list_errors(self, obj: Object, old: Object) -> FieldErrors:
        assert self.structure is not None
        errors = list(structural.validate_lists(obj, self.structure))
        if errors and not list(structural.validate_lists(old, self.structure)):
            yield from errors

    def _with_rules(self, found: Iterable[FieldError], obj: Object, old: Object | None) -> FieldErrors:
        """The errors, then those of the rules, which are left out while the object does not fit its schema."""
        errors = list(found)
        yield from errors
        if self._rules is None:
            return
        if any(e.reason in BLOCKING for e in errors):
            yield invalid(NIL, None, UNCHECKED)
            return
        correlated = structural.Correlated(obj, old, self.schema or {}) if old is not None else None
        yield from self._rules.errors(obj, old, correlated)

    # -- warnings

    def warnings(self, obj: Object) -> Iterator[str]:
        """Finalizers that are no qualified names."""
        yield from finalizer_warnings(obj["metadata"].get("finalizers") or ())

    def update_warnings(self, new: Object, old: Object) -> Iterator[str]:
        """The same, of finalizers that came."""
        held = old["metadata"].get("finalizers") or ()
        yield from finalizer_warnings(f for f in new["metadata"].get("finalizers") or () if f not in held)


def _meta_errors(meta: Object, namespaced: bool, path: str) -> FieldErrors:
    return validate_object_meta(meta, namespaced, name_is_path_segment, path, kube_finalizers=False)


def finalizer_warnings(finalizers: Iterable[str]) -> Iterator[str]:
    """Upstream: validateKubeFinalizerName."""
    for finalizer in sorted(set(finalizers)):
        shown = f"metadata.finalizers: {go_quote(finalizer)}: "
        for message in is_qualified_name(finalizer):
            yield shown + message
        if "/" not in finalizer and finalizer not in STANDARD_FINALIZERS:
            including = " including a path (/)" if "." in finalizer else ""
            yield f"{shown}prefer a domain-qualified finalizer name{including} to avoid accidental conflicts with other finalizer writers"
