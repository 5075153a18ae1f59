"""The ledger's memory of what people were told, and its outbox.

A mail is written in the same transaction as the notices it tells of, so that neither a
crash nor a mail server can tell something twice or drop it. Sending comes later.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from engine.ledger.database import read_row, write_list, write_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from engine.clock import Clock
    from engine.ledger.database import Database

LEASE = timedelta(minutes=2)  # far longer than sending may take


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that has not gone to everybody yet."""

    letter_id: int
    company: str
    recipients: tuple[str, ...]  # who has not got it yet
    subject: str
    body: str
    made_at: datetime
    tries: int  # this one included


class Notices(Protocol):
    """Remembers what was told, and keeps mails until they have gone."""

    def list_stops(self, company: str) -> list[Stop]:
        """Give what is held or waits now, with what words its advice."""
        ...

    def read_past(self, company: str) -> Past:
        """Give what was told earlier and is not over."""
        ...

    def count_sent(self, company: str, since: datetime) -> int:
        """Count the documents that were done since a time."""
        ...

    def record(
        self,
        company: str,
        telling: Telling,
        *,
        draft: Draft | None = None,
        recipients: Sequence[str] = (),
    ) -> None:
        """Remember what was told, and put the mail into the outbox, as one step."""
        ...

    def lease_letters(self) -> list[Letter]:
        """Take the unsent mails of all companies, oldest first, for this process."""
        ...

    def end_letter(
        self, letter: Letter, *, waiting: Sequence[str] = (), fault: str = ""
    ) -> None:
        """Record who has not got it yet; it is over when nobody is left."""
        ...

    def count_unsent(self, company: str | None = None) -> int:
        """Count the mails in the outbox."""
        ...


class SqliteNotices:
    """Keeps notices and letters in the ledger's own file."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def list_stops(self, company: str) -> list[Stop]:
        """See ``Notices``."""
        rows = self._database.run("list_stops", company=company)
        return [read_row(Stop, row) for row in rows]

    def read_past(self, company: str) -> Past:
        """See ``Notices``."""
        rows = self._database.run("list_notices", company=company)
        last = self._database.get(_Last, "last_told", company=company)
        notices = tuple(read_row(Notice, row) for row in rows)
        return Past(notices, last.digest_at, last.reminded_at)

    def count_sent(self, company: str, since: datetime) -> int:
        """See ``Notices``."""
        rows = self._database.run(
            "count_done", company=company, since=write_time(since)
        )
        return int(rows[0]["number"])

    def record(
        self,
        company: str,
        telling: Telling,
        *,
        draft: Draft | None = None,
        recipients: Sequence[str] = (),
    ) -> None:
        """See ``Notices``."""
        told = {stop.key for stop in telling.fresh} if draft is not None else set()
        with self._database.transaction():
            for notice in telling.closed:
                self._database.run("close_notice", notice_id=notice.notice_id)
            for stop in (*telling.seen, *telling.fresh):
                self._database.run(
                    "see_notice",
                    company=company,
                    transfer_id=stop.transfer_id,
                    flow=stop.flow,
                    code=stop.code,
                    first_at=write_time(stop.since_at),
                    is_told=stop.key in told,
                )
            if draft is None:
                return
            if telling.reminder is not None:
                stop = telling.reminder
                self._database.run(
                    "remind_notice",
                    company=company,
                    transfer_id=stop.transfer_id,
                    flow=stop.flow,
                    code=stop.code,
                )
            self._database.run(
                "write_letter",
                company=company,
                is_digest=telling.is_digest,
                recipients=write_list(recipients),
                subject=draft.subject,
                body=draft.body,
            )

    def lease_letters(self) -> list[Letter]:
        """See ``Notices``."""
        until = self._clock.now() + LEASE
        with self._database.transaction():
            rows = self._database.run("lease_letters", until=write_time(until))
        letters = [read_row(Letter, row) for row in rows]
        return sorted(letters, key=lambda letter: letter.letter_id)

    def end_letter(
        self, letter: Letter, *, waiting: Sequence[str] = (), fault: str = ""
    ) -> None:
        """See ``Notices``."""
        with self._database.transaction():
            self._database.run(
                "end_letter",
                letter_id=letter.letter_id,
                recipients=write_list(waiting),
                is_over=not waiting,
                fault=fault[:300],
            )

    def count_unsent(self, company: str | None = None) -> int:
        """See ``Notices``."""
        rows = self._database.run("count_unsent", company=company)
        return int(rows[0]["number"])


@dataclass(frozen=True, slots=True)
class _Last:
    """When the company's people were last told of what stands."""

    digest_at: datetime | None
    reminded_at: datetime | None


NoticeKey = tuple[int | None, str, str]


@dataclass(frozen=True, slots=True)
class Stop:
    """What keeps a document from going, or a whole run, as it stands now."""

    transfer_id: int | None  # None: the run as a whole
    flow: str  # "" when no flow is meant
    label: str  # what people call the document; "" for the run
    state: str  # "held" or "waiting"
    code: str
    field: str
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    since_at: datetime | None = None  # None: since now

    @property
    def key(self) -> NoticeKey:
        """What a notice is compared by; a document's flow is known by its transfer."""
        return (self.transfer_id, self.flow, self.code)

    @property
    def is_passing(self) -> bool:
        """Tell whether the next run may end it by itself."""
        return self.state == "waiting"


@dataclass(frozen=True, slots=True)
class Notice:
    """One stop that was seen, and what was told of it; not yet over."""

    notice_id: int
    transfer_id: int | None
    flow: str
    label: str  # the document's, as it is called now
    target_number: str | None
    state: str  # the document's now; "" for the run
    code: str
    first_at: datetime
    mailed_at: datetime | None  # None: seen, and not told
    reminded_at: datetime | None

    @property
    def key(self) -> NoticeKey:
        """What a stop is compared with."""
        return (self.transfer_id, self.flow, self.code)


@dataclass(frozen=True, slots=True)
class Past:
    """What was told earlier to the company's people."""

    notices: Sequence[Notice] = ()  # open ones
    digest_at: datetime | None = None  # the last digest
    reminded_at: datetime | None = None  # the last reminder, whatever it was of


@dataclass(frozen=True, slots=True)
class Telling:
    """What one run has to tell; empty when nothing is to be mailed."""

    fresh: tuple[Stop, ...] = ()  # told for the first time
    standing: tuple[Stop, ...] = ()  # told before, and still so; the digest's
    resolved: tuple[Notice, ...] = ()  # told before, and over
    reminder: Stop | None = None
    is_digest: bool = False
    seen: tuple[Stop, ...] = ()  # to be remembered only
    closed: tuple[Notice, ...] = ()  # over, told or not

    @property
    def is_mailed(self) -> bool:
        """Tell whether a mail is to be written."""
        return bool(self.fresh or self.resolved or self.reminder or self.is_digest)


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail that is written and not yet sent."""

    subject: str
    body: str
