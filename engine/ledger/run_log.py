"""The runs of each company, what each counted, and how far its flows have come."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.ledger.model import Event, Run, read_time

if TYPE_CHECKING:
    from datetime import datetime

    from engine.ledger.database import Database
    from engine.ledger.model import MarkKind, RunOutcome

NO_EVENT = Event()
NO_CALLS: Mapping[str, int] = MappingProxyType({})


class RunLog:
    """Remembers runs; one without an end still works or was killed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, company: str, owner: str) -> Run:
        """Record that a run began; ``owner`` names the process."""
        with self._database.transaction():
            return self._database.get(Run, "start_run", company=company, owner=owner)

    def end(
        self,
        run: Run,
        outcome: RunOutcome,
        counts: Mapping[str, int],
        why: Event = NO_EVENT,
        calls: Mapping[str, int] = NO_CALLS,
    ) -> Run:
        """Record how a run ended.

        Args:
            counts: Its documents, by outcome.
            why: What was wrong, unless it was good.
            calls: Its requests, by system.
        """
        with self._database.transaction():
            return self._database.get(
                Run,
                "end_run",
                run_id=run.run_id,
                outcome=outcome,
                counts=counts,
                code=why.code,
                details=dict(why.details),
                calls=calls,
            )

    def find_last_good(self, company: str) -> Run | None:
        """Find the company's latest run that ended well."""
        return self._database.find(Run, "last_good_run", company=company)

    def find_last(self, company: str) -> Run | None:
        """Find the company's latest run, ended or not."""
        return self._database.find(Run, "last_run", company=company)

    def mark(self, company: str, flow: str, kind: MarkKind, at: datetime) -> None:
        """Remember how far a flow has come; the last mark of a kind counts."""
        with self._database.transaction():
            self._database.run("set_mark", company=company, flow=flow, kind=kind, at=at)

    def find_mark(self, company: str, flow: str, kind: MarkKind) -> datetime | None:
        """Give the time of a mark, None before the first."""
        rows = self._database.run("find_mark", company=company, flow=flow, kind=kind)
        return read_time(rows[0]["at"]) if rows else None
