"""``lookup`` and ``else``: an exact match in a table of texts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

from engine.language.types import common_type
from engine.language.values import (
    find_number,
    is_empty,
    is_number_text,
    sent_text,
    show_value,
    spell_number,
)
from engine.mapping.keys.page import Branch, ChangingStage, Step, branch, meet, note
from engine.mapping.literals import literals_type, load_literal
from engine.mapping.result import Fallback
from engine.mapping.rules import MISSING, Rule
from engine.mapping.stages import (
    rule_branches,
    rule_reads,
    rule_type,
    rule_words,
    write_inner,
)
from engine.mapping.words import code, escape, link, literal_words, table_anchor
from engine.problems import MOST_LISTED, did_you_mean, list_words
from engine.rulefiles.nodes import MapNode, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from engine.language.function_text import FunctionText
    from engine.language.types import Type
    from engine.mapping.cells import RuleCells

ELSE = "else"
NOT_IN_TABLE = "not in the table"


def _key_reader(entries: Iterable[str]) -> Callable[[Any], str]:
    """Give what finds a value's key: a number's by what it says."""
    read = ((key, find_number(key)) for key in entries)
    numbers = {
        spell_number(number): key
        for key, number in read
        if number is not None and is_number_text(key, number)
    }

    def key_of(value: Any) -> str:
        text = sent_text(value)
        return numbers.get(text, text)

    return key_of


def entry_way(key: str) -> str:
    """Name the way through one entry of a table."""
    return f"entry {key}"


@dataclass(frozen=True, slots=True)
class Lookup(ChangingStage):
    """Gives what the table has for the value; else ``otherwise``, or a fault."""

    keys: ClassVar = ("lookup",)
    beside: ClassVar = ("else",)
    table: str  # "" for one that stands in the rule
    entries: Mapping[str, Any]
    otherwise: Any = MISSING  # a literal, or a Rule

    @classmethod
    def load(cls, cells: RuleCells) -> Self | None:
        """Read the table's name, or the table; its values are the field's literals."""
        cell, tables = cells.node.get("lookup"), cells.loader.tables
        if isinstance(cell, MapNode):
            name, entries = "", {key.text: value for key, value in cell.items()}
        elif not isinstance(cell, Scalar):
            return None
        elif (name := cell.text) in tables:
            entries = dict(tables[name])
        else:
            said, file = f"there is no table {name}", name.partition(".")[0]
            columns = [table for table in tables if table.startswith(f"{file}.")]
            if columns and "." not in name:
                hint = f"name a column of it: {list_words(columns)}"
                cells.problems.add("M502", said, cell, hint)
            elif file not in tables:  # else its CSV cannot be read: told there
                known = columns or sorted(tables)
                cells.problems.unknown("M502", said, cell, known, "tables:")
            return None
        target, problems = cells.target, cells.problems
        if "transform" in cells.node and cells.has_value_key:
            target = target.without_type()
        values = {
            key: load_literal(problems, value, target, cell.position)
            for key, value in entries.items()
        }
        given = cells.node.get("else")
        if given is None:
            return cls(name, values)
        if not isinstance(given, MapNode):
            return cls(name, values, load_literal(problems, given, target))
        rule = cells.loader.rule(given, target, cells.types)
        return None if rule is None else cls(name, values, rule)

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (self.otherwise,) if isinstance(self.otherwise, Rule) else ()

    def reads(self) -> Iterator[str]:
        for rule in self.rules:
            yield from rule_reads(rule)

    def type(self, before: Type | None) -> Type | None:
        if isinstance(self.otherwise, Rule):
            listed = literals_type(self.entries.values())
            return common_type([listed, rule_type(self.otherwise)])
        others = () if self.otherwise is MISSING else (self.otherwise,)
        return literals_type((*self.entries.values(), *others))

    def check(self, cells: RuleCells, rule: Rule) -> None:
        """Find values that the source allows and the table does not know."""
        field = rule.value.type()
        if field is None or field.enum is None:
            return
        allowed = [str(value) for value in field.enum]
        node = cells.node.get("lookup")
        if isinstance(node, MapNode):
            self._check_entries(cells, node, allowed)
        unknown = [value for value in allowed if value not in self.entries]
        if unknown and self.otherwise is MISSING:
            listed = ", ".join(unknown[:MOST_LISTED])
            table = f"table {self.table}" if self.table else "the table"
            said = f"{table} has no entry for {listed}, which the source schema allows"
            place = rule.place("lookup")
            cells.problems.add("M503", said, place, "add it, or give else:")

    def _check_entries(
        self, cells: RuleCells, node: MapNode, allowed: list[str]
    ) -> None:
        """Find entries of an inline table that the source never asks for."""
        for key, _ in node.items():  # noqa: PERF102 - a key is a cell with a place
            if key.text not in allowed:
                close = did_you_mean(key.text, [v for v in allowed if v not in node])
                listed = ", ".join(allowed[:MOST_LISTED])
                said = f"the source is never {key.text}, so this entry means nothing"
                cells.problems.add("M515", said, key, close or f"it is one of {listed}")

    def words(self) -> str:
        """Name the table, and what becomes of a value that is not in it."""
        missing = self.otherwise is MISSING
        unknown = "an error" if missing else literal_words(self.otherwise)
        for rule in self.rules:
            unknown = rule_words(rule)
        if self.table:
            through = f"table {link(escape(self.table), table_anchor(self.table))}"
        else:
            rows = self.entries.items()
            through = ", ".join(f"{code(k)} → {literal_words(v)}" for k, v in rows)
        return f"through {through} (not in it: {unknown})"

    @property
    def may_empty(self) -> bool:
        others = () if self.otherwise is MISSING else (self.otherwise,)
        if self.rules:
            return True
        return any(is_empty(value) for value in (*self.entries.values(), *others))

    def write(self, out: FunctionText, rule: Rule, value: str) -> None:
        own, entries = rule.position, out.hold(self.entries, "entries")
        key_of = out.hold(_key_reader(self.entries), "key_of")
        key = out.new(f"{value} if type({value}) is str else {key_of}({value})")
        with out.block(f"if {key} in {entries}:"):
            out.add(f"{value} = {entries}[{key}]")
            note(out, "lookup", self.table, value)
            if out.is_heard:
                way = f"{out.hold(entry_way, 'entry_way')}({key})"
                out.add(f"step.meet({out.hold(own, 'place')}, {way})")
        with out.block("else:"):
            self._write_else(out, rule, value, key)

    def _write_else(self, out: FunctionText, rule: Rule, value: str, key: str) -> None:
        own = rule.position
        if self.otherwise is MISSING:
            meet(out, own, NOT_IN_TABLE)
            said = partial(self._unknown_entry, rule)
            message = f"{out.hold(said, 'unknown_entry')}({key})"
            out.add(f"raise ValueFault('NOT_IN_TABLE', {message})")
            return
        meet(out, own, ELSE)
        if isinstance(self.otherwise, Rule):
            sent = out.keep(write_inner(out, rule, self.otherwise, ELSE, self.table))
            out.add(f"{value} = None if {sent} is MISSING else {sent}")
        else:
            out.add(f"{value} = {out.hold(self.otherwise, 'otherwise')}")
            note(out, ELSE, self.table, value)
        if out.step:
            fallen = out.hold(partial(self._fall_back, rule), "fall_back")
            out.add(f"{fallen}({out.step}, {key}, {value})")

    def _fall_back(self, rule: Rule, step: Step, key: str, sent: Any) -> None:
        """Tell that the table does not know a value."""
        if step.log is not None:
            path = step.path_of(rule)
            found = Fallback(path, self.table, key, sent)
            step.log.fallbacks.append(found)

    def _unknown_entry(self, rule: Rule, key: str) -> str:
        came = f" (from {rule.value.label})" if rule.value.label else ""
        table = f"table {self.table}" if self.table else "the table"
        listed = list_words(self.entries)
        return f"'{show_value(key)}'{came} is not in {table}: {listed or ''}"

    def branches(self, rule: Rule, field_: str) -> Iterator[Branch]:
        """Count an unknown value; the entries are counted once a table."""
        missing = NOT_IN_TABLE if self.otherwise is MISSING else ELSE
        yield branch(field_, missing, rule.position, missing)
        for inner in self.rules:
            yield from rule_branches(inner, field_)
