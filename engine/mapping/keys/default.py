"""``default_from`` and ``default``: what stands in for an empty value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from engine.language.paths import Path, compile_path
from engine.language.types import common_type
from engine.language.values import is_empty
from engine.mapping.keys.page import TAKEN, Branch, Stage, Step, branch
from engine.mapping.literals import literals_type, load_literal
from engine.mapping.rules import MISSING
from engine.mapping.words import code, join_words, literal_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.language.types import Type
    from engine.mapping.cells import RuleCells
    from engine.mapping.keys.page import Change, Take
    from engine.mapping.rules import Rule

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Default(Stage):
    """Gives another path's value, when that is filled; else a literal."""

    keys: ClassVar = ("default", "default_from")
    path: Path | None = None
    literal: Any = MISSING

    @classmethod
    def load(cls, cells: RuleCells) -> Self | None:
        path = cells.compiled("default_from", compile_path)
        given, literal = cells.node.get("default"), MISSING
        if given is not None:
            literal = load_literal(cells.problems, given, cells.target)
        is_there = path is not None or literal is not MISSING
        return cls(path, literal) if is_there else None

    def type(self, before: Type | None) -> Type | None:
        """Add what these may give."""
        if self.path is not None:
            before = common_type([before, self.path.shape.field])
        if self.literal is not MISSING:
            before = common_type([before, literals_type((self.literal,))])
        return before

    def reads(self) -> Iterator[str]:
        return iter(() if self.path is None else (self.path.text,))

    def column(self) -> str:
        parts = (
            "" if self.path is None else code(self.path.text),
            "" if self.literal is MISSING else literal_words(self.literal),
        )
        return join_words(parts, ", else ")

    def compile(self, rule: Rule, fit: Change) -> Take:
        path, literal, own = self.path, self.literal, rule.position

        def fill(step: Step) -> Any:
            if path is not None:
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
        if self.path is not None:
            said = f"default_from {self.path.text}"
            yield branch(field_, said, self.path.position, TAKEN)
        if self.literal is not MISSING:
            yield branch(field_, f"default {self.literal}", rule.position, DEFAULT)
