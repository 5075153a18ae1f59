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

from typing import TYPE_CHECKING, Final

from engine.mapping.keys.lookup import Lookup, entry_way
from engine.mapping.keys.page import Branch, both_ways, branch
from engine.mapping.keys.required import REQUIRED
from engine.mapping.payload import NO_ROWS, SOME_ROWS
from engine.mapping.rules import Rows, Rule, iter_rules, iter_variables
from engine.mapping.stages import VALUE, rule_branches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.errors import Position
    from engine.mapping.rules import FieldNode, Mapping

SOME_ENTRY: Final = "some entry"
MOST_ENTRIES: Final = 20  # of a table whose entries are counted one by one


def list_branches(mappings: Iterable[Mapping]) -> list[Branch]:
    """List the branches of a flow's mappings, in the order of files and lines.

    A table's entries stand where it is first looked up, once for all mappings.
    """
    found: list[Branch] = []
    rules: list[Rule] = []
    for mapping in mappings:
        if mapping.only_when is not None:
            found += both_ways("the document", "only_when", mapping.only_when)
        for node in (*iter_variables(mapping), *iter_rules(mapping.fields)):
            found += _of_node(node)
            if isinstance(node, Rule):
                rules += node.with_inner()
    return sorted((*found, *_of_tables(rules)), key=_place)


def _place(found: Branch) -> tuple[str, int, int]:
    return (found.position.file, found.position.line, found.position.column)


def _of_node(node: FieldNode) -> Iterator[Branch]:
    if isinstance(node, Rule):
        yield branch(node.path, VALUE, node.position, VALUE)
        yield from rule_branches(node)
        return
    if isinstance(node, Rows):
        yield from _of_rows(node)
    elif node.when is not None:
        yield from both_ways(node.path, "when", node.when)
    if node.required:
        yield branch(node.path, REQUIRED, node.position, REQUIRED)


def _of_rows(rows: Rows) -> Iterator[Branch]:
    for part in rows.parts:
        if part.when is not None:
            yield from both_ways(rows.path, "when", part.when)
        # [@] is the item itself, which is always there.
        ways = (SOME_ROWS,) if part.path.text == "[@]" else (SOME_ROWS, NO_ROWS)
        for way in ways:
            said = f"each {part.path.text}: {way}"
            yield branch(rows.path, said, part.path.position, way)
        if part.where is not None:
            yield from both_ways(rows.path, "where", part.where)


def _of_tables(rules: list[Rule]) -> Iterator[Branch]:
    """Give the entries of each table once, whichever rule looks them up."""
    tables: dict[str, list[tuple[Rule, Lookup]]] = {}
    for rule in rules:
        lookup = rule.find(Lookup)
        if lookup is not None:
            name = lookup.table or f"the table of {rule.path}"
            tables.setdefault(name, []).append((rule, lookup))
    for name, users in tables.items():
        first, lookup = users[0]
        places = {
            key: frozenset((rule.position, entry_way(key)) for rule, _ in users)
            for key in lookup.entries
        }
        if len(places) > MOST_ENTRIES:
            union = frozenset[tuple["Position", str]]().union(*places.values())
            yield Branch(name, SOME_ENTRY, first.position, union)
            continue
        for key, counted in places.items():
            yield Branch(name, entry_way(key), first.position, counted)
