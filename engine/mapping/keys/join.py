"""``join`` and ``with``: those paths that are filled, one after the other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from engine.kinds import PHRASES
from engine.language.meant import AS_TEXT
from engine.language.types import TEXT
from engine.language.values import is_empty, text_of
from engine.mapping.keys.page import ValueKey, look, note
from engine.mapping.words import code, escape, literal_words
from engine.rulefiles.nodes import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.language.function_text import FunctionText
    from engine.language.paths import Path
    from engine.language.types import Type
    from engine.mapping.cells import RuleCells
    from engine.mapping.rules import Rule

_WAYS_OUT: Final = {
    "truth": "say it in words, in a variable with choose:",
    "list": "flatten it with []",
    "group": "name one of its fields",
}
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
        for path in paths or ():
            shape = path.shape.item() if path.shape.kind == "list" else path.shape
            if shape.kind in AS_TEXT:
                said = f"{path.text} cannot be joined: it is {PHRASES[path.shape.kind]}"
                said += f", whose items are {PHRASES[shape.kind]}" * (
                    shape is not path.shape
                )
                place = Scalar(path.text, path.position)
                cells.problems.add("M403", said, place, _WAYS_OUT[shape.kind])
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

    def write(self, out: FunctionText, rule: Rule) -> str:
        """Write the texts' list, and how they are joined; nothing filled is None."""
        texts, add = out.new("[]"), out.hold(_add_texts, "add_texts")
        for path in self.paths:
            look(out, path.position)
            value = out.own(path)
            note(out, "join", path.text, value)
            with out.block(f"if {value} is not None:"):
                out.add(f"{add}({texts}, {value}, {path.text!r})")
        joined = out.new(f"{self.separator!r}.join({texts}) if {texts} else None")
        if out.is_heard:
            with out.block(f"if {texts}:"):
                note(out, "with", self.separator, joined)
        return joined


def _add_texts(texts: list[str], value: Any, path: str) -> None:
    values = value if isinstance(value, list) else [value]
    texts += [text_of(v, path).strip() for v in values if not is_empty(v)]
