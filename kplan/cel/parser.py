"""From text to syntax tree.

Upstream: cel-go parser/{parser,helper,unescape}.go and its grammar. Where the text does not follow the grammar, `kplan.cel.syntax` says
what the generated parser upstream would say; only what follows it is read here.
"""

from __future__ import annotations

from collections.abc import Callable

from kplan.cel import macros, syntax
from kplan.cel.ast import Call, CreateList, CreateMap, CreateStruct, Entry, Ident, Literal, Node, Select, balanced
from kplan.cel.depth import deep
from kplan.cel.errors import CompileError, Issue
from kplan.cel.lexer import EOF, RESERVED, Token, tokenize
from kplan.cel.literals import LiteralError, read_number, unquote

LARGEST_SOURCE = 100_000
DEEPEST = 250
RELATIONS = {"<": "_<_", "<=": "_<=_", ">": "_>_", ">=": "_>=_", "==": "_==_", "!=": "_!=_", "in": "@in"}
SUMS = {"+": "_+_", "-": "_-_"}
PRODUCTS = {"*": "_*_", "/": "_/_", "%": "_%_"}
CONSTANTS = {"true": True, "false": False, "null": None}
NUMBERS = ("NUM_INT", "NUM_UINT", "NUM_FLOAT")


class _UnreadableError(Exception):
    """The text does not follow the grammar."""


class _TooDeepError(Exception):
    """The text nests deeper than the parser goes."""


def parse(source: str, allowed: macros.Macros) -> Node:
    """The tree of an expression; raises CompileError."""
    if len(source) > LARGEST_SOURCE:
        raise CompileError(source, [Issue(-1, f"expression code point size exceeds limit: size: {len(source)}, limit {LARGEST_SOURCE}")])
    tokens, issues, dropped = tokenize(source)
    reader = _Reader(tokens, allowed)
    tree = None
    try:
        with deep():
            tree = reader.start()
    except _UnreadableError:
        issues += syntax.issues(tokens, source, dropped)
    except _TooDeepError:
        issues.append(Issue(-1, f"expression recursion limit exceeded: {DEEPEST}"))
    else:
        issues += reader.issues
    if issues or tree is None:
        raise CompileError(source, issues)
    return tree


