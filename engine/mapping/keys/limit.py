"""``limit``, ``too_long``, ``cut_at`` and ``overflow_to``: characters after NFC."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Self

from engine.language.sent_texts import cut_text, normalise_text
from engine.language.types import KnownType
from engine.mapping.keys.default import Default
from engine.mapping.keys.join import Join
from engine.mapping.keys.page import Branch, FittingStage, Step, branch, meet, note
from engine.mapping.result import Overflow, Truncation
from engine.mapping.words import code
from engine.problems import did_you_mean
from engine.rulefiles.nodes import MapNode, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.language.function_text import FunctionText
    from engine.language.types import Type
    from engine.mapping.cells import RuleCells
    from engine.mapping.rules import Rule

CUT = "longer than the limit"


@dataclass(frozen=True, slots=True)
class Limit(FittingStage):
    """Cuts a text that is too long, and says so; or stops the document."""

    keys: ClassVar = ("limit",)
    beside: ClassVar = ("too_long", "cut_at", "overflow_to")
    characters: int
    too_long: str = "warn"  # "cut": only counted; "error"
    cut_at: str = "char"  # "word"
    overflow_to: str = ""  # a sibling field; it takes the text, or what is left
    overflow_limit: int | None = None  # characters it takes, as its schema says

    @classmethod
    def load(cls, cells: RuleCells) -> Self | None:
        """Read the number, and what happens to more."""
        characters = cells.integer("limit")
        if characters is None:
            return None
        said, overflow = cells.node.get("too_long"), cells.node.get("overflow_to")
        if isinstance(said, MapNode):
            overflow = said.get("overflow_to")
        too_long = cells.text("too_long") or "warn"
        cut_at = cells.text("cut_at") or "char"
        if not isinstance(overflow, Scalar):
            return cls(characters, too_long, cut_at)
        name, parent = overflow.text, cells.target.parent
        sibling = parent.child(name) if parent is not None else None
        if parent is not None and not parent.is_open and sibling is None:
            message = f"the target has no field {name} beside {cells.target.path}"
            hint = did_you_mean(name, parent.properties)
            cells.problems.add("M508", message, overflow, hint)
        longest = None if sibling is None else sibling.max_length
        return cls(characters, too_long, cut_at, name, longest)

    def type(self, before: Type | None) -> Type | None:
        """Forget the values of a text: it may be cut."""
        is_text = before is not None and "string" in before.types
        return KnownType(before.types) if before is not None and is_text else before

    def check(self, cells: RuleCells, rule: Rule) -> None:
        """Find a limit that the target does not allow, or that cuts what is no text."""
        if rule.target is None:
            return
        place, problems = rule.place("limit"), cells.problems
        longest, types = rule.target.max_length, rule.target.types
        if longest is not None and self.characters > longest:
            said = (
                f"limit {self.characters} is longer than the target allows for "
                f"{rule.path} ({longest})"
            )
            problems.add("M404", said, place, f"write limit: {longest}")
        if types and "string" not in types:
            said = f"{rule.path} is no text field, so limit cuts nothing"
            problems.add("M411", said, place, "remove limit")
        default = rule.find(Default)
        literal = None if default is None else default.literal
        if isinstance(literal, str) and len(literal) > self.characters:
            said = f"the default is longer than limit ({self.characters})"
            problems.add("M405", said, rule.place("default"))

    def column(self) -> str:
        """Say how long a text may be and what happens to a longer one."""
        where = " between words" if self.cut_at == "word" else ""
        if self.overflow_to:
            over = f"cut{where}, what does not fit goes to {code(self.overflow_to)}"
        elif self.too_long == "error":
            over = "longer is an error"
        elif self.too_long == "cut":
            over = f"cut{where}, only counted"
        else:
            over = f"cut{where} with a warning"
        return f"{self.characters}, {over}"

    @property
    def may_empty(self) -> bool:
        return self.too_long != "error"

    def write(self, out: FunctionText, rule: Rule, value: str) -> None:
        """Write the cut of a text as it is sent; what is no text has no limit."""
        most = self.characters
        if value in out.texts:
            self._write_cut(out, rule, value)
            return
        with out.block(f"if isinstance({value}, str):"):
            before = out.new(value) if out.is_heard else ""
            out.add(f"{value} = {out.hold(normalise_text, 'normalise_text')}({value})")
            if out.is_heard:
                with out.block(f"if {before} != {value} and len({value}) <= {most}:"):
                    note(out, "limit", f"{most}, fits", value)
            self._write_cut(out, rule, value)

    def _write_cut(self, out: FunctionText, rule: Rule, value: str) -> None:
        most = self.characters
        with out.block(f"if len({value}) > {most}:"):
            meet(out, rule.place("limit"), CUT)
            if self.too_long == "error":
                said = f'f"{{len({value})}} characters, at most {most} are allowed"'
                out.add(f"raise ValueFault('TOO_LONG', {said})")
            else:
                cut = out.hold(partial(self._cut, rule), "cut")
                out.add(f"{value} = {cut}({out.step or None}, {value}) or None")

    def _cut(self, rule: Rule, step: Step | None, text: str) -> str:
        most, place = self.characters, rule.place("limit")
        kept = cut_text(text, most, at_word=self.cut_at == "word")
        if isinstance(rule.value, Join) and (mark := rule.value.separator.strip()):
            kept = kept.removesuffix(mark).rstrip()  # what it joined to is gone
        if step is not None and step.heard:
            step.note("limit", f"cut from {len(text)} to {most}", kept)
        if step is None or step.log is None:
            return kept
        path = step.path_of(rule)
        cut = Truncation(path, most, text, kept, place)
        if self.overflow_to:
            step.log.overflows.append(Overflow(rule, self, path, text, kept))
        elif self.too_long == "cut":
            step.log.silent_cuts.append(cut)
        else:
            step.log.truncations.append(cut)
        return kept

    def branches(self, rule: Rule, field_: str) -> Iterator[Branch]:
        way = "too long for" if self.too_long == "error" else "cut at"
        yield branch(field_, f"{way} {self.characters}", rule.place("limit"), CUT)
