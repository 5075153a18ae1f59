"""``required``, ``required_when`` and ``send_null``: what an empty value means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from engine.language.values import is_empty
from engine.mapping.keys.default import Default
from engine.mapping.keys.page import Branch, Stage, branch, look, meet, note, paths_of
from engine.mapping.rules import MISSING
from engine.mapping.words import code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.language.formulas import Condition
    from engine.language.function_text import FunctionText
    from engine.mapping.cells import RuleCells
    from engine.mapping.rules import Rule

REQUIRED = "required and empty"
NOT_REQUIRED = "not required and empty"


@dataclass(frozen=True, slots=True)
class Required(Stage):
    """Stops the document, writes null, or leaves the field out."""

    keys: ClassVar = ("required", "required_when", "send_null")
    always: bool = False
    when: Condition | None = None
    send_null: bool = False

    @classmethod
    def load(cls, cells: RuleCells) -> Self | None:
        """Read the three; None when an empty value is simply left out."""
        found = cls(
            cells.yes_no("required"),
            cells.condition("required_when"),
            cells.yes_no("send_null"),
        )
        return None if found == cls() else found

    def check(self, cells: RuleCells, rule: Rule) -> None:
        """Find a required field that no branch can fill."""
        enum = None if cells.given is None else cells.given.enum
        if self.always and enum and all(map(is_empty, enum)):
            said = f"{rule.path} is required, but no branch gives a value"
            cells.problems.add("M402", said, rule.place("required"))

    def reads(self) -> Iterator[str]:
        return iter(() if self.when is None else paths_of(self.when))

    def column(self) -> str:
        if self.always:
            return "yes"
        return "" if self.when is None else f"when {code(self.when.text)}"

    def words(self) -> str:
        return "null when empty" if self.send_null else ""

    def write(self, out: FunctionText, rule: Rule, value: str) -> None:
        """Write what an empty value means."""
        look(out, rule.place("required", "required_when"))
        if self.always:
            self._refuse(out, rule, "required")
            return
        if self.when is not None:
            with out.block(f"if {self.when.write(out)}:"):
                self._refuse(out, rule, f"required when {self.when.text}")
            meet(out, rule.position, NOT_REQUIRED)
        if self.send_null:
            note(out, "send_null", "", "None")
        out.add(f"{value} = {None if self.send_null else 'MISSING'}")

    def _refuse(self, out: FunctionText, rule: Rule, reason: str) -> None:
        meet(out, rule.position, REQUIRED)
        out.hear("step.value = None")
        label = rule.value.label
        said = f"{label} is empty" if label else "there is no value"
        out.add(f"raise ValueFault('REQUIRED', {f'{reason}, but {said}'!r})")

    def branches(self, rule: Rule, field_: str) -> Iterator[Branch]:
        """Count an empty value, both ways; a rule that is never empty has none."""
        default = rule.find(Default)
        has_literal = default is not None and default.literal is not MISSING
        if has_literal or rule.value.is_literal:
            return
        if self.always or self.when is not None:
            yield branch(field_, REQUIRED, rule.position, REQUIRED)
        if not self.always and self.when is not None:
            yield branch(field_, NOT_REQUIRED, rule.position, NOT_REQUIRED)
