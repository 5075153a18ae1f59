"""What a path may consist of, checked on its syntax tree at load.

The walk knows the source schema, so it finds misspelt fields, and says what kind of
value comes out.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from jmespath.exceptions import EmptyExpressionError, LexerError, ParseError

from engine.kinds import PHRASES
from engine.language.cell_problems import CellProblems
from engine.language.jmespath_exact import PlaceParser, Tree
from engine.language.meant import find_meant
from engine.language.path_functions import check_function, element_of
from engine.language.symbols import Symbol, UnknownName
from engine.language.type_checks import (
    NeverEqual,
    find_kind_fault,
    find_order_fault,
    find_value_fault,
    known_literal,
)
from engine.language.types import TRUTH, common_type, group_of, list_of
from engine.problems import did_you_mean

if TYPE_CHECKING:
    from engine.errors import RuleError
    from engine.language.symbols import SymbolTable
    from engine.rulefiles.nodes import Scalar

MAX_PATH: Final = 500
MAX_LEVELS: Final = 30
_QUOTES: Final = "a text stands in '…', a number in `…`"


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
        word = re.match(r"\w+|.", text[start:])
        found = word[0] if word else ""
        hint = _find_hint(text)
        if hint is None and found == ",":
            hint = "several paths stand in [ ]: [a, b]"
        elif hint is None and " " in text and "[" not in text:
            hint = "a path picks; to compute, use transform: or when:"
        elif hint is None and "-" in text:
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
                return self._item if here is None else here
            case "index":
                return self._list(here, node, "picks an item").item()
            case "slice":
                return self._list(here, node, "takes a part")
            case "projection" | "value_projection" | "filter_projection":
                return self._projection(node, here)
            case "flatten":
                base = self._shape(children[0], here)
                base = self._list(base, node, "goes through the items")
                inner = base.field.item() if base.field is not None else None
                is_nested = inner is not None and "array" in inner.types
                return Symbol(inner, f"{base.label}[]") if is_nested else base
            case "or_expression":
                left, right = (self._shape(c, here) for c in children)
                return Symbol(common_type([left.field, right.field]), left.label)
            case "comparator":
                return self._comparator(node, here)
            case "literal":
                return self._literal(node)
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

    @property
    def _item(self) -> Symbol:
        return Symbol(self._types.item, self._types.label)

    def _list(self, base: Symbol | None, node: Tree, does: str) -> Symbol:
        """Take what must be a list; of anything else a path has no part."""
        base = self._item if base is None else base
        if base.kind in {"list", "any"}:
            return base
        start = node.get("start", 0)
        sign = self._text[start : self._text.find("]", start) + 1]
        said = (
            f"{base.label or 'this'} is {PHRASES[base.kind]}; {sign} {does} of a list"
        )
        hint = None
        if node["type"] == "index" and sign != self._text[start - len(sign) : start]:
            is_inside = "]" in self._text[:start]
            hint = (
                f"for one item of the whole list write | {sign}" if is_inside else None
            )
        if base.kind == "text":
            is_part = node["type"] in {"index", "slice"}
            hint = (
                "limit: or transform: with | first(5) cut a text" if is_part else hint
            )
        self._problems.add("M210", said, start, sign, hint)
        return Symbol(None, base.label)

    def _literal(self, node: Tree) -> Symbol:
        value = node["value"]
        instead = "a field stands without quotes"
        if isinstance(value, str) and (f := find_meant(value, self._types, instead)):
            self._problems.add("M312", f[0], node.get("start", 0) + 1, value, f[1])
        return Symbol(known_literal(value), "")

    def _comparator(self, node: Tree, here: Symbol | None) -> Symbol:
        """Hold the two sides against each other: values, kinds and order."""
        left_node, right_node = node["children"]
        found = len(self._problems)
        left = self._side(left_node, right_node, here)
        right = self._side(right_node, left_node, here)
        if len(self._problems) > found:
            return Symbol(TRUTH, "")
        fault = _find_order(node["value"], left, right)
        if fault is not None:
            start = node.get("start", 0)
            sign = self._text[start : start + 2].strip()
            self._problems.add("M310", fault.message, start, sign, fault.hint)
            return Symbol(TRUTH, "")
        for literal, other, shape in (
            (left_node, right_node, right),
            (right_node, left_node, left),
        ):
            if literal["type"] != "literal" or node["value"] not in {"eq", "ne"}:
                continue
            fault = find_value_fault(literal["value"], shape, _word(other))
            if fault is not None and other["type"] != "literal":
                start, word = literal.get("start", 0) + 1, str(literal["value"])
                self._problems.add("M309", fault.message, start, word, fault.hint)
        return Symbol(TRUTH, "")

    def _side(self, node: Tree, other: Tree, here: Symbol | None) -> Symbol:
        """Take one side of a comparison; a lone unknown name may be meant as a text."""
        if node["type"] != "field" or other["type"] == "literal":
            return self._shape(node, here)
        name = node["value"]
        found = self._types.name(name) if here is None else here.child(name)
        if isinstance(found, Symbol):
            return found
        is_name = bool(did_you_mean(name, found.choices)) and not node.get("quoted")
        if not is_name:
            hint = f"a text stands in single quotes: '{name}'"
            if name in {"null", "true", "false"}:
                hint = f"it stands in backticks: `{name}`"
            found = replace(found, instead=hint)
        return self._take(found, node)

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
        if is_value:
            self._group(base, node)
            element = Symbol(None, f"{base.label}.*")
        else:
            element = self._list(base, node, "goes through the items").item()
        if node["type"] == "filter_projection":
            self._shape(children[2], element)
        right = self._shape(children[1], element)
        return Symbol(None, right.label) if is_value else _listed(right)

    def _group(self, base: Symbol, node: Tree) -> None:
        """Find a star for all fields of what has none."""
        if base.kind not in {"group", "any"}:
            label = base.label or "this"
            hint = f"write {label}[*]" if base.kind == "list" else None
            said = f"{label} is {PHRASES[base.kind]}; .* takes all fields of a group"
            start = node.get("start", 0)
            self._problems.add("M210", said, start, ".*", hint)

    def _function(self, node: Tree, here: Symbol | None) -> Symbol:
        name, args = node["value"], node["children"]
        plain = [self._shape(a, here) for a in args if a["type"] != "expref"]
        given, others = [], iter(plain)
        for arg in args:
            if arg["type"] == "expref":
                given.append(self._shape(arg["children"][0], element_of(name, plain)))
            else:
                given.append(next(others))
        return check_function(self._problems, node, given)


# What other languages write in a path → the way out.
_HABITS: Final = (
    (r"^\s*\$", "leave out $."),
    (r"""\[\s*['"](\w+)['"]\s*\]""", r"write .\1"),
    (r"<>", "write !="),
    (r"[^=!<>]=[^=]", "compare with =="),
    (r"\sand\s", "write &&"),
    (r"\sor\s", "write ||"),
    (r"\bnot\s", "write !(…)"),
    (r"\sin\s", "write contains(…)"),
    (r"\bis (not )?(filled|empty)", "a field that is filled stands alone: [?field]"),
    (r"[=<>]\s*(-?\d[\d.,]*)", r"a number in a path stands in backticks: `\1`"),
)


