"""``default_from`` and ``default``: what stands in for an empty value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from engine.language.types import common_type
from engine.language.values import is_empty
from engine.mapping.keys.page import TAKEN, Branch, Stage, Step, branch
from engine.mapping.literals import literals_type, load_literal
from engine.mapping.rules import MISSING
from engine.mapping.words import code, join_words, literal_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.language.paths import Path
    from engine.language.types import Type
    from engine.mapping.cells import RuleCells
    from engine.mapping.keys.page import Change, Take
    from engine.mapping.rules import Rule

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Default(Stage):
    """Gives the first of other paths that is filled; else a literal."""

    keys: ClassVar = ("default", "default_from")
    paths: tuple[Path, ...] = ()
    literal: Any = MISSING

    @classmethod
    def load(cls, cells: RuleCells) -> Self | None:
        paths = cells.paths("default_from") or ()
        given, literal = cells.node.get("default"), MISSING
        if given is not None:
            literal = load_literal(cells.problems, given, cells.target)
        is_there = paths or literal is not MISSING
        return cls(paths, literal) if is_there else None

    def type(self, before: Type | None) -> Type | None:
        """Add what these may give."""
        if self.paths:
            before = common_type([before, *(path.shape.field for path in self.paths)])
        if self.literal is not MISSING:
            before = common_type([before, literals_type((self.literal,))])
        return before

    def reads(self) -> Iterator[str]:
        return (path.text for path in self.paths)

    def column(self) -> str:
        parts = (
            *(code(path.text) for path in self.paths),
            "" if self.literal is MISSING else literal_words(self.literal),
        )
        return join_words(parts, ", else ")

    def compile(self, rule: Rule, fit: Change) -> Take:
        paths, literal, own = self.paths, self.literal, rule.position

        def fill(step: Step) -> Any:
            for path in paths:
                if step.heard:
                    step.place = path.position
                value = path.evaluate(step.scope)
                if step.heard:
                    step.note("default_from", path.text, value)
                if not is_empty(value):
                    if step.heard:
                        step.meet(path.position, TAKEN)
                    value = fit(step, value)
                    return MISSING if is_empty(value) else value
            if step.heard and literal is not MISSING:
                step.note("default", "", literal)
                step.meet(own, DEFAULT)
            return literal

        return fill

    def branches(self, rule: Rule, field_: str) -> Iterator[Branch]:
        for path in self.paths:
            said = f"default_from {path.text}"
            yield branch(field_, said, path.position, TAKEN)
        if self.literal is not MISSING:
            yield branch(field_, f"default {self.literal}", rule.position, DEFAULT)
