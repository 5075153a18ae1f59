"""The cells of a flow: paths, formulas and rules, names of files, fields and codes.

A ``FlowCells`` is one place of a flow: each cell is compiled against what is known
there, and a step into a record or a row gives the next place. All places of a flow
share its problems.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar, cast

from engine.kinds import PHRASES
from engine.language.formulas import (
    Condition,
    Formula,
    compile_condition,
    compile_formula,
)
from engine.language.paths import Path, compile_path
from engine.language.scope import ROOTS
from engine.language.symbols import Symbol, SymbolTable
from engine.language.types import Type
from engine.mapping.apply import Mapping, Rule
from engine.mapping.literals import Target
from engine.mapping.match import MatchRules, load_match_rules
from engine.mapping.rule_load import RuleLoader
from engine.problems import Problems, did_you_mean, either
from engine.project.flow_types import FlowTypes
from engine.rulefiles.nodes import (
    MapNode,
    Node,
    Scalar,
    entries_at,
    map_at,
    maps_at,
    scalar_at,
    scalars_at,
)

T = TypeVar("T")
C = TypeVar("C", Path, Formula)


def must(found: T | None) -> T:
    """Take what a part cannot be without.

    Where it is missing, some file has a finding, and then no project is loaded: the
    part is made all the same, so that what stands beside it is read, and told, too.
    """
    return cast("T", found)


@dataclass(frozen=True, slots=True)
class FlowCells:
    """Compiles the cells that stand at one place of a flow."""

    around: FlowTypes
    types: SymbolTable
    problems: Problems

    # Places ---------------------------------------------------------------------------

    def with_roots(self, **known: Type | None) -> FlowCells:
        """Give the place that sees some roots more."""
        return replace(self, types=self.types.with_roots(**known))

    def record_scope(self, record: Type | None, label: str) -> FlowCells:
        """Step to a record, seen from here."""
        item, parent = record, self.types.item
        types = replace(self.types, item=item, parent=parent, label=label)
        return replace(self, types=types)

    def row_scope(self, node: MapNode) -> tuple[Path | None, FlowCells]:
        """Step into ``each``: bare names are then fields of the item."""
        if "each" not in node:
            return None, self
        each = self.path(node, "each", "list")
        shape = Symbol(None, "this[]") if each is None else each.shape.item()
        return each, replace(self, types=self.types.row(shape))

    def variables_scope(self, node: MapNode) -> tuple[dict[str, Rule], FlowCells]:
        """Read the flow's variables; at the place given what each is is known."""
        loader = RuleLoader(self.around.tables)
        found, types = loader.variables(node.get("vars"), self.types)
        self.problems.extend(loader.problems)
        return found, replace(self, types=types)

    def part(
        self, node: MapNode, key: str, load: Callable[[FlowCells, MapNode], T]
    ) -> T | None:
        """Read the part that stands under a key, if there is one."""
        found = map_at(node, key)
        return None if found is None else load(self, found)

    # Cells ----------------------------------------------------------------------------

    def rule(self, node: Node) -> Rule | None:
        loader = RuleLoader(self.around.tables)
        found = loader.rule(node, Target(), self.types)
        self.problems.extend(loader.problems)
        return None if loader.problems else found

    def rules(self, node: MapNode, key: str) -> tuple[tuple[str, Rule], ...]:
        found = ((name.text, self.rule(cell)) for name, cell in entries_at(node, key))
        return tuple((name, rule) for name, rule in found if rule is not None)

    def path(self, node: MapNode, key: str, *kinds: str) -> Path | None:
        """Compile a path that gives a value of one of these kinds, if any is said."""
        return self._of_kind(
            node, key, self.compile(compile_path, node.get(key)), kinds
        )

    def paths(self, node: MapNode, key: str) -> tuple[Path, ...]:
        found = [self.compile(compile_path, cell) for cell in scalars_at(node, key)]
        return tuple(path for path in found if path is not None)

    def formula(self, node: MapNode, key: str, *kinds: str) -> Formula | None:
        """Compile a formula that gives a value of one of these kinds."""
        found = self.compile(compile_formula, node.get(key))
        return self._of_kind(node, key, found, kinds)

    def _of_kind(
        self, node: MapNode, key: str, found: C | None, kinds: tuple[str, ...]
    ) -> C | None:
        cell = node.get(key)
        kind = "any" if found is None else found.shape.kind
        if kinds and kind not in (*kinds, "any") and cell is not None:
            wanted = either([PHRASES[one].replace("a whole", "a") for one in kinds])
            said = f"{key} takes {wanted}, this is {PHRASES[kind]}"
            self.problems.add("M403", said, cell)
        return found

    def condition(self, node: MapNode, key: str) -> Condition | None:
        return self.compile(compile_condition, scalar_at(node, key))

    def compile(
        self, compile_cell: Callable[[Scalar, SymbolTable], T], cell: Node | None
    ) -> T | None:
        """Compile a cell for this place; None when there is none, or it is wrong."""
        if not isinstance(cell, Scalar):
            return None
        return self.problems.attempt(compile_cell, cell, self.types)

    # Names ----------------------------------------------------------------------------

    def mapping(self, node: MapNode, key: str) -> Mapping | None:
        """Find the mapping that a cell names; None when there is no sound one.

        It must read what stands here: the document, or the item.
        """
        cell, here = scalar_at(node, key), self.types.item
        found = None if cell is None else self.around.mappings.get(cell.text)
        if cell is None or found is None:
            self._check_file(cell, self.around.mappings, is_match=False)
            return None
        wanted = None if here is None else self.around.place(found.source)
        if here and wanted is not None and wanted.properties != here.properties:
            where = self.types.label or "the document"
            said = f"{cell.text} is made for {found.source}, but here is {where}"
            hint = "change its from:, or each: of this step"
            self.problems.add("F219", said, cell, hint)
        return found

    def match(self, cell: Scalar | None) -> MatchRules | None:
        """Read a match file as it is used here; ``candidate`` is known to the types."""
        found = None if cell is None else self.around.matches.get(cell.text)
        if found is None:
            self._check_file(cell, self.around.matches, is_match=True)
            return None
        for entry in maps_at(found, "rules"):
            self.check_code(entry, "code")
            self.check_code(entry, "warn")
        return self.problems.attempt(load_match_rules, found, self.types)

    def _check_file(
        self, cell: Scalar | None, known: Iterable[str], *, is_match: bool
    ) -> None:
        """Find the name of a file that is not there; a broken one has its findings."""
        broken = self.around.broken
        if cell is None or cell.text in broken:
            return
        files = [name for name in broken if name.endswith(".yaml")]
        ours = [name for name in files if name.endswith(".match.yaml") == is_match]
        said = f"there is no file {cell.text} beside this one"
        self.problems.unknown("F205", said, cell, sorted([*known, *ours]))

    def check_code(self, node: MapNode, key: str) -> None:
        """Find a code that has no advice: nobody would know what to do."""
        cell, codes = scalar_at(node, key), self.around.codes
        if cell is None or codes is None or cell.text in codes:
            return
        hint = did_you_mean(cell.text, codes) or "add it to advice.yaml"
        self.problems.add("F213", f"there is no advice for {cell.text}", cell, hint)

    def check_save_name(
        self, node: MapNode, key: str, owner: Type | None, what: str = "the document"
    ) -> None:
        """Find a name under which nothing can be kept: the schema has no such field.

        ``owner`` is what is known of what keeps it, ``what`` how a finding calls that.
        """
        cell = scalar_at(node, key)
        if cell is None:
            return
        if cell.text in ROOTS:
            said = f"{cell.text} has a meaning of its own"
            self.problems.add("F215", said, cell, "choose another name")
            return
        is_known = owner is not None and owner.properties and not owner.is_open
        if owner is not None and is_known and owner.child(cell.text) is None:
            said = f"{what} has no field {cell.text}"
            self.problems.unknown("F214", said, cell, sorted(owner.properties))
