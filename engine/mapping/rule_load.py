"""From YAML nodes to rules: compiles every cell and checks it against both schemas.

All findings of a file are collected and raised together. The grammar (which keys may
stand where) is checked before, elsewhere; here the cells are understood.
"""

from __future__ import annotations

from collections import abc
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from engine.errors import Problem, RuleError
from engine.language import (
    compile_condition,
    compile_formula,
    compile_path,
    compile_template,
)
from engine.language.conversion import find_pattern_fault
from engine.language.types import common_type
from engine.language.values import find_number
from engine.mapping.rule_check import (
    Target,
    check_kind,
    check_limit,
    check_lookup,
    check_order,
    check_overflow,
    load_literal,
)
from engine.mapping.rule_types import order_variables, rule_shape
from engine.mapping.rules import (
    MISSING,
    Calculation,
    Choose,
    FirstOf,
    Fixed,
    Join,
    Limit,
    Lookup,
    Option,
    PathSource,
    Rule,
    Text,
    ValueKey,
)
from engine.problems import nearest
from engine.rulefiles.reader import YES_NO, ListNode, MapNode, Scalar

if TYPE_CHECKING:
    from engine.errors import Position
    from engine.language import SymbolTable
    from engine.rulefiles.reader import Node

T = TypeVar("T")
Tables = abc.Mapping[
    str, abc.Mapping[str, Any]
]  # entry: text, or the node it stands in
VALUE_KEYS: Final = ("source", "first_of", "join", "fixed", "choose", "text")
RULE_KEYS: Final = (
    *VALUE_KEYS,
    *("with", "lookup", "else", "transform", "decimals", "rounding", "date", "limit"),
    *("too_long", "overflow_to", "cut_at", "default", "default_from", "required"),
    *("required_when", "when", "send_null", "note"),
)
BLOCK_KEYS: Final = ("fields", "when", "required", "note")
EACH_KEYS: Final = ("each", "where", "when", "fields", "required", "note")
_NEEDS: Final = {
    "with": ("join",),
    "else": ("lookup",),
    "rounding": ("decimals",),
    "too_long": ("limit",),
    "cut_at": ("limit",),
    "overflow_to": ("limit",),
}
_ROUNDINGS: Final = ("half_up", "half_even", "down", "up")


