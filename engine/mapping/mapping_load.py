"""Loads a whole mapping file: variables, fields, blocks and rows, with their places."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from engine.errors import RuleError
from engine.language import compile_path
from engine.language.symbols import Symbol, SymbolTable, UnknownName
from engine.mapping.rule_check import Target
from engine.mapping.rule_load import BLOCK_KEYS, EACH_KEYS, RuleLoader, Tables
from engine.mapping.rules import (
    Block,
    Calculation,
    Choose,
    Each,
    FieldNode,
    FirstOf,
    Join,
    Mapping,
    PathSource,
    Rows,
    Rule,
    Text,
    iter_rules,
)
from engine.problems import nearest
from engine.rulefiles.reader import ListNode, MapNode, Scalar

if TYPE_CHECKING:
    from collections import abc

    from engine.language.schema import SchemaField, SchemaStore
    from engine.language.types import Type
    from engine.rulefiles.reader import Node

_TOP_KEYS: Final = (
    *("format", "name", "from", "to", "note", "extends", "tables", "vars"),
    *("only_when", "fields"),
)
_VARIABLE = re.compile(r"\bvars\.([A-Za-z_]\w*)")


class MappingLoader(RuleLoader):
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
        super().__init__({**tables, **merged})
        self._node = node
        self._store = store
        self._types = types
        self._tried: set[str] = set()  # target fields that somebody means to make

    def load(self, name: str) -> Mapping:
        """Give the mapping.

        Raises:
            RuleError: With every finding.
        """
        node = self._node
        self.check_keys(node, _TOP_KEYS, "a mapping")
        source = self._schema_name("from")
        target = self._schema_name("to")
        document = self._root(source, "from") if source else None
        item = self._inner(source, document)
        root = self._root(target, "to") if target else None
        given = node.get("vars")
        types = replace(
            self._types,
            item=item,
            document=document,
            parent=document,
            variables=frozenset(),
            label=source.partition("#")[2],
        )
        variables, types = self.variables(given, types)
        self._check_cycles(variables)
        only_when = self.condition(node, "only_when", types)
        fields = self._group(node.get("fields"), Target("", root), types)
        self._check_required(fields, root)
        if self.problems:
            raise RuleError(_in_order(self.problems))
        title = node.get("name")
        return Mapping(
            name,
            title.text if isinstance(title, Scalar) else name,
            source,
            target,
            fields,
            variables,
            only_when,
            node.position,
            self._store,
        )

    def _schema_name(self, key: str) -> str:
        cell = self.scalar(self._node.get(key), key, "a schema's name")
        return "" if cell is None else cell.text.strip()

    def _root(self, name: str, key: str) -> SchemaField | None:
        plain_name = name.partition("#")[0]
        if plain_name in self._store:
            return self._store.field(plain_name)
        cell = self._node.get(key)
        close = nearest(plain_name, self._store.names)
        listed = ", ".join(self._store.names[:8])
        hint = f"did you mean {close}?" if close else f"schemas: {listed}"
        if cell is not None:
            place = cell if isinstance(cell, Scalar) else cell.position
            self.problem("M408", f"there is no schema {plain_name}", place, hint)
        return None

    def _inner(self, name: str, root: SchemaField | None) -> Type | None:
        """Step from ``document#rows[].marks`` to one item of what stands there."""
        fragment = name.partition("#")[2]
        if root is None or not fragment:
            return root
        shape = Symbol(root, "")
        for part in fragment.split("."):
            found = shape.child(part.removesuffix("[]"))
            if isinstance(found, UnknownName):
                cell = self._node.get("from")
                if isinstance(cell, Scalar):
                    self.problem("M201", found.message, cell, found.hint)
                return None
            shape = found.item() if part.endswith("[]") else found
        is_list = shape.field is not None and "array" in shape.field.types
        return shape.item().field if is_list else shape.field

    def _group(
        self, node: Node | None, place: Target, types: SymbolTable
    ) -> tuple[Any, ...]:
        if not isinstance(node, MapNode):
            where = self._node.position if node is None else node.position
            self.problem("M509", "fields: takes one rule per target field", where)
            return ()
        seen: set[str] = set()
        nodes: list[FieldNode] = []
        for key, cell in node.items():
            target = self._target(key, place)
            if target is None:
                continue
            if any(_overlaps(key.text, other) for other in seen):
                said = f"another rule already makes {target.path}"
                self.problem("M410", said, key)
                continue
            seen.add(key.text)
            loaded = self._field(key, cell, target, types)
            if loaded is not None:
                nodes.append(loaded)
        return tuple(nodes)

    def _target(self, key: Scalar, place: Target) -> Target | None:
        """Find the target field that a (dotted) name means."""
        path = f"{place.path}.{key.text}" if place.path else key.text
        field, parent = place.field, place.field
        offset = 0
        for part in key.text.split("."):
            parent = field
            if field is not None:
                field = field.child(part)
                types = parent.types if parent is not None else frozenset()
                is_open = parent is not None and parent.is_open
                if field is None and not (is_open and types <= {"object"}):
                    properties = parent.properties if parent is not None else ()
                    close = nearest(part, properties)
                    above = f"{path[: len(path) - len(key.text)]}{key.text[:offset]}"
                    self._tried.add(f"{above}{close}")
                    listed = ", ".join(properties[:8])
                    more = ", …" if len(properties) > 8 else ""
                    hint = (
                        f"did you mean {close}?" if close else f"it has: {listed}{more}"
                    )
                    self.problem_at(
                        "M401",
                        f"the target has no field {path}",
                        key,
                        offset,
                        part,
                        hint,
                    )
                    return None
            offset += len(part) + 1
        self._tried.add(path)
        return Target(path, field, parent)

    def problem_at(
        self, code: str, message: str, cell: Scalar, offset: int, word: str, hint: str
    ) -> None:
        """Collect a finding about one word in a cell."""
        from engine.errors import Problem

        place = cell.at(offset)
        self.problems.append(Problem(code, message, place, hint, max(len(word), 1)))

    def _field(
        self, key: Scalar, cell: Node, place: Target, types: SymbolTable
    ) -> FieldNode | None:
        if isinstance(cell, ListNode):
            return self._rows(key, list(cell.items), place, types)
        if isinstance(cell, MapNode) and "each" in cell:
            return self._rows(key, [cell], place, types)
        if isinstance(cell, MapNode) and "fields" in cell:
            return self._block(key, cell, place, types)
        rule = self.rule(cell, place, types)
        if rule is None:
            return None
        # The field's own line is where a reader looks, not its first key's.
        return replace(rule, position=key.position)

    def _block(
        self, key: Scalar, node: MapNode, place: Target, types: SymbolTable
    ) -> Block:
        self.check_keys(node, BLOCK_KEYS, "a block of fields")
        target = place.field
        if target is not None and target.types and "object" not in target.types:
            said = f"{place.path} is no group of fields"
            self.problem("M409", said, key, "write a rule without fields:")
        note = node.get("note")
        return Block(
            place.path,
            key.position,
            self._group(node.get("fields"), place, types),
            self.condition(node, "when", types),
            self.yes_no(node, "required"),
            note.text if isinstance(note, Scalar) else "",
        )

    def _rows(
        self, key: Scalar, nodes: list[Node], place: Target, types: SymbolTable
    ) -> Rows:
        target = place.field
        if target is not None and target.types and "array" not in target.types:
            said = f"{place.path} is no list"
            self.problem("M409", said, key, "write a rule or fields: without each:")
        item = None if target is None else target.item()
        parts: list[Each] = []
        required, note = False, ""
        for node in nodes:
            if not isinstance(node, MapNode) or "each" not in node:
                said = "a list of rows is made of blocks with each: and fields:"
                self.problem("M509", said, node.position)
                continue
            self.check_keys(node, EACH_KEYS, "an each block")
            required = required or self.yes_no(node, "required")
            remark = node.get("note")
            note = note or (remark.text if isinstance(remark, Scalar) else "")
            part = self._each(node, Target(f"{place.path}[]", item), types)
            if part is not None:
                parts.append(part)
        return Rows(place.path, key.position, tuple(parts), required, note)

    def _each(self, node: MapNode, place: Target, types: SymbolTable) -> Each | None:
        cell = self.scalar(node.get("each"), "each", "a path to a list")
        path = None if cell is None else self.attempt(compile_path, cell, types)
        shape = Symbol(None, "row") if path is None else path.shape
        if path is not None and shape.kind not in {"list", "any"}:
            said = f"{path.text} is no list, so there are no rows"
            self.problem("M403", said, path.position)
        inner = types.row(shape.item())
        where = self.condition(node, "where", inner)
        when = self.condition(node, "when", types)
        fields = self._group(node.get("fields"), place, inner)
        if path is None:
            return None
        return Each(path, node.position, fields, when, where)

    def _check_cycles(self, variables: abc.Mapping[str, Rule]) -> None:
        uses = {name: _variables_of(rule) for name, rule in variables.items()}
        for name, rule in variables.items():
            way = _find_cycle(name, uses)
            if way:
                said = f"variables ask for each other: {' → '.join(way)}"
                self.problem("M504", said, rule.position)
                return

    def _check_required(
        self, fields: tuple[FieldNode, ...], root: SchemaField | None
    ) -> None:
        """Find fields that the target requires and no rule makes."""
        if root is None:
            return
        made = {*self._tried, *(node.path for node in iter_rules(fields))}
        for node in iter_rules(fields):
            if isinstance(node, Rule) and node.limit and node.limit.overflow_to:
                owner = node.path.rpartition(".")[0]
                made.add(f"{owner}.{node.limit.overflow_to}".removeprefix("."))
        self._missing("", root, made, self._node.get("fields") or self._node)

    def _missing(
        self, path: str, field: SchemaField, made: set[str], place: Node
    ) -> None:
        for name in sorted(field.required):
            full = f"{path}.{name}" if path else name
            if not any(
                m == full or m.startswith((f"{full}.", f"{full}[")) for m in made
            ):
                said = f"the target requires {full}; no rule makes it"
                self.problem("M402", said, place.position)
        for name in field.properties:
            full = f"{path}.{name}" if path else name
            child = field.child(name)
            if child is None:
                continue
            if any(m.startswith(f"{full}.") for m in made):
                self._missing(full, child, made, place)
            inner = child.item()
            if inner is not None and any(m.startswith(f"{full}[].") for m in made):
                self._missing(f"{full}[]", inner, made, place)


