"""Reads a project's files and checks them against each other; every problem at once.

A broken file does not hide what is wrong with the others: whatever needs it is checked
as far as it can be without.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from engine.advice import load_advice
from engine.companycheck import (
    check_company,
    check_secret_names,
    check_systems,
    check_values,
)
from engine.companyflows import Bases, load_company_flows
from engine.crosscheck import (
    check_name,
    check_system,
    check_table,
    check_unused_files,
)
from engine.errors import ConfigError, Position, Problem, RuleError
from engine.flow.known import Surroundings, find_registers, mapping_roots
from engine.flow.load import load_flow
from engine.grammar import check_grammar
from engine.letters import load_letter_texts
from engine.mapping import load_mapping
from engine.schemas import SchemaStore, load_schemas
from engine.scope import Types
from engine.settings import check_schedule, read_company
from engine.suggest import suggest
from engine.systems.load import load_system
from engine.yamlfile import MapNode, Scalar, load_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from collections.abc import Mapping as Dictionary
    from pathlib import Path

    from engine.advice import AdviceBook
    from engine.companyflows import CompanyFlows
    from engine.flow.spec import Flow
    from engine.letters import LetterTexts
    from engine.mapping import Mapping
    from engine.settings import Company
    from engine.shapes import Field
    from engine.systems.spec import SystemSpec
    from engine.yamlfile import Node

MAPPINGS = "mappings"
SCHEMAS = "schemas"
GRAMMAR = "schemas/grammar"
FLOW_FILE = "flow.yaml"
MATCH_SUFFIX = ".match.yaml"
# What the grammar says of a file, the loaders would say once more.
_SAID_BY_GRAMMAR = frozenset({"M101", "M506", "M507", "M509", "M511", "M512"})

Memo = dict[Any, tuple[Any, list[Problem]]]


@dataclass(slots=True)
class Parts:
    """What a project is made of, as far as it could be loaded."""

    schemas: SchemaStore
    tables: dict[str, dict[str, str]] = field(default_factory=dict)
    advice: AdviceBook | None = None
    letter_texts: LetterTexts | None = None  # None: no mails are written
    systems: dict[str, SystemSpec] = field(default_factory=dict)
    mappings: dict[str, dict[str, Mapping]] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)
    companies: dict[str, Company] = field(default_factory=dict)
    overlaid: dict[str, CompanyFlows] = field(default_factory=dict)
    bases: Bases | None = None
    types: dict[str, Types] = field(default_factory=dict)  # by folder


def find_mapping_files(root: Path) -> list[Path]:
    """List every YAML file below ``mappings/``, sorted."""
    return sorted((root / MAPPINGS).rglob("*.yaml"))


def kind_of(file: str) -> str:
    """Tell the kind of a file by its place: ``mappings/tables/units.yaml`` → table."""
    _, _, below = file.partition(f"{MAPPINGS}/")
    folder, _, name = below.rpartition("/")
    kinds = {"systems": "system", "tables": "table", "companies": "company"}
    if folder in kinds:
        return kinds[folder]
    if below in ("advice.yaml", "notices.yaml"):
        return below.removesuffix(".yaml")
    if name == FLOW_FILE:
        return "flow"
    return "match" if name.endswith(MATCH_SUFFIX) else "mapping"


class ProjectLoader:
    """Loads one project; ``problems`` holds every finding, warnings too.

    Args:
        root: The project's folder.
        patches: Texts that stand in the place of files, by name: what an editor has not
            saved yet. None takes a file away.
        memo: Keeps what was loaded from one call to the next; a part is loaded again
            only when something that it depends on has changed.
    """

    def __init__(
        self,
        root: Path,
        patches: Dictionary[str, str | None] | None = None,
        memo: Memo | None = None,
    ) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self._patches = patches or {}
        self._memo: Memo = {} if memo is None else memo
        self._texts: dict[str, bytes] = {}
        self._nodes: dict[str, MapNode] = {}
        self._broken: set[str] = set()  # files with an error of their own
        self._ungrammatical: dict[str, set[tuple[int, int]]] = {}
        self._grammars: dict[str, dict[str, Any]] = {}

    def load(self) -> Parts | None:
        """Read and check everything; None when there are no sound schemas."""
        store: SchemaStore | None = self._once(("schemas",), self._load_schemas)
        for file, text in self._sources():
            self._read(file, text)
        if store is None:
            return None
        parts = Parts(store)
        entries = self._load_tables(parts)
        codes = self._load_advice(parts)
        for file, node in self._of("notices"):
            parts.letter_texts = self._make(file, None, load_letter_texts, node)
        self._load_systems(parts)
        around = Surroundings(
            store=store, company=self._company_field(), codes=codes, tables=entries
        )
        self._load_folders(parts, around)
        self._load_companies(parts)
        self.problems = self._sorted()
        return parts

    # Reading -------------------------------------------------------------------------

    def _load_schemas(self, problems: list[Problem]) -> SchemaStore | None:
        found: SchemaStore | None = _collect(
            problems, load_schemas, self.root / SCHEMAS
        )
        return found

    def _sources(self) -> list[tuple[str, bytes]]:
        """Give every rule file with its bytes, sorted by name."""
        found = {
            path.relative_to(self.root).as_posix(): path
            for path in find_mapping_files(self.root)
        }
        texts: dict[str, bytes] = {}
        for file in sorted({*found, *self._patches}):
            patch = self._patches.get(file)
            if patch is not None:
                texts[file] = patch.encode()
            elif file not in self._patches:
                texts[file] = found[file].read_bytes()
        return list(texts.items())

    def _read(self, file: str, text: bytes) -> None:
        self._texts[file] = text
        before = len(self.problems)
        node = self._once((file, text), lambda found: self._node(file, text, found))
        said = [p for p in self.problems[before:] if not p.is_warning]
        if said or not isinstance(node, MapNode):
            self._broken.add(file)
        if isinstance(node, MapNode):
            self._nodes[file] = node
            self._ungrammatical[file] = {
                (p.position.line, p.position.column) for p in said if p.position
            }

    def _node(self, file: str, text: bytes, problems: list[Problem]) -> Node | None:
        node: Node | None = _collect(problems, load_yaml, text, file, problems)
        if node is not None:
            problems += check_grammar(node, self._grammar(kind_of(file)), file=file)
        return node

    def _grammar(self, kind: str) -> dict[str, Any]:
        if kind not in self._grammars:
            path = self.root / GRAMMAR / f"{kind}.schema.json"
            self._grammars[kind] = json.loads(path.read_text("utf-8"))
        return self._grammars[kind]

    def _once(self, key: Any, make: Callable[[list[Problem]], Any]) -> Any:
        """Make something, or take what was made of the same before."""
        if key not in self._memo:
            problems: list[Problem] = []
            self._memo[key] = (make(problems), problems)
        made, problems = self._memo[key]
        self.problems += problems
        return made

    def _of(self, kind: str) -> list[tuple[str, MapNode]]:
        return [(f, node) for f, node in self._nodes.items() if kind_of(f) == kind]

    def _make(self, file: str, key: Any, load: Any, *args: Any, **more: Any) -> Any:
        """Make something of a file, without saying again what its grammar said.

        Args:
            file: The file.
            key: What the result depends on, beside the file's own text.
            load: Makes it, of the further arguments.
        """
        before = len(self.problems)
        key = (load.__name__, file, self._texts[file], key)
        made = self._once(key, lambda found: _collect(found, load, *args, **more))
        self.problems[before:] = [
            p for p in self.problems[before:] if not self._is_said(p)
        ]
        if any(not p.is_warning for p in self.problems[before:]):
            self._broken.add(file)
        return made

    def _is_said(self, problem: Problem) -> bool:
        at = problem.position
        places = self._ungrammatical.get(at.file) if at else None
        if at is None or not places:
            return False
        return problem.code in _SAID_BY_GRAMMAR or (at.line, at.column) in places

    # Parts ---------------------------------------------------------------------------

    def _load_tables(self, parts: Parts) -> dict[str, dict[str, Scalar]]:
        """Load the tables as texts; give their entries as cells, which have a place."""
        known: dict[str, MapNode] = {}
        cells: dict[str, dict[str, Scalar]] = {}
        for _, node in self._of("table"):
            self.problems += check_table(node, known)
            name, entries = _text(node, "table"), node.get("entries")
            known.setdefault(name, node)
            if name and isinstance(entries, MapNode):
                cells[name] = {
                    k.text: v for k, v in entries.items() if isinstance(v, Scalar)
                }
        for file in self._texts.keys() - self._nodes.keys():
            if kind_of(file) == "table":  # it cannot be read; its name is known
                cells.setdefault(_stem(file), {})
        parts.tables = {
            name: {key: cell.text for key, cell in entries.items()}
            for name, entries in cells.items()
        }
        return cells

    def _load_advice(self, parts: Parts) -> frozenset[str] | None:
        found = self._of("advice")
        file = f"{MAPPINGS}/advice.yaml"
        if file not in self._texts:
            hint = "the log needs it to say what a code means and what to do"
            self.problems.append(Problem("M110", f"{file} is missing", hint=hint))
        if not found or self._ungrammatical.get(file):
            return None
        node = found[0][1]
        parts.advice = self._make(file, None, load_advice, node)
        if parts.advice is None:
            return None
        aliases = (alias for entry in parts.advice.entries for alias in entry.aliases)
        return frozenset((*parts.advice.codes, *aliases))

    def _load_systems(self, parts: Parts) -> None:
        for file, node in self._of("system"):
            self.problems += check_system(node, parts.schemas)
            if self._ungrammatical.get(file):
                continue
            name = _stem(file)
            spec = self._make(file, None, load_system, node, name)
            if spec is not None:
                parts.systems[name] = spec

    def _broken_names(self, folder: str) -> frozenset[str]:
        """Name the files of a folder, and the systems, that are there but not sound."""
        names = {
            file.rpartition("/")[2]
            for file in self._texts
            if file in self._broken and file.rpartition("/")[0] == folder
        }
        systems = {
            _stem(file)
            for file in self._broken | (self._texts.keys() - self._nodes.keys())
            if kind_of(file) == "system"
        }
        return frozenset(names | systems)

    def _load_folders(self, parts: Parts, around: Surroundings) -> None:
        flows = {file.rpartition("/")[0]: node for file, node in self._of("flow")}
        for file, node in self._of("mapping"):
            folder, _, name = file.rpartition("/")
            registers = self._registers(flows.get(folder), parts, around)
            types = Types(roots=mapping_roots(around.company, registers))
            parts.types[folder] = types
            mapping = self._make(
                file,
                (self._tables_of(file), _fingerprint(registers)),
                load_mapping,
                node,
                store=parts.schemas,
                tables=around.tables,
                name=name,
                types=types,
            )
            if mapping is not None and file not in self._broken:
                parts.mappings.setdefault(folder, {})[name] = mapping
        used = [f for f in self._texts if kind_of(f) in ("mapping", "match")]
        self.problems += check_unused_files(flows, used)
        for folder, node in flows.items():
            self._load_flow(folder, node, parts, around)

    def _tables_of(self, file: str) -> tuple[Any, ...]:
        """Give the tables that a file speaks of; of the others only that they exist."""
        said = self._texts[file]
        return tuple(
            (other, text if _stem(other).encode() in said else None)
            for other, text in self._texts.items()
            if kind_of(other) == "table"
        )

    def _registers(
        self, flow: MapNode | None, parts: Parts, around: Surroundings
    ) -> Field | None:
        if flow is None:
            return None
        return find_registers(flow, parts.systems, around)

    def _load_flow(
        self, folder: str, node: MapNode, parts: Parts, around: Surroundings
    ) -> None:
        file = f"{folder}/{FLOW_FILE}"
        self.problems += check_name(node, "flow", "F221", "flow")
        texts = {
            f.rpartition("/")[2]: text
            for f, text in self._texts.items()
            if f.rpartition("/")[0] == folder
        }
        matches = {
            f.rpartition("/")[2]: match
            for f, match in self._of("match")
            if f.rpartition("/")[0] == folder
        }
        mappings = parts.mappings.get(folder, {})
        around = replace(
            around,
            document=self._document(node, parts.schemas),
            broken=self._broken_names(folder),
        )
        key = (
            *(text for name, text in texts.items() if name in matches),
            *(id(mapping) for mapping in mappings.values()),
            *(id(system) for system in parts.systems.values()),
            self._tables_of(file),
            around.codes,
            around.broken,
        )
        flow = self._make(
            file,
            key,
            load_flow,
            node,
            systems=parts.systems,
            mappings=mappings,
            matches=matches,
            around=around,
            texts=texts,
        )
        if flow is not None:
            parts.flows[flow.name] = flow

    def _document(self, node: MapNode, store: SchemaStore) -> Field | None:
        named = node.get("document")
        if not isinstance(named, Scalar):
            return None
        if named.text in store:
            return store.field(named.text)
        guess = suggest(named.text, store.names)
        hint = f"did you mean {guess}?" if guess else None
        said = f"there is no schema {named.text}"
        length = len(named.text)
        self.problems.append(Problem("F206", said, named.at(0), hint, length))
        return None

    def _company_field(self) -> Field:
        schema = self._grammar("company")
        return SchemaStore({"grammar/company": schema}).field("grammar/company")

    def _load_companies(self, parts: Parts) -> None:
        parts.bases = Bases(
            self._nodes, parts.mappings, parts.schemas, parts.tables, parts.types
        )
        all_mappings = [m for files in parts.mappings.values() for m in files.values()]
        broken = self._broken_names("")
        nodes: dict[str, MapNode] = {}
        for file, node in self._of("company"):
            self.problems += check_name(node, "company", "C101", "company")
            self.problems += check_systems(node, parts.systems, broken)
            if self._ungrammatical.get(file):
                continue
            company = read_company(node, self._grammar("company"))
            parts.companies[company.name] = company
            nodes[company.name] = node
            self.problems += check_company(node, company, self._grammar("company"))
            self.problems += check_schedule(node, company)
            self.problems += check_values(node, company, all_mappings)
            if "overlays" in node and not self._is_any_broken():
                parts.overlaid[company.name] = load_company_flows(
                    node, parts.bases, parts.flows.values(), self.problems
                )
        self.problems += check_secret_names(nodes, parts.systems)

    def _is_any_broken(self) -> bool:
        """Tell whether what overlays build on is unsound: they would say it again."""
        texts = ("company", "advice", "notices")
        return any(kind_of(file) not in texts for file in self._broken)

    def _sorted(self) -> list[Problem]:
        """Give each finding once, in file order; a table's entry is told once."""
        found: dict[Any, Problem] = {}
        for problem in self.problems:
            at = problem.position
            is_entry = at is not None and kind_of(at.file) == "table"
            key = (problem.code, at) if is_entry else problem
            found.setdefault(key, problem)
        return sorted(found.values(), key=_order)


def raise_errors(problems: Iterable[Problem]) -> None:
    """Raise all problems when one of them is more than a warning.

    Raises:
        RuleError: With every problem.
    """
    found = list(problems)
    if any(not problem.is_warning for problem in found):
        raise RuleError(found)


def _collect(problems: list[Problem], load: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        return load(*args, **kwargs)
    except ConfigError as error:
        problems.extend(error.problems)
        return None


def _fingerprint(registers: Field | None) -> Any:
    if registers is None:
        return None
    return tuple(
        (name, child.properties if (child := registers.child(name)) else ())
        for name in registers.properties
    )


def _stem(file: str) -> str:
    return file.rpartition("/")[2].removesuffix(".yaml")


def _text(node: Node, key: str) -> str:
    value = node.get(key) if isinstance(node, MapNode) else None
    return value.text if isinstance(value, Scalar) else ""


def _order(problem: Problem) -> tuple[str, int, int]:
    at = problem.position or Position("", 0, 0)
    return (at.file, at.line, at.column)
