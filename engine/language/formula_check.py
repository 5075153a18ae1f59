"""The gate: what a formula may consist of, checked on its syntax tree at load.

Everything that is not named here is refused with one way out. The same walk knows the
source schema, so it finds misspelt fields, and says what kind of value comes out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from jinja2 import nodes

from engine.errors import Problem, RuleError
from engine.language.filters.filter_types import (
    field_names,
    filter_shape,
    find_field_fault,
    wanted_value,
)
from engine.language.filters.registry import FILTERS, TESTS
from engine.language.symbols import Symbol, UnknownName
from engine.language.type_checks import (
    NeverEqual,
    find_kind_fault,
    find_order_fault,
    find_value_fault,
    known_literal,
)
from engine.language.types import BY_KIND, NUMBER, TEXT, TRUTH, either, list_of
from engine.language.values import MAX_DIGITS
from engine.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.language.symbols import SymbolTable
    from engine.rulefiles.reader import Scalar

MAX_FORMULA: Final = 2000
MAX_NODES: Final = 200
MAX_DEPTH: Final = 25
# What business text does not need, and the key that does its job.
INSTEAD: Final[Mapping[str, str]] = {
    "truncate": "limit: and cut_at: cut a text, and report it",
    "format": "text: writes running text",
    "int": "decimals: 0 makes a whole number",
    "float": "number reads a number",
    "string": "text: writes a value as text",
    "capitalize": "upper and lower exist",
    "title": "upper and lower exist",
    "map": "pluck picks one field of every item",
    "selectattr": "where picks items by a field",
    "rejectattr": "a path with [?…] picks items",
    "sum": "sum_of adds up a field",
    "groupby": "total_by adds up by a field",
    "sort": "a path with sort_by() sorts",
    "attr": "a field is written with a point",
    "center": "pad fills up a text",
    "d": "default gives a value for an empty one",
}
# Syntax that Jinja knows and formulas do not: what to say, and one way out.
_REFUSED: Final[Mapping[type[nodes.Node], tuple[str, str]]] = {
    nodes.Call: ("a formula calls nothing", "write value | filter"),
    nodes.Pow: ("** is not allowed", "multiply with *"),
    nodes.Mod: ("% is not allowed", "text: writes values into a text"),
    nodes.FloorDiv: ("// is not allowed", "use / and decimals: 0"),
    nodes.Dict: ("a formula makes no { }", "use fields:"),
}
_TRUTH: Final = Symbol(TRUTH, "")
_UNKNOWN: Final = Symbol(None, "")
_OTHERS: Final = ("this is not allowed in a formula", "use a key or a filter")


class FormulaChecker:
    """Checks one formula; collects what is wrong, then raises it all together."""

    def __init__(
        self, scalar: Scalar, text: str, shift: int, types: SymbolTable
    ) -> None:
        self._scalar = scalar
        self._text = text
        self._shift = shift
        self._types = types
        self._problems: list[Problem] = []
        self._count = 0
        self.paths: list[str] = []

    def check_length(self) -> None:
        """Refuse what is too long before anything reads it."""
        if len(self._text) > MAX_FORMULA:
            said = f"this formula is longer than {MAX_FORMULA} characters"
            raise RuleError([self._problem("M305", said, 0)])
        if not self._text.strip():
            raise RuleError([self._problem("M301", "the formula is empty", 0)])
        numbers = re.finditer(r"\d[\d_]*", self._text)
        long = next((n for n in numbers if len(n[0]) > MAX_DIGITS), None)
        if long:
            said = f"a number has at most {MAX_DIGITS} digits"
            raise RuleError(
                [self._problem("M302", said, long.start(), size=len(long[0]))]
            )

    def misread(self, offset: int, message: str = "") -> RuleError:
        """Say where a formula stops making sense."""
        at = re.search(r" at (\d+)$", message)
        offset = int(at[1]) if at else offset
        offset = min(max(offset, 0), max(len(self._text) - 1, 0))
        rest = self._text[offset:]
        word = re.match(r"\w+|\W", rest)
        found = word[0] if word and word[0].strip() else "its end"
        hint = None
        before = self._text[max(offset - 2, 0) : offset + 2]
        if "||" in before:
            hint = "write or; for the first filled value use first_of:"
        elif "&&" in before:
            hint = "write and"
        elif found == "=":
            hint = "compare with =="
        elif found in {"%", "{", "#"} or "{{" in rest:
            hint = "leave the braces out"
        elif found == "?":
            hint = "write A if CONDITION else B"
        elif found == "!":
            hint = "write not, or !="
        said = f"this formula cannot be read at {found}"
        return RuleError([self._problem("M301", said, offset, hint, len(found))])

    def too_deep(self) -> RuleError:
        """Say that a formula is nested too deeply."""
        said = f"this formula is nested deeper than {MAX_DEPTH} levels"
        return RuleError([self._problem("M305", said, 0, "share parts through vars:")])

    def admit(self, tree: nodes.Node) -> Symbol:
        """Check the whole tree and say what is known of its result.

        Raises:
            RuleError: With every finding.
        """
        shape = self._shape(tree, 1)
        if self._problems:
            raise RuleError(self._problems)
        return shape

    def _problem(
        self, code: str, said: str, offset: int, hint: str | None = None, size: int = 1
    ) -> Problem:
        place = self._scalar.at(self._shift + offset)
        return Problem(code, said, place, hint, max(size, 1))

    def _find(
        self, code: str, said: str, node: nodes.Node, hint: str | None = None
    ) -> None:
        # The place of a field after a point is the point's.
        offset = (node.lineno or 0) + isinstance(node, nodes.Getattr)
        word = re.match(r"\w+|\W", self._text[offset:])
        size = len(word[0]) if word else 1
        self._problems.append(self._problem(code, said, offset, hint, size))

    def _kind(self, node: nodes.Node, depth: int) -> str:
        return self._shape(node, depth).kind

    def _shape(self, node: nodes.Node, depth: int) -> Symbol:  # noqa: C901, PLR0912 - one case a node
        self._count += 1
        if depth > MAX_DEPTH:
            raise self.too_deep()
        if self._count > MAX_NODES:
            said = f"this formula has more than {MAX_NODES} parts"
            raise RuleError(
                [self._problem("M305", said, 0, "share parts through vars:")]
            )
        below = depth + 1
        match node:
            case nodes.Const():
                return self._constant(node)
            case nodes.Name() | nodes.Getattr():
                return self._path(node, below)
            case nodes.Getitem():
                return self._item(node, below)
            case nodes.Filter():
                return self._named(node, FILTERS, "filter", below)
            case nodes.Test():
                return self._named(node, TESTS, "test", below)
            case nodes.And() | nodes.Or():
                self._truth(node.left, below)
                self._truth(node.right, below)
                return _TRUTH
            case nodes.Not():
                self._truth(node.node, below)
                return _TRUTH
            case nodes.Compare():
                self._compare(node, below)
                return _TRUTH
            case nodes.CondExpr():
                self._truth(node.test, below)
                first = self._shape(node.expr1, below)
                other = self._shape(node.expr2, below) if node.expr2 else first
                return Symbol(either([first.field, other.field]), "")
            case nodes.Concat():
                for part in node.nodes:
                    self._kind(part, below)
                return Symbol(TEXT, "")
            case nodes.List() | nodes.Tuple():
                parts = [self._shape(part, below).field for part in node.items]
                return Symbol(list_of(either(parts)), "")
            case nodes.Neg() | nodes.Pos():
                self._number(node.node, node, below)
                return Symbol(NUMBER, "")
            case nodes.Add() | nodes.Sub() | nodes.Mul() | nodes.Div():
                left = self._number(node.left, node, below)
                right = self._number(node.right, node, below)
                both = left == right == "list"
                return Symbol(BY_KIND["list" if both else "number"], "")
            case _:
                kinds = (k for k in _REFUSED if isinstance(node, k))
                known = next(kinds, None)
                said, hint = _REFUSED[known] if known else _OTHERS
                self._find("M302", said, node, hint)
                return _UNKNOWN

    def _constant(self, node: nodes.Const) -> Symbol:
        if node.value is None:
            self._find("M302", "none has no meaning here", node, "write … is empty")
        return Symbol(known_literal(node.value), "")

    def _compare(self, node: nodes.Compare, depth: int) -> None:
        left_node: nodes.Node = node.expr
        left = self._shape(left_node, depth)
        for operand in node.ops:
            right = self._shape(operand.expr, depth)
            self._hold_together(left_node, left, operand, right)
            left_node, left = operand.expr, right

    def _hold_together(
        self, left_node: nodes.Node, left: Symbol, operand: nodes.Operand, right: Symbol
    ) -> None:
        """Find a comparison that is never, or always, true."""
        node = operand.expr
        if operand.op in {"in", "notin"}:
            if isinstance(node, nodes.List | nodes.Tuple):
                for item in node.items:
                    self._hold_value(item, left, left_node)
            else:
                self._hold_value(left_node, right.item(), node)
            return
        if operand.op not in {"eq", "ne"}:
            fault = find_order_fault(left, right)
        elif left_node == node and not isinstance(node, nodes.Const):
            fault = NeverEqual("both sides are the same", None)
        else:
            told = self._hold_value(node, left, left_node)
            told = self._hold_value(left_node, right, node) or told
            fault = None if told else find_kind_fault(left, right)
        if fault is not None:
            self._find("M310", fault.message, node, fault.hint)

    def _hold_value(
        self, literal: nodes.Node, shape: Symbol, owner: nodes.Node
    ) -> bool:
        if not isinstance(literal, nodes.Const) or isinstance(owner, nodes.Const):
            return False
        name = shape.label.rsplit(".", 1)[-1].removesuffix("[]") or "this"
        fault = find_value_fault(literal.value, shape, name)
        if fault is not None:
            self._find_text("M309", fault.message, literal, fault.hint)
        return fault is not None

    def _find_text(
        self, code: str, said: str, node: nodes.Const, hint: str | None
    ) -> None:
        """Underline what stands between the quotes."""
        offset = (node.lineno or 0) + isinstance(node.value, str)
        size = len(str(node.value))
        self._problems.append(self._problem(code, said, offset, hint, size))

    def _truth(self, node: nodes.Node, depth: int) -> None:
        kind = self._kind(node, depth)
        if kind in {"text", "number", "list", "group"}:
            shown = self._text[node.lineno :].split(" ")[0] if node.lineno else ""
            said = f"a condition is true or false; this is a {kind}"
            hint = f"write {shown} is filled" if isinstance(node, nodes.Name) else None
            self._find("M306", said, node, hint or "write … is filled")

    def _number(self, node: nodes.Node, owner: nodes.Node, depth: int) -> str:
        kind = self._kind(node, depth)
        sign = getattr(owner, "operator", "-")
        if kind == "text":
            hint = (
                "+ adds numbers, ~ joins texts" if sign == "+" else "write … | number"
            )
            self._find(
                "M302", f"{sign} computes with numbers, this is a text", node, hint
            )
        elif kind in {"truth", "group"} or (kind == "list" and sign != "+"):
            self._find("M302", f"{sign} computes with numbers, this is a {kind}", node)
        return kind

    def _path(self, node: nodes.Node, depth: int) -> Symbol:
        """Follow name.field.field with the source schema."""
        if isinstance(node, nodes.Name):
            self.paths.append(node.name)
            if node.name.startswith("_"):
                self._find("M302", f"{node.name} is not a field name", node)
                return Symbol(None, node.name)
            return self._take(self._types.name(node.name), node, 0)
        if not isinstance(node, nodes.Getattr):
            return self._shape(node, depth)
        if node.attr.startswith("_"):
            self._find("M302", f"{node.attr} is not a field name", node)
            return Symbol(None, node.attr)
        if isinstance(node.node, nodes.Name) and node.node.name == "vars":
            self.paths.append(f"vars.{node.attr}")
            return self._take(self._types.variable(node.attr), node, 1)
        if depth > MAX_DEPTH:
            raise self.too_deep()
        owner = self._path(node.node, depth + 1)
        if self.paths and owner.label:
            self.paths[-1] = f"{self.paths[-1]}.{node.attr}"
        return self._take(owner.child(node.attr), node, 1)

    def _take(self, found: Symbol | UnknownName, node: nodes.Node, skip: int) -> Symbol:
        if isinstance(found, Symbol):
            return found
        word = found.label.rsplit(".", 1)[-1]
        offset = self._text.find(word, (node.lineno or 0) + skip)
        offset = max(offset, node.lineno or 0)
        self._problems.append(
            self._problem(found.code, found.message, offset, found.hint, len(word))
        )
        return Symbol(None, found.label)

    def _item(self, node: nodes.Getitem, depth: int) -> Symbol:
        shape = self._shape(node.node, depth)
        arg = node.arg
        if isinstance(arg, nodes.Slice):
            parts = [p for p in (arg.start, arg.stop) if p is not None]
            if arg.step is None and all(_is_integer(p) for p in parts):
                # Part of a text is no longer one of the values that it may have.
                return Symbol(TEXT, "") if shape.kind == "text" else shape
        elif _is_integer(arg):
            return shape.item() if shape.kind == "list" else _UNKNOWN
        elif isinstance(arg, nodes.Const) and _is_name(arg):
            found = shape.child(arg.value)
            return self._take(found, arg, 0) if shape.kind == "group" else _UNKNOWN
        said = "only a number or a name may stand in [ ]"
        self._find("M302", said, arg, "use find_by or a path")
        return _UNKNOWN

    def _named(
        self,
        node: nodes.Filter | nodes.Test,
        table: Mapping[str, Any],
        what: str,
        depth: int,
    ) -> Symbol:
        if node.node is None:
            self._find("M302", "a filter needs a value before it", node)
            return _UNKNOWN
        base = self._shape(node.node, depth)
        shapes = [self._shape(arg, depth) for arg in node.args]
        for keyword in node.kwargs:
            self._kind(keyword.value, depth)
        spec = table.get(node.name)
        if spec is None:
            self._unknown(node, table, what)
            return _UNKNOWN
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            self._find("M302", "* and ** are not allowed in a filter's values", node)
            return _UNKNOWN
        keys = tuple(k.key for k in node.kwargs)
        wrong = spec.find_misuse(len(node.args), keys)
        if wrong:
            self._find("M308", wrong, node, spec.description.splitlines()[0])
            return _UNKNOWN
        if what == "filter":
            self._check_fields(node, base)
            return filter_shape(node.name, spec.gives, base, node.args, shapes)
        return _TRUTH

    def _check_fields(self, node: nodes.Filter | nodes.Test, base: Symbol) -> None:
        """Find field names in a filter's values that its items do not have."""
        for value in field_names(node):
            fault = find_field_fault(base, node.name, value.value)
            if fault is not None:
                offset = (value.lineno or 0) + 1 + fault.offset
                self._problems.append(
                    self._problem(
                        fault.code, fault.message, offset, fault.hint, fault.size
                    )
                )
        wanted = wanted_value(node, base)
        if wanted is not None:
            value, shape = wanted
            self._hold_value(value, shape, node)

    def _unknown(
        self, node: nodes.Filter | nodes.Test, table: Mapping[str, Any], what: str
    ) -> None:
        name, offset = node.name, node.lineno or 0
        place = self._text.find(name, offset)
        offset = place if place >= 0 else offset
        close = nearest(name, sorted(table))
        hint = INSTEAD.get(name) if what == "filter" else None
        if hint is None and close:
            hint = f"did you mean {close}?"
        if hint is None:
            hint = f"{what}s: {', '.join(sorted(table)[:8])}, …"
        code = "M303" if what == "filter" else "M304"
        said = f"there is no {what} {name}"
        self._problems.append(self._problem(code, said, offset, hint, len(name)))


def _is_integer(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Neg):
        node = node.node
    return (
        isinstance(node, nodes.Const)
        and isinstance(node.value, int)
        and not isinstance(node.value, bool)
    )


def _is_name(node: nodes.Node) -> bool:
    return (
        isinstance(node, nodes.Const)
        and isinstance(node.value, str)
        and not node.value.startswith("_")
    )
