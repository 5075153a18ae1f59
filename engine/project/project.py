"""A project: everything that its files say, read and checked against each other.

Every problem of every file is told at once, and nothing runs with a broken rule. A
broken file does not hide what is wrong with the others: whatever needs it is checked as
far as it can be without.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from engine.errors import Problem, RuleError
from engine.language.schema import SchemaStore
from engine.language.symbols import SymbolTable
from engine.language.types import Type
from engine.language.validation import load_sound_schemas
from engine.mapping.apply import Mapping, load_mapping
from engine.problems import Problems, did_you_mean, in_file_order
from engine.project.advice import AdviceBook, load_advice
from engine.project.company import Company
from engine.project.company_files import CompanyFiles, LeftOut, load_companies
from engine.project.company_overlays import Bases, CompanyFlows
from engine.project.cross_check import (
    check_document_words,
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
    CSV,
    FLOW_FILE,
    MAPPINGS,
    MATCH_SUFFIX,
    SCHEMAS,
    Memo,
    ProjectFiles,
    file_kind,
)
from engine.project.system_load import load_system
from engine.project.system_spec import SystemSpec
from engine.project.unused import check_unused
from engine.rulefiles.nodes import MapNode, Scalar, entries_at, scalar_at, text_at

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Project:
    """Everything that the files say."""

    root: Path
    schemas: SchemaStore
    tables: Dictionary[str, Dictionary[str, str]]
    advice: AdviceBook
    systems: Dictionary[str, SystemSpec]
    mappings: Dictionary[str, Dictionary[str, Mapping]]  # folder -> file -> mapping
    flows: Dictionary[str, Flow]
    companies: Dictionary[str, Company]
    overlaid: Dictionary[str, CompanyFlows]  # by company
    bases: Bases = field(repr=False)  # what overlays build on
    letter_texts: LetterTexts | None  # of the mails; None: no mails are written
    warnings: tuple[Problem, ...] = ()
    left_out: Dictionary[str, LeftOut] = field(default_factory=dict)  # by company

    def flow_for(self, company: str, name: str) -> Flow:
        """Give a flow as a company runs it: with its own changes to the mappings.

        Raises:
            KeyError: There is no flow of that name.
        """
        own = self.overlaid.get(company)
        return (own.flows.get(name) if own else None) or self.flows[name]

    def mappings_for(self, company: str, folder: str) -> Dictionary[str, Mapping]:
        """Give the mappings of a folder (``mappings/sales_invoice``) by file name."""
        own = self.overlaid.get(company)
        changed = {
            file.rpartition("/")[2]: mapping
            for file, mapping in (own.mappings if own else {}).items()
            if f"{MAPPINGS}/{file}".rpartition("/")[0] == folder
        }
        return {**self.mappings.get(folder, {}), **changed}


def load_project(
    root: Path,
    *,
    patches: Dictionary[str, str | None] | None = None,
    memo: Memo | None = None,
    leaves_out: bool = False,
) -> Project:
    """Read all files below ``mappings/`` and ``schemas/``.

    Args:
        patches: Texts that stand in the place of files, by name from the root; None
            takes a file away.
        memo: A dictionary that keeps what was loaded from one call to the next.
        leaves_out: A company whose own file is wrong is ``left_out``; the others stay.

    Raises:
        RuleError: With every problem of every file, in file order.
    """
    if not (root / MAPPINGS).is_dir():
        said = f"there is no folder {MAPPINGS}/ in {root}"
        hint = "name the project's folder with --root"
        raise RuleError([Problem("M100", said, hint=hint)])
    loader = _ProjectLoader(root, patches, memo)
    was_on = gc.isenabled()
    gc.disable()  # all that is made here stays: to look for garbage takes a tenth
    try:
        project = loader.load()
    finally:
        if was_on:
            gc.enable()
    found = loader.findings()
    warnings = tuple(problem for problem in found if problem.is_warning)
    if len(warnings) == len(found) and project is not None:
        return replace(project, warnings=warnings)
    if not leaves_out:
        raise RuleError(found)
    left_out = loader.companies.leave_out(found)
    if project is None:
        raise RuleError(found)
    sound = {n: c for n, c in project.companies.items() if n not in left_out}
    return replace(project, warnings=warnings, companies=sound, left_out=left_out)


class _ProjectLoader(ProjectFiles):
    """Loads one project, as far as it is sound."""

    companies = CompanyFiles()

    def load(self) -> Project | None:
        """Read and check everything; None when a part that all need is not sound."""
        load = _attempt(load_sound_schemas, self.root / SCHEMAS)
        store, found = self.once(("schemas",), load)
        self.problems.extend(found)
        for file, text in self.sources():
            self.read(file, text)
        if store is None:
            return None
        cells = self._load_tables()
        advice = self._load_advice()
        letter_texts = None
        for file, node in self._sound("notices"):
            load_texts = _attempt(load_letter_texts, node)
            letter_texts = self.make("notices", file, load_texts)
        around = FlowTypes(
            store=store,
            company=self._company_type(),
            codes=None if advice is None else advice.names,
            tables=cells,
            systems=self._load_systems(store),
        )
        mappings, types = self._load_mappings(around)
        flows = self._load_flows(around, mappings)
        for _, node in self._sound("advice"):
            named = [text_at(flow, "flow") for _, flow in self.of("flow")]
            check_document_words(node, named, self.problems)
        tables = {
            name: {key: cell.text for key, cell in entries.items()}
            for name, entries in cells.items()
        }
        bases = Bases(self.nodes, mappings, store, tables, types)
        self.companies = load_companies(
            self,
            around.systems,
            flows.values(),
            bases,
            broken=self._broken_names(""),
            has_sound_bases=not self._is_any_broken(),
        )
        if all(problem.is_warning for problem in self.problems):
            check_unused(self.root, self.nodes, self.problems)
        if advice is None:
            return None
        return Project(
            root=self.root,
            schemas=store,
            tables=tables,
            advice=advice,
            systems=around.systems,
            mappings=mappings,
            flows=flows,
            companies=self.companies.sound,
            overlaid=self.companies.overlaid,
            bases=bases,
            letter_texts=letter_texts,
        )

    def _sound(self, kind: str) -> list[tuple[str, MapNode]]:
        """Give the files of a kind of which the grammar refuses nothing."""
        return [(f, node) for f, node in self.of(kind) if f not in self.ungrammatical]

    # Parts ---------------------------------------------------------------------------

    def _load_tables(self) -> dict[str, dict[str, Scalar]]:
        """Load the tables; an entry stays a cell, which has a place."""
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
        for file, columns in self.columns.items():
            for column, entries in columns.items():
                cells[f"{_stem(file)}.{column}"] = entries
        for file in self.texts.keys() - self.nodes.keys():
            is_read = self.columns.get(file)
            if file_kind(file) == "table" and not is_read:  # its name is known
                cells.setdefault(_stem(file), {})
        return cells

    def _load_advice(self) -> AdviceBook | None:
        file = f"{MAPPINGS}/advice.yaml"
        if file not in self.texts:
            hint = "the log needs it to say what a code means and what to do"
            self.problems.extend([Problem("M110", f"{file} is missing", hint=hint)])
        for _, node in self._sound("advice"):
            return self.make("advice", file, _attempt(load_advice, node))
        return None

    def _load_systems(self, store: SchemaStore) -> dict[str, SystemSpec]:
        systems = {}
        for file, node in self._sound("system"):
            check_system(node, store, self.problems)
            name = _stem(file)
            load = _attempt(load_system, node, name, self.grammar("system"))
            spec = self.make("system", file, load)
            if spec is not None:
                systems[name] = spec
        return systems

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

    def _load_mappings(
        self, around: FlowTypes
    ) -> tuple[dict[str, dict[str, Mapping]], dict[str, SymbolTable]]:
        """Give the mappings by folder and file, and the roots of each folder."""
        flows = dict(self.of("flow"))
        mappings: dict[str, dict[str, Mapping]] = {}
        roots: dict[str, SymbolTable] = {}
        for file, node in self.of("mapping"):
            folder, _, name = file.rpartition("/")
            flow = flows.get(f"{folder}/{FLOW_FILE}")
            registers = None if flow is None else around.registers(flow)
            types = SymbolTable(roots=flow_roots(around.company, registers))
            roots[folder] = types
            load = _attempt(
                load_mapping,
                node,
                store=around.store,
                tables=around.tables,
                name=name,
                types=types,
            )
            depends = (self._tables_of(file), _fingerprint(registers))
            mapping = self.make("mapping", file, load, *depends)
            if mapping is not None and file not in self.broken:
                mappings.setdefault(folder, {})[name] = mapping
        return mappings, roots

    def _tables_of(self, file: str) -> tuple[Any, ...]:
        """Give the tables that a file speaks of; of the others only that they exist."""
        said = self.texts[file]
        return tuple(
            (other, text if _stem(other).encode() in said else None)
            for other, text in self.texts.items()
            if file_kind(other) == "table"
        )

    def _load_flows(
        self, around: FlowTypes, mappings: dict[str, dict[str, Mapping]]
    ) -> dict[str, Flow]:
        nodes = {file.rpartition("/")[0]: node for file, node in self.of("flow")}
        used = [f for f in self.texts if file_kind(f) in ("mapping", "match")]
        whole = {folder: self.nodes[f"{folder}/{FLOW_FILE}"] for folder in nodes}
        check_unused_files(whole, used, self.problems)
        check_natural_keys(nodes.values(), self.problems)
        flows = {}
        for folder, node in nodes.items():
            inside = replace(around, mappings=mappings.get(folder, {}))
            flow = self._load_flow(folder, node, inside)
            flows[flow.name] = flow
        return flows

    def _load_flow(self, folder: str, node: MapNode, around: FlowTypes) -> Flow:
        file = f"{folder}/{FLOW_FILE}"
        check_name(node, "flow", "F221", "flow", self.problems)
        texts = {name: self.texts[f"{folder}/{name}"] for name in self._names(folder)}
        around = replace(
            around,
            document=self._document(node, around.store),
            matches={
                name: self.accepted[f"{folder}/{name}"]
                for name in texts
                if name.endswith(MATCH_SUFFIX) and f"{folder}/{name}" in self.accepted
            },
            broken=self._broken_names(folder),
        )
        return self.make(
            "flow",
            file,
            partial(load_flow, node, around, texts),
            *(texts[name] for name in around.matches),
            *(id(mapping) for mapping in around.mappings.values()),
            *(id(system) for system in around.systems.values()),
            self._tables_of(file),
            around.codes,
            around.broken,
        )

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
    return file.rpartition("/")[2].removesuffix(".yaml").removesuffix(CSV)
