"""Expressions of admission: match conditions, policies' validations, variables and mutations, device selectors.

Upstream: apiserver/pkg/admission/plugin/cel/{compile,composition}.go, dynamic-resource-allocation/cel/compile.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from kplan.cel import types
from kplan.cel.cost import cost_of
from kplan.cel.declare import NAMED
from kplan.cel.environment import Environment, Program
from kplan.cel.errors import CompileError
from kplan.cel.macros import MACROS
from kplan.cel.schemas import Declared
from kplan.cel.types import BOOL, DYN, INT, STRING, TIMESTAMP, Type, list_of, map_of, object_of

_STRINGS = list_of(STRING)
OBJECTS: dict[str, dict[str, Type]] = {
    "kubernetes.GroupVersionKind": dict.fromkeys(("group", "version", "kind"), STRING),
    "kubernetes.GroupVersionResource": dict.fromkeys(("group", "version", "resource"), STRING),
    "kubernetes.UserInfo": {"username": STRING, "uid": STRING, "groups": _STRINGS, "extra": map_of(STRING, _STRINGS)},
    "kubernetes.AdmissionRequest": {
        **dict.fromkeys(("kind", "requestKind"), object_of("kubernetes.GroupVersionKind")),
        **dict.fromkeys(("resource", "requestResource"), object_of("kubernetes.GroupVersionResource")),
        **dict.fromkeys(("subResource", "requestSubResource", "name", "namespace", "operation"), STRING),
        "userInfo": object_of("kubernetes.UserInfo"),
        "dryRun": BOOL,
        "options": DYN,
    },
    "kubernetes.NamespaceSpec": {"finalizers": _STRINGS},
    "kubernetes.NamespaceCondition": {**dict.fromkeys(("status", "type", "message", "reason"), STRING), "lastTransitionTime": TIMESTAMP},
    "kubernetes.NamespaceStatus": {"conditions": list_of(object_of("kubernetes.NamespaceCondition")), "phase": STRING},
    "kubernetes.NamespaceMetadata": {
        **dict.fromkeys(("name", "generateName", "namespace", "UID", "resourceVersion"), STRING),
        **dict.fromkeys(("labels", "annotations"), map_of(STRING, STRING)),
        **dict.fromkeys(("creationTimestamp", "deletionTimestamp"), TIMESTAMP),
        **dict.fromkeys(("deletionGracePeriodSeconds", "generation"), INT),
        "finalizers": _STRINGS,
    },
    "kubernetes.Namespace": {
        "metadata": object_of("kubernetes.NamespaceMetadata"),
        "spec": object_of("kubernetes.NamespaceSpec"),
        "status": object_of("kubernetes.NamespaceStatus"),
    },
}
VARIABLES_TYPE = "kubernetes.variables"
DEVICE_TYPE = "kubernetes.DRADevice"
MOST_DEVICE_COST = 1_000_000
JSON_PATCHES = list_of(object_of("JSONPatch"))
APPLY_CONFIGURATION = object_of("Object")


@lru_cache(maxsize=512)
def admission_environment(
    params: bool = False, authorizer: bool = True, patches: bool = False, variables: tuple[tuple[str, Type], ...] | None = None
) -> Environment:
    """What an expression of a policy may use. `variables`: the policy's own, None where it has none."""
    known = {"object": DYN, "oldObject": DYN, "namespaceObject": object_of("kubernetes.Namespace"), "request": object_of("kubernetes.AdmissionRequest")}
    objects: dict[str, Mapping[str, Type]] = dict(OBJECTS)
    if params:
        known["params"] = DYN
    if authorizer:
        known["authorizer"] = NAMED["Authorizer"]
        known["authorizer.requestResource"] = NAMED["ResourceCheck"]
    if variables is not None:
        known["variables"] = object_of(VARIABLES_TYPE)
        objects[VARIABLES_TYPE] = dict(variables)
    return Environment(known, objects, patches=patches)


@lru_cache(maxsize=4096)
def compile_for(environment: Environment, expression: str, returns: tuple[Type, ...]) -> Program | str:
    """A program that evaluates to one of the types (none: any), or why there is none. Compiled once."""
    try:
        program = environment.compile(expression)
    except CompileError as error:
        return f"compilation failed: {error}"
    if returns and program.type not in returns:
        wanted = str(returns[0]) if len(returns) == 1 else f"one of [{' '.join(str(t) for t in returns)}]"
        return f"must evaluate to {wanted} but got {program.type}"
    return program.error or program


def variable_type(found: Type) -> Type:
    """The type that a variable of a policy has in what follows it.   Upstream: convertCelTypeToDeclType."""
    if found.kind in ("list", "map"):
        return Type(found.kind, found.name, tuple(variable_type(p) for p in found.params))
    return DYN if found.kind in ("struct", "opaque", "type", "param", "dyn", "error") else found


def match_condition_error(expression: str, params: bool = False) -> str:
    """Why an expression is no match condition; empty where it is one."""
    found = compile_for(admission_environment(params=params), expression, (BOOL,))
    return found if isinstance(found, str) else ""


def _of_device(value: Declared) -> Declared:
    """Values by domain and name, as many as a device may have of them."""
    names = Declared(map_of(STRING, value.type), 2, 32, key=Declared(STRING, 2, 32), element=value)
    return Declared(map_of(STRING, names.type), 2, 32, key=Declared(STRING, 2, 63), element=names)


_DEVICE = Declared(
    object_of(DEVICE_TYPE),
    2,
    fields={
        "driver": Declared(STRING, 2, 63),
        "allowMultipleAllocations": Declared(BOOL, 4, 1),
        "attributes": _of_device(Declared(types.ANY, 1, 64)),
        "capacity": _of_device(Declared(NAMED["Quantity"], 8)),
    },
)


@lru_cache(maxsize=1)
def device_environment() -> Environment:
    """What a selector of devices may use."""
    device = {name: field.type for name, field in _DEVICE.fields.items()}
    return Environment({"device": object_of(DEVICE_TYPE)}, {DEVICE_TYPE: device}, macros=MACROS)


def check_device_selector(expression: str) -> str | None:
    """Why an expression does not select devices; None where it does."""
    found = compile_for(device_environment(), expression, ())
    if isinstance(found, str):
        return found
    if found.type not in (BOOL, types.ANY):
        return f"must evaluate to bool or the unknown type, not {found.type}"
    return None


def device_selector_is_too_complex(expression: str) -> bool:
    """Whether an expression that selects devices may cost more than it should."""
    found = compile_for(device_environment(), expression, ())
    return not isinstance(found, str) and cost_of(found.tree, _DEVICE).most > MOST_DEVICE_COST
