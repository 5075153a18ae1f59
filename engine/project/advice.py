"""Advice: what an error code means and what to do, in the reader's language.

Codes and sentences come from other systems and from our own rules; the book says in
plain words what they mean. It holds texts only and decides nothing. A code that the
book does not know gives None, and the caller shows the system's own text.

Imports ``engine.errors``, ``engine.project.field_names`` and
``engine.rulefiles.reader``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, cast, get_args

from engine.errors import Problem, RuleError
from engine.project.field_names import FieldWords, read_field_words
from engine.rulefiles.reader import ListNode, MapNode, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.errors import Position
    from engine.rulefiles.reader import Node

Who = Literal["bookkeeper", "consultant", "operator"]
Kind = Literal["permanent", "transient"]

LANGUAGES: Final = ("fi", "sv", "en", "nl")  # every entry has all
FALLBACK_LANGUAGE: Final = "en"
UNKNOWN_CODE: Final = "UNKNOWN_CODE"  # words what the book does not know
READ_CHARACTERS: Final = 500  # of a message; patterns look no further

_CODE = re.compile(r"[A-Z][A-Z0-9_]*")
_TEXT_KEYS: Final = ("meaning", "do", "where")
_ENTRY_KEYS: Final = frozenset({*_TEXT_KEYS, "who", "kind", "pattern", "aliases"})
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_PIECE = re.compile(r"\[([^\[\]]*)\]")
# A repeated group, a back reference or a look-around may take more than linear time.
_SLOW = re.compile(r"\)[*+{]|\(\?[=!<(]|\\[1-9]|\(\?P=")
_MAX_PATTERN = 300


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

    @property
    def text(self) -> str:
        """Meaning, what to do and where, as one text."""
        where = f"({self.where})" if self.where else ""
        return " ".join(part for part in (self.meaning, self.do, where) if part)

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
    position: Position

    def advice(self, language: str, found: Mapping[str, str]) -> Advice:
        """Give the entry in one language; English where it lacks that language."""
        return Advice(
            code=self.code,
            meaning=_in_language(self.meaning, language),
            do=_in_language(self.do, language),
            where=_in_language(self.where, language),
            who=self.who,
            kind=self.kind,
            found=MappingProxyType(dict(found)),
        )


@dataclass(frozen=True, slots=True)
class AdviceBook:
    """All advice; entries in the order of the file."""

    entries: tuple[AdviceEntry, ...]
    by_name: Mapping[str, AdviceEntry]  # codes and aliases, folded
    fields: FieldWords  # what a field is called in plain words

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes, in the order of the file."""
        return tuple(entry.code for entry in self.entries)

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
    ) -> str | None:
        """Give meaning, what to do and where as one text; None when unknown."""
        advice = self.find(code_or_text, language)
        if advice is None:
            return None
        return advice.fill(self._in_words(details or {}, language)).text

    def explain(
        self,
        code_or_text: str,
        language: str = FALLBACK_LANGUAGE,
        details: Mapping[str, str] | None = None,
    ) -> Advice | None:
        """Give a filled advice for whatever stopped a document.

        What the book does not know is passed on as it is, in the words of the entry
        for unknown codes; None only for an empty text or a book without that entry.
        """
        text = code_or_text.strip()
        if not text:
            return None
        known = self._in_words(details or {}, language)
        advice = self.find(text, language)
        if advice is not None:
            return advice.fill(known)
        unknown = self.find(UNKNOWN_CODE, language)
        return unknown.fill({"message": text, **known}) if unknown else None

    def _in_words(self, details: Mapping[str, str], language: str) -> Mapping[str, str]:
        path = details.get("field")
        word = self.field_word(path, language) if path else None
        return {**details, "field": word} if word else details


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
    """Read the advice file.

    Raises:
        RuleError: Everything that is wrong with it, at once (codes F401 to F409).
    """
    problems: list[Problem] = []
    entries = tuple(
        entry
        for key, value in _iter_entries(node, problems)
        if (entry := _read_entry(key, value, problems)) is not None
    )
    fields = node.get("fields") if isinstance(node, MapNode) else None
    words = read_field_words(fields, LANGUAGES, problems)
    names: dict[str, AdviceEntry] = {}
    for entry in entries:
        for name in (entry.code, *entry.aliases):
            other = names.setdefault(_fold(name), entry)
            if other is not entry:
                text = f"{name} stands twice: at {other.code} and at {entry.code}"
                problems.append(Problem("F407", text, entry.position))
    if problems:
        raise RuleError(problems)
    return AdviceBook(entries, MappingProxyType(names), words)


