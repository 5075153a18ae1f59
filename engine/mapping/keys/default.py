"""``default_from`` and ``default``: what stands in for an empty value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from engine.language.types import common_type
from engine.language.values import is_empty
from engine.mapping.cells import EMPTY_KEYS
from engine.mapping.keys.fixed import Fixed
from engine.mapping.keys.page import TAKEN, Branch, Stage, branch, look, meet, note
from engine.mapping.literals import literals_type
from engine.mapping.rules import MISSING
from engine.mapping.words import code, join_words, literal_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.language.function_text import FunctionText
    from engine.language.paths import Path
    from engine.language.types import Type
    from engine.mapping.cells import RuleCells
    from engine.mapping.rules import Rule

DEFAULT = "default"
WriteFits = Callable[["FunctionText", "Rule", str], None]


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
            literal = cells.literal(given)
        is_there = paths or literal is not MISSING
        return cls(paths, literal) if is_there else None

    def type(self, before: Type | None) -> Type | None:
        """Add what these may give."""
        if self.paths:
            before = common_type([before, *(path.shape.field for path in self.paths)])
        if self.literal is not MISSING:
            before = common_type([before, literals_type((self.literal,))])
        return before

    def check(self, cells: RuleCells, rule: Rule) -> None:
        """Find a value that is always there, and what a default makes meaningless."""
        if isinstance(rule.value, Fixed) and not is_empty(rule.value.value):
            said = "default means nothing beside fixed: the field is never empty"
            cells.cancelled("fixed", "default", said)
        if self.literal is MISSING or is_empty(self.literal):
            return
        for key in EMPTY_KEYS:
            said = f"{key} means nothing beside default: the field is never empty"
            cells.cancelled("default", key, said)

    def reads(self) -> Iterator[str]:
        return (path.text for path in self.paths)

    def column(self) -> str:
        parts = (
            *(code(path.text) for path in self.paths),
            "" if self.literal is MISSING else literal_words(self.literal),
        )
        return join_words(parts, ", else ")

    def write(
        self,
        out: FunctionText,
        rule: Rule,
        value: str,
        write_fits: WriteFits,
    ) -> None:
        """Write what stands in for an empty value; MISSING when nothing does."""
        self._write_from(out, rule, value, self.paths, write_fits)

    def _write_from(
        self,
        out: FunctionText,
        rule: Rule,
        value: str,
        paths: tuple[Path, ...],
        write_fits: WriteFits,
    ) -> None:
        if not paths:
            self._write_literal(out, rule, value)
            return
        path, *others = paths
        look(out, path.position)
        found = out.own(path)
        note(out, "default_from", path.text, found)
        with out.block(f"if {out.empty(found)}:"):
            self._write_from(out, rule, value, tuple(others), write_fits)
        with out.block("else:"):
            meet(out, path.position, TAKEN)
            write_fits(out, rule, found)
            out.add(f"{value} = MISSING if {found} is None else {found}")

    def _write_literal(self, out: FunctionText, rule: Rule, value: str) -> None:
        if self.literal is MISSING:
            out.add(f"{value} = MISSING")
            return
        out.add(f"{value} = {out.hold(self.literal, 'literal')}")
        note(out, "default", "", value)
        meet(out, rule.position, DEFAULT)

    def branches(self, rule: Rule, field_: str) -> Iterator[Branch]:
        for path in self.paths:
            said = f"default_from {path.text}"
            yield branch(field_, said, path.position, TAKEN)
        if self.literal is not MISSING:
            yield branch(field_, f"default {self.literal}", rule.position, DEFAULT)
