"""What a flow's document is called, where an advice speaks of it in general.

Most codes are the engine's or a system's, and their texts speak of the document that
most flows move. Another flow says which of these words are others there: whole words,
the longest first, with the capital that the text has. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.rulefiles.nodes import MapNode, entries_at, maps_at, scalars_at, to_plain

if TYPE_CHECKING:
    from engine.project.advice import Advice
    from engine.rulefiles.nodes import Node


@dataclass(frozen=True, slots=True)
class DocumentWords:
    """The words of one flow, by language; ``but`` are codes whose texts are its own."""

    words: Mapping[str, Mapping[str, str]]
    patterns: Mapping[str, re.Pattern[str]]
    but: frozenset[str]

    def apply(self, advice: Advice, language: str) -> Advice:
        """Give the advice in the flow's words."""
        pattern, words = self.patterns.get(language), self.words.get(language, {})
        if pattern is None or advice.code in self.but:
            return advice

        def say(found: re.Match[str]) -> str:
            word = words[found[0].casefold()]
            return word[0].upper() + word[1:] if found[0][0].isupper() else word

        return replace(
            advice,
            meaning=pattern.sub(say, advice.meaning),
            do=pattern.sub(say, advice.do),
            where=pattern.sub(say, advice.where),
        )


def load_document_words(node: Node) -> dict[str, DocumentWords]:
    """Read the ``documents`` of an advice file, by flow."""
    found: dict[str, DocumentWords] = {}
    for block in maps_at(node, "documents") if isinstance(node, MapNode) else ():
        given = {
            language.text: {key.casefold(): str(to) for key, to in said.items()}
            for language, value in entries_at(block, "words")
            if isinstance(said := to_plain(value), dict)
        }
        patterns = {language: _pattern(words) for language, words in given.items()}
        but = frozenset(cell.text for cell in scalars_at(block, "but"))
        words = DocumentWords(given, patterns, but)
        found.update((cell.text, words) for cell in scalars_at(block, "flows"))
    return found


def _pattern(words: Mapping[str, str]) -> re.Pattern[str]:
    longest = sorted(map(re.escape, words), key=len, reverse=True)
    return re.compile(rf"(?<![\w@-])(?:{'|'.join(longest)})(?![\w@-])", re.IGNORECASE)
