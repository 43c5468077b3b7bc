"""What a policy's expressions see, and what they come to.

Upstream: apiserver/pkg/admission/plugin/cel/{activation,condition,composition}.go, plugin/webhook/matchconditions/matcher.go.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kplan.admission.refusal import aggregate
from kplan.api.objects import Object

if TYPE_CHECKING:
    from kplan.admission.request import Request
    from kplan.api.reader import Reader
    from kplan.cel.environment import Program
    from kplan.kinds.policycompile import PolicyCompiler

BUDGET = 10_000_000
CONDITIONS_BUDGET = 2_500_000
OUT_OF_BUDGET = "validation failed due to running out of cost budget, no further validation rules will be run"
NAMESPACE_FIELDS = (
    *("name", "generateName", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp"),
    *("deletionGracePeriodSeconds", "labels", "annotations", "finalizers"),
)


class ExpressionError(Exception):
    """An expression that comes to nothing; the text is what is said of it."""


class BudgetError(Exception):
    """Expressions that cost too much altogether."""


def request_value(request: Request) -> Object:
    """The request as expressions see it.   Upstream: CreateAdmissionRequest."""
    kind = request.kind
    gvk = {"group": kind.group, "version": kind.version, "kind": kind.kind}
    gvr = {"group": kind.group, "version": kind.version, "resource": kind.plural}
    value: Object = {"uid": "", "kind": gvk, "resource": gvr, "requestKind": gvk, "requestResource": gvr, "operation": request.operation}
    if request.subresource:
        value["subResource"] = value["requestSubResource"] = request.subresource
    if request.name:
        value["name"] = request.name
    if request.namespace:
        value["namespace"] = request.namespace
    user: Object = {"username": request.user.name}
    if request.user.groups:
        user["groups"] = list(request.user.groups)
    value["userInfo"] = user
    value["dryRun"] = request.dry_run
    options: Object = {"kind": f"{request.operation.capitalize()}Options", "apiVersion": "meta.k8s.io/v1"}
    if request.dry_run:
        options["dryRun"] = ["All"]
    return {**value, "object": None, "oldObject": None, "options": options}


def namespace_value(request: Request, reader: Reader) -> Object | None:
    """The namespace of a request as expressions see it; None for what is in none."""
    if not request.namespace or request.kind.group_kind == "Namespace":
        return None
    namespace = reader.get("Namespace", "", request.namespace)
    if namespace is None:
        return None
    meta = {field: value for field, value in namespace["metadata"].items() if field in NAMESPACE_FIELDS}
    return {"metadata": meta, "spec": namespace.get("spec") or {}, "status": namespace.get("status") or {}}


class Evaluation:
    """One policy at work on one request with one parameter."""

    def __init__(self, compiler: PolicyCompiler, request: Request, reader: Reader, param: Object | None) -> None:
        self.compiler = compiler
        self.request = request
        self.reader = reader
        self.param = param
        self.budget = BUDGET
        self.lazy_cost = 0

    @cached_property
    def seen(self) -> dict[str, Any]:
        """The variables of all expressions but the policy's own and the namespace."""
        from kplan.cel.library.authorizer import Authorizer, ResourceCheck

        return {
            "object": self.request.object,
            "oldObject": self.request.old,
            "params": self.param,
            "request": request_value(self.request),
            "namespaceObject": None,
            "authorizer": Authorizer(),
            "authorizer.requestResource": ResourceCheck(),
        }

    @cached_property
    def variables(self) -> dict[str, Any]:
        """What validations and mutations see: also the namespace and the policy's own variables, worked out when they are asked for."""
        from kplan.cel.activation import LazyObject

        seen = {**self.seen, "namespaceObject": namespace_value(self.request, self.reader)}
        seen["variables"] = LazyObject({name: self._variable(name, program, seen) for name, program in self.compiler.variables})
        return seen

    def _variable(self, name: str, program: Program | str, seen: dict[str, Any]) -> Callable[[], Any]:
        from kplan.cel.activation import Meter
        from kplan.cel.environment import PER_CALL_LIMIT
        from kplan.cel.errors import EvaluationError

        def value() -> Any:
            if isinstance(program, str):
                raise EvaluationError(f'composited variable "{name}" fails to compile: {program}')
            meter = Meter(PER_CALL_LIMIT)
            try:
                return program.measure(seen, meter)
            except EvaluationError as error:
                raise EvaluationError(f'composited variable "{name}" fails to evaluate: {error}') from None
            finally:
                self.lazy_cost += meter.spent

        return value

    def run(self, program: Program | str, seen: dict[str, Any]) -> Any:
        """The value of an expression; raises ExpressionError, and BudgetError once there is nothing left."""
        from kplan.cel.activation import Meter
        from kplan.cel.environment import PER_CALL_LIMIT
        from kplan.cel.errors import EvaluationError

        if isinstance(program, str):
            raise ExpressionError(f"compilation error: {program}")
        meter = Meter(PER_CALL_LIMIT)
        failed, value = "", None
        try:
            value = program.measure(seen, meter)
        except EvaluationError as error:
            failed = f"expression '{program.source}' resulted in error: {error}"
        cost, self.lazy_cost = meter.spent + self.lazy_cost, 0
        if cost > self.budget:
            raise BudgetError(OUT_OF_BUDGET)
        self.budget -= cost
        if failed:
            raise ExpressionError(failed)
        return value

    def meets_conditions(self, conditions: list[Object], ignore: bool) -> bool:
        """Whether all match conditions hold; raises ExpressionError where some fail, none is false, and failures are not ignored."""
        if not conditions:
            return True
        self.budget = CONDITIONS_BUDGET
        errors: list[str] = []
        try:
            for condition in conditions:
                try:
                    if self.run(self.compiler.condition(condition["expression"]), self.seen) is False:
                        return False
                except ExpressionError as error:
                    errors.append(str(error))
        except BudgetError as error:
            errors = [str(error)]
        finally:
            self.budget = BUDGET
        if errors and not ignore:
            raise ExpressionError(aggregate(errors))
        return not errors


def compiler_of(policy: Object, composed: bool, known: dict[int, tuple[Object, PolicyCompiler]]) -> PolicyCompiler:
    """The compiler of a stored policy, which is made once: stored objects never change."""
    from kplan.kinds.policycompile import PolicyCompiler

    held = known.get(id(policy))
    if held is None or held[0] is not policy:
        if len(known) >= 256:
            known.clear()
        held = known[id(policy)] = (policy, PolicyCompiler(policy["spec"], composed))
    return held[1]
