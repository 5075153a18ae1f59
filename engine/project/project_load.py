"""Reads a project's files and checks them against each other; every problem at once.

A broken file does not hide what is wrong with the others: whatever needs it is checked
as far as it can be without.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from engine.errors import Problem
from engine.language.schema import SchemaStore, load_schemas
from engine.language.symbols import SymbolTable
from engine.language.types import Type
from engine.mapping.apply import Mapping, load_mapping
from engine.problems import Problems, did_you_mean, in_file_order
from engine.project.advice import AdviceBook, load_advice
from engine.project.company import Company, check_schedule, read_company
from engine.project.company_check import (
    check_company,
    check_secret_names,
    check_systems,
    check_values,
)
from engine.project.company_overlays import Bases, CompanyFlows, load_company_flows
from engine.project.cross_check import (
    check_name,
    check_natural_keys,
    check_system,
    check_table,
    check_unused_files,
)
from engine.project.flow_load import load_flow
from engine.project.flow_spec import Flow
from engine.project.flow_types import FlowTypes, flow_roots
from engine.project.mail_texts import LetterTexts, load_letter_texts
from engine.project.project_files import (
    FLOW_FILE,
    MAPPINGS,
    MATCH_SUFFIX,
    SCHEMAS,
    ProjectFiles,
    file_kind,
)
from engine.project.system_load import load_system
from engine.project.system_spec import SystemSpec
from engine.rulefiles.nodes import MapNode, Scalar, entries_at, scalar_at, text_at

T = TypeVar("T")


@dataclass(slots=True)
class ProjectParts:
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
    types: dict[str, SymbolTable] = field(default_factory=dict)  # by folder


class ProjectLoader(ProjectFiles):
    """Loads one project, as far as it is sound."""

    def load(self) -> ProjectParts | None:
        """Read and check everything; None when there are no sound schemas."""
        store = self._load_schemas()
        for file, text in self.sources():
            self.read(file, text)
        if store is None:
            return None
        parts = ProjectParts(store)
        entries = self._load_tables(parts)
        codes = self._load_advice(parts)
        for file, node in self.of("notices"):
            if file in self.ungrammatical:
                continue
            load = _attempt(load_letter_texts, node)
            parts.letter_texts = self.make("notices", file, load)
        self._load_systems(parts)
        around = FlowTypes(
            store=store,
            company=self._company_type(),
            codes=codes,
            tables=entries,
            systems=parts.systems,
        )
        self._load_folders(parts, around)
        self._load_companies(parts)
        return parts

    def _load_schemas(self) -> SchemaStore | None:
        load = _attempt(load_schemas, self.root / SCHEMAS)
        store, found = self.once(("schemas",), load)
        self.problems.extend(found)
        return store

    # Parts ---------------------------------------------------------------------------

    def _load_tables(self, parts: ProjectParts) -> dict[str, dict[str, Scalar]]:
        """Load the tables as texts; give their entries as cells, which have a place."""
        known: dict[str, MapNode] = {}
        cells: dict[str, dict[str, Scalar]] = {}
        for file, node in self.of("table"):
            check_table(node, known, self.problems)
            name = text_at(node, "table") or _stem(file)
            known.setdefault(name, node)
            if name not in cells or "entries" in node:
                cells[name] = {
                    key.text: value
                    for key, value in entries_at(node, "entries")
                    if isinstance(value, Scalar)
                }
        for file in self.texts.keys() - self.nodes.keys():
            if file_kind(file) == "table":  # it cannot be read; its name is known
                cells.setdefault(_stem(file), {})
        parts.tables = {
            name: {key: cell.text for key, cell in entries.items()}
            for name, entries in cells.items()
        }
        return cells

    def _load_advice(self, parts: ProjectParts) -> frozenset[str] | None:
        found = self.of("advice")
        file = f"{MAPPINGS}/advice.yaml"
        if file not in self.texts:
            hint = "the log needs it to say what a code means and what to do"
            self.problems.extend([Problem("M110", f"{file} is missing", hint=hint)])
        if not found or file in self.ungrammatical:
            return None
        node = found[0][1]
        parts.advice = self.make("advice", file, _attempt(load_advice, node))
        if parts.advice is None:
            return None
        aliases = (alias for entry in parts.advice.entries for alias in entry.aliases)
        return frozenset((*parts.advice.codes, *aliases))

    def _load_systems(self, parts: ProjectParts) -> None:
        for file, node in self.of("system"):
            if file in self.ungrammatical:
                continue
            check_system(node, parts.schemas, self.problems)
            name = _stem(file)
            load = _attempt(load_system, node, name, self.grammar("system"))
            spec = self.make("system", file, load)
            if spec is not None:
                parts.systems[name] = spec

    def _names(self, folder: str) -> list[str]:
        parts = (file.rpartition("/") for file in self.texts)
        return [name for above, _, name in parts if above == folder]

    def _broken_names(self, folder: str) -> frozenset[str]:
        """Name the files of a folder, and the systems, that are there but not sound."""
        names = {n for n in self._names(folder) if f"{folder}/{n}" in self.broken}
        systems = {
            _stem(file)
            for file in self.broken | (self.texts.keys() - self.nodes.keys())
            if file_kind(file) == "system"
        }
        return frozenset(names | systems)

    def _load_folders(self, parts: ProjectParts, around: FlowTypes) -> None:
        flows = {file.rpartition("/")[0]: node for file, node in self.of("flow")}
        for file, node in self.of("mapping"):
            folder, _, name = file.rpartition("/")
            flow = flows.get(folder)
            registers = None if flow is None else around.registers(flow)
            types = SymbolTable(roots=flow_roots(around.company, registers))
            parts.types[folder] = types
            load = _attempt(
                load_mapping,
                node,
                store=parts.schemas,
                tables=around.tables,
                name=name,
                types=types,
            )
            depends = (self._tables_of(file), _fingerprint(registers))
            mapping = self.make("mapping", file, load, *depends)
            if mapping is not None and file not in self.broken:
                parts.mappings.setdefault(folder, {})[name] = mapping
        used = [f for f in self.texts if file_kind(f) in ("mapping", "match")]
        whole = {folder: self.nodes[f"{folder}/{FLOW_FILE}"] for folder in flows}
        check_unused_files(whole, used, self.problems)
        check_natural_keys(flows.values(), self.problems)
        for folder, node in flows.items():
            self._load_flow(folder, node, parts, around)

    def _tables_of(self, file: str) -> tuple[Any, ...]:
        """Give the tables that a file speaks of; of the others only that they exist."""
        said = self.texts[file]
        return tuple(
            (other, text if _stem(other).encode() in said else None)
            for other, text in self.texts.items()
            if file_kind(other) == "table"
        )

    def _load_flow(
        self, folder: str, node: MapNode, parts: ProjectParts, around: FlowTypes
    ) -> None:
        file = f"{folder}/{FLOW_FILE}"
        check_name(node, "flow", "F221", "flow", self.problems)
        texts = {name: self.texts[f"{folder}/{name}"] for name in self._names(folder)}
        around = replace(
            around,
            document=self._document(node, parts.schemas),
            mappings=parts.mappings.get(folder, {}),
            matches={
                name: self.accepted[f"{folder}/{name}"]
                for name in texts
                if name.endswith(MATCH_SUFFIX) and f"{folder}/{name}" in self.accepted
            },
            broken=self._broken_names(folder),
        )
        flow = self.make(
            "flow",
            file,
            partial(load_flow, node, around, texts),
            *(texts[name] for name in around.matches),
            *(id(mapping) for mapping in around.mappings.values()),
            *(id(system) for system in parts.systems.values()),
            self._tables_of(file),
            around.codes,
            around.broken,
        )
        if flow is not None:
            parts.flows[flow.name] = flow

    def _document(self, node: MapNode, store: SchemaStore) -> Type | None:
        named = scalar_at(node, "document")
        if named is None:
            return None
        if named.text in store:
            return store.field(named.text)
        hint = did_you_mean(named.text, store.names)
        said = f"there is no schema {named.text}"
        self.problems.add("F206", said, named, hint)
        return None

    def _company_type(self) -> Type:
        schema = self.grammar("company")
        return SchemaStore({"grammar/company": schema}).field("grammar/company")

    def _load_companies(self, parts: ProjectParts) -> None:
        parts.bases = Bases(
            self.nodes, parts.mappings, parts.schemas, parts.tables, parts.types
        )
        all_mappings = [m for files in parts.mappings.values() for m in files.values()]
        broken = self._broken_names("")
        grammar = self.grammar("company")
        nodes: dict[str, MapNode] = {}
        for file, node in self.of("company"):
            check_name(node, "company", "C101", "company", self.problems)
            check_systems(node, parts.systems, broken, self.problems)
            if file in self.ungrammatical:
                continue
            company = read_company(node, grammar)
            parts.companies[company.name] = company
            nodes[company.name] = node
            check_company(node, company, grammar, self.problems)
            check_schedule(node, company, self.problems)
            check_values(node, company, all_mappings, self.problems)
            if "overlays" in node and not self._is_any_broken():
                parts.overlaid[company.name] = load_company_flows(
                    node, parts.bases, parts.flows.values(), self.problems
                )
        check_secret_names(nodes, parts.systems, self.problems)

    def _is_any_broken(self) -> bool:
        """Tell whether what overlays build on is unsound: they would say it again."""
        texts = ("company", "advice", "notices")
        return any(file_kind(file) not in texts for file in self.broken)

    def findings(self) -> list[Problem]:
        """Give each finding once, in file order; a table's entry is told once."""
        found: dict[Any, Problem] = {}
        for problem in self.problems:
            at = problem.position
            is_entry = at is not None and file_kind(at.file) == "table"
            found.setdefault((problem.code, at) if is_entry else problem, problem)
        return in_file_order(found.values())


def _attempt(
    load: Callable[..., T], *args: Any, **more: Any
) -> Callable[[Problems], T | None]:
    """Let a loader that raises its findings give them to a collector."""
    return lambda problems: problems.attempt(partial(load, *args, **more))


def _fingerprint(registers: Type | None) -> Any:
    if registers is None:
        return None
    return tuple(
        (name, child.properties if (child := registers.child(name)) else ())
        for name in registers.properties
    )


def _stem(file: str) -> str:
    return file.rpartition("/")[2].removesuffix(".yaml")
