"""What calls of libraries' functions may cost, and how large their results may be, before they are made.

Upstream: apiserver/pkg/cel/library/cost.go (EstimateCallCost), cel-go ext/{lists,sets}.go. The core's own are in `kplan.cel.cost`.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

from kplan.cel.ast import Literal, Node
from kplan.cel.declare import Overload
from kplan.cel.estimates import MOST, NOTHING, ONE, Range, fixed
from kplan.cel.types import Type

TRAVERSAL, REGEX = 0.1, 0.25


class Argument(NamedTuple):
    """An argument: its type, its tree (None for items of a list) and where in the schema it comes from."""

    type: Type
    node: Node | None
    path: tuple[str, ...] | None
    size: Range | None


class Sizes(Protocol):
    """What knows how large things are."""

    def size_of(self, argument: Argument) -> Range:
        """The size of an argument; anything where it is not known."""


class Estimate(NamedTuple):
    """Cost of a call, and size of its result where that is known."""

    cost: Range
    size: Range | None = None


_ONE = frozenset(
    {
        *("serviceAccount", "path", "group", "resource", "subresource", "namespace", "name", "allowed", "reason", "error", "errored"),
        *("masked", "prefixLength", "family", "isUnspecified", "isLoopback", "isLinkLocalMulticast", "isLinkLocalUnicast", "isGlobalUnicast"),
        *("format.named", "sign", "asInteger", "isInteger", "asApproximateFloat", "isGreaterThan", "isLessThan", "compareTo", "add", "sub"),
        *("major", "minor", "patch", "getScheme", "getHostname", "getHost", "getPort", "getEscapedPath", "getQuery"),
    }
)
_FIRST_ARGUMENT = frozenset({"cidr", "isIP", "isCIDR", "quantity", "isQuantity", "semver", "isSemver"})
_ADDRESS = Range(4, 16)
_ATOMIC_TYPES = frozenset(
    {
        *("net.IP", "net.CIDR", "kubernetes.Quantity", "kubernetes.Semver"),
        *(f"kubernetes.authorization.{name}" for name in ("Authorizer", "PathCheck", "GroupCheck", "ResourceCheck", "Decision")),
    }
)


def estimate(sizes: Sizes, one: Overload, target: Argument | None, args: list[Argument]) -> Estimate | None:
    """What one overload of a function costs; None where nothing particular is known."""
    name = one.function
    if name in _ONE:
        return Estimate(ONE)
    if name == "check":
        return Estimate(fixed(350000))
    if name in ("fieldSelector", "labelSelector"):
        length = sizes.size_of(args[0])
        return Estimate(fixed(10).plus(length.scaled(TRAVERSAL)).plus(length.scaled(0.5).scaled(50)))
    if name in _FIRST_ARGUMENT:
        return Estimate(sizes.size_of(args[0]).scaled(TRAVERSAL))
    if name == "_==_":
        return _equality(sizes, args)
    return _texts(sizes, one, target, args) or _lists(sizes, one, target, args)


def _texts(sizes: Sizes, one: Overload, target: Argument | None, args: list[Argument]) -> Estimate | None:
    name = one.function
    match name:
        case "url" | "jsonpatch.escapeKey":
            size = sizes.size_of(args[0])
            return Estimate(size.scaled(TRAVERSAL), size)
        case "lowerAscii" | "upperAscii" | "substring" | "trim" if target is not None:
            size = sizes.size_of(target)
            return Estimate(size.scaled(TRAVERSAL), size)
        case "replace" if target is not None:
            return _replace(sizes.size_of(target), sizes.size_of(args[0]), sizes.size_of(args[1]))
        case "split" if target is not None:
            size = sizes.size_of(target)
            most = size.most
            if len(args) > 1 and isinstance(args[1].node, Literal) and isinstance(args[1].node.value, int):
                most = args[1].node.value % (MOST + 1)
            return Estimate(size.scaled(2 * TRAVERSAL), Range(0, most))
        case "find" | "findAll" if target is not None:
            size = sizes.size_of(target)
            return Estimate(size.plus(ONE).scaled(TRAVERSAL).times(sizes.size_of(args[0]).scaled(REGEX)), Range(0, size.most))
        case "ip":
            return Estimate(ONE) if one.member else Estimate(sizes.size_of(args[0]).scaled(TRAVERSAL))
        case "ip.isCanonical":
            return Estimate(sizes.size_of(args[0]).scaled(2 * TRAVERSAL))
        case "containsIP" | "containsCIDR":
            cost = _ADDRESS.plus(_ADDRESS).scaled(TRAVERSAL)
            if name == "containsCIDR":
                cost = cost.plus(_ADDRESS.scaled(TRAVERSAL)).plus(ONE)
            if one.args[1].kind == "string":
                cost = cost.plus(sizes.size_of(args[0]).scaled(TRAVERSAL))
            return Estimate(cost)
        case "validate":
            return Estimate(sizes.size_of(args[0]).scaled(TRAVERSAL).scaled(128 * REGEX))
    return None


def _replace(size: Range, old: Range, new: Range) -> Estimate:
    """How often something can be replaced decides how large the result is."""
    count_most = kept_most = count_least = kept_least = 0
    if old.least == 0:
        count_most, kept_most = min(size.most + 1, MOST), size.most
    elif new.most <= old.least:
        kept_most = size.most
    else:
        count_most = math.ceil(float(size.most) / float(old.least))
    if old.most == 0:
        count_least, kept_least = min(size.least + 1, MOST), size.least
    elif old.most <= new.least:
        kept_least = size.least
    else:
        count_least = math.ceil(float(size.least) / float(old.most))
    result = Range(count_least, min(count_most, MOST)).times(new).plus(Range(kept_least, kept_most))
    return Estimate(size.scaled(2 * TRAVERSAL), result)


def _item(of: Argument) -> Argument | None:
    if not of.type.params:
        return None
    return Argument(of.type.params[0], None, (*of.path, "@items") if of.path is not None else None, None)


def _lists(sizes: Sizes, one: Overload, target: Argument | None, args: list[Argument]) -> Estimate | None:
    name = one.function
    if name.startswith("sets."):
        factor = 2 if name == "sets.equivalent" else 1
        return Estimate(sizes.size_of(args[0]).times(sizes.size_of(args[1])).scaled(factor).plus(ONE))
    if name == "lists.range":
        return _made(1, fixed(_number(args[0], MOST)))
    if target is None:
        return None
    match name:
        case "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf":
            item = _item(target)
            if item is None:
                return Estimate(sizes.size_of(target).scaled(TRAVERSAL))
            each = ONE.plus(sizes.size_of(item).scaled(TRAVERSAL)) if item.type.kind in ("string", "bytes") else ONE
            return Estimate(sizes.size_of(target).times(each))
        case "join":
            return _join(sizes, target, args)
        case "slice":
            start, end = _number(args[0], 0), _number(args[1], sizes.size_of(target).most)
            return _made(1, fixed((end - start) % (MOST + 1)))
        case "reverse":
            return _made(1, sizes.size_of(target))
        case "flatten":
            return _made(float(_number(args[0], MOST) if args else 1), sizes.size_of(target))
        case "distinct":
            size = sizes.size_of(target)
            return _made(2, size.times(size))
        case "sort" | "@sortByAssociatedKeys":
            keys, item_type = (target, one.args[0].params[0]) if name == "sort" else (args[0], one.args[1].params[0])
            size = sizes.size_of(keys)
            return _made(2 + TRAVERSAL if item_type.kind in ("string", "bytes") else 2, size.times(size))
    return None


def _join(sizes: Sizes, target: Argument, args: list[Argument]) -> Estimate:
    count, item = sizes.size_of(target), _item(target)
    size = count.times(sizes.size_of(item)) if item is not None else NOTHING
    if args:
        size = size.plus(sizes.size_of(args[0]).times(Range(max(count.least - 1, 0), max(count.most - 1, 0))))
    return Estimate(size.scaled(TRAVERSAL), size)


def _made(factor: float, size: Range) -> Estimate:
    """A call that makes a list."""
    return Estimate(size.scaled(factor).plus(ONE).plus(fixed(10)), size)


def _number(argument: Argument, otherwise: int) -> int:
    node = argument.node
    if not isinstance(node, Literal) or type(node.value) is not int:
        return otherwise
    return max(node.value, 0)


def _equality(sizes: Sizes, args: list[Argument]) -> Estimate | None:
    if args[0].type != args[1].type:
        return None
    name = args[0].type.name
    if name in _ATOMIC_TYPES:
        return Estimate(ONE)
    if name == "kubernetes.NamedFormat":
        return Estimate(Range(1, 64).scaled(TRAVERSAL))
    if name == "kubernetes.URL":
        size = args[1].size or ONE
        return Estimate(Range(1, size.most).scaled(TRAVERSAL))
    return None