def _overlaps(name: str, other: str) -> bool:
    return name == other or name.startswith(f"{other}.") or other.startswith(f"{name}.")


def _variables_of(rule: Rule) -> frozenset[str]:  # noqa: C901, PLR0912 - one case a key
    texts: list[str] = []
    for condition in (rule.when, rule.required_when):
        if condition is not None:
            texts += condition.formula.paths
    if rule.transform is not None:
        texts += rule.transform.paths
    if rule.default_from is not None:
        texts.append(rule.default_from.text)
    found = set(_VARIABLE.findall(" ".join(texts)))
    match rule.value:
        case PathSource(path):
            found |= set(_VARIABLE.findall(path.text))
        case FirstOf(paths) | Join(paths, _):
            found |= {n for p in paths for n in _VARIABLE.findall(p.text)}
        case Calculation(formula):
            found |= set(_VARIABLE.findall(" ".join(formula.paths)))
        case Text(template):
            for part in template.parts:
                if not isinstance(part, str):
                    found |= set(_VARIABLE.findall(" ".join(part.paths)))
        case Choose(options):
            for option in options:
                if option.condition is not None:
                    paths_ = " ".join(option.condition.formula.paths)
                    found |= set(_VARIABLE.findall(paths_))
                if isinstance(option.then, Rule):
                    found |= _variables_of(option.then)
        case _:
            pass
    return frozenset(found)


def _find_cycle(
    start: str, uses: abc.Mapping[str, frozenset[str]]
) -> tuple[str, ...] | None:
    ways: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        for name in sorted(uses.get(way[-1], ())):
            if name == start:
                return (*way, name)
            if name not in seen:
                seen.add(name)
                ways.append((*way, name))
    return None


def _in_order(problems: list[Any]) -> list[Any]:
    """Sort findings as they stand in the file, each once."""
    unique = list(dict.fromkeys(problems))
    return sorted(
        unique,
        key=lambda p: (p.position.line, p.position.column) if p.position else (0, 0),
    )
