"""The page of a flow: its steps, and each mapping as the vendor's technical table.

Everything on it comes from the rule files: a row for every target field in the schema's
order, the comments beside the rules, the match rules, the tables that are looked up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.comments import FileRemarks, Remark, read_remarks
from engine.flowwords import FlowWords, iter_requests, mapping_anchor
from engine.pagewords import (
    Code,
    Fold,
    Heading,
    Item,
    Link,
    Listing,
    Page,
    Paragraph,
    Row,
    Table,
    join_words,
)
from engine.rules import Block, Choose, Rows, Rule, iter_rules
from engine.ruleswords import (
    default_words,
    formula_code,
    full_words,
    has_default,
    limit_words,
    required_when_words,
    rule_words,
    table_anchor,
    type_words,
    value_code,
)
from engine.targetrows import list_target_rows
from engine.yamlfile import ListNode, MapNode, load_yaml_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Mapping as Dictionary
    from pathlib import Path

    from engine.expressions import Condition
    from engine.flow.spec import Flow
    from engine.mapping import Mapping
    from engine.pagewords import Block as PageBlock
    from engine.pagewords import Words
    from engine.project import Project
    from engine.rules import Each, Lookup
    from engine.targetrows import Arm, TargetRow
    from engine.yamlfile import Node

COLUMNS = (
    "Target field",
    "What it is",
    "Source",
    "Limit",
    "Required",
    "Default",
    "Note",
    "Ref.",
)
_TITLES = {
    "setup": "Before the first document",
    "enrich": "Enrich",
    "require": "Require",
    "prepare": "Prepare",
    "follow": "Follow",
    "release": "Release",
    "vanished": "When a document is gone from the source",
}


def flow_page(project: Project, flow: Flow) -> Page:
    """Build the page of one flow."""
    return _Builder(project, flow).build()


class _Builder:
    def __init__(self, project: Project, flow: Flow) -> None:
        self._project = project
        self._flow = flow
        self._words = FlowWords(project.advice)
        self._nodes: dict[str, Node] = {}
        self._remarks: dict[str, FileRemarks] = {}
        self._number = 1

    def build(self) -> Page:
        flow = self._flow
        folder = self._project.mappings[flow.file.rpartition("/")[0]]
        delivered = flow.deliver.send.mapping if flow.deliver else None
        ordered = [delivered] if delivered is not None else []
        ordered += [m for _, m in sorted(folder.items()) if m is not delivered]
        blocks: list[PageBlock] = [Heading(1, f"Flow {flow.name}", "top")]
        if flow.note:
            blocks.append(Paragraph((f"{flow.note}.",)))
        blocks += self._steps()
        blocks += self._variables("Variables of the flow", "flow", flow.variables)
        for mapping in ordered:
            blocks += self._mapping(mapping, is_sent=mapping is delivered)
        blocks += self._differences(ordered)
        blocks += self._tables(ordered)
        blocks += self._endpoints()
        return Page(f"Flow {flow.name}", tuple(blocks))

    # Steps ---------------------------------------------------------------------------

    def _steps(self) -> Iterator[PageBlock]:
        flow, words = self._flow, self._words
        yield Heading(2, "What happens, step by step", "steps")
        if flow.switch is not None:
            yield Paragraph(
                ("The flow runs while ", formula_code(flow.switch.text), ".")
            )
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
            result = ("In the target the document is ", formula_code(flow.result.text))
            yield from self._listed("Result", "result", [Item(result)])
        for slot in ("follow", "release"):
            yield from self._slot(slot)
        if flow.acknowledge is not None:
            acknowledged = words.acknowledge(flow.acknowledge)
            yield from self._listed("Acknowledge", "acknowledge", acknowledged)
        yield from self._slot("vanished")

    def _slot(self, slot: str) -> Iterator[PageBlock]:
        steps = getattr(self._flow, slot)
        root = self._node(self._flow.file)
        listed = root.get(slot) if isinstance(root, MapNode) else None
        nodes = listed.items if isinstance(listed, ListNode) else ()
        items = []
        for step, node in zip(steps, nodes, strict=True):
            item = self._words.step(step)
            remark = self._remark_of(node)
            items.append(Item((*item.words, *_remark_words(remark)), item.below))
        yield from self._listed(_TITLES[slot], slot, items)

    def _listed(
        self, title: str, anchor: str, items: list[Item]
    ) -> Iterator[PageBlock]:
        if items:
            yield Heading(3, title, f"step-{anchor}")
            yield Listing(tuple(items), self._number)
            self._number += len(items)

    def _remark_of(self, node: Node) -> Remark:
        remarks = self._remarks_of(self._flow.file)
        if isinstance(node, MapNode):
            first = next(iter(node.items()), None)
            if first is not None:
                return remarks.at(first[0].position, only_line=True)
        return Remark()

    # Mappings ------------------------------------------------------------------------

    def _mapping(self, mapping: Mapping, *, is_sent: bool) -> Iterator[PageBlock]:
        name = mapping.name.removesuffix(".yaml")
        anchor = mapping_anchor(mapping.name)
        yield Heading(2, f"Mapping {name}: {mapping.title}", anchor)
        sent = " It makes the document that is delivered." if is_sent else ""
        between: Words = ("From ", Code(mapping.source), " to ", Code(mapping.target))
        yield Paragraph((*between, f".{sent}"))
        if mapping.only_when is not None:
            when = formula_code(mapping.only_when.text)
            yield Paragraph(("Only when ", when, "; other documents are left out."))
        rows = list_target_rows(mapping)
        yield Paragraph(_missing_words(rows))
        shown = [row for row in rows if row.kind in ("rule", "overflow", "missing")]
        yield Table(
            COLUMNS,
            tuple(self._row(row, anchor) for row in _with_groups(rows, shown)),
            can_filter=True,
        )
        optional = [row for row in rows if row.kind == "optional"]
        if optional:
            table = Table(
                ("Target field", "What it is", "Required"),
                tuple(_optional_row(row) for row in optional),
            )
            noun = "field" if len(optional) == 1 else "fields"
            yield Fold(f"{len(optional)} optional {noun} that no rule makes", (table,))
        variables = tuple(mapping.variables.items())
        yield from self._variables(f"Variables of {name}", anchor, variables)

    def _row(self, row: TargetRow, anchor: str) -> Row:
        name: Words = (Code(row.path),)
        about = _about(row)
        if row.kind == "group":
            cells = (name, about, *self._group_cells(row))
        elif row.kind == "overflow":
            said: Words = (
                "the whole text of ",
                Code(row.overflow_of),
                ", when too long there",
            )
            cells = (name, about, said, (), _required(row), (), (), ())
        elif row.kind == "missing":
            cells = (name, about, ("no rule",), (), _required(row), (), (), ())
        else:
            cells = (name, about, *self._rule_cells(row))
        return Row(cells, f"{anchor}-{row.path}", row.depth, row.kind == "group")

    def _group_cells(self, row: TargetRow) -> tuple[Words, ...]:
        block, remark = row.block, Remark()
        source: Words = ()
        if block is not None:
            remark = self._remarks_of(block.position.file).at(
                block.position, only_line=True
            )
        if isinstance(block, Block):
            source = _only(block.when)
        elif isinstance(block, Rows):
            source = _numbered([_each(part) for part in block.parts])
        is_required = block is not None and block.required
        required: Words = ("yes",) if is_required else _required(row)
        note = _note(block.note if block is not None else "", remark.text)
        return (source, (), required, (), note, (", ".join(remark.references),))

    def _rule_cells(self, row: TargetRow) -> tuple[Words, ...]:
        """Give source, limit, required, default, note and references of a field."""
        rules = [arm.rule for arm in row.arms]
        remarks = [self._remarks_of(r.position.file).at(r.position) for r in rules]
        references = dict.fromkeys(n for r in remarks for n in r.references)
        notes = dict.fromkeys(
            text
            for rule, remark in zip(rules, remarks, strict=True)
            for text in (rule.note, remark.text)
            if text
        )
        arms = row.arms
        return (
            _per_arm(arms, [rule_words(rule) for rule in rules]),
            _per_arm(arms, [_limit(rule) for rule in rules]),
            _required(row)
            or _per_arm(
                arms,
                [("yes",) if r.required else required_when_words(r) for r in rules],
            ),
            _per_arm(arms, [default_words(r) if has_default(r) else () for r in rules]),
            ("; ".join(notes),) if notes else (),
            (", ".join(references),) if references else (),
        )

    def _variables(
        self, title: str, anchor: str, variables: tuple[tuple[str, Rule], ...]
    ) -> Iterator[PageBlock]:
        if not variables:
            return
        yield Heading(3, title, f"{anchor}-variables")
        rows = []
        for name, rule in variables:
            remark = self._variable_remark(rule, name)
            note = _note(rule.note, remark.text)
            numbers = (", ".join(remark.references),) if remark.references else ()
            cells = ((Code(f"vars.{name}"),), full_words(rule), note, numbers)
            rows.append(Row(cells, f"{anchor}-vars.{name}"))
        yield Table(("Name", "Value", "Note", "Ref."), tuple(rows))

    def _variable_remark(self, rule: Rule, name: str) -> Remark:
        root = self._node(rule.position.file)
        given = root.get("vars") if isinstance(root, MapNode) else None
        if not isinstance(given, MapNode) or name not in given:
            return Remark()
        return self._remarks_of(rule.position.file).at(given.key(name).position)

    # The end -------------------------------------------------------------------------

    def _differences(self, mappings: list[Mapping]) -> Iterator[PageBlock]:
        """Show what the overlays of companies make of the mappings."""
        folder = self._flow.file.rpartition("/")[0]
        rows: list[Row] = []
        for company in sorted(self._project.companies):
            own = self._project.mappings_for(company, folder)
            for base in mappings:
                changed = own.get(base.name, base)
                if changed is not base:
                    rows += _changed_rows(company, base, changed)
        if rows:
            yield Heading(2, "Where companies differ", "companies")
            columns = ("Company", "Mapping", "Field", "Rule", "Instead of")
            yield Table(columns, tuple(rows))

    def _tables(self, mappings: list[Mapping]) -> Iterator[PageBlock]:
        used: dict[str, list[tuple[Mapping, Lookup]]] = {}
        for mapping in mappings:
            for name, lookup in {x.table: x for x in _lookups_of(mapping)}.items():
                used.setdefault(name, []).append((mapping, lookup))
        if not used:
            return
        yield Heading(2, "Tables", "tables")
        for name, users in sorted(used.items()):
            yield Heading(3, f"Table {name}", table_anchor(name))
            shared = self._project.tables.get(name, {})
            if shared:
                yield _entries(shared)
            for mapping, lookup in users:
                own = {k: v for k, v in lookup.entries.items() if shared.get(k) != v}
                if own:
                    added = "adds" if shared else "has"
                    link = Link(mapping.name, mapping_anchor(mapping.name), True)
                    yield Paragraph(("Mapping ", link, f" {added}:"))
                    yield _entries(own)

    def _endpoints(self) -> Iterator[PageBlock]:
        yield Heading(2, "Systems", "systems")
        used = {(r.system, r.endpoint) for r in iter_requests(self._flow)}
        rows = []
        for system, endpoint in sorted(used):
            spec = self._project.systems[system].endpoints[endpoint]
            request = Code(f"{spec.method} {spec.path}")
            rows.append(Row(((Code(f"{system}.{endpoint}"),), (request,))))
        yield Table(("Endpoint", "Request"), tuple(rows))

    # Files ---------------------------------------------------------------------------

    def _node(self, file: str) -> Node:
        if file not in self._nodes:
            root: Path = self._project.root
            self._nodes[file] = load_yaml_file(root / file, root)
        return self._nodes[file]

    def _remarks_of(self, file: str) -> FileRemarks:
        if file not in self._remarks:
            self._remarks[file] = read_remarks(self._node(file))
        return self._remarks[file]


def _with_groups(rows: list[TargetRow], shown: list[TargetRow]) -> list[TargetRow]:
    """Give the rows to show, each below the groups that it lies in."""
    paths = [row.path for row in shown]
    return [
        row
        for row in rows
        if row in shown
        or (
            row.kind == "group"
            and any(path.startswith((f"{row.path}.", f"{row.path}[")) for path in paths)
        )
    ]


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
        if row.arms:
            words = [full_words(arm.rule) for arm in row.arms]
            found[row.path] = _per_arm(row.arms, words)
    for lookup in _lookups_of(mapping):
        for key, to in lookup.entries.items():
            found[f"tables.{lookup.table}.{key}"] = (value_code(to),)
    return found


def _missing_words(rows: list[TargetRow]) -> Words:
    missing = [(Code(row.path),) for row in rows if row.kind == "missing"]
    if not missing:
        return ("Required by the target and made by no rule: none.",)
    listed = join_words(missing, ", ")
    return ("Required by the target and made by no rule: ", *listed, ".")


def _about(row: TargetRow) -> Words:
    if row.field is None:
        return ()
    kind = type_words(row.field) if row.kind != "group" else ""
    said = row.field.description.strip()
    return (f"{said} ({kind})" if said and kind else said or kind,)


def _optional_row(row: TargetRow) -> Row:
    return Row(((Code(row.path),), _about(row), _required(row)))


def _required(row: TargetRow) -> Words:
    """Say what the target asks; what rules ask beyond it is said by the caller."""
    if row.requirement == "yes":
        return ("yes",)
    return ("with its group",) if row.requirement == "group" else ()


def _limit(rule: Rule) -> Words:
    most = rule.target.max_length if rule.target is not None else None
    if rule.limit is None:
        return ()
    if most is not None and most != rule.limit.characters:
        return (*limit_words(rule.limit), f" (target {most})")
    return limit_words(rule.limit)


def _per_arm(arms: tuple[Arm, ...], words: list[Words]) -> Words:
    """Say what all arms say alike once, else each with the blocks it stands in."""
    if len(set(words)) <= 1:
        return words[0] if words else ()
    said: dict[Words, list[str]] = {}
    for arm, text in zip(arms, words, strict=True):
        if text:
            said.setdefault(text, []).append(".".join(map(str, arm.parts)))
    parts: list[Words] = [
        (f"{', '.join(numbers)}: ", *text) for text, numbers in said.items()
    ]
    return join_words(parts, "; ")


def _numbered(parts: list[Words]) -> Words:
    if len(parts) <= 1:
        return parts[0] if parts else ()
    numbered = [(f"{number}: ", *part) for number, part in enumerate(parts, start=1)]
    return join_words(numbered, "; ")


def _each(part: Each) -> Words:
    words: Words = ("one row for each of ", formula_code(part.path.text))
    if part.where is not None:
        words = (*words, " where ", formula_code(part.where.text))
    if part.when is not None:
        words = (*words, ", only when ", formula_code(part.when.text))
    return words


def _only(when: Condition | None) -> Words:
    return () if when is None else ("only when ", formula_code(when.text))


def _note(*texts: str) -> Words:
    said = "; ".join(dict.fromkeys(text for text in texts if text))
    return (said,) if said else ()


def _remark_words(remark: Remark) -> Words:
    said = "; ".join(
        part for part in (remark.text, ", ".join(remark.references)) if part
    )
    return (f" ({said})",) if said else ()


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
