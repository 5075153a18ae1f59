"""The page of the protocol draws the steps that the database takes, and no other."""

from __future__ import annotations

from collections import defaultdict

from tests.ledger.transfers import raw
from tests.places import ROOT, TESTS

PAGE = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")


def rows_of(heading, last_heading):
    """Give the cells of each row of the tables between two headings."""
    part = PAGE.partition(heading)[2].partition(last_heading)[0]
    lines = [line for line in part.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def names_in(cell):
    return {"" if name == "(none)" else name for name in cell.split(", ")}


def test_the_stages_of_a_transfer(ledger, path):
    drawn = {
        (before, after)
        for start, ends in rows_of("| from | to |", "A doubt steps")[1:]
        for before in names_in(start)
        for after in names_in(ends)
    }

    assert drawn == set(raw(path, "SELECT from_stage, to_stage FROM transfer_steps"))


def test_the_states_of_a_write(ledger, path):
    drawn = {
        (kind, before, after)
        for kinds, start, ends in rows_of("| kind | from | to |", "## The method")[1:]
        for kind in names_in(kinds)
        for before in names_in(start)
        for after in names_in(ends)
    }
    query = "SELECT kind, from_state, to_state FROM write_steps"

    assert drawn == set(raw(path, query))


def test_each_fault_is_played():
    """Every scenario that the page names is there, and is named once in a row."""
    known = {file.stem for file in (TESTS / "scenarios").rglob("*.yaml")}
    rows = rows_of("| fault | in the log | played by |", "## What the looks cost")[1:]
    missing = defaultdict(list)
    for fault, _, played in rows:
        for name in played.split(", "):
            if name not in known:
                missing[fault].append(name)

    assert rows
    assert {} == missing
