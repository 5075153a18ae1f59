"""The branches of a mapping's rules: each way that a value can go.

A branch is (position of the rule's key, which way it went). The stages name those that
they go through to the recorder; here stands which there are, for coverage. What counts:

- each rule, when it gives a value;
- each row of ``choose``, and "no row holds" when it has no ``otherwise``;
- each path of ``first_of``, when it is the one that is taken;
- each entry of a table, by the rules that look it up; of a table with more than 20
  entries only "some entry", for nobody writes 249 samples of one rule; and ``else``, or
  "not in the table" where that stops the document;
- ``default``, ``default_from``; a cut at ``limit``, or a stop with ``too_long: error``;
- ``when``, ``only_when`` and ``where``, true and false;
- ``required``: an empty value that stops the document; ``required_when``: both ways;
- ``each``: with rows and without.

Variables count like fields. A formula is no more than its rule's value, whatever it
computes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.mapping.rules import (
    MISSING,
    Block,
    Choose,
    FirstOf,
    Fixed,
    Rows,
    Rule,
    iter_rules,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.errors import Position
    from engine.language import Condition
    from engine.mapping.rules import Lookup, Mapping

VALUE: Final = "a value"
HOLDS: Final = "true"
HOLDS_NOT: Final = "false"
TAKEN: Final = "taken"
NO_ROW: Final = "no row holds"
ELSE: Final = "else"
NOT_IN_TABLE: Final = "not in the table"
DEFAULT: Final = "default"
CUT: Final = "longer than the limit"
REQUIRED: Final = "required and empty"
NOT_REQUIRED: Final = "not required and empty"
SOME_ROWS: Final = "rows"
NO_ROWS: Final = "no rows"
SOME_ENTRY: Final = "some entry"
MOST_ENTRIES: Final = 20  # of a table whose entries are counted one by one


def entry(key: str) -> str:
    """Name the branch of a table's entry."""
    return f"entry {key}"


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch: the field or variable it belongs to, what it says, and where.

    ``places`` are the branches of the recorder that count as this one.
    """

    field: str
    what: str
    position: Position
    places: frozenset[tuple[Position, str]]

    def is_met(self, met: Iterable[tuple[Position, str]]) -> bool:
        """Tell whether any of what was met is this branch."""
        return not self.places.isdisjoint(met)


def list_branches(mappings: Iterable[Mapping]) -> list[Branch]:
    """List the branches of a flow's mappings, in the order of files and lines.

    A table's entries stand where it is first looked up, once for all mappings.
    """
    found: list[Branch] = []
    rules: list[Rule] = []
    for mapping in mappings:
        if mapping.only_when is not None:
            found += _both("the document", "only_when", mapping.only_when)
        nodes = [*mapping.variables.values(), *iter_rules(mapping.fields)]
        for node in nodes:
            if isinstance(node, Rule):
                rules.append(node)
                found.append(_branch(node.path, VALUE, node.position, VALUE))
                found += _of_rule(node)
            elif isinstance(node, Block):
                found += _of_block(node)
            else:
                found += _of_rows(node)
    found += _of_tables([inner for rule in rules for inner in _with_inner(rule)])
    return sorted(found, key=_place)


def _place(branch: Branch) -> tuple[str, int, int]:
    return (branch.position.file, branch.position.line, branch.position.column)


def _of_block(block: Block) -> Iterator[Branch]:
    if block.when is not None:
        yield from _both(block.path, "when", block.when)
    if block.required:
        yield _branch(block.path, REQUIRED, block.position, REQUIRED)


def _branch(field: str, what: str, place: Position, branch: str) -> Branch:
    return Branch(field, what, place, frozenset({(place, branch)}))


def _both(field: str, key: str, condition: Condition) -> list[Branch]:
    return [
        _branch(field, f"{key} {way}: {condition.text}", condition.position, way)
        for way in (HOLDS, HOLDS_NOT)
    ]


def _with_inner(rule: Rule) -> Iterator[Rule]:
    """Yield a rule and the rules in the rows of its ``choose``."""
    yield rule
    if isinstance(rule.value, Choose):
        for option in rule.value.options:
            if isinstance(option.then, Rule):
                yield from _with_inner(option.then)


def _of_rule(rule: Rule, field: str = "") -> Iterator[Branch]:
    field = field or rule.path
    if rule.when is not None:
        yield from _both(field, "when", rule.when)
    if isinstance(rule.value, FirstOf):
        for path in rule.value.paths:
            yield _branch(field, f"first_of {path.text}", path.position, TAKEN)
    if isinstance(rule.value, Choose):
        yield from _of_choice(rule, rule.value, field)
    if rule.lookup is not None:
        missing = NOT_IN_TABLE if rule.lookup.otherwise is MISSING else ELSE
        yield _branch(field, missing, rule.position, missing)
    if rule.default_from is not None:
        said = f"default_from {rule.default_from.text}"
        yield _branch(field, said, rule.default_from.position, TAKEN)
    if rule.default is not MISSING:
        yield _branch(field, f"default {rule.default}", rule.position, DEFAULT)
    if rule.limit is not None:
        way = "too long for" if rule.limit.too_long == "error" else "cut at"
        said = f"{way} {rule.limit.characters}"
        yield _branch(field, said, rule.place("limit"), CUT)
    yield from _of_required(rule, field)


def _of_choice(rule: Rule, choose: Choose, field: str) -> Iterator[Branch]:
    for option in choose.options:
        condition = option.condition
        said = "otherwise" if condition is None else condition.text
        yield _branch(field, f"choose {said}", option.position, TAKEN)
        if isinstance(option.then, Rule):
            yield from _of_rule(option.then, field)
    if all(option.condition is not None for option in choose.options):
        yield _branch(field, NO_ROW, rule.position, NO_ROW)


def _of_required(rule: Rule, field: str) -> Iterator[Branch]:
    if rule.default is not MISSING or isinstance(rule.value, Fixed):
        return  # never empty
    if rule.required or rule.required_when is not None:
        yield _branch(field, REQUIRED, rule.position, REQUIRED)
    if not rule.required and rule.required_when is not None:
        yield _branch(field, NOT_REQUIRED, rule.position, NOT_REQUIRED)


def _of_rows(rows: Rows) -> Iterator[Branch]:
    for part in rows.parts:
        if part.when is not None:
            yield from _both(rows.path, "when", part.when)
        # [@] is the item itself, which is always there.
        ways = (SOME_ROWS,) if part.path.text == "[@]" else (SOME_ROWS, NO_ROWS)
        for way in ways:
            said = f"each {part.path.text}: {way}"
            yield _branch(rows.path, said, part.path.position, way)
        if part.where is not None:
            yield from _both(rows.path, "where", part.where)
    if rows.required:
        yield _branch(rows.path, REQUIRED, rows.position, REQUIRED)


def _of_tables(rules: list[Rule]) -> Iterator[Branch]:
    """Give the entries of each table once, whichever rule looks them up."""
    tables: dict[str, list[tuple[Rule, Lookup]]] = {}
    for rule in rules:
        if rule.lookup is not None:
            name = rule.lookup.table or f"the table of {rule.path}"
            tables.setdefault(name, []).append((rule, rule.lookup))
    for name, users in tables.items():
        first, lookup = users[0]
        places = {
            key: frozenset((rule.position, entry(key)) for rule, _ in users)
            for key in lookup.entries
        }
        if len(places) > MOST_ENTRIES:
            union = frozenset[tuple["Position", str]]().union(*places.values())
            yield Branch(name, SOME_ENTRY, first.position, union)
            continue
        for key, counted in places.items():
            yield Branch(name, f"entry {key}", first.position, counted)
