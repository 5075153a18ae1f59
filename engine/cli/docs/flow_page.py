"""The page of a flow: its steps, and each mapping as the vendor's technical table.

Everything on it comes from the rule files: a row for every target field in the schema's
order, the comments beside the rules, the match rules, the tables that are looked up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Dictionary
from typing import Any

from engine.cli.docs.field_cells import (
    COLUMNS,
    OPTIONAL_COLUMNS,
    each_words,
    field_cells,
    optional_cells,
    remark_cells,
)
from engine.cli.docs.flow_words import (
    FlowWords,
    mapping_anchor,
    mapping_link,
)
from engine.cli.docs.markdown import fold, heading, numbered, table
from engine.cli.docs.rule_words import full_words
from engine.cli.docs.target_rows import TargetRow, list_target_rows
from engine.errors import Position
from engine.mapping.apply import Mapping
from engine.mapping.keys.lookup import Lookup
from engine.mapping.rules import Rule, iter_rules, iter_variables
from engine.mapping.words import code, escape, literal_words, table_anchor
from engine.project.flow_spec import Flow, iter_requests
from engine.project.project import Project
from engine.rulefiles.comments import FileRemarks, Remark, read_remarks
from engine.rulefiles.nodes import ListNode, MapNode, Node

_TITLES = {
    "setup": "Before the first document",
    "enrich": "Enrich",
    "require": "Require",
    "prepare": "Prepare",
    "follow": "Follow",
    "release": "Release",
    "vanished": "When a document is gone from the source",
}


def render_flow(project: Project, flow: Flow, made: str) -> str:
    """Write the page of one flow; ``made`` is a comment line below its title."""
    blocks = [f"# Flow {escape(flow.name)}", made, *FlowPage(project, flow).blocks()]
    return "\n\n".join(blocks) + "\n"


class FlowPage:
    """Builds the page of one flow."""

    def __init__(self, project: Project, flow: Flow) -> None:
        self._project = project
        self._flow = flow
        self._words = FlowWords(project.advice)
        self._nodes = project.bases.nodes
        self._remarks: dict[str, FileRemarks] = {}
        self._number = 1

    def blocks(self) -> Iterator[str]:
        flow = self._flow
        folder = flow.file.rpartition("/")[0]
        found = self._project.mappings[folder]
        delivered = flow.deliver.send.mapping if flow.deliver else None
        ordered = [delivered] if delivered is not None else []
        ordered += [m for _, m in sorted(found.items()) if m is not delivered]
        if flow.note:
            yield escape(f"{flow.note}.")
        yield from self._steps()
        yield from self._variables("Variables of the flow", "flow", flow.variables)
        for mapping in ordered:
            yield from self._mapping(mapping, is_sent=mapping is delivered)
        yield from difference_blocks(self._project, folder, ordered)
        own = [rule for _, rule in flow.variables]
        yield from table_blocks(self._project, ordered, own)
        yield from self._endpoints()

    # Steps ---------------------------------------------------------------------------

    def _steps(self) -> Iterator[str]:
        flow, words = self._flow, self._words
        yield heading(2, "What happens, step by step", "steps")
        if flow.switch is not None:
            yield f"The flow runs while {code(flow.switch.text)}."
        yield from self._slot("setup")
        yield from self._listed("Fetch", "fetch", words.fetch(flow.fetch))
        yield from self._slot("enrich")
        if flow.expand is not None:
            yield from self._listed("Expand", "expand", words.expand(flow.expand))
        for slot in ("require", "prepare"):
            yield from self._slot(slot)
        if flow.deliver is not None:
            yield from self._listed("Deliver", "deliver", words.deliver(flow.deliver))
        if flow.result is not None:
            result = f"In the target the document is {code(flow.result.text)}"
            yield from self._listed("Result", "result", [result])
        for slot in ("follow", "release"):
            yield from self._slot(slot)
        if flow.acknowledge is not None:
            acknowledged = words.acknowledge(flow.acknowledge)
            yield from self._listed("Acknowledge", "acknowledge", acknowledged)
        yield from self._slot("vanished")

    def _slot(self, slot: str) -> Iterator[str]:
        steps = getattr(self._flow, slot)
        listed = self._nodes[self._flow.file].get(slot)
        nodes = listed.items if isinstance(listed, ListNode) else ()
        items = [
            self._words.step(step, self._remark_of(node))
            for step, node in zip(steps, nodes, strict=True)
        ]
        yield from self._listed(_TITLES[slot], slot, items)

    def _listed(self, title: str, anchor: str, items: list[str]) -> Iterator[str]:
        if items:
            yield heading(3, title, f"step-{anchor}")
            yield numbered(items, self._number)
            self._number += len(items)

    def _remark_of(self, node: Node) -> str:
        first = next(iter(node.items()), None) if isinstance(node, MapNode) else None
        if first is None:
            return ""
        remark = self._remark_at(first[0].position, is_line=True)
        said = (remark.text, ", ".join(remark.references))
        text = "; ".join(part for part in said if part)
        return f" ({escape(text)})" if text else ""

    # Mappings ------------------------------------------------------------------------

    def _mapping(self, mapping: Mapping, *, is_sent: bool) -> Iterator[str]:
        name = mapping.name.removesuffix(".yaml")
        anchor = mapping_anchor(mapping.name)
        yield heading(2, f"Mapping {name}: {mapping.title}", anchor)
        sent = " It makes the document that is delivered." if is_sent else ""
        yield f"From {code(mapping.source)} to {code(mapping.target)}.{sent}"
        if mapping.only_when is not None:
            when = code(mapping.only_when.text)
            yield f"Only when {when}; other documents are left out."
        rows = list_target_rows(mapping)
        missing = ", ".join(code(row.path) for row in rows if row.kind == "missing")
        yield f"Required by the target and made by no rule: {missing or 'none'}."
        shown = (field_cells(row, self._remark_at) for row in _without_optional(rows))
        yield table(COLUMNS, shown)
        optional = [optional_cells(row) for row in rows if row.kind == "optional"]
        if optional:
            noun = "field" if len(optional) == 1 else "fields"
            summary = f"{len(optional)} optional {noun} that no rule makes"
            yield fold(summary, table(OPTIONAL_COLUMNS, optional))
        found = {
            rule.path.removeprefix("vars."): rule for rule in iter_variables(mapping)
        }
        variables = tuple(found.items())
        yield from self._variables(f"Variables of {name}", anchor, variables)

    def _variables(
        self, title: str, anchor: str, variables: tuple[tuple[str, Rule], ...]
    ) -> Iterator[str]:
        if not variables:
            return
        yield heading(3, title, f"{anchor}-variables")
        rows = [
            (
                code(f"vars.{name}"),
                full_words(rule),
                *remark_cells([rule.note], [self._variable_remark(rule, name)]),
            )
            for name, rule in variables
        ]
        yield table(("Name", "Value", "Note", "Ref."), rows)

    def _variable_remark(self, rule: Rule, name: str) -> Remark:
        given = self._nodes[rule.position.file].get("vars")
        if not isinstance(given, MapNode) or name not in given:
            return Remark()
        return self._remark_at(given.key(name).position)

    # The end -------------------------------------------------------------------------

    def _endpoints(self) -> Iterator[str]:
        yield heading(2, "Systems", "systems")
        rows = []
        for call in sorted({(r.system, r.endpoint) for r in iter_requests(self._flow)}):
            system, endpoint = call
            spec = self._project.systems[system].endpoints[endpoint]
            rows.append(
                (code(f"{system}.{endpoint}"), code(spec.method + " " + spec.path))
            )
        yield table(("Endpoint", "Request"), rows)

    # Remarks -------------------------------------------------------------------------

    def _remark_at(self, position: Position, *, is_line: bool = False) -> Remark:
        file = position.file
        if file not in self._remarks:
            self._remarks[file] = read_remarks(self._nodes[file])
        return self._remarks[file].at(position, only_line=is_line)


def _without_optional(rows: list[TargetRow]) -> Iterator[TargetRow]:
    """Give the rows that rules make or the target misses, below their groups."""
    paths = [row.path for row in rows if row.kind not in ("optional", "group")]
    for row in rows:
        below = (f"{row.path}.", f"{row.path}[")
        if row.kind == "group":
            if any(path.startswith(below) for path in paths):
                yield row
        elif row.kind != "optional":
            yield row


# Where companies differ, and the tables that are used --------------------------------


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


def table_blocks(
    project: Project, mappings: list[Mapping], rules: Iterable[Rule]
) -> Iterator[str]:
    """Show the tables that mappings look into, and what each adds to them.

    Args:
        rules: The flow's own, which look into shared tables only.
    """
    used: dict[str, list[tuple[Mapping, Lookup]]] = {
        lookup.table: [] for lookup in _lookups_in(rules)
    }
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
    found = {rule.path: full_words(rule) for rule in iter_variables(mapping)}
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
    yield from _lookups_in((*rules, *iter_variables(mapping)))


def _lookups_in(rules: Iterable[Rule]) -> Iterator[Lookup]:
    for rule in rules:
        for inner in rule.with_inner():
            lookup = inner.find(Lookup)
            if lookup is not None and lookup.table:
                yield lookup
