"""The file with the sentences of the mails."""

from __future__ import annotations

import pytest

from engine.errors import RuleError
from engine.project.mail_texts import TEXTS, load_letter_texts
from engine.rulefiles.reader import load_yaml


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("notices:", "notes:", "F421"),
        ("    sv: 'Nya'", "    et: 'Uued'", "F421"),
        ("{count}", "{number}", "F422"),
        ("{count}", "{}", None),
    ],
)
def test_bad_texts(old, new, code):
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
    load_letter_texts(load_yaml(text, "notices.yaml"))
    changed = load_yaml(text.replace(old, new), "notices.yaml")
    if code is None:
        load_letter_texts(changed)
        return

    with pytest.raises(RuleError) as raised:
        load_letter_texts(changed)

    assert {code} == {problem.code for problem in raised.value.problems}
