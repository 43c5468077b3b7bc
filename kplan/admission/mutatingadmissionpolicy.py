"""MutatingAdmissionPolicy: expressions change objects, by apply configurations and JSON patches.

Upstream: apiserver/pkg/admission/plugin/policy/mutating/{dispatcher,plugin}.go and patch/{smd,json_patch}.go. Once a policy changed an object,
all mutating plugins are asked once more; policies then only where their reinvocationPolicy is IfNeeded.
"""

from __future__ import annotations

import base64
import dataclasses
from typing import TYPE_CHECKING, Any

from kplan.admission.policy_evaluation import BudgetError, Evaluation, ExpressionError, compiler_of
from kplan.admission.policy_matching import Invocation, Misconfigured, invocations
from kplan.admission.refusal import forbidden
from kplan.admission.request import PatchError, Plugin, Request
from kplan.api.objects import Object, copy_tree, name_of
from kplan.api.reader import Reader
from kplan.api.status import Cause, StatusError

if TYPE_CHECKING:
    from kplan.kinds.policycompile import PolicyCompiler


class MutatingAdmissionPolicy(Plugin):
    """Change what the policies in force say."""

    name = "MutatingAdmissionPolicy"

    def __init__(self) -> None:
        self._compilers: dict[int, tuple[Object, PolicyCompiler]] = {}

    def admit(self, request: Request, reader: Reader) -> None:
        """Policies one after the other; what went wrong with them refuses the request in the end."""
        if request.operation == "DELETE":
            return
        failed: list[str] = []
        for found in list(invocations(request, reader, "MutatingAdmissionPolicy")):
            ignore = found.policy["spec"].get("failurePolicy") == "Ignore"
            if isinstance(found, Misconfigured):
                if not ignore:
                    failed.append(_denied(found.policy, found.binding, found.why))
                continue
            for message in self._invoke(found, request, reader, ignore):
                if not ignore:
                    failed.append(_denied(found.policy, found.binding, message))
        if failed:
            error = forbidden(request, "", *(Cause("", "", message) for message in failed))
            raise StatusError(dataclasses.replace(error.status, reason="Invalid", message=failed[0]))

    def _invoke(self, found: Invocation, request: Request, reader: Reader, ignore: bool) -> list[str]:
        """Apply one policy's mutations; what went wrong."""
        spec = found.policy["spec"]
        compiler = compiler_of(found.policy, True, self._compilers)
        try:
            if not Evaluation(compiler, request, reader, found.param).meets_conditions(spec.get("matchConditions") or [], ignore):
                return []
        except ExpressionError as error:
            return [str(error)]
        key = (name_of(found.policy), name_of(found.binding), name_of(found.param or {}))
        if request.reinvoked and key not in request.reinvocable:
            return []
        failed = []
        before = copy_tree(request.object)
        for mutation in spec.get("mutations") or ():
            if request.object is None:
                break
            try:
                _mutate(mutation, Evaluation(compiler, request, reader, found.param), request)
            except (ExpressionError, BudgetError, PatchError) as error:
                failed.append(str(error))
        if before != request.object:
            request.reinvoke = True
        if spec.get("reinvocationPolicy") == "IfNeeded":
            request.reinvocable.add(key)
        return failed


def _denied(policy: Object, binding: Object | None, message: str) -> str:
    if binding is None:
        return f'policy "{name_of(policy)}" denied request: {message}'
    return f"policy '{name_of(policy)}' with binding '{name_of(binding)}' denied request: {message}"


def _mutate(mutation: Object, evaluation: Evaluation, request: Request) -> None:
    """Evaluate one mutation and change the request's object by it."""
    field = "jsonPatch" if mutation["patchType"] == "JSONPatch" else "applyConfiguration"
    program = evaluation.compiler.patch(field, mutation[field]["expression"].strip())
    if isinstance(program, str):
        raise ExpressionError(program)
    value = evaluation.run(program, evaluation.variables)
    assert request.object is not None and request.patching is not None
    if field == "applyConfiguration":
        _check_types(value, "Object")
        changed = request.patching.merged(request.object, {**to_json(value), "apiVersion": request.object["apiVersion"], "kind": request.object["kind"]})
    else:
        operations = []
        for operation in value:
            _check_types(operation.get("value"), "Object", top=True)
            wire = {"op": operation.get("op", ""), "path": operation.get("path", "")}
            if operation.get("from"):
                wire["from"] = operation["from"]
            if "value" in operation:
                wire["value"] = to_json(operation["value"])
            operations.append(wire)
        changed = request.patching.patched(request.object, operations)
    _put(request.object, changed)


def _put(obj: Object, changed: Object) -> None:
    """Let an object become another in place: the request's metadata stays the same dict."""
    meta, new = obj.setdefault("metadata", {}), changed.get("metadata") or {}
    obj.clear()
    obj.update(changed)
    obj["metadata"] = meta
    kept = dict(new)
    meta.clear()
    meta.update(kept)


def _check_types(value: Any, expected: str, top: bool = False) -> None:
    """The name of an object's type must be the path of the field that it stands in.   Upstream: CheckTypeNamesMatchFieldPathNames."""
    from kplan.cel.values import Struct

    wrong: list[str] = []

    def look(one: Any, path: str) -> None:
        if isinstance(one, Struct):
            if one.type_name != path:
                wrong.append(f'unexpected type name "{one.type_name}", expected "{path}", which matches field name path from root Object type')
            for key, inner in one.items():
                look(inner, f"{path}.{key}")
        elif isinstance(one, list):
            for inner in one:
                look(inner, path)
        elif isinstance(one, dict):
            for inner in one.values():
                look(inner, path)

    if top and not isinstance(value, Struct):
        return
    look(value, value.type_name if top else expected)
    if wrong:
        raise ExpressionError("type mismatch: " + "\n".join(wrong))


def to_json(value: Any) -> Any:
    """A value of an expression as JSON."""
    from kplan.cel.library.conversions import format_duration, format_time
    from kplan.cel.values import Duration, Timestamp

    match value:
        case None | bool() | str() | float():
            return value
        case int():
            return int(value)
        case bytes():
            return base64.b64encode(value).decode()
        case list():
            return [to_json(item) for item in value]
        case dict():
            return {key: to_json(inner) for key, inner in value.items()}
        case Timestamp():
            return format_time(value)
        case Duration():
            return format_duration(value)
    raise ExpressionError(f"JSONPath valueExpression evaluated to a type that could not marshal to JSON: {type(value).__name__}")
