"""What a path may consist of, checked on its syntax tree at load.

The walk knows the source schema, so it finds misspelt fields, and says what kind of
value comes out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from jmespath.exceptions import EmptyExpressionError, LexerError, ParseError

from engine.language.cell_problems import CellProblems
from engine.language.jmespath_exact import Functions, PlaceParser, Tree
from engine.language.symbols import Symbol, UnknownName
from engine.language.type_checks import find_value_fault, known_literal
from engine.language.types import BY_KIND, TRUTH, common_type, group_of, list_of
from engine.problems import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.errors import RuleError
    from engine.language.symbols import SymbolTable
    from engine.rulefiles.nodes import Scalar

MAX_PATH: Final = 500
MAX_LEVELS: Final = 30


class PathChecker:
    """Checks one path; collects what is wrong, then raises it all together."""

    def __init__(self, scalar: Scalar, types: SymbolTable) -> None:
        self._text = scalar.text.strip()
        self._types = types
        shift = len(scalar.text) - len(scalar.text.lstrip())
        self._problems = CellProblems(scalar, shift)

    def parse(self) -> Tree:
        """Parse what is no longer or deeper than anybody writes.

        Raises:
            RuleError: M202 not a path, M206 too long.
        """
        text = self._text
        if len(text) > MAX_PATH:
            raise self._too_long(f"is longer than {MAX_PATH} characters")
        if text.startswith("{{"):
            hint = "a path has no braces; for a calculation use transform:"
            raise self._problems.refusal("M202", "this is no path", 0, "{{", hint)
        try:
            tree: Tree = PlaceParser().parse(text).parsed
        except EmptyExpressionError:
            raise self._problems.refusal("M202", "the path is empty") from None
        except LexerError as error:
            raise self._misread(error.lexer_position) from None
        except ParseError as error:
            raise self._misread(error.lex_position) from None
        except RecursionError:
            raise self._too_long("is nested too deeply") from None
        if _depth(tree) > MAX_LEVELS:
            raise self._too_long(f"has more than {MAX_LEVELS} levels")
        return tree

    def admit(self, tree: Tree) -> Symbol:
        """Check every name and say what is known of the result.

        Raises:
            RuleError: With every finding.
        """
        shape = self._shape(tree, None)
        self._problems.raise_if_any()
        return shape

    def _too_long(self, said: str) -> RuleError:
        return self._problems.refusal("M206", f"this path {said}", word=self._text)

    def _misread(self, start: int) -> RuleError:
        text = self._text
        found = text[start : start + 1]
        hint = None
        if " " in text and "[" not in text:
            hint = "a path picks; to compute, use transform: or when:"
        elif "-" in text:
            hint = 'a name with a hyphen needs double quotes inside the path: "a-b"'
        said = f"this path cannot be read at {found or 'its end'}"
        start = min(start, max(len(text) - 1, 0))
        return self._problems.refusal("M202", said, start, found, hint)

    def _shape(self, node: Tree, here: Symbol | None) -> Symbol:  # noqa: C901, PLR0912 - one case a node
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
                base = self._shape(children[0], here)
                inner = base.field.item() if base.field is not None else None
                is_nested = inner is not None and "array" in inner.types
                return Symbol(inner, f"{base.label}[]") if is_nested else base
            case "or_expression":
                left, right = (self._shape(c, here) for c in children)
                return Symbol(common_type([left.field, right.field]), left.label)
            case "comparator":
                return self._comparator(node, here)
            case "literal":
                return Symbol(known_literal(node["value"]), "")
            case "multi_select_list":
                found = [self._shape(c, here) for c in children]
                return Symbol(list_of(common_type(s.field for s in found)), "this")
            case "multi_select_dict":
                fields = {c["value"]: c["children"][0] for c in children}
                shapes = {name: self._shape(c, here) for name, c in fields.items()}
                return Symbol(group_of({n: s.field for n, s in shapes.items()}), "this")
            case "not_expression" | "and_expression":
                for child in children:
                    self._shape(child, here)
                return Symbol(TRUTH if node["type"] == "not_expression" else None, "")
            case "function_expression":
                return self._function(node, here)
            case _:
                for child in children:
                    if isinstance(child, dict):
                        self._shape(child, here)
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
            here = self._shape(first, here)
        for node in others:
            here = self._shape(node, here)
        return here

    def _field(self, node: Tree, here: Symbol | None) -> Symbol:
        name = node["value"]
        found = self._types.name(name) if here is None else here.child(name)
        return self._take(found, node)

    def _comparator(self, node: Tree, here: Symbol | None) -> Symbol:
        """Hold a literal against the values that the field beside it may have."""
        children = node["children"]
        shapes = [self._shape(child, here) for child in children]
        for literal, other, shape in (
            (children[0], children[1], shapes[1]),
            (children[1], children[0], shapes[0]),
        ):
            if literal["type"] != "literal" or node["value"] not in {"eq", "ne"}:
                continue
            fault = find_value_fault(literal["value"], shape, _word(other))
            if fault is not None:
                start = literal.get("start", 0) + 1
                word = str(literal["value"])
                self._problems.add("M309", fault.message, start, word, fault.hint)
        return Symbol(TRUTH, "")

    def _take(self, found: Symbol | UnknownName, node: Tree) -> Symbol:
        if isinstance(found, Symbol):
            return found
        word = f'"{node["value"]}"' if node.get("quoted") else node["value"]
        self._problems.add(found.code, found.message, node["start"], word, found.hint)
        return Symbol(None, found.label)

    def _projection(self, node: Tree, here: Symbol | None) -> Symbol:
        children = node["children"]
        base = self._shape(children[0], here)
        is_value = node["type"] == "value_projection"
        element = Symbol(None, f"{base.label}.*") if is_value else base.item()
        if node["type"] == "filter_projection":
            self._shape(children[2], element)
        right = self._shape(children[1], element)
        return Symbol(None, right.label) if is_value else _listed(right)

    def _function(self, node: Tree, here: Symbol | None) -> Symbol:
        name, args = node["value"], node["children"]
        known = Functions.FUNCTION_TABLE.get(name)
        start = node.get("start", 0)
        if known is None:
            hint = did_you_mean(name, sorted(Functions.FUNCTION_TABLE))
            hint = hint or "filters go into transform:"
            self._problems.add(
                "M203", f"paths have no function {name}", start, name, hint
            )
            return Symbol(None, "")
        signature = known["signature"]
        variadic = bool(signature) and bool(signature[-1].get("variadic"))
        wrong = len(args) < len(signature) if variadic else len(args) != len(signature)
        if wrong:
            least = "at least " if variadic else ""
            values = "value" if len(signature) == 1 else "values"
            said = f"{name} takes {least}{len(signature)} {values}, not {len(args)}"
            self._problems.add("M204", said, start, name)
        shapes = [self._shape(a, here) for a in args if a["type"] != "expref"]
        for arg in args:
            if arg["type"] == "expref":
                element = shapes[0].item() if shapes else Symbol(None, "")
                self._shape(arg["children"][0], element)
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


def _depth(tree: Any) -> int:
    children = tree.get("children", ()) if isinstance(tree, dict) else ()
    return 1 + max((_depth(c) for c in children), default=0)


def _word(node: Tree) -> str:
    """Give the last name of a path, as a finding says it."""
    while node["type"] in {"subexpression", "pipe", "index_expression"}:
        node = node["children"][-1]
    return str(node.get("value", "")) or "this"
