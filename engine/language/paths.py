"""Paths: JMESPath expressions that pick, checked at load and bounded at run time.

The first name of a path is looked up in the scope (item field or root). Inside a filter
``[?…]`` names are fields of the element. Numbers are Decimal-safe; nothing is computed
in floats. A path is at most 500 characters and 30 levels, its result at most 200,000
values: doubling tricks end there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from jmespath.exceptions import (
    EmptyExpressionError,
    JMESPathError,
    JMESPathTypeError,
    LexerError,
    ParseError,
)

from engine.errors import Problem, RuleError
from engine.language.jmespath_exact import (
    Functions,
    Interpreter,
    PlaceParser,
    Tree,
    View,
    item_of,
)
from engine.language.symbols import Symbol, SymbolTable, UnknownName
from engine.language.type_checks import find_value_fault, known_literal
from engine.language.types import BY_KIND, TRUTH, common_type, group_of, list_of
from engine.language.values import ValueFault, plain
from engine.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.errors import Position
    from engine.language.scope import Scope
    from engine.rulefiles.reader import Scalar

MAX_PATH: Final = 500
MAX_LEVELS: Final = 30


@dataclass(frozen=True, slots=True)
class Path:
    """A compiled path.

    ``keys`` is set when it is just names joined by points, ``listed`` when it is a list
    of such, as ``[vars.project]`` and ``[@]``: they need no interpreter.
    """

    text: str
    position: Position
    tree: Tree
    keys: tuple[str, ...] | None
    listed: tuple[tuple[str, ...], ...] | None
    shape: Symbol  # what it gives, as far as the source schema tells

    def evaluate(self, scope: Scope) -> Any:
        """Pick the value; None when there is none.

        Raises:
            ValueFault: A function or comparison met a value it cannot use.
        """
        if self.keys is not None:
            value = scope.follow(self.keys)
            return plain(value) if isinstance(value, float) else value
        if self.listed is not None:
            found = [scope.follow(keys) for keys in self.listed]
            return [plain(one) if isinstance(one, float) else one for one in found]
        try:
            value = Interpreter().visit(self.tree, View(scope))
        except (JMESPathError, TypeError, ValueError, ArithmeticError) as error:
            said = _explain(error)
            raise ValueFault("PATH", f"{self.text} cannot be read: {said}") from error
        except RecursionError:
            raise ValueFault("PATH", f"{self.text} is nested too deeply") from None
        return plain(item_of(value))


def compile_path(scalar: Scalar, types: SymbolTable | None = None) -> Path:
    """Compile a path and check every name in it that the source schema speaks of.

    Raises:
        RuleError: M201 unknown field, M202 not a path, M203 unknown function, M204
            wrong number of values in a function, M205 unknown variable, M206 too long,
        M207 unknown setting, M209 unknown register, M309 a value that the field beside
        it never has.
    """
    text = scalar.text.strip()
    shift = len(scalar.text) - len(scalar.text.lstrip())

    def problem(
        code: str, message: str, start: int, hint: str | None, size: int
    ) -> Problem:
        return Problem(code, message, scalar.at(shift + start), hint, max(size, 1))

    tree = _parse(text, problem)
    walker = _Walker(types or SymbolTable(), problem)
    shape = walker.shape(tree, None)
    if walker.problems:
        raise RuleError(walker.problems)
    keys, listed = _simple_keys(tree), _simple_list(tree)
    return Path(text, scalar.position, tree, keys, listed, shape)


def _parse(text: str, problem: Any) -> Tree:
    if len(text) > MAX_PATH:
        said = f"this path is longer than {MAX_PATH} characters"
        raise RuleError([problem("M206", said, 0, None, len(text))])
    if text.startswith("{{"):
        hint = "a path has no braces; for a calculation use transform:"
        raise RuleError([problem("M202", "this is no path", 0, hint, 2)])
    try:
        tree: Tree = PlaceParser().parse(text).parsed
    except EmptyExpressionError:
        raise RuleError([problem("M202", "the path is empty", 0, None, 1)]) from None
    except LexerError as error:
        start = error.lexer_position
        raise RuleError([_misread(problem, text, start)]) from None
    except ParseError as error:
        raise RuleError([_misread(problem, text, error.lex_position)]) from None
    except RecursionError:
        raise RuleError(
            [problem("M206", "this path is nested too deeply", 0, None, len(text))]
        ) from None
    if _depth(tree) > MAX_LEVELS:
        said = f"this path has more than {MAX_LEVELS} levels"
        raise RuleError([problem("M206", said, 0, None, len(text))])
    return tree


def _misread(problem: Any, text: str, start: int) -> Problem:
    found = text[start : start + 1] or "its end"
    start = min(start, max(len(text) - 1, 0))
    hint = None
    word = text.split(None, 1)
    if " " in text and "[" not in text:
        hint = "a path picks; to compute, use transform: or when:"
    elif "-" in text and word:
        hint = 'a name with a hyphen needs double quotes inside the path: "a-b"'
    misread: Problem = problem(
        "M202", f"this path cannot be read at {found}", start, hint, 1
    )
    return misread


def _explain(error: Exception) -> str:
    """Say in the consultant's words why a path met a value it cannot use."""
    if isinstance(error, JMESPathTypeError):
        kind = {"null": "an empty value"}.get(
            error.actual_type, f"a {error.actual_type}"
        )
        return f"{error.function_name}() cannot use {kind}"
    said = str(error).splitlines()[0] if str(error) else ""
    if "not supported between" in said:
        return "it compares a text with a number"
    return said or "a value of the wrong kind"


