"""``required``, ``required_when`` and ``send_null``: what an empty value means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from engine.language.values import ValueFault
from engine.mapping.keys.default import Default
from engine.mapping.keys.page import Branch, Stage, Step, branch, paths_of
from engine.mapping.rules import MISSING
from engine.mapping.words import code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.language.formulas import Condition
    from engine.mapping.cells import RuleCells
    from engine.mapping.keys.page import Take
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

    def reads(self) -> Iterator[str]:
        return iter(() if self.when is None else paths_of(self.when))

    def column(self) -> str:
        if self.always:
            return "yes"
        return "" if self.when is None else f"when {code(self.when.text)}"

    def words(self) -> str:
        return "null when empty" if self.send_null else ""

    def compile(self, rule: Rule) -> Take:
        place, own, when = (
            rule.place("required", "required_when"),
            rule.position,
            self.when,
        )
        label = rule.value.label
        said = f", but {label} is empty" if label else ", but there is no value"

        def judge(step: Step) -> Any:
            if step.heard:
                step.place = place
            if self.always or (when is not None and when.evaluate(step.scope)):
                if step.heard:
                    step.meet(own, REQUIRED)
                    step.value = None
                reason = "required"
                if not self.always and when is not None:
                    reason = f"required when {when.text}"
                raise ValueFault("REQUIRED", reason + said)
            if step.heard and when is not None:
                step.meet(own, NOT_REQUIRED)
            if step.heard and self.send_null:
                step.note("send_null", "", None)
            return None if self.send_null else MISSING

        return judge

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
