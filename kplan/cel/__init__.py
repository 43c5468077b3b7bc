"""CEL, the expression language of custom resources and admission policies, as Kubernetes 1.36 has it.

`compile` reads and checks an expression against an `Environment` and gives a `Program`, or raises `CompileError`; a program evaluates with
variables to a value, or raises `EvaluationError`. All texts are those of the server. Upstream: cel-go, apiserver/pkg/cel.
"""

from __future__ import annotations

from kplan.cel.environment import Environment, Program
from kplan.cel.errors import CompileError, EvaluationError
from kplan.cel.policies import check_device_selector, device_selector_is_too_complex, match_condition_error
from kplan.cel.rules import compile_rules


def compile(expression: str, environment: Environment) -> Program:
    """Read and check an expression; raises CompileError."""
    return environment.compile(expression)


__all__ = [
    "CompileError",
    "Environment",
    "EvaluationError",
    "Program",
    "check_device_selector",
    "compile",
    "compile_rules",
    "device_selector_is_too_complex",
    "match_condition_error",
]
