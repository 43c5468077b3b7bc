"""ValidatingAdmissionPolicy: expressions decide whether a request is taken.

Upstream: apiserver/pkg/admission/plugin/policy/validating/{dispatcher,validator}.go. Audit annotations are worked out, since one that fails
refuses the request, and go nowhere.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from kplan.admission.policy_evaluation import BudgetError, Evaluation, ExpressionError, compiler_of
from kplan.admission.policy_matching import Invocation, Misconfigured, invocations
from kplan.admission.refusal import forbidden
from kplan.admission.request import Plugin, Request
from kplan.api.objects import Object, name_of
from kplan.api.reader import Reader
from kplan.api.status import Cause, StatusError

if TYPE_CHECKING:
    from kplan.kinds.policycompile import PolicyCompiler

CODES = {"Forbidden": 403, "Unauthorized": 401, "RequestEntityTooLarge": 413}
LONGEST_MESSAGE = 5 * 1024


class Denial(NamedTuple):
    """One reason to refuse. `always`: whatever the binding's actions are."""

    message: str
    reason: str = "Invalid"
    always: bool = False


class ValidatingAdmissionPolicy(Plugin):
    """Refuse, or warn of, what the policies in force do not allow."""

    name = "ValidatingAdmissionPolicy"

    def __init__(self) -> None:
        self._compilers: dict[int, tuple[Object, PolicyCompiler]] = {}

    def validate(self, request: Request, reader: Reader) -> None:
        """The first denial is the answer."""
        denied: StatusError | None = None
        for found in invocations(request, reader, "ValidatingAdmissionPolicy"):
            if isinstance(found, Misconfigured):
                if found.policy["spec"].get("failurePolicy") != "Ignore":
                    denied = denied or _refusal(request, found.policy, found.binding, Denial(found.why))
                continue
            actions = found.binding["spec"].get("validationActions") or ()
            for denial in self._denials(found, request, reader):
                if "Deny" in actions or denial.always:
                    denied = denied or _refusal(request, found.policy, found.binding, denial)
                if "Warn" in actions and not denial.always:
                    who = f"ValidatingAdmissionPolicy '{name_of(found.policy)}' with binding '{name_of(found.binding)}'"
                    request.warnings.append(f"Validation failed for {who}: {denial.message}")
        if denied is not None:
            raise denied

    def _denials(self, found: Invocation, request: Request, reader: Reader) -> Iterator[Denial]:
        """What one policy has against a request; where its failures are ignored, only what it finds wrong counts."""
        spec = found.policy["spec"]
        ignore = spec.get("failurePolicy") == "Ignore"
        evaluation = Evaluation(compiler_of(found.policy, False, self._compilers), request, reader, found.param)
        try:
            if evaluation.meets_conditions(spec.get("matchConditions") or [], ignore):
                yield from list(_validations(spec, evaluation, ignore))
                yield from list(_annotations(spec, evaluation, ignore))
        except (ExpressionError, BudgetError) as error:
            if not ignore:
                yield Denial(str(error))


def _validations(spec: Object, evaluation: Evaluation, ignore: bool) -> Iterator[Denial]:
    for validation in spec.get("validations") or ():
        try:
            if evaluation.run(evaluation.compiler.validation(validation["expression"]), evaluation.variables) is not True:
                yield Denial(_message(validation, evaluation), validation.get("reason") or "Invalid")
        except ExpressionError as error:
            if not ignore:
                yield Denial(str(error))


def _message(validation: Object, evaluation: Evaluation) -> str:
    """What is said: the message expression's text, else the message, else the expression."""
    text = ""
    if validation.get("messageExpression"):
        variables = {key: value for key, value in evaluation.variables.items() if not key.startswith("authorizer")}
        try:
            value = evaluation.run(evaluation.compiler.message(validation["messageExpression"]), variables)
        except ExpressionError:
            value = None
        except BudgetError as error:
            raise ExpressionError(f"failed messageExpression: {error}") from None
        text = value.strip() if isinstance(value, str) else ""
        if len(text.encode()) > LONGEST_MESSAGE or "\n" in text:
            text = ""
    return text or (validation.get("message") or "").strip() or f"failed expression: {validation['expression'].strip()}"


def _annotations(spec: Object, evaluation: Evaluation, ignore: bool) -> Iterator[Denial]:
    for annotation in spec.get("auditAnnotations") or ():
        try:
            evaluation.run(evaluation.compiler.annotation(annotation["valueExpression"].strip()), evaluation.variables)
        except ExpressionError as error:
            if not ignore:
                yield Denial(str(error), always=True)


def _refusal(request: Request, policy: Object, binding: Object | None, denial: Denial) -> StatusError:
    bound = f" with binding '{name_of(binding)}'" if binding is not None else ""
    message = f"ValidatingAdmissionPolicy '{name_of(policy)}'{bound} denied request: {denial.message}"
    error = forbidden(request, message, Cause("", "", message))
    return StatusError(dataclasses.replace(error.status, code=CODES.get(denial.reason, 422), reason=denial.reason))
