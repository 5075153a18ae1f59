"""Documents that a plan has gathered, kept as files for map, diff and test.

Personal ids and bank accounts become made-up ones with right check digits, so that the
rules take the same way; names and texts stay, so the files are their owner's alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.samples.fake_documents import replace_ids
from engine.flow.offline import pick_mapping
from engine.json_text import render_json
from engine.language.file_names import clean_file_name
from engine.language.leaves import iter_leaves

if TYPE_CHECKING:
    from engine.project.company import Company
    from engine.project.project import Project


class DocumentFolder:
    """One company's documents, ``FOLDER/company/flow/label.json``."""

    def __init__(self, folder: Path, project: Project, company: Company) -> None:
        self._folder = folder / company.name
        self._count = 0
        self._project = project
        settings = iter_leaves("", company.settings)
        self._own = {value for _, value in settings if isinstance(value, str)}

    def keep(self, flow: str, label: str, document: dict[str, Any]) -> None:
        """Write one document; one of the same label is replaced."""
        mapping = pick_mapping(self._project, self._project.flows[flow], None)
        store, name = self._project.schemas, mapping.source.partition("#")[0]
        schema = store.field(name) if name in store else None
        masked = replace_ids(document, schema, self._own)
        folder = self._folder / flow
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{clean_file_name(label)}.json"
        path.touch(mode=0o600)
        path.write_text(render_json(masked) + "\n", "utf-8")
        self._count += 1

    def words(self) -> str:
        """Say what was kept, and where."""
        noun = "document" if self._count == 1 else "documents"
        return f"{self._count} {noun} saved in {self._folder}/"
