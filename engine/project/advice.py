"""Advice: what an error code means and what to do, in the reader's language.

Codes and sentences come from other systems and from our own rules; the book says in
plain words what they mean. It holds texts only and decides nothing. A code that the
book does not know gives None, and the caller shows the system's own text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from engine.errors import FIELD_JOINT
from engine.problems import Problems
from engine.project.document_words import DocumentWords, load_document_words
from engine.project.languages import FALLBACK_LANGUAGE, LANGUAGES
from engine.rulefiles.nodes import (
    Node,
    Scalar,
    entries_at,
    iter_scalars,
    scalar_at,
    to_plain,
)

Who = Literal["bookkeeper", "consultant", "operator"]
Kind = Literal["permanent", "transient"]

UNKNOWN_CODE: Final = "UNKNOWN_CODE"  # words what the book does not know
READ_CHARACTERS: Final = 500  # of a message; patterns look no further

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_PIECE = re.compile(r"\[([^\[\]]*)\]")
# A repeated group, a back reference or a look-around may take more than linear time.
_SLOW = re.compile(r"\)[*+{]|\(\?[=!<(]|\\[1-9]|\(\?P=")


@dataclass(frozen=True, slots=True)
class Advice:
    """One code's advice in one language. Texts may hold unfilled ``[pieces]``."""

    code: str
    meaning: str
    do: str
    where: str  # "" when the texts name no place
    who: Who  # who must act
    kind: Kind  # transient: the next run tries again by itself
    found: Mapping[str, str] = field(default_factory=dict)  # read from the message
    also: tuple[Advice, ...] = ()  # what else is wrong with the document

    @property
    def text(self) -> str:
        """Meaning, what to do and where, as one text; then of what else is wrong."""
        where = f"({self.where})" if self.where else ""
        parts = (self.meaning, self.do, where, *(one.text for one in self.also))
        return " ".join(part for part in parts if part)

    def fill(self, details: Mapping[str, str] | None = None) -> Advice:
        """Give the advice with its pieces filled in, or dropped where a detail lacks.

        Details of the caller win over those found in the message.
        """
        known = {**self.found, **{k: v for k, v in (details or {}).items() if v}}
        return replace(
            self,
            meaning=fill_pieces(self.meaning, known),
            do=fill_pieces(self.do, known),
            where=fill_pieces(self.where, known),
        )


@dataclass(frozen=True, slots=True)
class AdviceEntry:
    """One code of the book, in all languages."""

    code: str
    meaning: Mapping[str, str]  # by language
    do: Mapping[str, str]
    where: Mapping[str, str]  # may be empty
    who: Who
    kind: Kind
    pattern: re.Pattern[str] | None
    aliases: tuple[str, ...]

    def advice(self, language: str, found: Mapping[str, str]) -> Advice:
        """Give the entry in one language; English where it lacks that language."""
        return Advice(
            code=self.code,
            meaning=_in_language(self.meaning, language),
            do=_in_language(self.do, language),
            where=_in_language(self.where, language),
            who=self.who,
            kind=self.kind,
            found=found,
        )


@dataclass(frozen=True, slots=True)
class AdviceBook:
    """All advice; entries in the order of the file."""

    entries: tuple[AdviceEntry, ...]
    by_name: Mapping[str, AdviceEntry]  # codes and aliases, folded
    fields: FieldWords  # what a field is called in plain words
    documents: Mapping[str, DocumentWords] = field(default_factory=dict)  # by flow

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(entry.code for entry in self.entries)

    @property
    def names(self) -> frozenset[str]:
        """Give every code and alias, as written."""
        aliases = (alias for entry in self.entries for alias in entry.aliases)
        return frozenset((*self.codes, *aliases))

    def __contains__(self, code: object) -> bool:
        return isinstance(code, str) and _fold(code) in self.by_name

    def field_word(self, path: str, language: str) -> str | None:
        """Find the plain words for a target path: "row 3: unit price"."""
        return self.fields.find(path, language) or self.fields.find(
            path, FALLBACK_LANGUAGE
        )

    def find(
        self, code_or_text: str, language: str = FALLBACK_LANGUAGE
    ) -> Advice | None:
        """Find advice: by code, then by alias, then by a pattern in the text."""
        text = code_or_text.strip()[:READ_CHARACTERS]
        entry = self.by_name.get(_fold(text))
        if entry is not None:
            return entry.advice(language, _found(entry, text) or {})
        for entry in self.entries:
            found = _found(entry, text)
            if found is not None:
                return entry.advice(language, found)
        return None

    def render(
        self,
        code_or_text: str,
        language: str = FALLBACK_LANGUAGE,
        details: Mapping[str, str] | None = None,
        flow: str = "",
    ) -> str | None:
        """Give meaning, what to do and where as one text; None when unknown."""
        if self.find(code_or_text, language) is None:
            return None
        advice = self.explain(code_or_text, language, details, flow)
        return None if advice is None else advice.text

    def explain(
        self,
        code_or_text: str,
        language: str = FALLBACK_LANGUAGE,
        details: Mapping[str, Any] | None = None,
        flow: str = "",
    ) -> Advice | None:
        """Give a filled advice for whatever stopped a document of a flow.

        What the book does not know is passed on as it is, in the words of the entry
        for unknown codes; None only for an empty text or a book without that entry.

        Args:
            details: What the texts may name. ``also`` is a list of the same, each with
                its ``code``, of what else is wrong.
        """
        text = code_or_text.strip()
        if not text:
            return None
        named = {k: str(v) for k, v in (details or {}).items() if k != "also"}
        known = self._in_words(named, language)
        advice = self.find(text, language)
        if advice is None:
            unknown = self.find(UNKNOWN_CODE, language)
            known = {"message": text, **known}
            return unknown and self._for(flow, unknown, language).fill(known)
        entry = self.by_name.get(_fold(advice.code))
        said = (entry and _found(entry, named.get("message", ""))) or {}
        more = (details or {}).get("also") or ()
        also = (self.explain(one["code"], language, one, flow) for one in more)
        filled = self._for(flow, advice, language).fill({**said, **known})
        return replace(filled, also=tuple(filter(None, also)))

    def _for(self, flow: str, advice: Advice, language: str) -> Advice:
        words = self.documents.get(flow)
        return advice if words is None else words.apply(advice, language)

    def _in_words(self, details: Mapping[str, str], language: str) -> Mapping[str, str]:
        paths = details.get("field", "").split(FIELD_JOINT)
        words = [self.field_word(path, language) or path for path in paths if path]
        said = FIELD_JOINT.join(dict.fromkeys(words))
        return {**details, "field": said} if said else details


