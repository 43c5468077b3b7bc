"""What an expression may use: variables, types with fields, functions and macros; and programs, which are compiled expressions.

Upstream: apiserver/pkg/cel/environment/base.go at 1.36, for new expressions and stored ones alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from kplan.cel import types
from kplan.cel.activation import METER, Meter
from kplan.cel.ast import Node
from kplan.cel.checker import check
from kplan.cel.declare import Overload, by_name, declared, read_signature
from kplan.cel.depth import deep
from kplan.cel.errors import EvaluationError
from kplan.cel.evaluator import plan
from kplan.cel.library import (
    authorizer,
    conversions,
    formats,
    ips,
    lists,
    operators,
    optionals,
    quantities,
    regexes,
    strings,
    times,
    urls,
)
from kplan.cel.macros import BIND, MACROS, Macros
from kplan.cel.parser import parse
from kplan.cel.steps import Step
from kplan.cel.typenames import TYPE_NAMES, TYPE_VALUES
from kplan.cel.types import Type, object_of, type_of_type

PER_CALL_LIMIT = 1_000_000
SHALLOW = 200
"""Texts of so many characters nest no deeper than any stack allows."""
LIBRARIES = (operators, conversions, times, strings, regexes, lists, optionals, quantities, ips, urls, formats, authorizer)
SIGNATURES = (*operators.DECLARED_ONLY, *optionals.DECLARED_ONLY)
_ALL = (*(read_signature(text) for text in SIGNATURES), *(one for library in LIBRARIES for one in declared(library)))
PATCH_ONLY = "jsonpatch.escapeKey"
ALL_FUNCTIONS = by_name(_ALL)
FUNCTIONS = {name: overloads for name, overloads in ALL_FUNCTIONS.items() if name != PATCH_ONLY}
PATCH_FIELDS = {"op": types.STRING, "path": types.STRING, "from": types.STRING, "value": types.DYN}
STANDARD_MACROS = {key: macro for key, macro in MACROS.items() if key not in BIND}


class Program:
    """A compiled expression."""

    def __init__(self, source: str, tree: Node, functions: dict[str, list[Overload]]) -> None:
        self.source = source
        self.tree = tree
        self.functions = functions

    @property
    def type(self) -> Type:
        """What it evaluates to."""
        assert self.tree.type is not None
        return self.tree.type

    @cached_property
    def step(self) -> Step:
        """The function that evaluates it."""
        return plan(self.tree, self.functions)

    @cached_property
    def error(self) -> str:
        """Why it cannot be evaluated whatever the variables are; empty where it can."""
        try:
            with deep():
                self.step  # noqa: B018 - planning is what is tried
        except EvaluationError as error:
            return f"program instantiation failed: {error}"
        return ""

    def evaluate(self, variables: Mapping[str, Any], limit: int = PER_CALL_LIMIT) -> Any:
        """The value; raises EvaluationError."""
        return self.measure(variables, Meter(limit))

    def measure(self, variables: Mapping[str, Any], meter: Meter) -> Any:
        """The value, with what it costs counted on a meter."""
        if not self.is_deep:
            return self.step({**TYPE_VALUES, **variables, METER: meter})
        with deep():
            return self.step({**TYPE_VALUES, **variables, METER: meter})

    @cached_property
    def is_deep(self) -> bool:
        """Whether evaluation may need more of the stack than Python has ready."""
        return len(self.source) > SHALLOW


class Environment:
    """Variables, the fields of object types by their names, functions and macros."""

    def __init__(
        self,
        variables: Mapping[str, Type],
        objects: Mapping[str, Mapping[str, Type]] | None = None,
        macros: Macros | None = None,
        patches: bool = False,
    ) -> None:
        self.variables = dict(variables)
        self.objects = dict(objects or {})
        self.macros = STANDARD_MACROS if macros is None else macros
        self.patches = patches
        self.functions = ALL_FUNCTIONS if patches else FUNCTIONS

    def variable(self, name: str) -> Type | None:
        """The type of a variable, or that of a type's name."""
        found = self.variables.get(name) or TYPE_NAMES.get(name)
        if found is None and (name in self.objects or self.is_patch_type(name)):
            found = type_of_type(object_of(name))
        return found

    def is_patch_type(self, name: str) -> bool:
        """`JSONPatch`, `Object`, `Object.spec` …, of which mutations are made."""
        return self.patches and (name in ("JSONPatch", "Object") or name.startswith("Object."))

    def field(self, type_name: str, field: str) -> Type | None:
        """The type of a field, if there is one."""
        fields = self.objects.get(type_name)
        if fields is not None:
            return fields.get(field)
        if self.is_patch_type(type_name):
            return PATCH_FIELDS.get(field) if type_name == "JSONPatch" else types.DYN
        return None

    def compile(self, source: str) -> Program:
        """Read and check an expression; raises CompileError."""
        with deep():
            tree = parse(source, self.macros)
            check(source, tree, self)
        return Program(source, tree, self.functions)
