"""Load a project: its schemas, systems, tables, advice, flows and companies.

Every file is read and every problem is told at once; nothing runs with a broken rule.
"""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import Problem, RuleError
from engine.language.schema import SchemaStore
from engine.mapping.apply import Mapping
from engine.project.advice import AdviceBook
from engine.project.company import Company
from engine.project.company_overlays import Bases, CompanyFlows
from engine.project.flow_spec import Flow
from engine.project.mail_texts import LetterTexts
from engine.project.project_files import MAPPINGS, Memo
from engine.project.project_load import ProjectLoader
from engine.project.system_spec import SystemSpec


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
    letter_texts: LetterTexts | None = None  # the sentences of the mails

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
) -> Project:
    """Read all files below ``mappings/`` and ``schemas/``.

    Args:
        patches: Texts that stand in the place of files, by name from the root; None
            takes a file away.
        memo: A dictionary that keeps what was loaded from one call to the next.

    Raises:
        RuleError: With every problem of every file, in file order.
    """
    if not (root / MAPPINGS).is_dir():
        said = f"there is no folder {MAPPINGS}/ in {root}"
        hint = "name the project's folder with --root"
        raise RuleError([Problem("M100", said, hint=hint)])
    loader = ProjectLoader(root, patches, memo)
    parts = loader.load()
    warnings = loader.findings()
    if not all(problem.is_warning for problem in warnings):
        raise RuleError(warnings)
    assert parts is not None
    assert parts.advice is not None
    return Project(
        root,
        parts.schemas,
        parts.tables,
        parts.advice,
        parts.systems,
        parts.mappings,
        parts.flows,
        parts.companies,
        tuple(warnings),
        parts.overlaid,
        parts.bases,
        parts.letter_texts,
    )
