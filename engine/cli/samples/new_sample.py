"""Makes a sample of a document that somebody pasted into a file, masked."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.cli.consultant.one_document import read_file
from engine.cli.samples.fake_documents import fake_document
from engine.cli.samples.samples import SAMPLES, find_samples, load_sample, run_sample
from engine.errors import Problem, SettingsError
from engine.flow.offline import pick_mapping
from engine.json_text import render_json
from engine.mapping.result import iter_leaves, without_indexes

if TYPE_CHECKING:
    from pathlib import Path

    from engine.cli.samples.samples import Sample, SampleRun
    from engine.project.project import Project


def make_sample(
    project: Project, flow: str, file: Path, case: str, about: str | None
) -> tuple[Sample, list[str]]:
    """Write the sample; give it, and what the masked document does differently.

    Raises:
        SettingsError: The file holds no document, or the name is taken or no name.
    """
    if not re.fullmatch(r"[a-z0-9_]+", case):
        said = f"{case} is no name for a sample"
        hint = "small letters, digits and _ only"
        raise SettingsError([Problem("M617", said, hint=hint)])
    folder = project.root / SAMPLES / flow
    taken = {path.stem for path in find_samples(project.root)}
    if case in taken or (folder / f"{case}.json").exists():
        said = f"there is a sample {case} already"
        raise SettingsError([Problem("M617", said, hint="take another name")])
    document = read_file(file)
    source = pick_mapping(project, project.flows[flow], None).source.partition("#")[0]
    store = project.schemas
    masked = fake_document(document, store.field(source) if source in store else None)
    folder.mkdir(parents=True, exist_ok=True)
    sentence = about or f"A document of {flow}, masked"
    # In quotes: the sentence may hold any sign.
    said = "about: '" + " ".join(sentence.split()).replace("'", "''") + "'"
    path = folder / f"{case}.yaml"
    (folder / f"{case}.json").write_text(render_json(masked) + "\n", "utf-8")
    path.write_text(f"{said}\nbase: {case}.json\n", "utf-8")
    sample = load_sample(project, path)
    return sample, _find_differences(project, sample, document)


def _find_differences(
    project: Project, sample: Sample, document: dict[str, Any]
) -> list[str]:
    """Tell where the masked document takes another way than the document itself."""
    own = _outline(run_sample(project, replace(sample, document=document)))
    masked = _outline(run_sample(project, sample))
    gone, come = sorted(own - masked), sorted(masked - own)
    return [
        *(f"the document has {said}, its masked copy has not" for said in gone),
        *(f"the masked copy has {said}, the document has not" for said in come),
    ]


def _outline(run: SampleRun) -> set[str]:
    leaves = iter_leaves("", run.result.payload)
    return {
        *(without_indexes(path) for path, _ in leaves),
        *(f"a cut of {without_indexes(cut.path)}" for cut in run.result.truncations),
        *(
            f"{violation.code} at {without_indexes(violation.field) or 'the document'}"
            for violation in (*run.stops, *run.result.violations)
        ),
    }
