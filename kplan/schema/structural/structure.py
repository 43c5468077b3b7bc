"""A structural schema made ready for reading: what is kept, filled in and looked after at each place.

Upstream: apiextensions-apiserver/pkg/apiserver/schema/structural.go. Only the structure is in here (properties, items,
additionalProperties and the extensions); value validations stay in the schema that each place refers to. The flags `defaults`,
`embeds` and `lists` say whether anything of that sort is at a place or below, so that reading passes by what has nothing to do.
"""

from __future__ import annotations

from typing import Any


class Structure:
    """One place. `additional` is what keys without a property are: None (there are none), ANYTHING, or a structure."""

    __slots__ = ("additional", "default", "defaults", "embedded", "embeds", "items", "lists", "nullable", "preserve", "properties", "schema")

    def __init__(self, schema: dict[str, Any], *, root: bool = False) -> None:
        self.schema = schema
        self.preserve = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
        self.embedded = bool(schema.get("x-kubernetes-embedded-resource"))
        self.nullable = bool(schema.get("nullable"))
        self.default: Any = schema.get("default")
        self.properties = {name: Structure(inner) for name, inner in (schema.get("properties") or {}).items()}
        more, items = schema.get("additionalProperties"), schema.get("items")
        self.additional: Structure | None = Structure(more) if isinstance(more, dict) else ANYTHING if more is not None else None
        self.items: Structure | None = Structure(items) if isinstance(items, dict) else None
        below = [*self.properties.values(), *(s for s in (self.additional, self.items) if s is not None)]
        self.defaults: bool = any(s.defaults or s.default is not None for s in below)
        self.embeds: bool = (self.embedded and not root) or any(s.embeds for s in below)
        self.lists: bool = schema.get("x-kubernetes-list-type") in ("set", "map") or any(s.lists for s in below)

    @property
    def has_rules(self) -> bool:
        """Whether any x-kubernetes-validations are stated."""
        from kplan.schema.structural.rules import has_rules

        return has_rules(self.schema)


class _Anything(Structure):
    """additionalProperties: true (or false): keys are kept, and nothing below them is known."""

    def __init__(self) -> None:
        self.schema = {}
        self.preserve = self.embedded = self.nullable = False
        self.default, self.properties, self.additional, self.items = None, {}, None, None
        self.defaults = self.embeds = self.lists = False


ANYTHING: Structure = _Anything()
