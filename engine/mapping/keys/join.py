"""``join`` and ``with``: those paths that are filled, one after the other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from engine.language.types import TEXT
from engine.language.values import is_empty, text_of
from engine.mapping.keys.page import Step, Take, ValueKey
from engine.mapping.words import code, escape, literal_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.language.paths import Path
    from engine.language.types import Type
    from engine.mapping.cells import RuleCells
    from engine.mapping.rules import Rule

_VISIBLE = re.compile(r"\s*[^\w\s]+\s*")


@dataclass(frozen=True, slots=True)
class Join(ValueKey):
    """Joins texts; a list gives all that it holds."""

    keys: ClassVar = ("join",)
    beside: ClassVar = ("with",)
    paths: tuple[Path, ...]
    separator: str

    @classmethod
    def load(cls, cells: RuleCells) -> Self | None:
        """Read the list of paths and what stands between."""
        paths = cells.paths("join")
        return None if paths is None else cls(paths, cells.text("with"))

    @property
    def label(self) -> str:
        return " / ".join(path.text for path in self.paths)

    def type(self) -> Type | None:
        return TEXT

    def reads(self) -> Iterator[str]:
        return (path.text for path in self.paths)

    def words(self) -> str:
        """Name the paths, with what stands between where that can be seen."""
        paths = [code(path.text) for path in self.paths]
        if self.separator == "\n":
            return f"{', '.join(paths)}, each that is filled on its own line"
        if _VISIBLE.fullmatch(self.separator):
            between = f" {escape(self.separator.strip())} "
            return f"{between.join(paths)}, those that are filled"
        between = literal_words(self.separator)
        return f"{', '.join(paths)}, those that are filled, with {between} between"

    def compile(self, rule: Rule) -> Take:
        rows = tuple((p.evaluate, p.text, p.position) for p in self.paths)
        separator = self.separator

        def take(step: Step) -> str | None:
            parts: list[str] = []
            for pick, text, place in rows:
                if step.heard:
                    step.place = place
                value: Any = pick(step.scope)
                if step.heard:
                    step.note("join", text, value)
                if value is None:
                    continue
                values = value if isinstance(value, list) else [value]
                parts += [text_of(v).strip() for v in values if not is_empty(v)]
            if not parts:
                return None
            joined = separator.join(parts)
            if step.heard:
                step.note("with", separator, joined)
            return joined

        return take
