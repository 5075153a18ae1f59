"""The end of a flow's page: where companies differ, and the tables that are used.

Pure; imports pagewords, ruleswords and targetrows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.cli.docs.blocks import Code, Fold, Heading, Link, Paragraph, Row, Table
from engine.cli.docs.field_cells import per_rule
from engine.cli.docs.flow_words import mapping_anchor
from engine.cli.docs.rule_words import full_words, table_anchor, value_code
from engine.cli.docs.target_rows import list_target_rows
from engine.mapping.rules import Choose, Rule, iter_rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Mapping as Dictionary

    from engine.cli.docs.blocks import Block as PageBlock
    from engine.cli.docs.blocks import Words
    from engine.mapping.apply import Mapping
    from engine.mapping.rules import Lookup
    from engine.project.project import Project


def difference_blocks(
    project: Project, folder: str, mappings: list[Mapping]
) -> Iterator[PageBlock]:
    """Show what the overlays of companies make of the mappings."""
    rows: list[Row] = []
    for company in sorted(project.companies):
        own = project.mappings_for(company, folder)
        for base in mappings:
            changed = own.get(base.name, base)
            if changed is not base:
                rows += _changed_rows(company, base, changed)
    if rows:
        yield Heading(2, "Where companies differ", "companies")
        columns = ("Company", "Mapping", "Field", "Rule", "Instead of")
        yield Table(columns, tuple(rows))


def table_blocks(project: Project, mappings: list[Mapping]) -> Iterator[PageBlock]:
    """Show the tables that mappings look into, and what each adds to them."""
    used: dict[str, list[tuple[Mapping, Lookup]]] = {}
    for mapping in mappings:
        for name, lookup in {x.table: x for x in _lookups_of(mapping)}.items():
            used.setdefault(name, []).append((mapping, lookup))
    if not used:
        return
    yield Heading(2, "Tables", "tables")
    for name, users in sorted(used.items()):
        yield Heading(3, f"Table {name}", table_anchor(name))
        shared = project.tables.get(name, {})
        if shared:
            yield _entries(shared)
        for mapping, lookup in users:
            own = {k: v for k, v in lookup.entries.items() if shared.get(k) != v}
            if own:
                added = "adds" if shared else "has"
                link = Link(mapping.name, mapping_anchor(mapping.name), True)
                yield Paragraph(("Mapping ", link, f" {added}:"))
                yield _entries(own)


def _changed_rows(company: str, base: Mapping, own: Mapping) -> Iterator[Row]:
    before, after = _rules_in_words(base), _rules_in_words(own)
    mapping = Link(base.name, mapping_anchor(base.name), is_code=True)
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            rule = after.get(name, ("left out",))
            instead = before.get(name, ("nothing",))
            yield Row(((Code(company),), (mapping,), (Code(name),), rule, instead))


def _rules_in_words(mapping: Mapping) -> dict[str, Words]:
    """Say every variable, field and table entry of a mapping."""
    found = {f"vars.{n}": full_words(rule) for n, rule in mapping.variables.items()}
    for row in list_target_rows(mapping):
        if row.makers:
            words = [full_words(maker.rule) for maker in row.makers]
            found[row.path] = per_rule(row.makers, words)
    for lookup in _lookups_of(mapping):
        for key, to in lookup.entries.items():
            found[f"tables.{lookup.table}.{key}"] = (value_code(to),)
    return found


def _entries(entries: Dictionary[str, Any]) -> Fold:
    rows = tuple(Row(((Code(key),), (value_code(to),))) for key, to in entries.items())
    noun = "entry" if len(rows) == 1 else "entries"
    return Fold(f"{len(rows)} {noun}", (Table(("From", "To"), rows),))


def _lookups_of(mapping: Mapping) -> Iterator[Lookup]:
    """Give every lookup in a named table, also those inside a choice."""
    rules = [node for node in iter_rules(mapping.fields) if isinstance(node, Rule)]
    for rule in (*rules, *mapping.variables.values()):
        yield from _lookups_in(rule)


def _lookups_in(rule: Rule) -> Iterator[Lookup]:
    if rule.lookup is not None and rule.lookup.table:
        yield rule.lookup
    if isinstance(rule.value, Choose):
        for option in rule.value.options:
            if isinstance(option.then, Rule):
                yield from _lookups_in(option.then)
