"""What a formula may consist of, checked on its syntax tree at load.

Everything that is not named here is refused with one way out. The same walk knows the
source schema, so it finds misspelt fields, and says what kind of value comes out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from jinja2 import nodes

from engine.kinds import PHRASES
from engine.language.formula_calls import check_call, is_bare_field, way_out_of
from engine.language.formula_compare import check_comparison, check_parts
from engine.language.formula_parse import MAX_DEPTH, FormulaProblems, too_deep
from engine.language.meant import AS_TEXT, find_meant
from engine.language.symbols import Symbol, UnknownName
from engine.language.type_checks import known_literal
from engine.language.types import BY_KIND, NUMBER, TEXT, TRUTH, common_type, list_of
from engine.problems import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.language.symbols import SymbolTable

MAX_NODES: Final = 200
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

    def __init__(self, problems: FormulaProblems, types: SymbolTable) -> None:
        self._problems = problems
        self._text = problems.text
        self._types = types
        self._count = 0
        self._texts: set[nodes.Const] = set()
        self.paths: list[str] = []

    def admit(self, tree: nodes.Node) -> Symbol:
        """Check the whole tree and say what is known of its result.

        Raises:
            RuleError: With every finding.
        """
        shape = self._shape(tree, 1)
        self._check_texts()
        self._problems.raise_if_any()
        return shape

    def _kind(self, node: nodes.Node, depth: int) -> str:
        return self._shape(node, depth).kind

    def _shape(self, node: nodes.Node, depth: int) -> Symbol:  # noqa: C901, PLR0912 - one case a node
        self._count += 1
        if depth > MAX_DEPTH:
            raise too_deep(self._problems)
        if self._count > MAX_NODES:
            said = f"this formula has more than {MAX_NODES} parts"
            raise self._problems.refusal("M305", said, hint="share parts through vars:")
        below = depth + 1
        match node:
            case nodes.Const():
                return self._constant(node)
            case nodes.Name() | nodes.Getattr():
                return self._path(node, below)
            case nodes.Getitem():
                return self._item(node, below)
            case nodes.Filter() | nodes.Test():
                return self._named(node, below)
            case nodes.And() | nodes.Or():
                self._parts(node, below)
                return _TRUTH
            case nodes.Not():
                kind = self._kind(node.node, below)
                self._decides(node.node, kind, "write … is empty")
                return _TRUTH
            case nodes.Compare():
                self._compare(node, below)
                return _TRUTH
            case nodes.CondExpr():
                self._truth(node.test, below)
                first = self._shape(node.expr1, below)
                other = self._shape(node.expr2, below) if node.expr2 else first
                return Symbol(common_type([first.field, other.field]), "")
            case nodes.Concat():
                return self._concat(node, below)
            case nodes.List() | nodes.Tuple():
                parts = [self._shape(part, below).field for part in node.items]
                return Symbol(list_of(common_type(parts)), "")
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
                hint = way_out_of(node) or hint
                self._problems.at_node("M302", said, node, hint)
                return _UNKNOWN

    def _constant(self, node: nodes.Const) -> Symbol:
        if node.value is None:
            self._problems.at_node(
                "M302", "none has no meaning here", node, "write … is empty"
            )
        if isinstance(node.value, str):
            self._texts.add(node)
        return Symbol(known_literal(node.value), "")

    def _compare(self, node: nodes.Compare, depth: int) -> None:
        left_node: nodes.Node = node.expr
        left = self._shape(left_node, depth)
        for operand in node.ops:
            right = self._side(operand.expr, left, depth)
            check_comparison(self._problems, left_node, left, operand, right)
            left_node, left = operand.expr, right

    def _side(self, node: nodes.Node, other: Symbol, depth: int) -> Symbol:
        """Take the right side; a lone name that nobody knows may be meant as a text."""
        found = self._types.name(node.name) if isinstance(node, nodes.Name) else None
        if not isinstance(node, nodes.Name) or not isinstance(found, UnknownName):
            return self._shape(node, depth)
        values = (None if other.field is None else other.field.enum) or ()
        if node.name in values or not did_you_mean(node.name, found.choices):
            said = f"a text stands in single quotes: '{node.name}'"
            found = replace(found, instead=said)
        return self._take(found, node, 0)

    def _parts(self, node: nodes.And | nodes.Or, depth: int) -> None:
        parts = (node.left, node.right)
        kinds = [self._kind(part, depth) for part in parts]
        if isinstance(node, nodes.Or) and not {"truth", "any"} & {*kinds}:
            said = "or decides between yes and no; these are values"
            hint = "for the first filled value use first_of:, default: or | default(…)"
            self._problems.at_node("M306", said, node.left, hint)
            return
        for part, kind in zip(parts, kinds, strict=True):
            self._decides(part, kind)
        check_parts(self._problems, node)

    def _truth(self, node: nodes.Node, depth: int) -> None:
        self._decides(node, self._kind(node, depth))

    def _decides(self, node: nodes.Node, kind: str, way: str = "") -> None:
        """Find what is no yes or no."""
        if kind in {"text", "number", "list", "group"}:
            shown = self._text[node.lineno or 0 :].split()[0]
            said = f"a condition is true or false; this is {PHRASES[kind]}"
            is_name = isinstance(node, nodes.Name)
            hint = f"write {shown} is filled" if is_name else "write … is filled"
            self._problems.at_node("M306", said, node, way or hint)

    def _number(self, node: nodes.Node, owner: nodes.Node, depth: int) -> str:
        shape = self._shape(node, depth)
        kind = shape.kind
        sign = getattr(owner, "operator", "-")
        if kind in {"number", "any"} or (kind == "list" and sign == "+"):
            return kind
        hint = None
        if kind == "text":
            adds = sign == "+"
            hint = "+ adds numbers, ~ joins texts" if adds else "write … | number"
            if shape.field is not None and shape.field.format in ("date", "date-time"):
                hint = "for days write … | days_until(…) or … | add_days(…)"
        said = f"{sign} computes with numbers, this is {PHRASES[kind]}"
        self._problems.at_node("M302", said, node, hint)
        return kind

    def _path(self, node: nodes.Node, depth: int) -> Symbol:
        """Follow name.field.field with the source schema."""
        if isinstance(node, nodes.Name):
            self.paths.append(node.name)
            if node.name.startswith("_"):
                self._problems.at_node("M302", f"{node.name} is not a field name", node)
                return Symbol(None, node.name)
            return self._take(self._types.name(node.name), node, 0)
        if not isinstance(node, nodes.Getattr):
            return self._shape(node, depth)
        if node.attr.startswith("_"):
            self._problems.at_node("M302", f"{node.attr} is not a field name", node)
            return Symbol(None, node.attr)
        if isinstance(node.node, nodes.Name) and node.node.name == "vars":
            self.paths.append(f"vars.{node.attr}")
            return self._take(self._types.variable(node.attr), node, 1)
        if depth > MAX_DEPTH:
            raise too_deep(self._problems)
        owner = self._path(node.node, depth + 1)
        if self.paths and owner.label:
            self.paths[-1] = f"{self.paths[-1]}.{node.attr}"
        return self._take(owner.child(node.attr), node, 1)

    def _take(self, found: Symbol | UnknownName, node: nodes.Node, skip: int) -> Symbol:
        start = node.lineno or 0
        word = found.label.rsplit(".", 1)[-1]
        place = max(self._text.find(word, start + skip), start)
        return self._problems.known(found, place)

    def _item(self, node: nodes.Getitem, depth: int) -> Symbol:
        shape = self._shape(node.node, depth)
        arg = node.arg
        if isinstance(arg, nodes.Slice):
            parts = [p for p in (arg.start, arg.stop) if p is not None]
            if arg.step is None and all(_is_integer(p) for p in parts):
                if shape.kind in {"number", "truth", "group"}:
                    said = f"{PHRASES[shape.kind]} has no parts; a text and a list have"
                    self._problems.at_node("M302", said, node.node)
                # Part of a text is no longer one of the values that it may have.
                return Symbol(TEXT, "") if shape.kind == "text" else shape
        elif _is_integer(arg):
            if shape.kind in {"list", "any"}:
                return shape.item()
            said = f"{shape.label or 'this'} is {PHRASES[shape.kind]}; it has no items"
            hint = "write … | first" if shape.kind == "text" else None
            self._problems.at_node("M302", said, arg, hint)
            return _UNKNOWN
        elif isinstance(arg, nodes.Const) and _is_name(arg):
            found = shape.child(arg.value)
            return self._take(found, arg, 0) if shape.kind == "group" else _UNKNOWN
        said = "only a number or a name may stand in [ ]"
        self._problems.at_node("M302", said, arg, "use find_by or a path")
        return _UNKNOWN

    def _named(self, node: nodes.Filter | nodes.Test, depth: int) -> Symbol:
        if node.node is None:
            said = "a filter needs a value before it"
            self._problems.at_node("M302", said, node)
            return _UNKNOWN
        base = self._shape(node.node, depth)
        shapes = [self._argument(node, base, arg, depth) for arg in node.args]
        named = {str(k.key): self._shape(k.value, depth) for k in node.kwargs}
        found = check_call(self._problems, node, base, shapes, named)
        self._texts -= found.names
        return found.result

    def _argument(
        self,
        node: nodes.Filter | nodes.Test,
        base: Symbol,
        arg: nodes.Node,
        depth: int,
    ) -> Symbol:
        """Take a further value; a field of the items is named in quotes."""
        name = arg.name if isinstance(arg, nodes.Name) else ""
        is_unknown = bool(name) and isinstance(self._types.name(name), UnknownName)
        if not is_unknown or not is_bare_field(node, base, name):
            return self._shape(arg, depth)
        said = f"{node.name} takes the name of a field in quotes"
        self._problems.at_node("M308", said, arg, f"write '{name}'")
        return _UNKNOWN

    def _concat(self, node: nodes.Concat, depth: int) -> Symbol:
        for part in node.nodes:
            kind = self._kind(part, depth)
            if kind in {"truth", "list", "group"}:
                said = f"{PHRASES[kind]} cannot be written as text"
                self._problems.at_node("M302", said, part, AS_TEXT[kind])
        return Symbol(TEXT, "")

    def _check_texts(self) -> None:
        """Find texts that were meant as something else: braces, a known path."""
        for node in self._texts:
            fault = find_meant(
                node.value, self._types, "a formula names it without quotes"
            )
            if fault is not None:
                place = (node.lineno or 0) + 1
                self._problems.add("M312", fault[0], place, node.value, fault[1])


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
