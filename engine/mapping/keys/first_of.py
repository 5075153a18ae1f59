"""``first_of``: the first path that is filled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from engine.language.values import is_empty
from engine.mapping.keys.page import TAKEN, Branch, Step, Take, ValueKey, branch
from engine.mapping.words import code, join_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.language.paths import Path
    from engine.mapping.cells import RuleCells
    from engine.mapping.rules import Rule


@dataclass(frozen=True, slots=True)
class FirstOf(ValueKey):
    """Picks from the first place where there is something."""

    keys: ClassVar = ("first_of",)
    paths: tuple[Path, ...]

    @classmethod
    def load(cls, cells: RuleCells) -> Self | None:
        paths = cells.paths("first_of")
        return None if paths is None else cls(paths)

    @property
    def taken(self) -> tuple[Path, ...]:
        return self.paths

    def words(self) -> str:
        return join_words((code(path.text) for path in self.paths), ", else ")

    def compile(self, rule: Rule) -> Take:
        rows = tuple((p.evaluate, p.text, p.position) for p in self.paths)

        def take(step: Step) -> Any:
            for pick, text, place in rows:
                if step.heard:
                    step.place = place
                value = pick(step.scope)
                if step.heard:
                    step.note("first_of", text, value)
                if value is not None and not is_empty(value):
                    if step.heard:
                        step.meet(place, TAKEN)
                    return value
            return None

        return take

    def branches(self, rule: Rule, field_: str) -> Iterator[Branch]:
        for path in self.paths:
            yield branch(field_, f"first_of {path.text}", path.position, TAKEN)