def _depth(tree: Any) -> int:
    children = tree.get("children", ()) if isinstance(tree, dict) else ()
    return 1 + max((_depth(c) for c in children), default=0)


def _simple_keys(tree: Tree) -> tuple[str, ...] | None:
    nodes = tree["children"] if tree["type"] == "subexpression" else [tree]
    if all(node["type"] == "field" for node in nodes):
        return tuple(node["value"] for node in nodes)
    return None


def _simple_list(tree: Tree) -> tuple[tuple[str, ...], ...] | None:
    if tree["type"] != "multi_select_list":
        return None
    found = [
        () if node["type"] == "current" else _simple_keys(node)
        for node in tree["children"]
    ]
    simple = tuple(keys for keys in found if keys is not None)
    return simple if len(simple) == len(found) else None


def _word(node: Tree) -> str:
    """Give the last name of a path, as a finding says it."""
    while node["type"] in {"subexpression", "pipe", "index_expression"}:
        node = node["children"][-1]
    return str(node.get("value", "")) or "this"


class _Walker:
    """Steps through a tree with the source schema and collects what is wrong."""

    def __init__(self, types: SymbolTable, problem: Any) -> None:
        self._types = types
        self._problem = problem
        self.problems: list[Problem] = []

    def shape(self, node: Tree, here: Symbol | None) -> Symbol:  # noqa: C901, PLR0912 - one case a node
        """Say what a node gives at a place; ``here`` None is the scope itself."""
        children = node.get("children", [])
        match node["type"]:
            case "field":
                return self._field(node, here)
            case "subexpression" | "index_expression" | "pipe":
                return self._chain(children, here)
            case "current" | "identity":
                return (
                    Symbol(self._types.item, self._types.label)
                    if here is None
                    else here
                )
            case "index":
                return (here or Symbol(self._types.item, self._types.label)).item()
            case "slice" | "flatten_inner":
                return here or Symbol(None, "")
            case "projection" | "value_projection" | "filter_projection":
                return self._projection(node, here)
            case "flatten":
                base = self.shape(children[0], here)
                inner = base.field.item() if base.field is not None else None
                is_nested = inner is not None and "array" in inner.types
                return Symbol(inner, f"{base.label}[]") if is_nested else base
            case "or_expression":
                left, right = (self.shape(c, here) for c in children)
                return Symbol(common_type([left.field, right.field]), left.label)
            case "comparator":
                return self._comparator(node, here)
            case "literal":
                return Symbol(known_literal(node["value"]), "")
            case "multi_select_list":
                found = [self.shape(c, here) for c in children]
                return Symbol(list_of(common_type(s.field for s in found)), "this")
            case "multi_select_dict":
                fields = {c["value"]: c["children"][0] for c in children}
                shapes = {name: self.shape(c, here) for name, c in fields.items()}
                return Symbol(group_of({n: s.field for n, s in shapes.items()}), "this")
            case "not_expression" | "and_expression":
                for child in children:
                    self.shape(child, here)
                return Symbol(TRUTH if node["type"] == "not_expression" else None, "")
            case "function_expression":
                return self._function(node, here)
            case _:
                for child in children:
                    if isinstance(child, dict):
                        self.shape(child, here)
                return Symbol(None, "")

    def _chain(self, nodes: list[Tree], here: Symbol | None) -> Symbol:
        first, *others = nodes
        if here is None and first["type"] == "field" and first["value"] == "vars":
            if others and others[0]["type"] == "field":
                here = self._take(self._types.variable(others[0]["value"]), others[0])
                others = others[1:]
            else:
                here = Symbol(None, "vars")
        else:
            here = self.shape(first, here)
        for node in others:
            here = self.shape(node, here)
        return here

    def _field(self, node: Tree, here: Symbol | None) -> Symbol:
        name = node["value"]
        found = self._types.name(name) if here is None else here.child(name)
        return self._take(found, node)

    def _comparator(self, node: Tree, here: Symbol | None) -> Symbol:
        """Hold a literal against the values that the field beside it may have."""
        children = node["children"]
        shapes = [self.shape(child, here) for child in children]
        for literal, other, shape in (
            (children[0], children[1], shapes[1]),
            (children[1], children[0], shapes[0]),
        ):
            if literal["type"] != "literal" or node["value"] not in {"eq", "ne"}:
                continue
            fault = find_value_fault(literal["value"], shape, _word(other))
            if fault is not None:
                start = literal.get("start", 0) + 1
                size = len(str(literal["value"]))
                self.problems.append(
                    self._problem("M309", fault.message, start, fault.hint, size)
                )
        return Symbol(TRUTH, "")

    def _take(self, found: Symbol | UnknownName, node: Tree) -> Symbol:
        if isinstance(found, Symbol):
            return found
        size = len(node["value"]) + (2 if node.get("quoted") else 0)
        self.problems.append(
            self._problem(found.code, found.message, node["start"], found.hint, size)
        )
        return Symbol(None, found.label)

    def _projection(self, node: Tree, here: Symbol | None) -> Symbol:
        children = node["children"]
        base = self.shape(children[0], here)
        is_value = node["type"] == "value_projection"
        element = Symbol(None, f"{base.label}.*") if is_value else base.item()
        if node["type"] == "filter_projection":
            self.shape(children[2], element)
        right = self.shape(children[1], element)
        return Symbol(None, right.label) if is_value else _listed(right)

    def _function(self, node: Tree, here: Symbol | None) -> Symbol:
        name, args = node["value"], node["children"]
        known = Functions.FUNCTION_TABLE.get(name)
        start = node.get("start", 0)
        if known is None:
            close = nearest(name, sorted(Functions.FUNCTION_TABLE))
            hint = f"did you mean {close}?" if close else "filters go into transform:"
            said = f"paths have no function {name}"
            self.problems.append(self._problem("M203", said, start, hint, len(name)))
            return Symbol(None, "")
        signature = known["signature"]
        variadic = bool(signature) and bool(signature[-1].get("variadic"))
        wrong = len(args) < len(signature) if variadic else len(args) != len(signature)
        if wrong:
            least = "at least " if variadic else ""
            values = "value" if len(signature) == 1 else "values"
            said = f"{name} takes {least}{len(signature)} {values}, not {len(args)}"
            self.problems.append(self._problem("M204", said, start, None, len(name)))
        shapes = [self.shape(a, here) for a in args if a["type"] != "expref"]
        for arg in args:
            if arg["type"] == "expref":
                element = shapes[0].item() if shapes else Symbol(None, "")
                self.shape(arg["children"][0], element)
        if name in {"sort", "sort_by", "reverse"} and shapes:
            return shapes[0]
        if name in {"max_by", "min_by"} and shapes:
            return shapes[0].item()
        if name == "not_null":
            return Symbol(common_type(s.field for s in shapes), "")
        return Symbol(BY_KIND.get(_GIVES.get(name, "")), "")


def _listed(right: Symbol) -> Symbol:
    return Symbol(list_of(right.field), right.label.removesuffix("[]"))


# What a function gives, where that does not hang on its values.
_GIVES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("join", "to_string", "type"), "text"),
    **dict.fromkeys(
        ("length", "to_number", "sum", "avg", "abs", "ceil", "floor"), "number"
    ),
    **dict.fromkeys(("contains", "starts_with", "ends_with"), "truth"),
    **dict.fromkeys(("keys", "values", "map"), "list"),
}
