"""Every slip of a finger in the shipped rules is found before a document is read.

And no edit that changes no meaning is: other quotes, other order of keys, blocks for
braces, comments, blank lines give no finding and the same payload.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Problem, RuleError
from engine.flow.offline import map_document, pick_mapping, read_document
from engine.project import Project, load_project
from tests.edits import Edit, make_edits
from tests.mutants import ROOT, Mutant, make_mutants, read_files

EACH_FAMILY = 30
LEAST_MUTANTS = 500
LEAST_EDITS = 200
RIGHT = 0.95  # of all mutants, those whose finding names the word that was meant
FAMILIES = {
    *("key", "target field", "source path", "variable", "register", "table name"),
    *("filter", "test", "enum literal", "company setting", "endpoint name"),
    *("slot name", "step key", "argument name", "match action", "file name"),
    *("advice code", "system secret", "schema name", "saved name"),
}
KINDS = (
    *("single quotes", "double quotes", "comment", "blank line"),
    *("order of keys", "flow style", "block style"),
)


@cache
def shipped() -> tuple[dict[str, str], dict[Any, Any], Project]:
    """Read the shipped files and load them once; mutants load what they change."""
    files = read_files()
    memo: dict[Any, Any] = {}
    return files, memo, load_project(ROOT, patches=files, memo=memo)


@cache
def mutants() -> list[Mutant]:
    return make_mutants(shipped()[0], EACH_FAMILY)


@cache
def edits() -> list[Edit]:
    return make_edits(shipped()[0])


def load_changed(file: str, text: str) -> Project:
    files, memo, _ = shipped()
    return load_project(ROOT, patches={**files, file: text}, memo=memo)


@cache
def find_problems(mutant: Mutant) -> tuple[Problem, ...]:
    try:
        return load_changed(mutant.file, mutant.text).warnings
    except RuleError as error:
        return error.problems


def names_the_word(mutant: Mutant, problems: tuple[Problem, ...]) -> bool:
    """Tell whether a finding says what was meant.

    Where a name is given its slip makes all who use it wrong: they speak of the right
    name in the message, and offer the slip.
    """
    word = re.compile(rf"(?<!\w){re.escape(mutant.word)}(?!\w)")
    return any(
        word.search(p.hint or "")
        or (mutant.typo in (p.hint or "") and word.search(p.message))
        for p in problems
    )


def test_the_originals_have_no_findings():
    assert () == shipped()[2].warnings


def test_there_are_enough_mutants():
    made = Counter(mutant.family for mutant in mutants())

    assert set(made) >= FAMILIES
    assert LEAST_MUTANTS <= sum(made.values())


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_slip_is_found(family: str):
    missed = [m.name for m in mutants() if m.family == family and not find_problems(m)]

    assert [] == missed


def test_the_word_that_was_meant_is_named():
    """Not found again and again, but said in time: did you mean …?"""
    wrong = [m.name for m in mutants() if not names_the_word(m, find_problems(m))]

    assert len(wrong) <= (1 - RIGHT) * len(mutants()), wrong


# --- edits that change no meaning ------------------------------------------------------


def test_there_are_enough_edits():
    made = Counter(edit.kind for edit in edits())

    assert LEAST_EDITS <= sum(made.values())
    assert set(KINDS) == set(made)


def documents() -> dict[str, Path]:
    """Give one document of each flow that maps one."""
    flows = [f.name for f in shipped()[2].flows.values() if f.deliver is not None]
    paths = {n: ROOT / "tests" / "samples" / n / "base.json" for n in flows}
    return {name: path for name, path in paths.items() if path.is_file()}


def payloads(project: Project, folder: str = "") -> dict[tuple[str, str], Any]:
    """Map one document of each flow, or of the flow of a folder, for each company."""
    found = {}
    for name, path in documents().items():
        if folder in project.flows and name != folder:
            continue
        flow = project.flows[name]
        mapping = pick_mapping(project, flow, None)
        for company in project.companies.values():
            document = read_document(path.read_text("utf-8"), path.name)
            done = map_document(flow, mapping, document, company.settings)
            said = [(v.code, v.message, v.field) for v in done.result.violations]
            found[name, company.name] = (done.result.payload, said)
    return found


@cache
def expected() -> dict[tuple[str, str], Any]:
    return payloads(shipped()[2])


def test_the_documents_give_payloads():
    assert "sales_invoice" in documents()
    assert all(payload for payload, _ in expected().values())


@pytest.mark.parametrize("kind", KINDS)
def test_an_edit_without_meaning_changes_nothing(kind: str):
    wrong = []
    for edit in edits():
        if edit.kind != kind:
            continue
        try:
            project = load_changed(edit.file, edit.text)
        except RuleError as error:
            wrong.append(f"{edit.name}: {error}")
            continue
        if project.warnings:
            wrong.append(f"{edit.name}: {project.warnings[0].message}")
        made = payloads(project, edit.file.split("/")[1])
        if made != {key: expected()[key] for key in made}:
            wrong.append(f"{edit.name}: another payload")

    assert [] == wrong