def _iter_entries(
    node: Node, problems: list[Problem]
) -> Iterator[tuple[Scalar, MapNode]]:
    advice = node.get("advice") if isinstance(node, MapNode) else None
    if not isinstance(advice, MapNode):
        text = "the advice file needs a key `advice` with one block for each code"
        problems.append(Problem("F401", text, node.position))
        return
    for key, value in advice.items():
        if isinstance(value, MapNode):
            yield key, value
        else:
            text = f"{key.text} needs a block with meaning, do, who and kind"
            problems.append(Problem("F402", text, value.position))


def _read_entry(
    key: Scalar, node: MapNode, problems: list[Problem]
) -> AdviceEntry | None:
    before = len(problems)
    if not _CODE.fullmatch(key.text):
        text = f'"{key.text}" is not a code: capital letters, digits and underlines'
        problems.append(Problem("F402", text, key.position))
    for name in (entry.key for entry in node.entries.values()):
        if name.text not in _ENTRY_KEYS:
            text = f"{name.text} is not a key of an advice"
            hint = f"the keys are {', '.join(sorted(_ENTRY_KEYS))}"
            problems.append(Problem("F403", text, name.position, hint))
    texts = {name: _read_texts(key, node, name, problems) for name in _TEXT_KEYS}
    who = _read_choice(key, node, "who", get_args(Who), problems)
    kind = _read_choice(key, node, "kind", get_args(Kind), problems)
    pattern = _read_pattern(node, problems)
    aliases = _read_aliases(node, problems)
    if len(problems) > before:
        return None
    return AdviceEntry(
        code=key.text,
        meaning=texts["meaning"],
        do=texts["do"],
        where=texts["where"],
        who=cast("Who", who),
        kind=cast("Kind", kind),
        pattern=pattern,
        aliases=aliases,
        position=key.position,
    )


def _read_texts(
    key: Scalar, node: MapNode, name: str, problems: list[Problem]
) -> Mapping[str, str]:
    value = node.get(name)
    if value is None and name == "where":
        return MappingProxyType({})
    if not isinstance(value, MapNode):
        text = f"{key.text} needs `{name}` with one text for each language"
        position = key.position if value is None else value.position
        problems.append(Problem("F404", text, position))
        return MappingProxyType({})
    texts: dict[str, str] = {}
    for language, said in value.items():
        if not isinstance(said, Scalar) or not said.text.strip():
            text = f"`{name}` in {language.text} needs a text"
            problems.append(Problem("F404", text, said.position))
            continue
        texts[language.text] = said.text
        outside = _PLACEHOLDER.search(_PIECE.sub("", said.text))
        if outside or "{" in _PLACEHOLDER.sub("", said.text):
            text = "a {detail} must stand inside a [piece], which is dropped without it"
            problems.append(Problem("F405", text, said.position))
    for needed in LANGUAGES:
        if needed not in value:
            text = f"`{name}` of {key.text} lacks a text in {needed}"
            problems.append(Problem("F404", text, value.position))
    return MappingProxyType(texts)


def _read_choice(
    key: Scalar,
    node: MapNode,
    name: str,
    choices: tuple[str, ...],
    problems: list[Problem],
) -> str:
    value = node.get(name)
    if isinstance(value, Scalar) and value.text in choices:
        return value.text
    text = f"`{name}` of {key.text} must be one of {', '.join(choices)}"
    position = key.position if value is None else value.position
    problems.append(Problem("F406", text, position))
    return ""


def _read_pattern(node: MapNode, problems: list[Problem]) -> re.Pattern[str] | None:
    value = node.get("pattern")
    if value is None:
        return None
    if not isinstance(value, Scalar):
        problems.append(Problem("F408", "`pattern` needs a text", value.position))
        return None
    if len(value.text) > _MAX_PATTERN or _SLOW.search(value.text):
        text = "the pattern could be slow"
        hint = "leave out repeated groups, back references and look-arounds"
        problems.append(Problem("F408", text, value.position, hint))
        return None
    try:
        return re.compile(value.text)
    except re.error as error:
        at = value.at(error.pos or 0)
        problems.append(Problem("F408", f"the pattern is wrong: {error.msg}", at))
        return None


def _read_aliases(node: MapNode, problems: list[Problem]) -> tuple[str, ...]:
    value = node.get("aliases")
    if value is None:
        return ()
    if isinstance(value, ListNode) and all(isinstance(i, Scalar) for i in value.items):
        return tuple(i.text for i in value.items if isinstance(i, Scalar))
    problems.append(Problem("F402", "`aliases` needs a list of texts", value.position))
    return ()


def _found(entry: AdviceEntry, text: str) -> Mapping[str, str] | None:
    match = entry.pattern.search(text) if entry.pattern else None
    if match is None:
        return None
    return {name: value for name, value in match.groupdict().items() if value}


def _in_language(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language) or texts.get(FALLBACK_LANGUAGE, "")


def _fold(text: str) -> str:
    return text.strip().rstrip(".").casefold()
