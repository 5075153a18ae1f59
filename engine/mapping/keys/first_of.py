"""``first_of``: the first path that is filled."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from engine.mapping.keys.page import TAKEN, Branch, ValueKey, branch, look, meet, note
from engine.mapping.words import code, join_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.language.function_text import FunctionText
    from engine.language.paths import Path
    from engine.mapping.cells import RuleCells
    from engine.mapping.rules import Rule


@dataclass(frozen=True, slots=True)
class FirstOf(ValueKey):
    """Picks from the first place where there is something."""

    keys: ClassVar = ("first_of",)
    is_tidy: ClassVar = True
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

    def write(self, out: FunctionText, rule: Rule) -> str:
        """Write a path after the other; what is empty is None."""
        found = out.new("None")
        for number, path in enumerate(self.paths):
            with out.block(f"if {found} is None:") if number else nullcontext():
                look(out, path.position)
                out.add(f"{found} = {path.write(out)}")
                note(out, "first_of", path.text, found)
                with out.block(f"if {out.empty(found)}:"):
                    out.add(f"{found} = None")
                if out.is_heard:
                    with out.block("else:"):
                        meet(out, path.position, TAKEN)
        return found

    def branches(self, rule: Rule, field_: str) -> Iterator[Branch]:
        for path in self.paths:
            yield branch(field_, f"first_of {path.text}", path.position, TAKEN)
