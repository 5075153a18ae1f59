"""``choose``: the first row whose condition is true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from engine.language.types import common_type
from engine.mapping.keys.page import (
    TAKEN,
    Branch,
    ValueKey,
    branch,
    look,
    meet,
    note,
    paths_of,
)
from engine.mapping.keys.required import Required
from engine.mapping.literals import Target, literals_type
from engine.mapping.rules import Rule
from engine.mapping.stages import (
    rule_branches,
    rule_reads,
    rule_type,
    rule_words,
    write_inner,
)
from engine.mapping.words import code, join_words, literal_words
from engine.rulefiles.nodes import ListNode, MapNode, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.errors import Position
    from engine.language.formulas import Condition
    from engine.language.function_text import FunctionText
    from engine.language.types import Type
    from engine.mapping.cells import RuleCells
    from engine.problems import Problems
    from engine.rulefiles.nodes import Node

NO_ROW = "no row holds"


@dataclass(frozen=True, slots=True)
class Option:
    """One row of ``choose``; no condition is ``otherwise``."""

    condition: Condition | None
    then: Any  # a literal, or a Rule
    position: Position

    @property
    def text(self) -> str:
        """Give the condition as typed."""
        return "otherwise" if self.condition is None else self.condition.text

    def words(self) -> str:
        """Say what it gives, and when."""
        if isinstance(self.then, Rule):
            required = self.then.find(Required)
            is_required = required is not None and required.always
            then = rule_words(self.then) + " (required)" * is_required
        else:
            then = literal_words(self.then)
        if self.condition is None:
            return then
        return f"{then} when {code(self.condition.text)}"


@dataclass(frozen=True, slots=True)
class Choose(ValueKey):
    """Takes the first row that holds; its value is a literal or a whole rule's."""

    keys: ClassVar = ("choose",)
    options: tuple[Option, ...]

    @classmethod
    def load(cls, cells: RuleCells) -> Self | None:
        """Read the rows, of ``value: formula`` or of ``when`` and ``then``."""
        node, target = cells.node.get("choose"), cells.target
        if any(key in cells.node for key in ("lookup", "transform", "decimals")):
            target = target.without_type()
        found: list[Option | None] = []
        if isinstance(node, MapNode):
            found = [_short(cells, k, v, target) for k, v in node.items()]
        elif isinstance(node, ListNode):
            found = [_long(cells, row, target) for row in node.items]
        options = tuple(option for option in found if option is not None)
        _check_order(cells.problems, options)
        return cls(options) if found else None

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(o.then for o in self.options if isinstance(o.then, Rule))

    def type(self) -> Type | None:
        """Give what all rows have in common."""
        return common_type(
            rule_type(option.then)
            if isinstance(option.then, Rule)
            else literals_type((option.then,))
            for option in self.options
        )

    def reads(self) -> Iterator[str]:
        """Give what the conditions and the rules of the rows read."""
        for option in self.options:
            if option.condition is not None:
                yield from paths_of(option.condition)
            if isinstance(option.then, Rule):
                yield from rule_reads(option.then)

    def words(self) -> str:
        return join_words((option.words() for option in self.options), "; else ")

    @property
    def may_miss(self) -> bool:
        return any(then.path for then in self.rules)

    def write(self, out: FunctionText, rule: Rule) -> str:
        """Write a row after the other; the first that holds ends them."""
        found = out.new("None")
        with out.block("while True:"):
            for option in self.options:
                look(out, option.position)
                if option.condition is None:
                    self._take(out, rule, option, found)
                else:
                    with out.block(f"if {option.condition.write(out)}:"):
                        self._take(out, rule, option, found)
            if all(option.condition is not None for option in self.options):
                note(out, "choose", NO_ROW, "None")
                meet(out, rule.position, NO_ROW)
                out.add("break")
        return found

    def _take(self, out: FunctionText, rule: Rule, option: Option, found: str) -> None:
        then = option.then
        meet(out, option.position, TAKEN)
        if isinstance(then, Rule):
            inner = write_inner(out, rule, then, "choose", option.text)
            out.add(f"{found} = {inner}")
        else:
            value = out.hold(then, "literal")
            note(out, "choose", option.text, value)
            out.add(f"{found} = {value}")
        out.add("break")

    def branches(self, rule: Rule, field_: str) -> Iterator[Branch]:
        """Count each row and its rule, and "no row holds" where that can be."""
        for option in self.options:
            yield branch(field_, f"choose {option.text}", option.position, TAKEN)
            if isinstance(option.then, Rule):
                yield from rule_branches(option.then, field_)
        if all(option.condition is not None for option in self.options):
            yield branch(field_, NO_ROW, rule.position, NO_ROW)


def _short(cells: RuleCells, key: Scalar, cell: Node, target: Target) -> Option | None:
    """Read a row of ``value: formula``."""
    is_last = isinstance(cell, Scalar) and cell.text.strip() == "otherwise"
    condition = None if is_last else cells.condition_of(cell)
    if condition is None and not is_last:
        return None
    return Option(condition, cells.literal(key, target), key.position)


def _long(cells: RuleCells, row: Node, target: Target) -> Option | None:
    """Read a row of ``when`` and ``then``, or the last one."""
    if not isinstance(row, MapNode):
        return None
    is_last = "otherwise" in row
    condition = None if is_last else cells.condition_of(row.get("when"))
    then = row.get("otherwise" if is_last else "then")
    if then is None or (condition is None and not is_last):
        return None
    if not isinstance(then, MapNode):
        value: Any = cells.literal(then, target)
    elif (value := cells.loader.rule(then, target, cells.types)) is None:
        return None
    return Option(condition, value, row.position)


def _check_order(problems: Problems, options: tuple[Option, ...]) -> None:
    """Find rows that can never be chosen."""
    seen: dict[str, int] = {}
    is_closed = False
    for option in options:
        line = option.position.line
        if is_closed:
            said = "this row can never be chosen: otherwise stands above it"
            problems.add("M501", said, option.position, "move it above otherwise")
        if option.condition is None:
            is_closed = True
            continue
        text = " ".join(option.condition.text.split())
        if text in seen:
            said = f"this row can never be chosen: line {seen[text]} has its condition"
            problems.add("M501", said, option.position)
        seen.setdefault(text, line)
