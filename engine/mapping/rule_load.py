"""From YAML nodes to rules: each key's page loads its cells.

All findings are collected. The grammar (which keys may stand where, and what each
takes) is checked before, elsewhere; here the cells are understood.
"""

from __future__ import annotations

from collections import abc
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from engine.language.types import common_type
from engine.mapping.cells import RuleCells
from engine.mapping.keys.choose import Choose
from engine.mapping.keys.date_pattern import DatePattern
from engine.mapping.keys.decimals import Decimals
from engine.mapping.keys.default import Default
from engine.mapping.keys.first_of import FirstOf
from engine.mapping.keys.fixed import Fixed
from engine.mapping.keys.join import Join
from engine.mapping.keys.limit import Limit
from engine.mapping.keys.lookup import Lookup
from engine.mapping.keys.required import Required
from engine.mapping.keys.source_path import PathSource
from engine.mapping.keys.target_type import TargetType
from engine.mapping.keys.text import Text
from engine.mapping.keys.transform import Calculation, Transform
from engine.mapping.keys.when import When
from engine.mapping.literals import Target
from engine.mapping.rule_check import check_kind
from engine.mapping.rules import Rule
from engine.mapping.stages import rule_type
from engine.mapping.variables import find_cycle, order_variables
from engine.problems import Problems
from engine.rulefiles.nodes import Entry, MapNode, Scalar

if TYPE_CHECKING:
    from engine.errors import Position
    from engine.language.symbols import SymbolTable
    from engine.language.types import Type
    from engine.mapping.keys.page import Page, Stage, ValueKey
    from engine.rulefiles.nodes import Node

# Table → key → text, or the node that it stands in.
Tables = abc.Mapping[str, abc.Mapping[str, Any]]

VALUE_PAGES: Final[tuple[type[ValueKey], ...]] = (
    PathSource,
    FirstOf,
    Join,
    Fixed,
    Choose,
    Text,
)
STAGE_PAGES: Final[tuple[type[Stage], ...]] = (  # in the order in which they work
    When,
    Lookup,
    Transform,
    DatePattern,
    Decimals,
    TargetType,
    Limit,
    Default,
    Required,
)
_PAGES: Final[tuple[type[Page], ...]] = (*VALUE_PAGES, *STAGE_PAGES)
VALUE_KEYS: Final = tuple(key for page in VALUE_PAGES for key in page.keys)
RULE_KEYS: Final = (*(k for page in _PAGES for k in (*page.keys, *page.beside)), "note")


class RuleLoader:
    """Loads rules, of mapping files and of the cells of flows."""

    def __init__(self, tables: Tables, problems: Problems | None = None) -> None:
        self.tables = tables
        self.problems = Problems() if problems is None else problems
        # Variables as they are without a company's changes: what these make unused is
        # no fault of the rules that ask for it.
        self.before: abc.Mapping[str, Rule] = {}

    def variables(
        self, node: Node | None, types: SymbolTable
    ) -> tuple[dict[str, Rule], SymbolTable]:
        """Load variables; the scope given back knows what each of them is."""
        if not isinstance(node, MapNode):
            return {}, types
        for key, _ in node.items():  # noqa: PERF102 - a key is a cell with a place
            if key.text in (types.variables or ()):
                said = f"vars.{key.text} is made above, for all rows"
                self.problems.add("M410", said, key, "give it another name")
        refused = (key.text for key in node.refused)
        known = types.variables or ()  # those around a row
        types = replace(types, variables=frozenset((*known, *node, *refused)))
        found: dict[str, Rule] = {}
        for key, cell in order_variables(node):
            rule = self.rule(cell, Target(f"vars.{key.text}"), types)
            if rule is not None:
                found[key.text] = rule
                shape, before = rule_type(rule), self.before.get(key.text)
                if before is not None:
                    shape = common_type([shape, rule_type(before)])
                types = types.with_shapes({key.text: shape})
        way = find_cycle(found)
        if way:
            said = f"variables ask for each other: {' → '.join(way)}"
            self.problems.add("M504", said, found[way[0]].position)
        return {name: found[name] for name in node if name in found}, types

    def rule(self, node: Node, target: Target, types: SymbolTable) -> Rule | None:
        """Load one rule; None when it cannot be understood (findings are kept)."""
        before = len(self.problems)
        if isinstance(node, Scalar):
            key = Scalar("source", node.position)
            node = MapNode({"source": Entry(key, node)}, node.position)
        if not isinstance(node, MapNode):
            return None
        rule = self._load(node, target, types)
        if rule is not None and len(self.problems) == before:
            check_kind(self.problems, rule)
        return rule

    def _load(self, node: MapNode, target: Target, types: SymbolTable) -> Rule | None:
        pages = [page for page in VALUE_PAGES if page.keys[0] in node]
        cells = RuleCells(node, target, types, self, bool(pages))
        self._check_lonely(node)
        if not pages and "transform" in node:
            pages = [Calculation]
        value = None
        if len(pages) == 1:
            value = pages[0].load(cells)
        else:
            self._refuse(node, [page.keys[0] for page in pages])
        stages, met = self._stages(cells, value)
        if value is None:
            return None
        keys = {key.text: _place(key, cell) for key, cell in node.items()}
        note, at = cells.text("note"), node.position
        rule = Rule(target.path, at, value, tuple(stages), note, target.field, keys)
        for stage, cells.given in zip(stages, met, strict=True):
            stage.check(cells, rule)
        return rule

    def _stages(
        self, cells: RuleCells, value: ValueKey | None
    ) -> tuple[list[Stage], list[Type | None]]:
        """Give the stages, and what is known of the value where each meets it."""
        known = None if value is None else value.type()
        stages: list[Stage] = []
        met: list[Type | None] = []
        for page in STAGE_PAGES:
            cells.given = known
            stage = page.load(cells)
            if stage is not None:
                stages.append(stage)
                met.append(known)
                known = stage.type(known)
        return stages, met

    def _check_lonely(self, node: MapNode) -> None:
        """Find keys that mean nothing without the one on whose page they stand."""
        for page in _PAGES:
            for key in page.beside:
                if key in node and page.keys[0] not in node:
                    said = f"{key} means nothing without {page.keys[0]}"
                    self.problems.add("M507", said, node.key(key))

    def _refuse(self, node: MapNode, found: list[str]) -> None:
        if found:
            said = f"{found[0]} and {found[1]} both make a value; one may stand"
            self.problems.add("M506", said, node.key(found[1]))
        else:
            listed = ", ".join(VALUE_KEYS)
            said = f"this rule makes no value; it needs one of {listed}, transform"
            self.problems.add("M506", said, node.position)


def _place(key: Scalar, cell: Node) -> Position:
    return cell.position if isinstance(cell, Scalar) else key.position
