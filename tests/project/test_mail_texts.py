"""The file with the sentences of the mails."""

from __future__ import annotations

import pytest

from engine.errors import RuleError
from engine.project.mail_texts import TEXTS, load_letter_texts
from engine.rulefiles.grammar import check_grammar
from engine.rulefiles.grammar_load import load_grammars
from engine.rulefiles.reader import load_yaml
from tests.places import ROOT


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        ("notices:", "notes:", {"M101", "M102"}),
        ("    sv: 'Nya'", "    et: 'Uued'", {"M101", "M102"}),
        ("{count}", "{number}", {"F422"}),
        ("{count}", "{}", set()),
    ],
)
def test_bad_texts(old, new, codes):
    """A text that lacks, or names what it does not know, is told with its place."""
    names = [
        f"  {name}:\n    fi: 'Uudet'\n    sv: 'Nya'\n    en: 'New {{count}}'\n    nl: 'Nieuw'"
        for name in TEXTS
        if "count" in TEXTS[name]
    ]
    others = [
        f"  {name}: {{fi: a, sv: b, en: c, nl: d}}"
        for name in TEXTS
        if "count" not in TEXTS[name]
    ]
    text = "\n".join(["format: 1", "notices:", *names, *others, ""])

    assert set() == find_codes(text)
    assert codes == find_codes(text.replace(old, new))


def find_codes(text):
    """Give what a project says of the file: its grammar first, then its texts."""
    node = load_yaml(text, "notices.yaml")
    problems = check_grammar(node, load_grammars(ROOT)["notices"])
    try:
        load_letter_texts(node) if not problems else None
    except RuleError as error:
        problems = error.problems
    return {problem.code for problem in problems}
