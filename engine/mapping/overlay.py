"""Merge a company's changes into a mapping file: field by field, then key by key.

Pure. Every key keeps its own place, so that a finding or a trace of the merged file
points at the base where the base speaks, and at the company's file where that does.

    field         by its address, as the documentation writes it: ``invoiceRows[].unit``
    value key     replaces the base's value key and ``with``; ``fixed`` also drops
                  ``lookup``, ``else``, ``transform`` and ``default``
    other keys    replace the same key, or are added
    remove: yes   takes the field out
    tables        merge by entry

Findings: M520 no such place, M521 no change, M522 required, M524 no such table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.mapping.addresses import (
    Address,
    as_map,
    has_field,
    list_addresses,
    makes_value,
    rule_kind,
    step,
)
from engine.mapping.cells import EMPTY_KEYS, read_flag
from engine.mapping.rule_load import VALUE_KEYS
from engine.problems import Problems, did_you_mean, hint_for
from engine.rulefiles.nodes import (
    Entry,
    ListNode,
    MapNode,
    Node,
    Scalar,
    entries_at,
    iter_scalars,
    map_at,
    scalar_at,
    to_plain,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.errors import Position, Problem
    from engine.language.schema import SchemaField

# Keys that change nothing beside ``fixed``: a literal is sent as it stands.
WITHOUT_EFFECT_ON_FIXED: Final = (
    *("limit", "too_long", "cut_at", "default", "default_from"),
    *("required", "required_when"),
)


@dataclass(frozen=True, slots=True)
class Merged:
    """A mapping file with a company's changes, and what is wrong with these."""

    node: MapNode
    problems: tuple[Problem, ...]

    @property
    def is_sound(self) -> bool:
        """Tell whether the merged file may be loaded; warnings do not count."""
        return all(problem.is_warning for problem in self.problems)


def merge_overlay(
    base: MapNode,
    overlay: MapNode,
    *,
    target: SchemaField | None = None,
    tables: Mapping[str, Mapping[str, str]] | None = None,
) -> Merged:
    """Merge an overlay into a mapping file.

    Args:
        base: The mapping file.
        overlay: The company's ``vars``, ``tables`` and ``fields`` for it.
        target: The schema of what the mapping makes; a new field must be in it.
        tables: The project's shared tables; one that is changed becomes the mapping's.
    """
    merger = OverlayMerge(tables or {})
    entries = dict(base.entries)
    for part in ("tables", "vars", "fields"):
        change, given = overlay.get(part), base.get(part)
        if not isinstance(change, MapNode):
            continue
        own = given if isinstance(given, MapNode) else MapNode({}, change.position)
        if part == "tables":
            merged = merger.merge_tables(own, change)
        elif part == "vars":
            merged = merger.merge_variables(own, change)
        else:
            merged = merger.merge_fields(own, change, "", target)
        key = base.key(part) if part in base else overlay.key(part)
        entries[part] = Entry(key, merged)
    node = MapNode(entries, base.position)
    _find_unused(merger.problems, node, overlay)
    return Merged(node, tuple(merger.problems.found))


