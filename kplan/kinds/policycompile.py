"""Compiling the expressions of admission policies, for their validation and for admission.

Upstream: apiserver/pkg/admission/plugin/cel/composition.go, policy/{validating,mutating}/compilation.go and plugin.go.
"""

from __future__ import annotations

from functools import cached_property

from kplan.api.objects import Object
from kplan.cel.environment import Environment, Program
from kplan.cel.policies import APPLY_CONFIGURATION, JSON_PATCHES, admission_environment, compile_for, variable_type
from kplan.cel.types import BOOL, DYN, NULL, STRING, Type

CONDITION = (BOOL,)
MESSAGE = (STRING,)
ANNOTATION = (STRING, NULL)
ANYTHING: tuple[Type, ...] = ()
PATCHES = {"jsonPatch": (JSON_PATCHES,), "applyConfiguration": (APPLY_CONFIGURATION,)}


class PolicyCompiler:
    """Compiles the expressions of one policy; a text in place of a program says why there is none.

    `composed`: even without variables of its own there is an (empty) object of them.
    """

    def __init__(self, spec: Object, composed: bool) -> None:
        self.params = spec.get("paramKind") is not None
        self.spec = spec
        self.composed = composed

    @cached_property
    def variables(self) -> list[tuple[str, Program | str]]:
        """Each variable that has an expression, compiled with those before it."""
        found: list[tuple[str, Program | str]] = []
        known: dict[str, Type] = {}
        for variable in self.spec.get("variables") or ():
            expression = variable.get("expression") or ""
            if not expression.strip():
                continue
            environment = admission_environment(self.params, variables=tuple(known.items()))
            compiled = compile_for(environment, expression, ANYTHING)
            name = variable.get("name") or ""
            known[name] = DYN if isinstance(compiled, str) else variable_type(compiled.type)
            found.append((name, compiled))
        return found

    @cached_property
    def _types(self) -> tuple[tuple[str, Type], ...] | None:
        if not self.composed and not self.spec.get("variables"):
            return None
        return tuple({name: DYN if isinstance(found, str) else variable_type(found.type) for name, found in self.variables}.items())

    def environment(self, authorizer: bool = True, patches: bool = False) -> Environment:
        """What expressions other than match conditions may use."""
        return admission_environment(self.params, authorizer, patches, self._types)

    def condition(self, expression: str) -> Program | str:
        """A match condition."""
        return compile_for(admission_environment(self.params), expression, CONDITION)

    def validation(self, expression: str) -> Program | str:
        """What must hold."""
        return compile_for(self.environment(), expression, CONDITION)

    def message(self, expression: str) -> Program | str:
        """What is said where it does not."""
        return compile_for(self.environment(authorizer=False), expression, MESSAGE)

    def annotation(self, expression: str) -> Program | str:
        """What is noted for the audit."""
        return compile_for(self.environment(), expression, ANNOTATION)

    def patch(self, field: str, expression: str) -> Program | str:
        """A mutation, by the field that has it: `jsonPatch` or `applyConfiguration`."""
        return compile_for(self.environment(patches=True), expression, PATCHES[field])
