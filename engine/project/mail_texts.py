"""The sentences of the mails, by name and language (``mappings/notices.yaml``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from engine.errors import Problem, RuleError
from engine.project.advice import FALLBACK_LANGUAGE, LANGUAGES
from engine.rulefiles.reader import MapNode, Scalar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.rulefiles.reader import Node


# Every text, and the {details} it may name.
TEXTS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "subject_fresh": frozenset({"company", "count"}),
        "subject_digest": frozenset({"company", "stopped", "waiting", "sent"}),
        "subject_reminder": frozenset({"company", "label"}),
        "subject_resolved": frozenset({"company", "count"}),
        "title": frozenset({"company", "time"}),
        "fresh": frozenset({"count"}),
        "resolved": frozenset({"count"}),
        "reminder": frozenset(),
        "digest": frozenset({"sent", "waiting", "stopped", "since"}),
        "standing": frozenset({"count"}),
        "do": frozenset({"text"}),
        "where": frozenset({"text"}),
        "code": frozenset({"code", "field"}),
        "since": frozenset({"time"}),
        "more": frozenset({"count"}),
        "run": frozenset({"flow"}),
        "footer": frozenset(),
    }
)


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
    """Read the file of the mails' sentences.

    Raises:
        RuleError: Everything that is wrong with it, at once (F421, F422).
    """
    problems: list[Problem] = []
    notices = node.get("notices") if isinstance(node, MapNode) else None
    if not isinstance(notices, MapNode):
        text = "the file needs a key `notices` with the texts of the mails"
        raise RuleError([Problem("F421", text, node.position)])
    found: dict[str, Mapping[str, str]] = {}
    for name, allowed in TEXTS.items():
        value = notices.get(name)
        texts: dict[str, str] = {}
        if isinstance(value, MapNode):
            for language, said in value.items():
                if isinstance(said, Scalar) and said.text.strip():
                    texts[language.text] = said.text
                    problems += _find_strangers(name, said, allowed)
        for language_name in LANGUAGES:
            if language_name not in texts:
                text = f"`{name}` lacks a text in {language_name}"
                place = (value or notices).position
                problems.append(Problem("F421", text, place))
        found[name] = MappingProxyType(texts)
    if problems:
        raise RuleError(problems)
    return LetterTexts(MappingProxyType(found))


def _find_strangers(name: str, said: Scalar, allowed: frozenset[str]) -> list[Problem]:
    strange = sorted(set(_PLACEHOLDER.findall(said.text)) - allowed)
    if not strange:
        return []
    known = ", ".join(f"{{{one}}}" for one in sorted(allowed)) or "none"
    text = f"`{name}` knows no {{{strange[0]}}}"
    return [Problem("F422", text, said.position, f"its details are: {known}")]
