"""The runs of each company: when each began, how it ended, what it counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.ledger.model import Run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.ledger.database import Database
    from engine.ledger.model import RunOutcome


class RunLog:
    """Remembers runs; one without an end still works or was killed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, company: str, owner: str) -> Run:
        """Record that a run began; ``owner`` names the process."""
        with self._database.transaction():
            return self._database.get(Run, "start_run", company=company, owner=owner)

    def end(self, run: Run, outcome: RunOutcome, counts: Mapping[str, int]) -> Run:
        """Record how a run ended, with its documents counted by outcome."""
        with self._database.transaction():
            return self._database.get(
                Run, "end_run", run_id=run.run_id, outcome=outcome, counts=counts
            )

    def find_last(self, company: str) -> Run | None:
        """Find the company's latest run, ended or not."""
        return self._database.find(Run, "last_run", company=company)