def fill_pieces(text: str, details: Mapping[str, str]) -> str:
    """Fill the ``[pieces with {details}]`` of a text; drop a piece that lacks one.

    Only names are replaced: a value is never read as a format or a template.
    """

    def fill(match: re.Match[str]) -> str:
        piece = match[1]
        if any(name not in details for name in _PLACEHOLDER.findall(piece)):
            return ""
        return _PLACEHOLDER.sub(lambda m: details[m[1]], piece)

    return _PIECE.sub(fill, text)


def load_advice(node: Node) -> AdviceBook:
    """Read an advice file that the grammar accepts.

    Raises:
        RuleError: F405 a detail outside its piece, F407 a code or alias that stands
            twice, F408 a pattern that is wrong or slow; all of them at once.
    """
    problems = Problems()
    names: dict[str, AdviceEntry] = {}
    entries = []
    for key, value in entries_at(node, "advice"):
        entry = _read_entry(key, value, problems)
        entries.append(entry)
        for name in (entry.code, *entry.aliases):
            other = names.setdefault(_fold(name), entry)
            if other is not entry:
                said = f"{name} stands twice: at {other.code} and at {entry.code}"
                problems.add("F407", said, key)
    problems.raise_if_any()
    words: dict[str, Any] = {
        key.text: to_plain(value) for key, value in entries_at(node, "fields")
    }
    documents = load_document_words(node)
    return AdviceBook(tuple(entries), names, FieldWords(words), documents)


def _read_entry(key: Scalar, node: Node, problems: Problems) -> AdviceEntry:
    said: Any = to_plain(node)
    for language, cell in iter_scalars(node):
        # Outside the pieces, and beside the names of details, there is no brace.
        rest = _PIECE.sub("", cell.text) + _PLACEHOLDER.sub("", cell.text)
        if language in LANGUAGES and "{" in rest:
            fault = (
                "a {detail} must stand inside a [piece], which is dropped without it"
            )
            problems.add("F405", fault, cell)
    return AdviceEntry(
        code=key.text,
        meaning=said["meaning"],
        do=said["do"],
        where=said.get("where", {}),
        who=said["who"],
        kind=said["kind"],
        pattern=_read_pattern(scalar_at(node, "pattern"), problems),
        aliases=tuple(said.get("aliases", ())),
    )


def _read_pattern(cell: Scalar | None, problems: Problems) -> re.Pattern[str] | None:
    if cell is None:
        return None
    if _SLOW.search(cell.text):
        hint = "leave out repeated groups, back references and look-arounds"
        problems.add("F408", "the pattern could be slow", cell, hint)
        return None
    try:
        return re.compile(cell.text)
    except re.error as error:
        said = f"the pattern is wrong: {error.msg}"
        problems.at_word("F408", said, cell, error.pos or 0, "")
        return None


def _found(entry: AdviceEntry, text: str) -> Mapping[str, str] | None:
    match = entry.pattern.search(text) if entry.pattern else None
    if match is None:
        return None
    return {name: value for name, value in match.groupdict().items() if value}


def _in_language(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language) or texts.get(FALLBACK_LANGUAGE, "")


def _fold(text: str) -> str:
    return text.strip().rstrip(".").casefold()


# Names of fields ---------------------------------------------------------------------


_SEGMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[(\d{1,6})\])?")
MOST_CHARACTERS: Final = 300  # of a path; a longer one is no field of ours


@dataclass(frozen=True, slots=True)
class FieldWords:
    """Words for target paths, in all languages."""

    words: Mapping[str, Mapping[str, str]]  # end of a path -> language -> word

    def find(self, path: str, language: str) -> str | None:
        """Give the words for a path, rows counted from 1: "row 3: unit price".

        None when a list or the field itself has no word in that language.
        """
        if not 0 < len(path) <= MOST_CHARACTERS:
            return None
        segments = [_SEGMENT.fullmatch(part) for part in path.split(".")]
        matched = [segment for segment in segments if segment is not None]
        if len(matched) < len(segments):
            return None
        names: list[str] = []
        said: list[str | None] = []
        for name, index in (segment.groups() for segment in matched):
            names.append(name)
            if index is not None:
                word = self._word(names, language)
                said.append(f"{word} {int(index) + 1}" if word else None)
        if matched[-1][2] is None:
            said.append(self._word(names, language))
        known = [word for word in said if word is not None]
        return ": ".join(known) if len(known) == len(said) else None

    def _word(self, names: list[str], language: str) -> str | None:
        """Find the longest key that the path so far ends with."""
        for start in range(len(names)):
            words = self.words.get(".".join(names[start:]))
            if words and language in words:
                return words[language]
        return None
