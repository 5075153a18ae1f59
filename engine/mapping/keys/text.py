"""``text``: running text with ``{{ formula }}`` parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from engine.language.formulas import Template, compile_template
from engine.language.types import TEXT
from engine.mapping.keys.page import Step, Take, ValueKey
from engine.mapping.words import code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.language.types import Type
    from engine.mapping.cells import RuleCells
    from engine.mapping.rules import Rule


@dataclass(frozen=True, slots=True)
class Text(ValueKey):
    """Writes a text; empty parts print nothing."""

    keys: ClassVar = ("text",)
    template: Template

    @classmethod
    def load(cls, cells: RuleCells) -> Self | None:
        """Read the template."""
        template = cells.compiled("text", compile_template)
        return None if template is None else cls(template)

    @property
    def label(self) -> str:
        """Give the text as typed."""
        return self.template.text

    def type(self) -> Type | None:
        """Give a text."""
        return TEXT

    def reads(self) -> Iterator[str]:
        """Give what the formulas in braces read."""
        for part in self.template.parts:
            if not isinstance(part, str):
                yield from part.paths

    def words(self) -> str:
        """Give the text as typed."""
        return f"the text {code(self.template.text)}"

    def compile(self, rule: Rule) -> Take:
        """Give the function that writes."""
        del rule
        template = self.template
        write, text, place = template.evaluate, template.text, template.position

        def take(step: Step) -> Any:
            step.place = place
            value = write(step.scope)
            step.note("text", text, value)
            return value

        return take
