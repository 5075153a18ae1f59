"""``text``: running text with ``{{ formula }}`` parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from engine.language.formulas import Template, compile_template
from engine.language.types import TEXT
from engine.mapping.keys.page import OneCell
from engine.mapping.words import code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.language.types import Type
    from engine.mapping.cells import RuleCells


@dataclass(frozen=True, slots=True)
class Text(OneCell):
    """Writes a text; empty parts print nothing."""

    keys: ClassVar = ("text",)
    cell: Template

    @classmethod
    def load(cls, cells: RuleCells) -> Self | None:
        template = cells.compiled("text", compile_template)
        return None if template is None else cls(template)

    @property
    def label(self) -> str:
        return self.cell.text

    def type(self) -> Type | None:
        return TEXT

    def reads(self) -> Iterator[str]:
        for part in self.cell.parts:
            if not isinstance(part, str):
                yield from part.paths

    def words(self) -> str:
        return f"the text {code(self.cell.text)}"
