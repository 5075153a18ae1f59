"""Each file in ``tests/bad_rules/yaml`` has one mistake; its first line says which.

``# expect: M113 5:3`` names code, line and column; several are parted by commas, and a
warning has the word behind it. The rendered text is kept as a snapshot.
"""

from __future__ import annotations

import pytest

from engine.cli.report import render_problems
from engine.errors import RuleError
from engine.rulefiles.reader import load_yaml
from tests.places import TESTS

FILES = sorted((TESTS / "bad_rules" / "yaml").glob("*.yaml"))


def _problems(content, file):
    warnings = []
    try:
        load_yaml(content, file, warnings)
    except RuleError as error:
        return [*error.problems, *warnings]
    return warnings


def test_there_are_enough_of_them():
    assert 40 <= len(FILES)


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_bad_yaml_is_told_at_the_character(path, snapshot):
    content = path.read_bytes()
    expected = content.split(b"\n")[0].decode("utf-8").removeprefix("# expect: ")

    problems = _problems(content, path.name)

    found = ", ".join(
        f"{p.code} {p.position.line}:{p.position.column}"
        + (" warning" if p.is_warning else "")
        for p in problems
    )
    assert expected == found
    lines = content.decode("utf-8", "replace").split("\n")
    assert snapshot == render_problems(problems, lambda _: lines)


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_no_message_speaks_of_the_parser(path):
    """A consultant's words: none of PyYAML's, one sentence, no full stop."""
    for problem in _problems(path.read_bytes(), path.name):
        words = f"{problem.message} {problem.hint}".lower()
        assert not [
            word
            for word in (
                "scalar",
                "mapping values",
                "flow",
                "token",
                "node",
                "block end",
            )
            if word in words
        ]
        assert not problem.message.endswith(".")
        assert problem.hint
