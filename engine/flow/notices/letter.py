"""Write the mail about a run: subject and plain text, in the company's language.

The sentences are data (``mappings/notices.yaml``), the advice comes from the advice
book. Whatever a document brings along is stripped of control characters and masked:
a customer's name must neither break a header nor show a personal id.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from engine.ledger.notice_model import Bulletin, Draft, Stop
from engine.masking import mask_text
from engine.project.advice import AdviceBook
from engine.project.mail_texts import LetterTexts

MOST_ENTRIES: Final = 50  # of a section; the log has them all
MOST_SUBJECT: Final = 150  # characters
MOST_VALUE: Final = 500
WIDTH: Final = 76

# Controls, format marks (also those that turn the reading direction), line breaks,
# lone surrogates, private and unassigned characters.
_UNSHOWN: Final = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


@dataclass(frozen=True, slots=True)
class Counts:
    """The figures of a digest."""

    sent: int
    waiting: int
    stopped: int
    since: datetime  # of what was sent


def clean(text: str, most: int = MOST_VALUE) -> str:
    """Give one line that is safe in a header: no control character, no personal id."""
    shown = "".join(
        " " if unicodedata.category(char) in _UNSHOWN else char for char in text[:5000]
    )
    line = mask_text(" ".join(shown.split()))
    return line if len(line) <= most else line[: most - 1] + "…"


def write_letter(
    bulletin: Bulletin,
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
    if not bulletin.is_mailed:
        return None
    writer = _Writer(clean(company), language, texts, book, zone)
    return Draft(writer.subject(bulletin, counts), writer.body(bulletin, counts, now))


@dataclass(frozen=True, slots=True)
class _Writer:
    company: str
    language: str
    texts: LetterTexts
    book: AdviceBook
    zone: tzinfo

    def subject(self, bulletin: Bulletin, counts: Counts) -> str:
        """Give the subject by what matters most."""
        if bulletin.fresh:
            count = str(len(bulletin.fresh))
            text = self._say("subject_fresh", company=self.company, count=count)
        elif bulletin.is_digest:
            text = self._say("subject_digest", company=self.company, **_figures(counts))
        elif bulletin.reminder:
            label = self._label(bulletin.reminder)
            text = self._say("subject_reminder", company=self.company, label=label)
        else:
            count = str(len(bulletin.resolved))
            text = self._say("subject_resolved", company=self.company, count=count)
        return clean(text, MOST_SUBJECT)

    def body(self, bulletin: Bulletin, counts: Counts, now: datetime) -> str:
        """Give the whole text; sections without an entry are left out."""
        parts = [self._say("title", company=self.company, time=self._time(now))]
        if bulletin.is_digest:
            since = self._time(counts.since)
            parts.append(self._say("digest", **_figures(counts), since=since))
        if bulletin.fresh:
            parts.append(self._section("fresh", bulletin.fresh))
        if bulletin.reminder and not bulletin.is_digest:
            parts.append(
                self._say("reminder") + "\n\n" + self._entry(bulletin.reminder)
            )
        if bulletin.resolved:
            lines = [
                f"  {clean(n.label)} {clean(n.target_number or '')}".rstrip()
                if n.transfer_id
                else f"  {self._run_label(n.flow)}"
                for n in bulletin.resolved[:MOST_ENTRIES]
            ]
            lines += self._rest(len(bulletin.resolved))
            title = self._say("resolved", count=str(len(bulletin.resolved)))
            parts.append("\n".join([title, "", *lines]))
        if bulletin.is_digest and bulletin.standing:
            parts.append(self._section("standing", bulletin.standing))
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
        details = clean_details(stop.details)
        if stop.field:
            details.setdefault("field", clean(stop.field))
        advice = self.book.explain(clean(stop.code), self.language, details, stop.flow)
        said: list[str] = []
        if advice is not None:
            said.append(advice.meaning)
            said.append(self._say("do", text=advice.do))
            if advice.where:
                said.append(self._say("where", text=advice.where))
            said += [one.text for one in advice.also]
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


def clean_details(details: Mapping[str, Any]) -> dict[str, Any]:
    """Clean what an advice may name, also of what else is wrong."""
    return {
        name: [clean_details(one) for one in value]
        if isinstance(value, list)
        else clean(str(value))
        for name, value in details.items()
    }


def _figures(counts: Counts) -> dict[str, str]:
    return {name: str(getattr(counts, name)) for name in ("sent", "waiting", "stopped")}
