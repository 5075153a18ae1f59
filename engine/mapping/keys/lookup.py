"""``lookup`` and ``else``: an exact match in a table of texts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from engine.kinds import PHRASES
from engine.language.symbols import Symbol
from engine.language.type_checks import find_form_fault, is_among
from engine.language.types import common_type, kind_of
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
from engine.problems import (
    MOST_LISTED,
    Problems,
    did_you_mean,
    either,
    list_words,
)
from engine.rulefiles.nodes import MapNode, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from engine.language.function_text import FunctionText
    from engine.language.types import Type
    from engine.mapping.cells import RuleCells
    from engine.mapping.literals import Target

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


def _fitting(cells: RuleCells, target: Target) -> str | None:
    """Name the tables whose keys and values would fit."""
    fitting = []
    for name, entries in cells.loader.tables.items():
        found = Problems()
        for value in entries.values():
            load_literal(found, value, target, cells.node.position)
        is_asked = any(not is_never(key, cells.given) for key in entries)
        if entries and is_asked and not found:
            fitting.append(name)
    return f"{either(fitting)} would fit" if fitting else None


def is_never(key: str, given: Type | None) -> bool:
    """Tell whether a key is never looked up, by what is known of the value."""
    kind = kind_of(given)
    if given is None or kind == "any":
        return False
    if given.enum is not None:
        return not is_among(key, given.enum)
    if kind == "truth":
        return key not in ("true", "false")
    if kind == "number":
        number = find_number(key)
        return number is None or not is_number_text(key, number)
    return find_form_fault(key, given, compared=True) is not None


def _formed(key: str, given: Symbol) -> str:
    for _, form in () if given.field is None else given.field.forms:
        key = str(form(key))
    return key


def _check_entries(cells: RuleCells, node: MapNode, strange: Sequence[str]) -> None:
    """Find entries of an inline table that the source never asks for."""
    given = cells.given
    if kind_of(given) == "truth":
        known = ["true", "false"]
    else:
        known = [str(value) for value in (given.enum if given else None) or ()]
    for key, _ in node.items():  # noqa: PERF102 - a key is a cell with a place
        if key.text in strange:
            hint = did_you_mean(key.text, [v for v in known if v not in node])
            hint = hint or list_words(known, "it is one of")
            said = f"the source is never {key.text}, so this entry means nothing"
            if hint is None and given is not None and given.forms:
                hint = (
                    f"{given.forms[-1][0]} gives {_formed(key.text, Symbol(given, ''))}"
                )
            cells.problems.add("M515", said, key, hint or _KIND_WORDS[kind_of(given)])


_KIND_WORDS: Final = {
    "number": "it is a number",
    "text": "it is a text of another form",
}


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
        before = len(problems)
        values = {
            key: cells.literal(value, target, cell.position)
            for key, value in entries.items()
        }
        wrong = problems.found[before:]
        if name and 2 * len(wrong) > len(values):
            del problems.found[before:]
            said = f"table {name} gives what {target.path} does not take"
            problems.add("M519", said, cell, _fitting(cells, target))
        given = cells.node.get("else")
        if given is None:
            return cls(name, values)
        if not isinstance(given, MapNode):
            return cls(name, values, cells.literal(given, target))
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
        """Find entries that are never asked for, and values that have none."""
        given, node = Symbol(cells.given, ""), cells.node.get("lookup")
        place: Any = node if isinstance(node, Scalar) else rule.place("lookup")
        problems = cells.problems
        label = rule.value.label or "the value"
        if given.kind in {"list", "group"}:
            said = f"{label} is {PHRASES[given.kind]}; a table takes one value"
            problems.add("M403", said, place)
            return
        table = f"table {self.table}" if self.table else "the table"
        strange = [key for key in self.entries if is_never(key, cells.given)]
        if isinstance(node, MapNode):
            _check_entries(cells, node, strange)
        elif strange and len(strange) == len(self.entries):
            said = f"{table} has no entry for any value of {label}"
            problems.add("M519", said, place, _fitting(cells, cells.target))
            return
        elif given.field is not None and given.field.forms:
            shown = [key for key in strange if _formed(key, given) not in self.entries]
            if shown:
                said = f"{table} has {', '.join(shown[:MOST_LISTED])}, never looked up"
                way = f"{given.field.forms[-1][0]} gives {_formed(shown[0], given)}"
                problems.add("M515", said, place, way)
        if given.field is None or given.field.enum is None:
            return
        key_of = _key_reader(self.entries)
        allowed = [key_of(value) for value in given.field.enum if value != ""]
        unknown = [value for value in allowed if value not in self.entries]
        if unknown and self.otherwise is MISSING:
            listed = ", ".join(unknown[:MOST_LISTED])
            said = f"{table} has no entry for {listed}, which the source schema allows"
            problems.add("M503", said, place, "add it, or give else:")

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
