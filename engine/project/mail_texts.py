"""The sentences of the mails, by name and language (``mappings/notices.yaml``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.problems import Problems
from engine.project.languages import FALLBACK_LANGUAGE
from engine.rulefiles.nodes import Node, entries_at, iter_scalars, to_plain

# Every text, and the {details} it may name.
TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "subject_fresh": ("company", "count"),
    "subject_digest": ("company", "stopped", "waiting", "sent"),
    "subject_reminder": ("company", "label"),
    "subject_resolved": ("company", "count"),
    "title": ("company", "time"),
    "fresh": ("count",),
    "resolved": ("count",),
    "reminder": (),
    "digest": ("sent", "waiting", "stopped", "since"),
    "standing": ("count",),
    "do": ("text",),
    "where": ("text",),
    "code": ("code", "field"),
    "since": ("time",),
    "more": ("count",),
    "run": ("flow",),
    "footer": (),
}
_PLACEHOLDER = re.compile(r"\{([a-z]+)\}")


@dataclass(frozen=True, slots=True)
class LetterTexts:
    """The sentences of the mails, by name and language."""

    texts: Mapping[str, Mapping[str, str]]

    def fill(self, name: str, language: str, **details: str) -> str:
        """Give one text with its details; a value is never read as a template."""
        by_language = self.texts[name]
        text = by_language.get(language) or by_language[FALLBACK_LANGUAGE]
        return _PLACEHOLDER.sub(lambda m: details.get(m[1], ""), text)


def load_letter_texts(node: Node) -> LetterTexts:
    """Read the file of the mails' sentences, which the grammar accepts.

    Raises:
        RuleError: F422 a text names a detail that its mail does not have.
    """
    problems = Problems()
    texts: dict[str, Any] = {}
    for name, by_language in entries_at(node, "notices"):
        allowed = TEXTS[name.text]
        for _, cell in iter_scalars(by_language):
            strange = sorted(set(_PLACEHOLDER.findall(cell.text)) - {*allowed})
            if strange:
                said = f"`{name.text}` knows no {{{strange[0]}}}"
                known = ", ".join(f"{{{one}}}" for one in sorted(allowed)) or "none"
                problems.add("F422", said, cell, f"its details are: {known}")
        texts[name.text] = to_plain(by_language)
    problems.raise_if_any()
    return LetterTexts(texts)
