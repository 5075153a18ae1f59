"""The page of a flow: its steps, and each mapping as the vendor's technical table.

Everything on it comes from the rule files: a row for every target field in the schema's
order, the comments beside the rules, the match rules, the tables that are looked up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.cli.docs.blocks import (
    Code,
    DocPage,
    Fold,
    Heading,
    Item,
    Listing,
    Paragraph,
    Row,
    Table,
    join_words,
)
from engine.cli.docs.field_cells import (
    COLUMNS,
    OPTIONAL_COLUMNS,
    field_row,
    note_words,
    optional_row,
)
from engine.cli.docs.flow_tables import difference_blocks, table_blocks
from engine.cli.docs.flow_words import FlowWords, iter_requests, mapping_anchor
from engine.cli.docs.rule_words import (
    formula_code,
    full_words,
)
from engine.cli.docs.target_rows import list_target_rows
from engine.rulefiles.comments import FileRemarks, Remark, read_remarks
from engine.rulefiles.reader import ListNode, MapNode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.cli.docs.blocks import Block as PageBlock
    from engine.cli.docs.blocks import Words
    from engine.cli.docs.target_rows import TargetRow
    from engine.errors import Position
    from engine.mapping.apply import Mapping
    from engine.mapping.rules import Rule
    from engine.project.flow_spec import Flow
    from engine.project.project import Project
    from engine.rulefiles.reader import Node

_TITLES = {
    "setup": "Before the first document",
    "enrich": "Enrich",
    "require": "Require",
    "prepare": "Prepare",
    "follow": "Follow",
    "release": "Release",
    "vanished": "When a document is gone from the source",
}


def flow_page(project: Project, flow: Flow) -> DocPage:
    """Build the page of one flow."""
    return FlowPage(project, flow).build()


class FlowPage:
    """Builds the page of one flow."""

    def __init__(self, project: Project, flow: Flow) -> None:
        self._project = project
        self._flow = flow
        self._words = FlowWords(project.advice)
        assert project.bases is not None
        self._nodes = project.bases.nodes
        self._remarks: dict[str, FileRemarks] = {}
        self._number = 1

    def build(self) -> DocPage:
        """Give the page, part by part."""
        flow = self._flow
        folder = flow.file.rpartition("/")[0]
        found = self._project.mappings[folder]
        delivered = flow.deliver.send.mapping if flow.deliver else None
        ordered = [delivered] if delivered is not None else []
        ordered += [m for _, m in sorted(found.items()) if m is not delivered]
        blocks: list[PageBlock] = [Heading(1, f"Flow {flow.name}", "top")]
        if flow.note:
            blocks.append(Paragraph((f"{flow.note}.",)))
        blocks += self._steps()
        blocks += self._variables("Variables of the flow", "flow", flow.variables)
        for mapping in ordered:
            blocks += self._mapping(mapping, is_sent=mapping is delivered)
        blocks += difference_blocks(self._project, folder, ordered)
        blocks += table_blocks(self._project, ordered)
        blocks += self._endpoints()
        return DocPage(f"Flow {flow.name}", tuple(blocks))

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
        listed = self._nodes[self._flow.file].get(slot)
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
            tuple(
                field_row(row, anchor, self._remark_at)
                for row in _with_groups(rows, shown)
            ),
            can_filter=True,
        )
        optional = [row for row in rows if row.kind == "optional"]
        if optional:
            table = Table(
                OPTIONAL_COLUMNS, tuple(optional_row(row) for row in optional)
            )
            noun = "field" if len(optional) == 1 else "fields"
            yield Fold(f"{len(optional)} optional {noun} that no rule makes", (table,))
        variables = tuple(mapping.variables.items())
        yield from self._variables(f"Variables of {name}", anchor, variables)

    def _variables(
        self, title: str, anchor: str, variables: tuple[tuple[str, Rule], ...]
    ) -> Iterator[PageBlock]:
        if not variables:
            return
        yield Heading(3, title, f"{anchor}-variables")
        rows = []
        for name, rule in variables:
            remark = self._variable_remark(rule, name)
            note = note_words(rule.note, remark.text)
            numbers = (", ".join(remark.references),) if remark.references else ()
            cells = ((Code(f"vars.{name}"),), full_words(rule), note, numbers)
            rows.append(Row(cells, f"{anchor}-vars.{name}"))
        yield Table(("Name", "Value", "Note", "Ref."), tuple(rows))

    def _variable_remark(self, rule: Rule, name: str) -> Remark:
        given = self._nodes[rule.position.file].get("vars")
        if not isinstance(given, MapNode) or name not in given:
            return Remark()
        return self._remarks_of(rule.position.file).at(given.key(name).position)

    # The end -------------------------------------------------------------------------

    def _endpoints(self) -> Iterator[PageBlock]:
        yield Heading(2, "Systems", "systems")
        used = {(r.system, r.endpoint) for r in iter_requests(self._flow)}
        rows = []
        for system, endpoint in sorted(used):
            spec = self._project.systems[system].endpoints[endpoint]
            request = Code(f"{spec.method} {spec.path}")
            rows.append(Row(((Code(f"{system}.{endpoint}"),), (request,))))
        yield Table(("Endpoint", "Request"), tuple(rows))

    # Remarks -------------------------------------------------------------------------

    def _remark_at(self, position: Position, *, is_line: bool = False) -> Remark:
        return self._remarks_of(position.file).at(position, only_line=is_line)

    def _remarks_of(self, file: str) -> FileRemarks:
        if file not in self._remarks:
            self._remarks[file] = read_remarks(self._nodes[file])
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


def _missing_words(rows: list[TargetRow]) -> Words:
    missing = [(Code(row.path),) for row in rows if row.kind == "missing"]
    if not missing:
        return ("Required by the target and made by no rule: none.",)
    listed = join_words(missing, ", ")
    return ("Required by the target and made by no rule: ", *listed, ".")


def _remark_words(remark: Remark) -> Words:
    said = "; ".join(
        part for part in (remark.text, ", ".join(remark.references)) if part
    )
    return (f" ({said})",) if said else ()