def _find_hint(text: str) -> str | None:
    """Give the way out for what other languages write; quoted texts do not count."""
    for habit, hint in _HABITS:
        bare = text if "'" in habit else re.sub(r"'[^']*'|`[^`]*`", "''", text)
        if found := re.search(habit, bare):
            return found.expand(hint)
    return None


def _find_order(sign: str, left: Symbol, right: Symbol) -> NeverEqual | None:
    """Find two kinds that are never equal, or have no order, in a path."""
    if sign not in {"eq", "ne"}:
        fault = find_order_fault(left, right)
        if fault is not None and "|" in (fault.hint or ""):  # a formula's way out
            return NeverEqual(fault.message, _QUOTES)
        return fault
    if {left.kind, right.kind} == {"text", "number"}:
        return NeverEqual("in a path a text never equals a number", _QUOTES)
    return find_kind_fault(left, right)


def _listed(right: Symbol) -> Symbol:
    return Symbol(list_of(right.field), right.label.removesuffix("[]"))


def _depth(tree: Any) -> int:
    children = tree.get("children", ()) if isinstance(tree, dict) else ()
    return 1 + max((_depth(c) for c in children), default=0)


def _word(node: Tree) -> str:
    """Give the last name of a path, as a finding says it."""
    while node["type"] in {"subexpression", "pipe", "index_expression"}:
        node = node["children"][-1]
    return str(node.get("value", "")) or "this"