class RuleLoader:
    """Loads single rules; shared by mapping files and the cells of flows."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.problems: list[Problem] = []
        # Variables as they are without a company's changes: what these make unused is
        # no fault of the rules that ask for it.
        self.before: abc.Mapping[str, Rule] = {}

    def problem(
        self,
        code: str,
        message: str,
        place: Position | Scalar,
        hint: str | None = None,
    ) -> None:
        """Collect a finding; a cell is underlined whole."""
        if isinstance(place, Scalar):
            size = len(place.text.splitlines()[0]) if place.text else 1
            self.problems.append(
                Problem(code, message, place.position, hint, max(size, 1))
            )
        else:
            self.problems.append(Problem(code, message, place, hint))

    def attempt(self, compile_: abc.Callable[..., T], *args: Any) -> T | None:
        """Compile a cell; its findings are collected, and the result is then None."""
        try:
            return compile_(*args)
        except RuleError as error:
            self.problems.extend(error.problems)
            return None

    def scalar(self, node: Node | None, key: str, what: str) -> Scalar | None:
        """Give a cell that must be one text."""
        if isinstance(node, Scalar):
            return node
        if node is not None:
            self.problem("M509", f"{key} takes {what}", node.position)
        return None

    def yes_no(self, node: MapNode, key: str) -> bool:
        """Read a yes/no cell; no when there is none."""
        cell = self.scalar(node.get(key), key, "yes or no")
        if cell is None:
            return False
        found = YES_NO.get(cell.text.strip().lower())
        if found is None:
            self.problem("M509", f"{key} takes yes or no, not {cell.text}", cell)
        return bool(found)

    def integer(self, node: MapNode, key: str, least: int, most: int) -> int | None:
        """Read a whole number in a range."""
        cell = self.scalar(node.get(key), key, "a whole number")
        if cell is None:
            return None
        number = find_number(cell.text)
        if number is None or number != number.to_integral_value():
            self.problem("M509", f"{key} takes a whole number, not {cell.text}", cell)
            return None
        if not least <= number <= most:
            self.problem("M509", f"{key} takes {least} to {most}", cell)
            return None
        return int(number)

    def choice(self, node: MapNode, key: str, choices: tuple[str, ...]) -> str:
        """Read one word of a list; the first when there is none."""
        cell = self.scalar(node.get(key), key, f"one of {', '.join(choices)}")
        if cell is None:
            return choices[0]
        if cell.text not in choices:
            close = nearest(cell.text, choices)
            hint = f"did you mean {close}?" if close else None
            said = f"{key} takes one of {', '.join(choices)}, not {cell.text}"
            self.problem("M509", said, cell, hint)
            return choices[0]
        return cell.text

    def condition(self, node: MapNode, key: str, types: SymbolTable) -> Any:
        """Compile a condition cell, if there is one."""
        cell = self.scalar(node.get(key), key, "a formula")
        return None if cell is None else self.attempt(compile_condition, cell, types)

    def check_keys(self, node: MapNode, known: tuple[str, ...], what: str) -> None:
        """Find keys that mean nothing here."""
        for key, _ in node.items():  # noqa: PERF102 - a key is a cell with a place
            if key.text not in known:
                close = nearest(key.text, known)
                hint = f"did you mean {close}?" if close else None
                self.problem("M101", f"{key.text} is not a key of {what}", key, hint)

    def variables(
        self, node: Node | None, types: SymbolTable
    ) -> tuple[dict[str, Rule], SymbolTable]:
        """Load variables; the scope given back knows what each of them is."""
        if not isinstance(node, MapNode):
            return {}, types
        types = replace(types, variables=frozenset(node))
        found: dict[str, Rule] = {}
        for key, cell in order_variables(node):
            rule = self.rule(cell, Target(f"vars.{key.text}"), types)
            if rule is not None:
                found[key.text] = rule
                shape, before = rule_shape(rule), self.before.get(key.text)
                if before is not None:
                    shape = common_type([shape, rule_shape(before)])
                types = types.with_shapes({key.text: shape})
        return {name: found[name] for name in node if name in found}, types

    def rule(self, node: Node, place: Target, types: SymbolTable) -> Rule | None:
        """Load one rule; None when it cannot be understood (findings are kept)."""
        before = len(self.problems)
        if isinstance(node, Scalar):
            value = self._source(node, place, types)
            rule = None if value is None else self._bare(node, value, place)
        elif isinstance(node, MapNode):
            rule = self._full(node, place, types)
        else:
            self.problem("M509", "a rule is a path or a group of keys", node.position)
            rule = None
        if rule is not None and len(self.problems) == before:
            check_kind(self, rule, place)
        return rule

    def _bare(self, node: Scalar, value: ValueKey, place: Target) -> Rule:
        keys = {"source": node.position}
        return Rule(place.path, node.position, value, target=place.field, keys=keys)

    def _source(
        self, cell: Scalar, place: Target, types: SymbolTable
    ) -> PathSource | None:
        try:
            return PathSource(compile_path(cell, types))
        except RuleError as error:
            enum = place.field.enum if place.field is not None else None
            if cell.text in (enum or ()):
                said = f"the document has no field {cell.text}; it is an allowed value"
                hint = f"write {{fixed: {cell.text}}}"
                self.problem("M208", said, cell, hint)
            else:
                self.problems.extend(error.problems)
            return None

    def _paths(
        self, node: Node, key: str, types: SymbolTable
    ) -> tuple[Any, ...] | None:
        if not isinstance(node, ListNode) or not node.items:
            self.problem("M509", f"{key} takes a list of paths", node.position)
            return None
        cells = [self.scalar(item, key, "paths") for item in node.items]
        paths = [self.attempt(compile_path, c, types) for c in cells if c is not None]
        return None if None in paths or len(paths) < len(cells) else tuple(paths)

    def _full(self, node: MapNode, place: Target, types: SymbolTable) -> Rule | None:
        self.check_keys(node, RULE_KEYS, "a field rule")
        for key, needed in _NEEDS.items():
            if key in node and not any(n in node for n in needed):
                said = f"{key} means nothing without {needed[0]}"
                self.problem("M507", said, node.key(key))
        value = self._value(node, place, types)
        lookup = self._lookup(node, place)
        alone = not any(key in node for key in VALUE_KEYS)
        transform = None
        if not alone and "transform" in node:
            cell = self.scalar(node.get("transform"), "transform", "a formula")
            seen = types.with_extra("value")
            transform = (
                None if cell is None else self.attempt(compile_formula, cell, seen)
            )
        default_from = None
        if "default_from" in node:
            cell = self.scalar(node.get("default_from"), "default_from", "a path")
            default_from = (
                None if cell is None else self.attempt(compile_path, cell, types)
            )
        default = MISSING
        given = node.get("default")
        if given is not None:
            default = load_literal(self, given, place)
        limit = self._limit(node, place)
        note = node.get("note")
        if value is None:
            return None
        rule = Rule(
            place.path,
            node.position,
            value,
            self.condition(node, "when", types),
            lookup,
            transform,
            self.integer(node, "decimals", 0, 12),
            self.choice(node, "rounding", _ROUNDINGS),  # type: ignore[arg-type]
            self._date(node),
            limit,
            default,
            default_from,
            self.yes_no(node, "required"),
            self.condition(node, "required_when", types),
            self.yes_no(node, "send_null"),
            note.text if isinstance(note, Scalar) else "",
            place.field,
            {key.text: _cell_position(key, value) for key, value in node.items()},
        )
        check_limit(self, rule)
        check_lookup(self, rule, node.get("lookup"))
        return rule

    def _value(
        self, node: MapNode, place: Target, types: SymbolTable
    ) -> ValueKey | None:
        found = [key for key in VALUE_KEYS if key in node]
        if not found and "transform" in node:
            found = ["transform"]
        if len(found) != 1:
            listed = ", ".join(VALUE_KEYS)
            if found:
                said = f"{found[0]} and {found[1]} both make a value; one may stand"
                self.problem("M506", said, node.key(found[1]))
            else:
                said = f"this rule makes no value; it needs one of {listed}, transform"
                self.problem("M506", said, node.position)
            return None
        key = found[0]
        cell = node.get(key)
        if cell is None:
            return None
        if key == "first_of":
            paths = self._paths(cell, key, types)
            return None if paths is None else FirstOf(paths)
        if key == "join":
            paths = self._paths(cell, key, types)
            separator = self.scalar(node.get("with"), "with", "a text")
            said = "" if separator is None else separator.text
            return None if paths is None else Join(paths, said)
        if key == "fixed":
            typed = place.without_type() if "transform" in node else place
            return Fixed(load_literal(self, cell, typed))
        if key == "choose":
            return self._choose(cell, node, place, types)
        return self._formula_key(key, cell, place, types)

    def _formula_key(
        self, key: str, node: Node, place: Target, types: SymbolTable
    ) -> ValueKey | None:
        cell = self.scalar(node, key, "one text")
        if cell is None:
            return None
        if key == "source":
            return self._source(cell, place, types)
        if key == "text":
            template = self.attempt(compile_template, cell, types)
            return None if template is None else Text(template)
        formula = self.attempt(compile_formula, cell, types)
        return None if formula is None else Calculation(formula)

    def _choose(
        self, node: Node, owner: MapNode, place: Target, types: SymbolTable
    ) -> Choose | None:
        literal = place.without_type() if _changes_later(owner) else place
        options: list[Option] = []
        if isinstance(node, MapNode):
            for key, cell in node.items():
                formula = self.scalar(cell, "choose", "value: formula")
                if formula is None:
                    continue
                condition = None
                if formula.text.strip() != "otherwise":
                    condition = self.attempt(compile_condition, formula, types)
                    if condition is None:
                        continue
                value = load_literal(self, key, literal)
                options.append(Option(condition, value, key.position))
        elif isinstance(node, ListNode):
            options = [
                option
                for item in node.items
                for option in [self._option(item, literal, types)]
                if option is not None
            ]
        else:
            self.problem("M509", "choose takes rows of value: formula", node.position)
            return None
        check_order(self, options)
        if not options:
            self.problem("M509", "choose has no rows", node.position)
        return Choose(tuple(options))

    def _option(self, node: Node, place: Target, types: SymbolTable) -> Option | None:
        if not isinstance(node, MapNode):
            said = "a row of choose is {when: …, then: …} or {otherwise: …}"
            self.problem("M509", said, node.position)
            return None
        is_last = "otherwise" in node
        known = ("otherwise",) if is_last else ("when", "then")
        self.check_keys(node, known, "a row of choose")
        then = node.get(known[-1])
        if then is None or any(key not in node for key in known):
            said = "a row of choose is {when: …, then: …} or {otherwise: …}"
            self.problem("M509", said, node.position)
            return None
        condition = None
        if not is_last:
            condition = self.condition(node, "when", types)
            if condition is None:
                return None
        if isinstance(then, MapNode):
            value: Any = self.rule(then, place, types)
            if value is None:
                return None
        else:
            value = load_literal(self, then, place)
        return Option(condition, value, node.position)

    def _lookup(self, node: MapNode, place: Target) -> Lookup | None:
        cell = node.get("lookup")
        if cell is None:
            return None
        literal = (
            place.without_type()
            if "transform" in node and any(key in node for key in VALUE_KEYS)
            else place
        )
        if isinstance(cell, MapNode):
            name, entries = "", {k.text: v for k, v in cell.items()}
            shown: Position = cell.position
        else:
            table = self.scalar(cell, "lookup", "a table's name")
            if table is None:
                return None
            name, shown = table.text, table.position
            if name not in self.tables:
                close = nearest(name, sorted(self.tables))
                listed = ", ".join(sorted(self.tables)[:8])
                hint = f"did you mean {close}?" if close else f"tables: {listed}"
                self.problem("M502", f"there is no table {name}", table, hint)
                return None
            entries = dict(self.tables[name])
        values = {
            key: load_literal(self, entry, literal, shown)
            for key, entry in entries.items()
        }
        given = node.get("else")
        otherwise = MISSING if given is None else load_literal(self, given, literal)
        return Lookup(name, values, otherwise)

    def _limit(self, node: MapNode, place: Target) -> Limit | None:
        characters = self.integer(node, "limit", 1, 1_000_000)
        if characters is None:
            return None
        too_long: Any = "warn"
        overflow = node.get("overflow_to")
        said = node.get("too_long")
        if isinstance(said, MapNode):
            self.check_keys(said, ("overflow_to",), "too_long")
            overflow = said.get("overflow_to")
        elif said is not None:
            too_long = self.choice(node, "too_long", ("warn", "cut", "error"))
        target = self.scalar(overflow, "overflow_to", "a field's name")
        name = "" if target is None else target.text
        if target is not None:
            check_overflow(self, target, place)
        cut_at: Any = self.choice(node, "cut_at", ("char", "word"))
        sibling = place.parent.child(name) if place.parent and name else None
        longest = None if sibling is None else sibling.max_length
        return Limit(characters, too_long, cut_at, name, longest)

    def _date(self, node: MapNode) -> str:
        cell = self.scalar(node.get("date"), "date", "a pattern such as D.M.YYYY")
        if cell is None:
            return ""
        fault = find_pattern_fault(cell.text)
        if fault:
            self.problem("M510", fault, cell)
            return ""
        return cell.text


def _changes_later(node: MapNode) -> bool:
    """Tell whether what the value key makes is not yet what the target gets."""
    return "lookup" in node or "transform" in node or "decimals" in node


def _cell_position(key: Scalar, value: Node) -> Position:
    return value.position if isinstance(value, Scalar) else key.position
