"""The end of a flow's page: where companies differ, and the tables that are used."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dictionary
from typing import Any

from engine.cli.docs.field_cells import each_words
from engine.cli.docs.flow_words import mapping_link
from engine.cli.docs.markdown import fold, heading, table
from engine.cli.docs.rule_words import full_words
from engine.cli.docs.target_rows import list_target_rows
from engine.mapping.apply import Mapping
from engine.mapping.keys.lookup import Lookup
from engine.mapping.rules import Rule, iter_rules
from engine.mapping.words import code, literal_words, table_anchor
from engine.project.project import Project


def difference_blocks(
    project: Project, folder: str, mappings: list[Mapping]
) -> Iterator[str]:
    """Show what the overlays of companies make of the mappings."""
    rows: list[tuple[str, ...]] = []
    for company in sorted(project.companies):
        own = project.mappings_for(company, folder)
        for base in mappings:
            changed = own.get(base.name, base)
            if changed is not base:
                rows += _changed_rows(company, base, changed)
    if rows:
        yield heading(2, "Where companies differ", "companies")
        yield table(("Company", "Mapping", "Field", "Rule", "Instead of"), rows)


def table_blocks(project: Project, mappings: list[Mapping]) -> Iterator[str]:
    """Show the tables that mappings look into, and what each adds to them."""
    used: dict[str, list[tuple[Mapping, Lookup]]] = {}
    for mapping in mappings:
        for name, lookup in {x.table: x for x in _lookups_of(mapping)}.items():
            used.setdefault(name, []).append((mapping, lookup))
    if not used:
        return
    yield heading(2, "Tables", "tables")
    for name, users in sorted(used.items()):
        yield heading(3, f"Table {name}", table_anchor(name))
        shared = project.tables.get(name, {})
        if shared:
            yield _entries(shared)
        for mapping, lookup in users:
            own = {k: v for k, v in lookup.entries.items() if shared.get(k) != v}
            if own:
                verb = "adds" if shared else "has"
                yield f"Mapping {mapping_link(mapping.name)} {verb}:"
                yield _entries(own)


def _changed_rows(
    company: str, base: Mapping, own: Mapping
) -> Iterator[tuple[str, ...]]:
    before, after = _rules_in_words(base), _rules_in_words(own)
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            rule = after.get(name, "left out")
            instead = before.get(name, "nothing")
            yield code(company), mapping_link(base.name), code(name), rule, instead


def _rules_in_words(mapping: Mapping) -> dict[str, str]:
    """Say every variable, field and table entry of a mapping."""
    found = {f"vars.{n}": full_words(rule) for n, rule in mapping.variables.items()}
    for row in list_target_rows(mapping):
        if row.makers:
            words = (full_words(made.rule) for made in row.makers)
            found[row.path] = each_words(row.makers, words)
    for lookup in _lookups_of(mapping):
        for key, to in lookup.entries.items():
            found[f"tables.{lookup.table}.{key}"] = literal_words(to)
    return found


def _entries(entries: Dictionary[str, Any]) -> str:
    rows = [(code(key), literal_words(to)) for key, to in entries.items()]
    noun = "entry" if len(rows) == 1 else "entries"
    return fold(f"{len(rows)} {noun}", table(("From", "To"), rows))


def _lookups_of(mapping: Mapping) -> Iterator[Lookup]:
    """Give every lookup in a named table, also those inside a choice."""
    rules = [node for node in iter_rules(mapping.fields) if isinstance(node, Rule)]
    for rule in (*rules, *mapping.variables.values()):
        for inner in rule.with_inner():
            lookup = inner.find(Lookup)
            if lookup is not None and lookup.table:
                yield lookup
