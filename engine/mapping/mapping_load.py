"""Loads a whole mapping file: variables, fields, blocks and rows, with their places."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.language.formulas import Condition, compile_condition
from engine.language.paths import compile_path
from engine.language.symbols import Symbol, SymbolTable, UnknownName, item_at
from engine.mapping.cells import read_flag
from engine.mapping.literals import Target
from engine.mapping.required_check import find_missing, made_by
from engine.mapping.rule_load import RuleLoader, Tables
from engine.mapping.rules import (
    Block,
    Each,
    FieldNode,
    Mapping,
    Rows,
)
from engine.mapping.variables import find_constants
from engine.problems import hint_for, nearest
from engine.rulefiles.nodes import ListNode, MapNode, Scalar, text_at

if TYPE_CHECKING:
    from collections import abc

    from engine.errors import Position
    from engine.language.schema import SchemaField, SchemaStore
    from engine.language.types import Type
    from engine.rulefiles.nodes import Node


class MappingLoader:
    """Loads one file and collects everything that is wrong with it."""

    def __init__(
        self, node: MapNode, store: SchemaStore, tables: Tables, types: SymbolTable
    ) -> None:
        own: dict[str, abc.Mapping[str, Any]] = {}
        given = node.get("tables")
        if isinstance(given, MapNode):
            for key, entries in given.items():
                if isinstance(entries, MapNode):
                    own[key.text] = {k.text: v for k, v in entries.items()}
        # A file's own table adds to, and wins over, the shared one of that name.
        merged = {name: {**tables.get(name, {}), **own[name]} for name in own}
        self.rules = RuleLoader({**tables, **merged})
        self._problems = self.rules.problems
        self._node = node
        self._store = store
        self._types = types
        # Also misspelt ones, so that M402 does not follow M401.
        self._named_targets: list[str] = []

    def load(self, name: str) -> Mapping:
        """Give the mapping.

        Raises:
            RuleError: With every finding.
        """
        node = self._node
        source, target = text_at(node, "from").strip(), text_at(node, "to").strip()
        document = self._root(source, "from") if source else None
        root = self._root(target, "to") if target else None
        types = replace(
            self._types,
            item=self._inner(source, document),
            document=document,
            parent=document,
            variables=frozenset(),
            label=source.partition("#")[2],
        )
        variables, types = self.rules.variables(node.get("vars"), types)
        only_when = self._condition(node, "only_when", types)
        fields = self._group(node.get("fields"), Target("", root), types)
        made = {*self._named_targets, *made_by(fields)}
        find_missing(self._problems, Target("", root), made, node.get("fields") or node)
        self._problems.raise_if_any()
        return Mapping(
            name,
            text_at(node, "name") or name,
            source,
            target,
            fields,
            variables,
            only_when,
            node.position,
            self._store,
            find_constants(variables),
        )

    # Schemas --------------------------------------------------------------------------

    def _root(self, name: str, key: str) -> SchemaField | None:
        plain_name = name.partition("#")[0]
        if plain_name in self._store:
            return self._store.field(plain_name)
        cell = self._node.get(key)
        if cell is not None:
            hint = hint_for(plain_name, self._store.names, "schemas:")
            self._problems.add("M408", f"there is no schema {plain_name}", cell, hint)
        return None

    def _inner(self, name: str, root: SchemaField | None) -> Type | None:
        """Step from ``document#rows[].marks`` to one item of what stands there."""
        address = name.partition("#")[2]
        if root is None or not address:
            return root
        found = item_at(root, address)
        if not isinstance(found, UnknownName):
            return found
        cell = self._node.get("from")
        if isinstance(cell, Scalar):
            self._problems.add("M201", found.message, cell, found.hint)
        return None

    # Fields ---------------------------------------------------------------------------

    def _condition(
        self, node: MapNode, key: str, types: SymbolTable
    ) -> Condition | None:
        cell = node.get(key)
        if not isinstance(cell, Scalar):
            return None
        return self._problems.attempt(compile_condition, cell, types)

    def _group(
        self, node: Node | None, place: Target, types: SymbolTable
    ) -> tuple[FieldNode, ...]:
        for key in node.refused if isinstance(node, MapNode) else ():
            self._target(key, place)  # no rule, but somebody means to make it
        seen: dict[str, Position] = {}
        nodes: list[FieldNode] = []
        for key, cell in node.items() if isinstance(node, MapNode) else ():
            target = self._target(key, place)
            if target is None:
                continue
            others = [at for name, at in seen.items() if _overlaps(key.text, name)]
            if others:
                other, is_here = others[0], others[0].file == key.position.file
                where = f"in line {other.line}" if is_here else f"at {other}"
                said = f"the rule {where} already makes {target.path}"
                self._problems.add("M410", said, key, "leave one of them out")
                continue
            seen[key.text] = key.position
            loaded = self._field(key, cell, target, types)
            if loaded is not None:
                nodes.append(loaded)
        return tuple(nodes)

    def _target(self, key: Scalar, place: Target) -> Target | None:
        """Find the target field that a (dotted) name means."""
        start = f"{place.path}." if place.path else ""
        field, parent = place.field, place.field
        offset = 0
        for part in key.text.split("."):
            parent = field
            if parent is not None:
                field = parent.child(part)
                is_free = parent.is_open and parent.types <= {"object"}
                if field is None and not is_free:
                    above, known = start + key.text[:offset], parent.properties
                    self._named_targets.append(f"{above}{nearest(part, known)}")
                    said = f"the target has no field {start}{key.text}"
                    hint = hint_for(part, known, "it has:") or "it has: "
                    self._problems.at_word("M401", said, key, offset, part, hint)
                    return None
            offset += len(part) + 1
        self._named_targets.append(start + key.text)
        return Target(start + key.text, field, parent)

    def _field(
        self, key: Scalar, cell: Node, place: Target, types: SymbolTable
    ) -> FieldNode | None:
        if isinstance(cell, ListNode):
            return self._rows(key, list(cell.items), place, types)
        if isinstance(cell, MapNode) and "each" in cell:
            return self._rows(key, [cell], place, types)
        if isinstance(cell, MapNode) and "fields" in cell:
            return self._block(key, cell, place, types)
        rule = self.rules.rule(cell, place, types)
        if rule is None:
            return None
        # The field's own line is where a reader looks, not its first key's.
        return replace(rule, position=key.position)

    def _block(
        self, key: Scalar, node: MapNode, place: Target, types: SymbolTable
    ) -> Block:
        target = place.field
        if target is not None and target.types and "object" not in target.types:
            said = f"{place.path} is no group of fields"
            self._problems.add("M409", said, key, "write a rule without fields:")
        return Block(
            place.path,
            key.position,
            self._group(node.get("fields"), place, types),
            self._condition(node, "when", types),
            read_flag(node.get("required")),
            text_at(node, "note"),
        )

    def _rows(
        self, key: Scalar, nodes: list[Node], place: Target, types: SymbolTable
    ) -> Rows:
        target = place.field
        if target is not None and target.types and "array" not in target.types:
            said = f"{place.path} is no list"
            hint = "write a rule or fields: without each:"
            self._problems.add("M409", said, key, hint)
        row = Target(f"{place.path}[]", None if target is None else target.item())
        blocks = [node for node in nodes if isinstance(node, MapNode)]
        parts = [self._each(node, row, types) for node in blocks]
        return Rows(
            place.path,
            key.position,
            tuple(part for part in parts if part is not None),
            any(read_flag(node.get("required")) for node in blocks),
            next((note for node in blocks if (note := text_at(node, "note"))), ""),
        )

    def _each(self, node: MapNode, place: Target, types: SymbolTable) -> Each | None:
        cell, path = node.get("each"), None
        if isinstance(cell, Scalar):
            path = self._problems.attempt(compile_path, cell, types)
        shape = Symbol(None, "row") if path is None else path.shape
        if path is not None and shape.kind not in {"list", "any"}:
            said = f"{path.text} is no list, so there are no rows"
            self._problems.add("M403", said, path.position)
        inner, known = types.row(shape.item()), len(self._named_targets)
        variables, inner = self.rules.variables(node.get("vars"), inner)
        where = self._condition(node, "where", inner)
        when = self._condition(node, "when", types)
        fields = self._group(node.get("fields"), place, inner)
        made = {*self._named_targets[known:], *made_by(fields)}
        find_missing(self._problems, place, made, node)
        if path is None:
            return None
        return Each(path, node.position, fields, when, where, variables)


def _overlaps(name: str, other: str) -> bool:
    return name == other or name.startswith(f"{other}.") or other.startswith(f"{name}.")
