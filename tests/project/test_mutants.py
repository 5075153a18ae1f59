"""Every slip of a finger in the shipped rules is found before a document is read.

And no edit that changes no meaning is: other quotes, other order of keys, blocks for
braces, comments, blank lines give no finding and the same payload.
"""

from __future__ import annotations

import gc
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Problem, RuleError
from engine.flow.offline import map_document, pick_mapping, read_document
from engine.project.project import Project, load_project
from tests.edits import KINDS, Edit, make_edits
from tests.mutants import (
    ROOT,
    SLIPS,
    Mutant,
    make_mutants,
    make_slips,
    read_files,
)

EACH_FAMILY = 30
EACH_SLIP = 4  # of every slip that is no misspelt word
LEAST_MUTANTS = 500
LEAST_EDITS = 200
RIGHT = 0.95  # of a family's mutants, those whose finding names what was meant
FAMILIES = {
    *("key", "target field", "source path", "variable", "register", "table name"),
    *("filter", "test", "enum literal", "company setting", "endpoint name"),
    *("slot name", "step key", "argument name", "match action", "file name"),
    *("advice code", "system secret", "schema name", "saved name"),
}


@cache
def shipped() -> tuple[dict[str, str], dict[Any, Any], Project]:
    """Read the shipped files and load them once; mutants load what they change."""
    files = read_files()
    memo: dict[Any, Any] = {}
    project = load_project(ROOT, patches=files, memo=memo)
    gc.collect()
    gc.freeze()  # what is kept for all mutants is not looked through for each
    return files, memo, project


@cache
def mutants() -> list[Mutant]:
    return make_mutants(shipped()[0], EACH_FAMILY)


def find_problems(mutant: Mutant) -> tuple[Problem, ...]:
    """Load the project with one slip in it."""
    files, memo, _ = shipped()
    known = dict(memo)
    patches = {**files, mutant.file: mutant.text}
    try:
        return load_project(ROOT, patches=patches, memo=known).warnings
    except RuleError as error:
        return error.problems
    finally:
        # A flow beside a broken file is judged once, not for each slip in that file.
        for key, made in known.items():
            if key[0] == "flow" and key[1] != mutant.file:
                memo.setdefault(key, made)


def names_the_word(mutant: Mutant, problems: tuple[Problem, ...]) -> bool:
    """Tell whether a finding says what was meant.

    Where a name is given, its slip makes all who use it wrong: they speak of the right
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
def test_every_slip_is_found_and_named(family: str):
    """Not only that something is wrong, but: did you mean …?"""
    found = {m: find_problems(m) for m in mutants() if m.family == family}

    assert [] == [m.name for m, problems in found.items() if not problems]
    unnamed = [
        m.name for m, problems in found.items() if not names_the_word(m, problems)
    ]
    assert len(unnamed) <= (1 - RIGHT) * len(found), unnamed


@cache
def slips() -> list[Mutant]:
    return make_slips(shipped()[0], EACH_SLIP)


@pytest.mark.parametrize("family", sorted(SLIPS))
def test_what_is_spelled_rightly_and_cannot_be_meant_is_found(family: str):
    """Structure and meaning: all but a few are refused, and nothing stops the check."""
    found = {m.name: find_problems(m) for m in slips() if m.family == family}
    missed = [name for name, problems in found.items() if not problems]

    assert len(SLIPS[family]) <= len(found)
    assert len(missed) <= (1 - RIGHT) * len(found), missed


# --- edits that change no meaning ------------------------------------------------------


@cache
def documents() -> dict[str, Path]:
    """Give one document of each flow that maps one."""
    flows = [f.name for f in shipped()[2].flows.values() if f.deliver is not None]
    paths = {n: ROOT / "tests" / "samples" / n / "base.json" for n in flows}
    return {name: path for name, path in paths.items() if path.is_file()}


def payloads(project: Project) -> dict[tuple[str, str], Any]:
    """Map one document of each flow for each company."""
    found = {}
    for name, path in documents().items():
        flow = project.flows[name]
        mapping = pick_mapping(project, flow, None)
        for company in project.companies.values():
            document = read_document(path.read_bytes(), path.name)
            done = map_document(flow, mapping, document, company.settings)
            said = sorted((v.code, v.message, v.field) for v in done.result.violations)
            found[name, company.name] = (done.result.payload, said)
    return found


def test_the_documents_give_payloads():
    assert "sales_invoice" in documents()
    assert all(payload for payload, _ in payloads(shipped()[2]).values())


@cache
def edits() -> dict[str, Edit]:
    return {edit.kind: edit for edit in make_edits(shipped()[0])}


def test_there_are_enough_edits():
    files = shipped()[0]
    changed = [
        file
        for edit in edits().values()
        for file, text in edit.texts.items()
        if text != files[file]
    ]

    assert LEAST_EDITS <= len(changed)


@pytest.mark.parametrize("kind", KINDS)
def test_an_edit_without_meaning_changes_nothing(kind: str):
    """No finding, and every payload as before."""
    files, _, project = shipped()

    edited = load_project(ROOT, patches={**files, **edits()[kind].texts})

    assert () == edited.warnings
    assert payloads(project) == payloads(edited)
