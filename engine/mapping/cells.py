"""The cells of one rule, as the pages of its keys ask for them.

The grammar has judged their forms; a cell of another form reads like none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from engine.language.formulas import Condition, compile_condition
from engine.language.paths import Path, compile_path
from engine.rulefiles.nodes import YES_NO, ListNode, MapNode, Scalar, text_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.language.symbols import SymbolTable
    from engine.mapping.literals import Target
    from engine.mapping.rule_load import RuleLoader
    from engine.problems import Problems
    from engine.rulefiles.nodes import Node

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RuleCells:
    """A rule's cells, where its value goes, and what is known where it stands."""

    node: MapNode
    target: Target
    types: SymbolTable
    loader: RuleLoader  # tables, the collector of findings, rules inside of rules
    has_value_key: bool  # beside ``transform``

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
