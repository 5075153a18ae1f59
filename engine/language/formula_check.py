"""What a formula may consist of, checked on its syntax tree at load.

Everything that is not named here is refused with one way out. The same walk knows the
source schema, so it finds misspelt fields, and says what kind of value comes out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from jinja2 import nodes

from engine.kinds import PHRASES
from engine.language.filters.registry import FILTERS, INSTEAD, TESTS
from engine.language.formula_compare import check_comparison, check_literal
from engine.language.formula_parse import MAX_DEPTH, FormulaProblems, too_deep
from engine.language.symbols import Symbol, UnknownName
from engine.language.type_checks import (
    known_literal,
)
from engine.language.types import BY_KIND, NUMBER, TEXT, TRUTH, common_type, list_of
from engine.problems import hint_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.language.filters.declaration import Filter
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
        self.paths: list[str] = []

    def admit(self, tree: nodes.Node) -> Symbol:
        """Check the whole tree and say what is known of its result.

        Raises:
            RuleError: With every finding.
        """
        shape = self._shape(tree, 1)
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
                return Symbol(common_type([first.field, other.field]), "")
            case nodes.Concat():
                for part in node.nodes:
                    self._kind(part, below)
                return Symbol(TEXT, "")
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
                self._problems.at_node("M302", said, node, hint)
                return _UNKNOWN

    def _constant(self, node: nodes.Const) -> Symbol:
        if node.value is None:
            self._problems.at_node(
                "M302", "none has no meaning here", node, "write … is empty"
            )
        return Symbol(known_literal(node.value), "")

    def _compare(self, node: nodes.Compare, depth: int) -> None:
        left_node: nodes.Node = node.expr
        left = self._shape(left_node, depth)
        for operand in node.ops:
            right = self._shape(operand.expr, depth)
            check_comparison(self._problems, left_node, left, operand, right)
            left_node, left = operand.expr, right

    def _truth(self, node: nodes.Node, depth: int) -> None:
        kind = self._kind(node, depth)
        if kind in {"text", "number", "list", "group"}:
            shown = self._text[node.lineno :].split(" ")[0] if node.lineno else ""
            said = f"a condition is true or false; this is {PHRASES[kind]}"
            hint = f"write {shown} is filled" if isinstance(node, nodes.Name) else None
            self._problems.at_node("M306", said, node, hint or "write … is filled")

    def _number(self, node: nodes.Node, owner: nodes.Node, depth: int) -> str:
        kind = self._kind(node, depth)
        sign = getattr(owner, "operator", "-")
        if kind in {"number", "any"} or (kind == "list" and sign == "+"):
            return kind
        hint = None
        if kind == "text":
            adds = sign == "+"
            hint = "+ adds numbers, ~ joins texts" if adds else "write … | number"
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
        return self._known(found, max(self._text.find(word, start + skip), start))

    def _known(self, found: Symbol | UnknownName, offset: int) -> Symbol:
        """Report an unknown name; nothing is known of what it leads to."""
        if isinstance(found, Symbol):
            return found
        word = found.label.rsplit(".", 1)[-1]
        self._problems.add(found.code, found.message, offset, word, found.hint)
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
        self._problems.at_node("M302", said, arg, "use find_by or a path")
        return _UNKNOWN

    def _named(self, node: nodes.Filter | nodes.Test, depth: int) -> Symbol:
        is_filter = isinstance(node, nodes.Filter)
        if node.node is None:
            self._problems.at_node("M302", "a filter needs a value before it", node)
            return _UNKNOWN
        base = self._shape(node.node, depth)
        shapes = [self._shape(arg, depth) for arg in node.args]
        for keyword in node.kwargs:
            self._kind(keyword.value, depth)
        spec = (FILTERS if is_filter else TESTS).get(node.name)
        if spec is None:
            self._unknown(node)
            return _UNKNOWN
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            self._problems.at_node(
                "M302", "* and ** are not allowed in a filter's values", node
            )
            return _UNKNOWN
        try:
            given = spec.bind(node.args, {str(k.key): k.value for k in node.kwargs})
        except TypeError as error:
            said = f"{spec.name}: {str(error).replace('argument', 'value')}"
            self._problems.at_node("M308", said, node, spec.description.splitlines()[0])
            return _UNKNOWN
        self._check_fields(node, spec, given, base)
        self._check_texts(spec, given)
        return spec.result(base, shapes)

    def _check_fields(
        self,
        node: nodes.Filter | nodes.Test,
        spec: Filter,
        given: Mapping[str, Any],
        base: Symbol,
    ) -> None:
        """Find field names in a filter's values that its items do not have."""
        owner = base.item() if spec.is_listwise else base
        for parameter in spec.fields:
            values = given.get(parameter, ())
            for value in values if isinstance(values, tuple) else (values,):
                if isinstance(value, nodes.Const) and isinstance(value.value, str):
                    found = self._follow(owner, value)
                    if spec.equals in given:
                        check_literal(self._problems, given[spec.equals], found, node)

    def _check_texts(self, spec: Filter, given: Mapping[str, Any]) -> None:
        """Find texts, such as patterns, that a filter cannot use."""
        for parameter, find_misuse in spec.checks.items():
            value = given.get(parameter)
            if isinstance(value, nodes.Const) and isinstance(value.value, str):
                wrong, start = find_misuse(value.value), value.lineno or 0
                if wrong is not None:
                    word = wrong.word or value.value
                    place = max(self._text.find(word, start), start)
                    self._problems.add(
                        wrong.code, wrong.message, place, word, wrong.hint
                    )
            elif value is not None and spec.is_written:
                said = f"the {parameter} of {spec.name} is written here, in quotes"
                hint = "write it as a text; it is read before any document is"
                self._problems.at_node("M308", said, value, hint)

    def _follow(self, owner: Symbol, path: nodes.Const) -> Symbol:
        """Follow a dotted path between quotes."""
        offset = (path.lineno or 0) + 1
        for part in path.value.split("."):
            owner = self._known(owner.child(part), offset)
            offset += len(part) + 1
        return owner

    def _unknown(self, node: nodes.Filter | nodes.Test) -> None:
        is_filter = isinstance(node, nodes.Filter)
        what, table = ("filter", FILTERS) if is_filter else ("test", TESTS)
        place = self._text.find(node.name, node.lineno or 0)
        hint = INSTEAD.get(node.name) if is_filter else None
        self._problems.add(
            "M303" if is_filter else "M304",
            f"there is no {what} {node.name}",
            place if place >= 0 else node.lineno or 0,
            node.name,
            hint or hint_for(node.name, sorted(table), f"{what}s:"),
        )


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
