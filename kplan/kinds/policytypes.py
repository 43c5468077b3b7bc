"""Whether the expressions of a ValidatingAdmissionPolicy fit the types that it matches.

Upstream: apiserver/pkg/admission/plugin/policy/validating/typechecking.go. Types of expressions are named after kinds, without the number
that upstream appends.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from kplan.api.objects import Object, group_of
from kplan.api.reader import Reader
from kplan.cel.environment import Environment
from kplan.cel.errors import CompileError
from kplan.cel.policies import OBJECTS, VARIABLES_TYPE, admission_environment, variable_type
from kplan.cel.schemas import Objects, declare
from kplan.cel.types import DYN, Type
from kplan.kinds.kind import Kind
from kplan.schema.bundle import definitions, referenced
from kplan.schema.resources import lookup

DEFINITION = "CustomResourceDefinition.apiextensions.k8s.io"
MOST_TYPES = 10


class _Named(NamedTuple):
    """A kind in one version."""

    group: str
    version: str
    kind: str

    def __str__(self) -> str:
        return f"{self.group}/{self.version}, Kind={self.kind}"


def expression_warnings(policy: Object, reader: Reader, kinds: tuple[Kind, ...]) -> list[Object]:
    """What is wrong with a policy's validations for the kinds that it names, as `status.typeChecking.expressionWarnings` says it."""
    spec = policy["spec"]
    found = [(one, declared) for one in _matched(spec, reader, kinds) if (declared := _declared(one, reader)) is not None]
    params = _params(spec, reader)
    environments = [(one, _environment(declared, params, spec)) for one, declared in found]
    warnings = []
    for i, validation in enumerate(spec.get("validations") or ()):
        for field in ("expression", "messageExpression"):
            text = validation.get(field) or ""
            if not text:
                continue
            wrong = [f"{one}: {error}\n" for one, environment in environments if (error := _error(environment, text))]
            if wrong:
                warnings.append({"fieldRef": f"spec.validations[{i}].{field}", "warning": "\n".join(wrong)})
    return warnings


def _error(environment: Environment, text: str) -> str:
    try:
        environment.compile(text)
    except CompileError as error:
        return str(error)
    return ""


def _environment(declared: tuple[Type, Objects], params: tuple[Type, Objects] | None, spec: Object) -> Environment:
    """What expressions may use where the object has a type: the variables get theirs one after the other."""
    base = admission_environment(params=params is not None)
    known = {**base.variables, "object": declared[0], "oldObject": declared[0]}
    known.pop("authorizer.requestResource", None)
    objects: dict[str, Any] = {**OBJECTS, **declared[1]}
    if params is not None:
        known["params"] = params[0]
        objects.update(params[1])
    fields: dict[str, Type] = {}
    known["variables"] = Type("struct", VARIABLES_TYPE)
    objects[VARIABLES_TYPE] = fields
    environment = Environment(known, objects)
    for variable in spec.get("variables") or ():
        try:
            fields[variable["name"]] = variable_type(environment.compile(variable["expression"]).type)
        except CompileError:
            fields[variable["name"]] = DYN
    return environment


def _matched(spec: Object, reader: Reader, kinds: tuple[Kind, ...]) -> list[_Named]:
    """The kinds that rules without wildcards name, sorted; no more than ten."""
    found: set[_Named] = set()
    for rule in (spec.get("matchConstraints") or {}).get("resourceRules") or ():
        groups, versions = rule.get("apiGroups") or [], rule.get("apiVersions") or []
        if any("*" in text for text in (*groups, *versions)):
            continue
        resources = [text for text in rule.get("resources") or () if not set(text) & set("*/")]
        count = 0
        for group in sorted(groups):
            for version in sorted(versions):
                for resource in sorted(resources):
                    kind = _kind_of(group, version, resource, reader, kinds)
                    if kind is None:
                        continue
                    found.add(_Named(group, version, kind))
                    count += 1
                    if count == MOST_TYPES:
                        return sorted(found)
    return sorted(found)


def _kind_of(group: str, version: str, resource: str, reader: Reader, kinds: tuple[Kind, ...]) -> str | None:
    for kind in kinds:
        if (kind.group, kind.plural) == (group, resource) and version in (kind.version, *kind.other_versions):
            return kind.kind
    for definition in reader.list(DEFINITION):
        spec = definition["spec"]
        if spec["group"] == group and spec["names"]["plural"] == resource and any(one["name"] == version for one in spec["versions"]):
            return str(spec["names"]["kind"])
    return None


def _params(spec: Object, reader: Reader) -> tuple[Type, Objects] | None:
    kind = spec.get("paramKind")
    if kind is None:
        return None
    named = _Named(group_of(kind["apiVersion"]), kind["apiVersion"].rpartition("/")[2], kind["kind"])
    return _declared(named, reader) or (DYN, {})


def _declared(named: _Named, reader: Reader) -> tuple[Type, Objects] | None:
    """The type of a kind and those of what is in it; None for a kind without a schema."""
    api_version = f"{named.group}/{named.version}" if named.group else named.version
    info = lookup(reader.version, api_version, named.kind)
    if info is not None:
        return _built_in(reader.version, info.definition, named.kind)
    for definition in reader.list(DEFINITION):
        spec = definition["spec"]
        if spec["group"] != named.group or spec["names"]["kind"] != named.kind:
            continue
        for version in spec["versions"]:
            schema = (version.get("schema") or {}).get("openAPIV3Schema")
            if version["name"] == named.version and schema:
                return _declare(schema, named.kind)
    return None


@cache
def _built_in(version: str, definition: str, kind: str) -> tuple[Type, Objects] | None:
    return _declare(_expanded(version, definition, ()), kind)


def _declare(schema: dict[str, Any], kind: str) -> tuple[Type, Objects] | None:
    objects: Objects = {}
    declared = declare(schema, True, kind, objects)
    return None if declared is None else (declared.type, objects)


def _expanded(version: str, name: str, within: tuple[str, ...]) -> dict[str, Any]:
    """A definition with the definitions that it refers to in place; one that is in itself says nothing there."""
    if name.endswith(".intstr.IntOrString"):
        return {"x-kubernetes-int-or-string": True}
    if name.endswith(".resource.Quantity"):
        return {"type": "string"}
    if name in within:
        return {}
    return _resolved(version, definitions(version)[name], (*within, name))


def _resolved(version: str, schema: dict[str, Any], within: tuple[str, ...]) -> dict[str, Any]:
    target = referenced(schema)
    if target:
        return _expanded(version, target, within)
    out = dict(schema)
    for key in ("items", "additionalProperties"):
        if isinstance(out.get(key), dict):
            out[key] = _resolved(version, out[key], within)
    if "properties" in out:
        out["properties"] = {name: _resolved(version, inner, within) for name, inner in out["properties"].items()}
    return out
