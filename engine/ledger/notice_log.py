"""What people were told of stops, and the outbox of mails.

A mail is written in the same transaction as the notices it tells of, so that neither a
crash nor a mail server can tell something twice or drop it. Sending comes later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from engine.ledger.notice_model import Letter, Notice, NoticeHistory, Stop

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from engine.ledger.database import Database
    from engine.ledger.notice_model import Bulletin, Draft

LEASE = timedelta(minutes=2)  # far longer than sending may take


class NoticeLog:
    """Remembers what was told, and keeps mails until they have gone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_stops(self, company: str) -> list[Stop]:
        """Give what is held or waits now, with what words its advice."""
        return self._database.list_all(Stop, "list_stops", company=company)

    def read_history(self, company: str) -> NoticeHistory:
        """Give what was told earlier and is not over."""
        notices = self._database.list_all(Notice, "list_notices", company=company)
        last = self._database.get(_LastTold, "last_told", company=company)
        return NoticeHistory(notices, last.digest_at, last.reminded_at)

    def count_sent(self, company: str, since: datetime) -> int:
        """Count the documents that were done since a time."""
        rows = self._database.run("count_done", company=company, since=since)
        return int(rows[0]["number"])

    def record(
        self,
        company: str,
        bulletin: Bulletin,
        *,
        draft: Draft | None = None,
        recipients: Sequence[str] = (),
    ) -> None:
        """Remember what was told, and put the mail into the outbox, as one step."""
        told = {stop.key for stop in bulletin.fresh} if draft is not None else set()
        with self._database.transaction():
            for notice in bulletin.closed:
                self._database.run("close_notice", notice_id=notice.notice_id)
            for stop in (*bulletin.seen, *bulletin.fresh):
                self._database.run(
                    "see_notice",
                    company=company,
                    transfer_id=stop.transfer_id,
                    flow=stop.flow,
                    code=stop.code,
                    first_at=stop.since_at,
                    is_told=stop.key in told,
                )
            if draft is None:
                return
            if bulletin.reminder is not None:
                stop = bulletin.reminder
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
                is_digest=bulletin.is_digest,
                recipients=recipients,
                subject=draft.subject,
                body=draft.body,
            )

    def lease_letters(self) -> list[Letter]:
        """Take the unsent mails of all companies, oldest first, for this process."""
        until = self._database.clock.now() + LEASE
        with self._database.transaction():
            letters = self._database.list_all(Letter, "lease_letters", until=until)
        return sorted(letters, key=lambda letter: letter.letter_id)

    def end_letter(
        self, letter: Letter, *, waiting: Sequence[str] = (), fault: str = ""
    ) -> None:
        """Record who has not got it yet; it is over when nobody is left."""
        with self._database.transaction():
            self._database.run(
                "end_letter",
                letter_id=letter.letter_id,
                recipients=waiting,
                is_over=not waiting,
                fault=fault[:300],
            )

    def count_unsent(self, company: str | None = None) -> int:
        """Count the mails in the outbox."""
        rows = self._database.run("count_unsent", company=company)
        return int(rows[0]["number"])


@dataclass(frozen=True, slots=True)
class _LastTold:
    """When the company's people were last told of what stands."""

    digest_at: datetime | None
    reminded_at: datetime | None
