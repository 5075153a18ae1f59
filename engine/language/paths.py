"""Paths: JMESPath expressions that pick, checked at load and bounded at run time.

The first name of a path is looked up in the scope (item field or root). Inside a filter
``[?…]`` names are fields of the element. Numbers are Decimal-safe; nothing is computed
in floats. A path is at most 500 characters and 30 levels, its result at most 200,000
values: doubling tricks end there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.language.cell_function import CellFunction
from engine.language.path_check import PathChecker
from engine.language.path_write import names_of, write_path
from engine.language.symbols import Symbol, SymbolTable

if TYPE_CHECKING:
    from engine.errors import Position
    from engine.language.function_text import FunctionText
    from engine.language.jmespath_exact import Tree
    from engine.rulefiles.nodes import Scalar


@dataclass(frozen=True, slots=True)
class Path(CellFunction):
    """A checked path; ``keys`` is set when it is just names joined by points.

    What it gives is None when there is none.
    """

    text: str
    position: Position
    keys: tuple[str, ...] | None
    shape: Symbol  # what it gives, as far as the source schema tells
    tree: Tree = field(repr=False, compare=False)

    def write(self, out: FunctionText) -> str:
        """Write what picks the value."""
        return write_path(out, self.tree, self.text)


def compile_path(scalar: Scalar, types: SymbolTable | None = None) -> Path:
    """Compile a path and check every name in it that the source schema speaks of.

    Raises:
        RuleError: M201 unknown field, M202 not a path, M203 unknown function, M204
            wrong number of values in a function, M205 unknown variable, M206 too long,
            M207 unknown setting, M209 unknown register, M309 a value that the field
            beside it never has.
    """
    checker = PathChecker(scalar, types or SymbolTable())
    tree = checker.parse()
    shape = checker.admit(tree)
    return Path(scalar.text.strip(), scalar.position, names_of(tree), shape, tree)
