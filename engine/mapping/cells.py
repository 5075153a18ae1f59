"""The cells of one rule, as the pages of its keys ask for them.

The grammar has judged their forms; a cell of another form reads like none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from engine.language.formulas import Condition, compile_condition
from engine.language.meant import find_meant
from engine.language.paths import Path, compile_path
from engine.mapping.literals import load_literal
from engine.rulefiles.nodes import YES_NO, ListNode, MapNode, Scalar, text_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.errors import Position
    from engine.language.symbols import SymbolTable
    from engine.language.types import Type
    from engine.mapping.literals import Target
    from engine.mapping.rule_load import RuleLoader
    from engine.problems import Problems
    from engine.rulefiles.nodes import Node

T = TypeVar("T")
# They say what an empty value means: beside a default, nothing.
EMPTY_KEYS: Final = ("required", "required_when", "send_null")


@dataclass(slots=True)
class RuleCells:
    """A rule's cells, where its value goes, and what is known where it stands."""

    node: MapNode
    target: Target
    types: SymbolTable
    loader: RuleLoader  # tables, the collector of findings, rules inside of rules
    has_value_key: bool  # beside ``transform``
    given: Type | None = None  # what is known of the value where a stage meets it

    @property
    def problems(self) -> Problems:
        """The collector of findings."""
        return self.loader.problems

    def text(self, key: str) -> str:
        """Give a cell as typed; "" when there is none."""
        return text_at(self.node, key)

    def yes_no(self, key: str) -> bool:
        """Read a yes/no cell; no when there is none."""
        return read_flag(self.node.get(key))

    def integer(self, key: str) -> int | None:
        """Read a whole number."""
        text = text_at(self.node, key)
        return int(text) if text.isdecimal() else None

    def compiled(
        self,
        key: str,
        compile_: Callable[[Scalar, SymbolTable], T],
        types: SymbolTable | None = None,
    ) -> T | None:
        """Compile a path, formula or template; None when there is none, or at fault."""
        cell = self.node.get(key)
        if not isinstance(cell, Scalar):
            return None
        return self.problems.attempt(compile_, cell, types or self.types)

    def literal(
        self, node: Any, target: Target | None = None, shown: Position | None = None
    ) -> Any:
        """Read a literal, of a YAML node or of a table's plain text.

        It is as the target's type reads it, and no path or formula by its look.
        """
        place = self.target if target is None else target
        field = place.field
        allowed = () if field is None else field.enum or ()
        if isinstance(node, Scalar) and node.text not in allowed:
            instead = "a field stands under source:"
            lone = not allowed and field is not None
            meant = find_meant(node.text, self.types, instead, lone=lone)
            if meant is not None:
                self.problems.add("M312", meant[0], node, meant[1])
                return node.text
        return load_literal(self.problems, node, place, shown)

    def cancelled(self, key: str, other: str, said: str) -> None:
        """Find a key that another one makes meaningless (M511).

        A company's file may add the one, and then the other is not meant any more.
        """
        if key not in self.node or other not in self.node:
            return
        cell, base = self.node.key(other), self.node.position.file
        file = self.node.key(key).position.file
        is_off = other in ("required", "send_null") and not self.yes_no(other)
        is_added = cell.position.file != base and key != "fixed"  # that is told already
        if not is_off and (cell.position.file == file or is_added):
            self.problems.add("M511", said, cell, "leave one of them out")

    def condition(self, key: str) -> Condition | None:
        """Compile a condition."""
        return self.compiled(key, compile_condition)

    def condition_of(self, cell: Node | None) -> Condition | None:
        """Compile the condition of a row."""
        if not isinstance(cell, Scalar):
            return None
        return self.problems.attempt(compile_condition, cell, self.types)

    def paths(self, key: str) -> tuple[Path, ...] | None:
        """Compile a list of paths, or one; None when one of them is at fault."""
        cell = self.node.get(key)
        items = cell.items if isinstance(cell, ListNode) else [cell]
        found = [
            self.problems.attempt(compile_path, item, self.types)
            for item in items
            if isinstance(item, Scalar)
        ]
        paths = tuple(path for path in found if path is not None)
        return paths if paths and len(paths) == len(items) else None


def read_flag(cell: Node | None) -> bool:
    """Read a yes/no cell; no when there is none."""
    return isinstance(cell, Scalar) and bool(YES_NO.get(cell.text.strip().lower()))
