"""What an expression may cost at most, from how large the values of a schema can get.   Upstream: cel-go checker/cost.go."""

from __future__ import annotations

from typing import Any

from kplan.cel import calls
from kplan.cel.ast import Call, Comprehension, CreateList, CreateMap, CreateStruct, Ident, Literal, Node, Select
from kplan.cel.calls import REGEX, TRAVERSAL, Argument, Estimate
from kplan.cel.declare import Overload
from kplan.cel.estimates import EMPTY, MOST, NOTHING, ONE, UNKNOWN, Range, fixed
from kplan.cel.schemas import Declared
from kplan.cel.sizes import Entries, KnownSizes, type_of_node

_COMPARISONS = frozenset({"_<_", "_>_", "_<=_", "_>=_"})


def cost_of(tree: Node, root: Declared) -> Range:
    """The cost of a checked expression whose variables `self` and `oldSelf` are what `root` declares."""
    return _Coster(root).cost(tree)


class _Coster(KnownSizes):
    """One estimate."""

    def cost(self, node: Node) -> Range:
        match node:
            case Ident():
                local = self.local(node)
                self.paths[id(node)] = local.path if local is not None else (node.name,)
                return ONE
            case Select():
                return self.select(node)
            case Call():
                return self.call(node)
            case CreateList():
                return self.list_cost(node)
            case CreateMap():
                return self.map_cost(node)
            case CreateStruct():
                return self.sum([field.value for field in node.fields]).plus(fixed(40))
            case Comprehension():
                return self.bind(node) if _is_bind(node) else self.comprehension(node)
        return NOTHING

    def sum(self, nodes: list[Node]) -> Range:
        total = NOTHING
        for node in nodes:
            total = total.plus(self.cost(node))
        return total

    def select(self, node: Select) -> Range:
        if node.qualified:
            self.paths[id(node)] = (node.qualified,)
            return ONE
        total = self.cost(node.operand)
        if node.test:
            return total
        if type_of_node(node.operand).kind in ("map", "struct", "param"):
            total = total.plus(ONE)
        self.paths[id(node)] = (*self.path(node.operand), node.field)
        return total

    def list_cost(self, node: CreateList) -> Range:
        total, item = NOTHING, Range(0, 0) if not node.elements else EMPTY
        for element in node.elements:
            total = total.plus(self.cost(element))
            item = item.union(self.size_or_unknown(element))
        self.entries[id(node)] = Entries("list", ONE, item)
        return total.plus(fixed(10))

    def map_cost(self, node: CreateMap) -> Range:
        total = NOTHING
        key = value = Range(0, 0) if not node.entries else EMPTY
        for entry in node.entries:
            total = total.plus(self.cost(entry.key)).plus(self.cost(entry.value))
            key = key.union(self.size_or_unknown(entry.key))
            value = value.union(self.size_or_unknown(entry.value))
        self.entries[id(node)] = Entries("map", key, value)
        return total.plus(fixed(30))

    def comprehension(self, node: Comprehension) -> Range:
        total = self.cost(node.range).plus(self.cost(node.init))
        self.push(node.accumulator, self.path(node.init), self.size(node.init), self.entry_sizes(node.init))
        entries = self.entry_sizes(node.range)
        kind = entries.kind if entries is not None else type_of_node(node.range).kind
        path = self.path(node.range)
        key_size, value_size = (entries.key, entries.value) if entries is not None else (None, None)
        if node.variable2:
            self.push(node.variable, (*path, "@indices" if kind == "list" else "@keys"), key_size, None)
            self.push(node.variable2, (*path, "@items" if kind == "list" else "@values"), value_size, None)
        elif kind == "list":
            self.push(node.variable, (*path, "@items"), value_size, None)
        else:
            self.push(node.variable, (*path, "@keys"), key_size, None)
        each = self.cost(node.condition)
        each = self.cost(node.step).plus(each)
        self.pop(node.variable)
        if node.variable2:
            self.pop(node.variable2)
        total = total.plus(self.cost(node.result))
        self.pop(node.accumulator)
        count = self.size_or_unknown(node.range)
        if isinstance(node.init, Literal):
            self.note_size(node, self.size(node.init))
        elif isinstance(node.init, CreateList | CreateMap):
            self.note_size(node, count)
            step = self.entry_sizes(node.step)
            if step is not None:
                self.entries[id(node)] = step
        return total.plus(count.times(each))

    def bind(self, node: Comprehension) -> Range:
        total = self.cost(node.range).plus(self.cost(node.init))
        self.push(node.accumulator, self.path(node.init), self.size(node.init), self.entry_sizes(node.init))
        total = total.plus(self.cost(node.result))
        self.pop(node.accumulator)
        self.copy_sizes(node, node.result)
        return total

    def call(self, node: Call) -> Range:
        if node.function == "dyn":
            total = self.cost(node.args[0])
            self.copy_sizes(node, node.args[0])
            return ONE.plus(total)
        costs: list[Range] = []
        args: list[Argument] = []
        for arg in node.args:
            costs.append(self.cost(arg))
            args.append(self.argument(arg))
        total, target = NOTHING, None
        if node.target is not None:
            total = self.cost(node.target)
            target = self.argument(node.target)
        spent = NOTHING
        for one_cost in costs:
            spent = spent.plus(one_cost)
        cost, size = EMPTY, None
        for one in node.matched or (None,):
            found = self.overload(node, one, target, args, costs, spent)
            cost = cost.union(found.cost)
            if found.size is not None:
                size = found.size if size is None else size.union(found.size)
            if node.function == "_[_]" and one is not None and one.args[0].kind in ("list", "map"):
                entries = self.entry_sizes(node.args[0])
                size = entries.value if entries is not None else None
                self.paths[id(node)] = (*self.path(node.args[0]), "@items" if one.args[0].kind == "list" else "@values")
            if size is None:
                size = self.size(node)
        self.note_size(node, size)
        return total.plus(cost)

    def overload(self, node: Call, one: Overload | None, target: Argument | None, args: list[Argument], costs: list[Range], spent: Range) -> Estimate:
        """One overload, its arguments included. None stands for what has but one."""
        if node.function in ("_&&_", "_||_"):
            return Estimate(Range(costs[0].least, costs[0].plus(costs[1]).most))
        if node.function == "_?_:_":
            return self.conditional(node, costs)
        known = calls.estimate(self, one, target, args) if one is not None else None
        if known is not None:
            return Estimate(known.cost.plus(spent), known.size)
        found = self.core(node, one, target, args) if one is not None else None
        return Estimate(found.cost.plus(spent), found.size) if found is not None else Estimate(ONE.plus(spent))

    def conditional(self, node: Call, costs: list[Range]) -> Estimate:
        size = self.size_or_unknown(node.args[1]).union(self.size_or_unknown(node.args[2]))
        first, second = self.entry_sizes(node.args[1]), self.entry_sizes(node.args[2])
        if first is not None and second is not None:
            self.entries[id(node)] = first.union(second)
        return Estimate(costs[0].plus(costs[1].union(costs[2])), size)

    def core(self, node: Call, one: Overload, target: Argument | None, args: list[Argument]) -> Estimate | None:
        """Functions and operators of the language itself."""
        name, kind = node.function, one.args[0].kind if one.args else ""
        if name in ("_==_", "_!=_") or (name in _COMPARISONS and kind in ("string", "bytes") and one.args[1].kind == kind):
            most = min((args[0].size or UNKNOWN).most, (args[1].size or UNKNOWN).most)
            return Estimate(Range(1 if most > 0 else 0, most).scaled(TRAVERSAL))
        if name == "_+_" and kind in ("string", "bytes", "list"):
            return self.addition(node, kind, args)
        if name == "@in" and one.args[1].kind == "list":
            return Estimate((args[1].size or UNKNOWN).scaled(1))
        if target is not None:
            return _of_text(name, target.size or UNKNOWN, args[0].size or UNKNOWN) if args and kind == "string" else None
        size = (args[0].size or UNKNOWN) if args else UNKNOWN
        if name == "bytes" and kind == "string":
            return Estimate(size.scaled(TRAVERSAL), Range(size.least, size.most * 4 % (MOST + 1)))
        if name == "string" and kind == "bytes":
            return Estimate(size.scaled(TRAVERSAL), Range(size.least // 4, size.most))
        if name == "strings.quote":
            return Estimate(size.scaled(TRAVERSAL), Range(size.least + 2, (size.most * 2 + 2) % (MOST + 1)))
        return None

    def addition(self, node: Call, kind: str, args: list[Argument]) -> Estimate:
        size = (args[0].size or UNKNOWN).plus(args[1].size or UNKNOWN)
        first, second = self.entry_sizes(node.args[0]), self.entry_sizes(node.args[1])
        if first is not None and second is not None:
            self.entries[id(node)] = first.union(second)
        return Estimate(ONE if kind == "list" else size.scaled(TRAVERSAL), size)


def _of_text(name: str, target: Range, argument: Range) -> Estimate | None:
    match name:
        case "format":
            return Estimate(target.scaled(TRAVERSAL))
        case "startsWith" | "endsWith":
            return Estimate(argument.scaled(TRAVERSAL))
        case "matches":
            return Estimate(target.plus(ONE).scaled(TRAVERSAL).times(argument.scaled(REGEX)))
        case "contains":
            return Estimate(target.scaled(TRAVERSAL).times(argument.scaled(TRAVERSAL)))
    return None


def _is_bind(node: Comprehension) -> bool:
    stops: Any = node.condition.value if isinstance(node.condition, Literal) else None
    return isinstance(node.range, CreateList) and not node.range.elements and stops is False and node.accumulator != "__result__"