class OverlayMerge:
    """Lays a company's changes over a mapping's file."""

    def __init__(self, tables: Mapping[str, Mapping[str, str]]) -> None:
        self.problems = Problems()
        self._tables = tables

    def merge_tables(self, base: MapNode, changes: MapNode) -> MapNode:
        """Merge table by table and entry by entry."""
        tables = dict(base.entries)
        for name, entries in changes.items():
            own = base.get(name.text)
            if own is None and name.text not in self._tables:
                hint = hint_for(name.text, [*base, *self._tables], "tables:")
                self.problems.add("M524", f"there is no table {name.text}", name, hint)
            elif isinstance(entries, MapNode):
                shared = self._tables.get(name.text, {})
                merged = dict(own.entries) if isinstance(own, MapNode) else {}
                for key, value in entries.items():
                    if key.text in merged:
                        _compare(self.problems, key, merged[key.text].value, value)
                    elif to_plain(value) == shared.get(key.text):
                        _say_nothing(
                            self.problems, key, f"table {name.text} says the same"
                        )
                    merged[key.text] = Entry(key, value)
                held = base.key(name.text) if own is not None else name
                tables[name.text] = Entry(held, MapNode(merged, entries.position))
        return MapNode(tables, base.position)

    def merge_variables(self, base: MapNode, changes: MapNode) -> MapNode:
        """Merge variable by variable; one that is not there is new."""
        variables = dict(base.entries)
        for key, change in changes.items():
            held = variables.get(key.text)
            if held is None and _removes(change):
                hint = hint_for(key.text, base, "variables:")
                self.problems.add("M520", f"there is no variable {key.text}", key, hint)
            elif held is None:
                variables[key.text] = Entry(key, change)
            elif _removes(change):
                del variables[key.text]
            else:
                at = Address(key, key.text, "vars.", None)
                merged = self._merge_value(at, held.value, change)
                variables[key.text] = Entry(held.key, merged)
        return MapNode(variables, base.position)

    def merge_fields(
        self, group: MapNode, changes: MapNode, path: str, field: SchemaField | None
    ) -> MapNode:
        """Merge changes into a group of fields; ``path`` is the group's address."""
        entries = dict(group.entries)
        for key, change in changes.items():
            self._place(entries, Address(key, key.text, path, field), change)
        return MapNode(entries, group.position)

    # One field -----------------------------------------------------------------------

    def _place(self, entries: dict[str, Entry], at: Address, change: Node) -> None:
        """Find where an address leads in a group, and change what stands there."""
        if at.name in entries:
            self._change(entries, at, change)
            return
        for own, entry in entries.items():
            for joint in (".", "[]."):
                if at.name.startswith(own + joint):
                    merged = self._enter(entry.value, at.below(own, joint), change)
                    entries[own] = Entry(entry.key, merged)
                    return
        spread = [own for own in entries if own.startswith(f"{at.name}.")]
        if spread:
            self._change_spread(entries, spread, at, change)
        else:
            self._add(entries, at, change)

    def _enter(self, node: Node, at: Address, change: Node) -> Node:
        """Go on in a group, or in the blocks of a list of rows."""
        is_row = at.path.endswith("[].")
        if isinstance(node, ListNode) and is_row:
            makers = [n for n in node.items if has_field(n, at.name)] or node.items
            items = (
                self._enter(item, at, change)
                if any(item is m for m in makers)
                else item
                for item in node.items
            )
            return ListNode(tuple(items), node.position)
        fields = map_at(node, "fields")
        is_list = rule_kind(node) == "rows"
        if not isinstance(node, MapNode) or fields is None or is_list is not is_row:
            owner = at.path.rstrip(".").removesuffix("[]")
            if is_list:
                self.problems.add(
                    "M520",
                    f"{owner} is a list of rows",
                    at.key,
                    f"write {owner}[].{at.name}",
                )
            else:
                what = "no list of rows" if is_row else "no group of fields"
                self.problems.add("M520", f"{owner} is {what}", at.key)
            return node
        entries = dict(fields.entries)
        self._place(entries, at, change)
        merged = Entry(node.key("fields"), MapNode(entries, fields.position))
        return MapNode({**node.entries, "fields": merged}, node.position)

    def _change_spread(
        self, entries: dict[str, Entry], spread: list[str], at: Address, change: Node
    ) -> None:
        """Change a group that the base writes as dotted names."""
        fields = map_at(change, "fields")
        if _removes(change):
            if _may_remove(self.problems, at, None):
                for own in spread:
                    del entries[own]
        elif (
            isinstance(change, MapNode)
            and fields is not None
            and set(change) <= {"fields", "note"}
        ):
            for key, value in fields.items():
                self._place(entries, at.at(key), value)
        else:
            said = f"{at.full} is made by {len(spread)} rules, not by one"
            hint = f"change one of them, such as {at.path}{spread[0]}"
            self.problems.add("M520", said, at.key, hint)

    def _add(self, entries: dict[str, Entry], at: Address, change: Node) -> None:
        """Add a field that the base does not make; the target must have it."""
        made = list_addresses(entries)
        if _removes(change):
            hint = hint_for(at.name, made, "it makes:")
            said = f"the mapping makes no field {at.full}"
            self.problems.add("M520", said, at.named_key(), hint)
        elif at.target is not None or (at.is_free and makes_value(change)):
            entries[at.name] = Entry(at.named_key(), change)
        else:
            above = at.name.rpartition(".")[0]
            theirs = at.owner.properties if at.owner is not None else ()
            known = [*made, *(f"{above}.{n}".lstrip(".") for n in theirs)]
            said = f"neither the mapping nor its target has a field {at.full}"
            hint = hint_for(at.name, known, "the mapping makes:")
            self.problems.add("M520", said, at.named_key(), hint)

    def _change(self, entries: dict[str, Entry], at: Address, change: Node) -> None:
        held = entries[at.name]
        if _removes(change):
            if _may_remove(self.problems, at, held.value):
                del entries[at.name]
            return
        merged = self._merge_value(at, held.value, change)
        entries[at.name] = Entry(held.key, merged)

    def _merge_value(self, at: Address, base: Node, change: Node) -> Node:
        """Merge a rule, a group or rows; another kind of thing replaces it whole."""
        if rule_kind(base) != rule_kind(change, base):
            return change
        if isinstance(base, ListNode):
            is_whole = isinstance(change, MapNode) and "each" in change
            return change if is_whole else self._merge_blocks(at, base, change)
        own, given = as_map(base), as_map(change)
        if set(given) <= {"note"}:
            _say_nothing(self.problems, at.key, "a note alone makes no difference")
        if rule_kind(base) == "rule":
            return self._merge_rule(own, given)
        entries = dict(own.entries)
        for key, value in given.items():
            held, now = own.get(key.text), value
            if isinstance(held, MapNode) and key.text == "fields":
                joint = "[]." if "each" in own else "."
                field = step(at.field, at.name + joint.removesuffix("."))
                now = self.merge_fields(held, as_map(value), at.full + joint, field)
            elif isinstance(held, MapNode) and key.text == "vars":
                now = self.merge_variables(held, as_map(value))
            elif held is not None:
                _compare(self.problems, key, held, value)
            entries[key.text] = Entry(key, now)
        return MapNode(entries, own.position)

    def _merge_blocks(self, at: Address, base: ListNode, change: Node) -> Node:
        fields = map_at(change, "fields")
        if fields is None or len(as_map(change)) > 1:
            said = f"{at.full} is made by {len(base.items)} blocks of rows"
            self.problems.add("M520", said, at.key, f"change a field: {at.full}[].NAME")
            return base
        node: Node = base
        field = step(at.field, f"{at.name}[]")
        for key, value in fields.items():
            below = Address(key, key.text, f"{at.full}[].", field)
            node = self._enter(node, below, value)
        return node

    def _merge_rule(self, base: MapNode, change: MapNode) -> MapNode:
        value_key = next((k for k in VALUE_KEYS if k in change), None)
        stale = _stale_keys(base, change, value_key)
        entries: dict[str, Entry] = {}
        for name, entry in base.entries.items():
            given = change.entries.get(name)
            if given is not None:
                _compare(self.problems, given.key, entry.value, given.value)
                entries[name] = given
            elif name not in stale:
                entries[name] = entry
            elif value_key is not None and value_key not in entries:
                entries[value_key] = change.entries[value_key]  # in its old place
        for name, entry in change.entries.items():
            entries.setdefault(name, entry)
        if "fixed" in entries and not {"lookup", "transform"} & set(entries):
            fixed = _show_place(entries["fixed"].key.position)
            for name in WITHOUT_EFFECT_ON_FIXED:
                if name in change:
                    said = f"fixed ({fixed}) always makes the value"
                    _say_nothing(self.problems, change.key(name), said)
        return MapNode(entries, base.position)


