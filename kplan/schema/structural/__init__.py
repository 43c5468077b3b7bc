"""Custom resources under the structural schemas of their definitions: reading, defaulting, validating.

Upstream: apiextensions-apiserver/pkg/apiserver/schema. A `Structure` is made of a schema when the first object of its kind comes;
schemas that nothing is of cost nothing.
"""

from __future__ import annotations

from kplan.schema.structural.accept import acceptor
from kplan.schema.structural.correlation import Correlated
from kplan.schema.structural.embedded import MalformedError, coerce, read_meta, validate
from kplan.schema.structural.explain import explain
from kplan.schema.structural.lists import validate_lists
from kplan.schema.structural.reading import default, drop_nulls, prune, prune_part
from kplan.schema.structural.rules import Rules, has_rules
from kplan.schema.structural.structure import Structure

__all__ = [
    "Correlated",
    "MalformedError",
    "Rules",
    "Structure",
    "acceptor",
    "coerce",
    "default",
    "drop_nulls",
    "explain",
    "has_rules",
    "prune",
    "prune_part",
    "read_meta",
    "validate",
    "validate_lists",
]
