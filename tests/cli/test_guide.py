"""The consultant guide is true: its commands print what it shows."""

from __future__ import annotations

from pathlib import Path

from tests.guide import GUIDE, copy_project, match, play


def test_the_guide_prints_what_it_shows(tmp_path: Path):
    """Every marked command is run, in the order of the page, with its changes."""
    copy_project(tmp_path)

    story = play(GUIDE.read_text("utf-8"), tmp_path)

    assert [] == story.wrong
    assert 10 <= story.compared


def test_a_wrong_line_is_seen():
    """The comparison forgives places, and nothing else."""
    said = ["mappings/a.yaml:7:3  M101  x is no key", "   |", "7 |  x"]

    assert match(["mappings/a.yaml:9:3  M101  x is no key", "    |", "12 |  x"], said)
    assert match(["mappings/a.yaml:9:3  M102  x is no key", "…"], said) is None
    assert match(["mappings/a.yaml:9:3  M101  x is no key"], said) is None