def _stale_keys(base: MapNode, change: MapNode, value_key: str | None) -> set[str]:
    """Name what a change drops of the base's rule."""
    stale = set(EMPTY_KEYS if "default" in change else ())
    if value_key is None:
        return stale
    stale |= {*VALUE_KEYS, "with"}
    if value_key == "fixed" or not any(key in base for key in VALUE_KEYS):
        stale.add("transform")  # it made the value, or would change a literal
    if value_key == "fixed":
        stale |= {"lookup", "else", "default", "default_from"}
    return stale


def _removes(change: Node) -> bool:
    return isinstance(change, MapNode) and "remove" in change


# Findings -----------------------------------------------------------------------------


def _may_remove(problems: Problems, at: Address, rule: Node | None) -> bool:
    """Tell whether a field may be taken out; say what is lost with it."""
    last = at.name.rpartition(".")[2]
    if at.owner is not None and last in at.owner.required:
        said = f"the target requires {at.full}, so it cannot be removed"
        problems.add("M522", said, at.key, "change its rule instead")
        return False
    required = scalar_at(rule, "required")
    if required is not None and read_flag(required):
        said = (
            f"the mapping requires {at.full} ({_show_place(required.position)}); "
            "this company sends documents without it"
        )
        problems.add("M522", said, at.key, is_warning=True)
    return True


def _compare(problems: Problems, key: Scalar, base: Node, change: Node) -> None:
    """Find a change to what stands there anyway."""
    if to_plain(base) == to_plain(change):
        _say_nothing(problems, key, f"{_show_place(base.position)} says the same")


def _say_nothing(problems: Problems, key: Scalar, why: str) -> None:
    """Say that a change makes no difference."""
    said = f"{key.text} changes nothing: {why}"
    problems.add("M521", said, key, "take it out", is_warning=True)


def _find_unused(problems: Problems, node: MapNode, overlay: MapNode) -> None:
    """Find new variables and changed tables that no rule of the mapping uses."""
    scalars = list(iter_scalars(node))
    variables, tables = map_at(node, "vars") or (), map_at(node, "tables") or ()
    for key, _ in entries_at(overlay, "vars"):
        if key.text not in variables:
            continue  # removed
        word = re.compile(rf"\bvars\.{re.escape(key.text)}\b")
        if not any(word.search(scalar.text) for _, scalar in scalars):
            why, meant = (
                f"no rule uses vars.{key.text}",
                did_you_mean(key.text, variables),
            )
            if meant:
                problems.add("M521", f"{key.text} changes nothing: {why}", key, meant)
            else:
                _say_nothing(problems, key, why)
    looked_up = {scalar.text for name, scalar in scalars if name == "lookup"}
    for key, _ in entries_at(overlay, "tables"):
        if key.text in tables and key.text not in looked_up:
            _say_nothing(problems, key, f"no rule looks up in table {key.text}")


def _show_place(at: Position) -> str:
    return f"{at.file}:{at.line}"
