"""Write the mail about a run: subject and plain text, in the company's language.

The sentences are data (``mappings/notices.yaml``), the advice comes from the advice
book. Whatever a document brings along is stripped of control characters and masked:
a customer's name must neither break a header nor show a personal id.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from engine.advice import FALLBACK_LANGUAGE, LANGUAGES
from engine.errors import Problem, RuleError
from engine.masking import mask_text
from engine.yamlfile import MapNode, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime, tzinfo

    from engine.advice import AdviceBook
    from engine.notify import Stop, Telling
    from engine.yamlfile import Node

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
MOST_ENTRIES: Final = 50  # of a section; the log has them all
MOST_SUBJECT: Final = 150  # characters
MOST_VALUE: Final = 500
WIDTH: Final = 76

_PLACEHOLDER = re.compile(r"\{([a-z]+)\}")
# Controls, format marks (also those that turn the reading direction), line breaks,
# lone surrogates, private and unassigned characters.
_UNSHOWN: Final = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


@dataclass(frozen=True, slots=True)
class LetterTexts:
    """The sentences of the mails, by name and language."""

    texts: Mapping[str, Mapping[str, str]]

    def fill(self, name: str, language: str, **details: str) -> str:
        """Give one text with its details; a value is never read as a template."""
        by_language = self.texts[name]
        text = by_language.get(language) or by_language[FALLBACK_LANGUAGE]
        return _PLACEHOLDER.sub(lambda m: details.get(m[1], ""), text)


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail that is written and not yet sent."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Counts:
    """The figures of a digest."""

    sent: int
    waiting: int
    stopped: int
    since: datetime  # of what was sent


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


def clean(text: str, most: int = MOST_VALUE) -> str:
    """Give one line that is safe in a header: no control character, no personal id."""
    shown = "".join(
        " " if unicodedata.category(char) in _UNSHOWN else char for char in text[:5000]
    )
    line = mask_text(" ".join(shown.split()))
    return line if len(line) <= most else line[: most - 1] + "…"


def write_letter(
    telling: Telling,
    counts: Counts,
    *,
    company: str,
    language: str,
    texts: LetterTexts,
    book: AdviceBook,
    now: datetime,
    zone: tzinfo,
) -> Draft | None:
    """Write the one mail about a run; None when there is nothing to tell."""
    if not telling.is_mailed:
        return None
    writer = _Writer(clean(company), language, texts, book, zone)
    return Draft(writer.subject(telling, counts), writer.body(telling, counts, now))


@dataclass(frozen=True, slots=True)
class _Writer:
    company: str
    language: str
    texts: LetterTexts
    book: AdviceBook
    zone: tzinfo

    def subject(self, telling: Telling, counts: Counts) -> str:
        """Give the subject by what matters most."""
        if telling.fresh:
            count = str(len(telling.fresh))
            text = self._say("subject_fresh", company=self.company, count=count)
        elif telling.is_digest:
            text = self._say("subject_digest", company=self.company, **_figures(counts))
        elif telling.reminder:
            label = self._label(telling.reminder)
            text = self._say("subject_reminder", company=self.company, label=label)
        else:
            count = str(len(telling.resolved))
            text = self._say("subject_resolved", company=self.company, count=count)
        return clean(text, MOST_SUBJECT)

    def body(self, telling: Telling, counts: Counts, now: datetime) -> str:
        """Give the whole text; sections without an entry are left out."""
        parts = [self._say("title", company=self.company, time=self._time(now))]
        if telling.is_digest:
            since = self._time(counts.since)
            parts.append(self._say("digest", **_figures(counts), since=since))
        if telling.fresh:
            parts.append(self._section("fresh", telling.fresh))
        if telling.reminder and not telling.is_digest:
            parts.append(self._say("reminder") + "\n\n" + self._entry(telling.reminder))
        if telling.resolved:
            lines = [
                f"  {clean(n.label)} {clean(n.target_number or '')}".rstrip()
                if n.transfer_id
                else f"  {self._run_label(n.flow)}"
                for n in telling.resolved[:MOST_ENTRIES]
            ]
            lines += self._rest(len(telling.resolved))
            title = self._say("resolved", count=str(len(telling.resolved)))
            parts.append("\n".join([title, "", *lines]))
        if telling.is_digest and telling.standing:
            parts.append(self._section("standing", telling.standing))
        parts.append(self._say("footer"))
        return "\n\n".join(parts) + "\n"

    def _section(self, title: str, stops: tuple[Stop, ...]) -> str:
        oldest_first = sorted(stops, key=lambda s: (s.since_at is None, s.since_at))
        entries = [self._entry(stop) for stop in oldest_first[:MOST_ENTRIES]]
        head = self._say(title, count=str(len(stops)))
        return "\n\n".join([head, *entries, *self._rest(len(stops))])

    def _rest(self, count: int) -> list[str]:
        left = count - MOST_ENTRIES
        return [self._say("more", count=str(left))] if left > 0 else []

    def _entry(self, stop: Stop) -> str:
        return "\n".join([self._label(stop), *self._lines(stop)])

    def _lines(self, stop: Stop) -> Iterator[str]:
        details = {name: clean(str(value)) for name, value in stop.details.items()}
        if stop.field:
            details.setdefault("field", clean(stop.field))
        advice = self.book.explain(clean(stop.code), self.language, details)
        said: list[str] = []
        if advice is not None:
            said.append(advice.meaning)
            said.append(self._say("do", text=advice.do))
            if advice.where:
                said.append(self._say("where", text=advice.where))
        if stop.since_at:
            said.append(self._say("since", time=self._time(stop.since_at)))
        word = self.book.field_word(stop.field, self.language) or clean(stop.field)
        said.append(self._say("code", code=clean(stop.code), field=word).rstrip())
        for text in said:
            yield from textwrap.wrap(
                text,
                WIDTH,
                initial_indent="  ",
                subsequent_indent="  ",
                break_long_words=False,
                break_on_hyphens=False,
            )

    def _label(self, stop: Stop) -> str:
        if stop.transfer_id is None:
            return self._run_label(stop.flow)
        return clean(stop.label, 100) or "?"

    def _run_label(self, flow: str) -> str:
        return clean(self._say("run", flow=flow)).rstrip(" :")

    def _time(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M}"

    def _say(self, name: str, **details: str) -> str:
        return self.texts.fill(name, self.language, **details)


def _figures(counts: Counts) -> dict[str, str]:
    return {name: str(getattr(counts, name)) for name in ("sent", "waiting", "stopped")}