class _Reader:
    """A recursive descent through the grammar's rules, one method each."""

    def __init__(self, tokens: list[Token], allowed: macros.Macros) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0
        self.allowed = allowed
        self.issues: list[Issue] = []

    def start(self) -> Node:
        tree = self.expr()
        self.take(EOF)
        return tree

    @property
    def kind(self) -> str:
        return self.tokens[self.at].kind

    def take(self, kind: str) -> Token:
        token = self.tokens[self.at]
        if token.kind != kind:
            raise _UnreadableError
        self.at += 1
        return token

    def given(self, kind: str) -> Token | None:
        token = self.tokens[self.at]
        if token.kind != kind:
            return None
        self.at += 1
        return token

    def expr(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise _TooDeepError
        result = self.conditional_or()
        operator = self.given("?")
        if operator is not None:
            first = self.conditional_or()
            self.take(":")
            result = Call(operator.offset, "_?_:_", [result, first, self.expr()])
        self.depth -= 1
        return result

    def conditional_or(self) -> Node:
        return self.chain("||", "_||_", self.conditional_and)

    def conditional_and(self) -> Node:
        return self.chain("&&", "_&&_", self.relation)

    def chain(self, kind: str, function: str, term: Callable[[], Node]) -> Node:
        terms, offsets = [term()], []
        while (operator := self.given(kind)) is not None:
            offsets.append(operator.offset)
            terms.append(term())
        return balanced(function, terms, offsets, 0, len(offsets) - 1) if offsets else terms[0]

    def relation(self) -> Node:
        return self.binary(RELATIONS, self.sum)

    def sum(self) -> Node:
        return self.binary(SUMS, self.product)

    def product(self) -> Node:
        return self.binary(PRODUCTS, self.unary)

    def binary(self, operators: dict[str, str], term: Callable[[], Node]) -> Node:
        result = term()
        length = 0
        while (token := self.tokens[self.at]).kind in operators:
            self.at += 1
            length += 1
            if length > DEEPEST:
                raise _TooDeepError
            result = Call(token.offset, operators[token.kind], [result, term()])
        return result

    def unary(self) -> Node:
        token = self.tokens[self.at]
        if token.kind == "!":
            return self.prefixed(token, "!_")
        if token.kind == "-" and self.tokens[self.at + 1].kind not in ("NUM_INT", "NUM_FLOAT"):
            return self.prefixed(token, "-_")
        return self.member()

    def prefixed(self, first: Token, function: str) -> Node:
        count = 0
        while self.given(first.kind) is not None:
            count += 1
        target = self.member()
        return Call(first.offset, function, [target]) if count % 2 else target

    def member(self) -> Node:
        result = self.primary()
        length = 0
        while True:
            token = self.tokens[self.at]
            if token.kind == ".":
                self.at += 1
                result = self.selection(result, token)
            elif token.kind == "[":
                self.at += 1
                function = "_[?_]" if self.given("?") is not None else "_[_]"
                index = self.expr()
                self.take("]")
                result = Call(token.offset, function, [result, index])
            else:
                return result
            length += 1
            if length > DEEPEST:
                raise _TooDeepError

    def selection(self, operand: Node, dot: Token) -> Node:
        optional = self.given("?") is not None
        name = self.given("ESC_IDENTIFIER")
        if name is not None:
            self.issues.append(Issue(name.offset, "unsupported syntax: '`'"))
            return Select(dot.offset, operand, name.text)
        name = self.take("IDENTIFIER")
        if optional:
            return Call(dot.offset, "_?._", [operand, Literal(name.offset, name.text)])
        opening = self.given("(")
        if opening is None:
            return Select(dot.offset, operand, name.text)
        return self.call(opening.offset, name.text, operand)

    def call(self, offset: int, function: str, target: Node | None) -> Node:
        args: list[Node] = []
        if self.kind != ")":
            args.append(self.expr())
            while self.given(",") is not None:
                args.append(self.expr())
        self.take(")")
        macro = self.allowed.get((function, len(args), target is not None))
        if macro is not None:
            try:
                expanded = macro(offset, target, args)
            except macros.MacroError as error:
                self.issues.append(Issue(offset if error.offset < 0 else error.offset, str(error)))
                return Ident(offset, "")
            if expanded is not None:
                return expanded
        return Call(offset, function, args, target)

    def primary(self) -> Node:
        token = self.tokens[self.at]
        match token.kind:
            case "(":
                self.at += 1
                inner = self.expr()
                self.take(")")
                return inner
            case "[":
                self.at += 1
                return self.list_items(token.offset)
            case "{":
                self.at += 1
                return self.map_entries(token.offset)
            case "." | "IDENTIFIER":
                return self.named()
            case "true" | "false" | "null":
                self.at += 1
                return Literal(token.offset, CONSTANTS[token.kind])
        return self.literal()

    def literal(self) -> Node:
        sign = self.given("-")
        token = self.tokens[self.at]
        self.at += 1
        offset = token.offset if sign is None else sign.offset
        try:
            if token.kind in NUMBERS:
                return Literal(offset, read_number(token.kind, ("-" if sign else "") + token.text))
            if token.kind in ("STRING", "BYTES"):
                return Literal(offset, unquote(token.text, token.kind == "BYTES"))
        except LiteralError as error:
            self.issues.append(Issue(offset, str(error)))
            return Literal(offset, 0)
        raise _UnreadableError

    def named(self) -> Node:
        """A variable, a call of a function, an object."""
        leading = "." if self.given(".") is not None else ""
        name = self.take("IDENTIFIER")
        if self.kind == "(":
            offset = self.take("(").offset
            if name.text in RESERVED:
                self.issues.append(Issue(name.offset - len(leading), f"reserved identifier: {name.text}"))
            return self.call(offset, leading + name.text, None)
        ahead, steps = self.at, [name.text]
        while self.tokens[ahead].kind == "." and self.tokens[ahead + 1].kind == "IDENTIFIER":
            steps.append(self.tokens[ahead + 1].text)
            ahead += 2
        if self.tokens[ahead].kind == "{":
            self.at = ahead + 1
            return self.object(self.tokens[ahead].offset, leading + ".".join(steps))
        if name.text in RESERVED:
            self.issues.append(Issue(name.offset - len(leading), f"reserved identifier: {name.text}"))
        return Ident(name.offset, leading + name.text)

    def list_items(self, offset: int) -> Node:
        elements: list[Node] = []
        optional: set[int] = set()
        while self.kind not in ("]", ","):
            if self.given("?") is not None:
                optional.add(len(elements))
            elements.append(self.expr())
            if self.kind != "," or self.tokens[self.at + 1].kind == "]":
                break
            self.at += 1
            if self.kind == ",":
                raise _UnreadableError
        self.given(",")
        self.take("]")
        return CreateList(offset, elements, frozenset(optional))

    def entries(self, key: Callable[[], object]) -> list[Entry]:
        found: list[Entry] = []
        while self.kind not in ("}", ","):
            optional = self.given("?") is not None
            name = key()
            colon = self.take(":")
            found.append(Entry(colon.offset, name, self.expr(), optional))
            if self.kind != "," or self.tokens[self.at + 1].kind == "}":
                break
            self.at += 1
            if self.kind == ",":
                raise _UnreadableError
        self.given(",")
        self.take("}")
        return found

    def map_entries(self, offset: int) -> Node:
        return CreateMap(offset, self.entries(self.expr))

    def object(self, offset: int, name: str) -> Node:
        return CreateStruct(offset, name, self.entries(self.field_name))

    def field_name(self) -> str:
        escaped = self.given("ESC_IDENTIFIER")
        if escaped is not None:
            self.issues.append(Issue(escaped.offset, "unsupported syntax: '`'"))
            return escaped.text
        return self.take("IDENTIFIER").text
