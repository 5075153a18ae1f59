"""Load a project: its schemas, systems, tables, advice, flows and companies.

Every file is read and every problem is told at once; nothing runs with a broken rule.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.advice import AdviceBook, load_advice
from engine.companyflows import Bases, CompanyFlows, load_company_flows
from engine.errors import ConfigError, Position, Problem, RuleError
from engine.flow.load import load_flow
from engine.grammar import check_grammar
from engine.mapping import Mapping, load_mapping
from engine.schemas import load_schemas
from engine.settings import Company, read_company
from engine.suggest import suggest
from engine.systems import SystemSpec, load_system
from engine.yamlfile import MapNode, Scalar, load_yaml_file

if TYPE_CHECKING:
    from collections.abc import Mapping as Dictionary
    from pathlib import Path

    from engine.flow.spec import Flow
    from engine.schemas import SchemaField, SchemaStore
    from engine.yamlfile import Node

MAPPINGS = "mappings"
SCHEMAS = "schemas"
GRAMMAR = "schemas/grammar"
FLOW_FILE = "flow.yaml"
MATCH_SUFFIX = ".match.yaml"


@dataclass(frozen=True, slots=True)
class Project:
    """Everything that the files say, checked."""

    root: Path
    schemas: SchemaStore
    tables: Dictionary[str, Dictionary[str, str]]
    advice: AdviceBook
    systems: Dictionary[str, SystemSpec]
    mappings: Dictionary[str, Dictionary[str, Mapping]]  # folder -> file -> mapping
    flows: Dictionary[str, Flow]
    companies: Dictionary[str, Company]
    warnings: tuple[Problem, ...] = field(default=())
    overlaid: Dictionary[str, CompanyFlows] = field(default_factory=dict)  # by company
    bases: Bases | None = field(default=None, repr=False)  # what overlays build on

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


def load_project(root: Path) -> Project:
    """Read all files below ``mappings/`` and ``schemas/``.

    Raises:
        RuleError: With every problem of every file, in file order.
    """
    if not (root / MAPPINGS).is_dir():
        raise RuleError(
            [
                Problem(
                    "M100",
                    f"there is no folder {MAPPINGS}/ in {root}",
                    hint="name the project's folder with --root",
                )
            ]
        )
    return _Loader(root).load()


def find_mapping_files(root: Path) -> list[Path]:
    """List every YAML file below ``mappings/``, sorted."""
    return sorted((root / MAPPINGS).rglob("*.yaml"))


class _Loader:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self.grammars: dict[str, dict[str, Any]] = {}
        self.nodes: dict[str, MapNode] = {}

    def load(self) -> Project:
        store = self._collect(load_schemas, self.root / SCHEMAS)
        for path in find_mapping_files(self.root):
            self._read(path)
        self._stop_on_problems()
        assert store is not None
        tables = dict(self._table(node) for node in self._of("table"))
        advice_nodes = self._of("advice")
        advice = self._collect(load_advice, advice_nodes[0]) if advice_nodes else None
        systems = {
            name: spec
            for name, spec in (
                (
                    _text(node, "system"),
                    self._collect(load_system, node, _text(node, "system")),
                )
                for node in self._of("system")
            )
            if spec is not None
        }
        mappings = self._load_folders(store, tables)
        flows = self._load_flows(store, systems, mappings)
        companies = {}
        overlaid = {}
        bases = Bases(self.nodes, mappings, store, tables)
        for node in self._of("company"):
            company = read_company(node, self.grammars["company"])
            self._check_company_name(node, company)
            companies[company.name] = company
            if "overlays" in node:
                overlaid[company.name] = load_company_flows(
                    node, bases, flows.values(), self.problems
                )
        if advice is None:
            self.problems.append(Problem("M110", f"{MAPPINGS}/advice.yaml is missing"))
        self._stop_on_problems()
        assert advice is not None
        return Project(
            self.root,
            store,
            tables,
            advice,
            systems,
            mappings,
            flows,
            companies,
            tuple(p for p in self.problems if p.is_warning),
            overlaid,
            bases,
        )

    def _stop_on_problems(self) -> None:
        if any(not problem.is_warning for problem in self.problems):
            raise RuleError(sorted(self.problems, key=_order))

    def _read(self, path: Path) -> None:
        node = self._collect(load_yaml_file, path, self.root, self.problems)
        if node is None:
            return
        file = path.relative_to(self.root).as_posix()
        kind = kind_of(file)
        if kind not in self.grammars:
            text = (self.root / GRAMMAR / f"{kind}.schema.json").read_text("utf-8")
            self.grammars[kind] = json.loads(text)
        found = check_grammar(node, self.grammars[kind], file=file)
        self.problems.extend(found)
        if isinstance(node, MapNode):
            self.nodes[file] = node

    def _of(self, kind: str) -> list[MapNode]:
        return [node for file, node in self.nodes.items() if kind_of(file) == kind]

    def _load_folders(
        self, store: SchemaStore, tables: Dictionary[str, Dictionary[str, str]]
    ) -> dict[str, dict[str, Mapping]]:
        folders: dict[str, dict[str, Mapping]] = {}
        for file, node in self.nodes.items():
            if kind_of(file) == "mapping":
                folder, _, name = file.rpartition("/")
                mapping = self._collect(
                    load_mapping, node, store=store, tables=tables, name=name
                )
                if mapping is not None:
                    folders.setdefault(folder, {})[name] = mapping
        return folders

    def _document(self, node: MapNode, store: SchemaStore) -> SchemaField | None:
        named = node.get("document")
        if not isinstance(named, Scalar):
            return None
        if named.text not in store:
            guess = suggest(named.text, store.names)
            self.problems.append(
                Problem(
                    "F206",
                    f"there is no schema {named.text}",
                    named.position,
                    f"did you mean {guess}?" if guess else None,
                    length=len(named.text),
                )
            )
            return None
        return store.field(named.text)

    def _load_flows(
        self,
        store: SchemaStore,
        systems: Dictionary[str, SystemSpec],
        mappings: Dictionary[str, Dictionary[str, Mapping]],
    ) -> dict[str, Flow]:
        if self.problems and any(not p.is_warning for p in self.problems):
            return {}  # a flow names what is broken: first things first
        flows: dict[str, Flow] = {}
        for file, node in self.nodes.items():
            if kind_of(file) != "flow":
                continue
            folder = file.rpartition("/")[0]
            matches = {
                other.rpartition("/")[2]: match_node
                for other, match_node in self.nodes.items()
                if kind_of(other) == "match" and other.rpartition("/")[0] == folder
            }
            texts = {
                path.name: path.read_bytes()
                for path in sorted((self.root / folder).glob("*.yaml"))
            }
            flow = self._collect(
                load_flow,
                node,
                systems=systems,
                mappings=mappings.get(folder, {}),
                matches=matches,
                document=self._document(node, store),
                texts=texts,
            )
            if flow is not None:
                flows[flow.name] = flow
        return flows

    def _table(self, node: MapNode) -> tuple[str, dict[str, str]]:
        entries = node.get("entries")
        assert isinstance(entries, MapNode)
        return _text(node, "table"), {
            key.text: value.text
            for key, value in entries.items()
            if isinstance(value, Scalar)
        }

    def _check_company_name(self, node: MapNode, company: Company) -> None:
        stem = node.position.file.rpartition("/")[2].removesuffix(".yaml")
        if company.name != stem:
            named = node.get("company")
            assert isinstance(named, Scalar)
            self.problems.append(
                Problem(
                    "C101",
                    f"the file is called {stem}.yaml but the company {company.name}",
                    named.position,
                    f"write company: {stem}, or rename the file",
                    length=len(named.text),
                )
            )

    def _collect(self, load: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return load(*args, **kwargs)
        except ConfigError as error:
            self.problems.extend(error.problems)
            return None


def kind_of(file: str) -> str:
    """Tell the kind of a file by its place: ``mappings/tables/units.yaml`` → table."""
    _, _, below = file.partition(f"{MAPPINGS}/")
    folder, _, name = below.rpartition("/")
    kinds = {"systems": "system", "tables": "table", "companies": "company"}
    if folder in kinds:
        return kinds[folder]
    if below == "advice.yaml":
        return "advice"
    if name == FLOW_FILE:
        return "flow"
    return "match" if name.endswith(MATCH_SUFFIX) else "mapping"


def _text(node: Node, key: str) -> str:
    value = node.get(key) if isinstance(node, MapNode) else None
    return value.text if isinstance(value, Scalar) else ""


def _order(problem: Problem) -> tuple[str, int, int]:
    at = problem.position or Position("", 0, 0)
    return (at.file, at.line, at.column)
