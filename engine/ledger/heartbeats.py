"""The heartbeat: how a ledger that was put back from an earlier day is known.

Each intent counts one more, in the ledger and in a small file beside it, before the
first byte is sent. A ledger behind its file does not know what was sent last: it rests
for the settle time before it sends anything that may not be sent twice.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec.json import decode as decode_json

from engine.ledger.failures import LedgerError
from engine.ledger.model import Event
from engine.ledger.rest import Rest, rest_after

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from engine.ledger.database import Database
    from engine.ledger.event_log import EventLog


class Heartbeats:
    """Counts intents by company, and tells when the ledger knows fewer than were made.

    Args:
        place: A path whose name begins the files' names; None keeps none.
    """

    def __init__(self, database: Database, log: EventLog, place: Path | None) -> None:
        self._database = database
        self._log = log
        self._place = place
        self._trusted: set[str] = set()  # companies that were found up to date

    @contextmanager
    def beat(self, company: str) -> Iterator[None]:
        """Make what is inside one transaction that counts one more intent.

        A ledger that is behind its file counts nothing: a write that may be sent twice
        needs no rest, and must not make the ledger look up to date.

        Raises:
            LedgerError: The file cannot be read or written; nothing may be sent.
        """
        is_behind = company not in self._trusted and self._is_behind(company)
        with self._database.transaction():
            if not is_behind:
                number = self._database.run("beat", company=company)[0]["number"]
            yield
        if self._place is not None and not is_behind:
            self._keep(self._place, company, number)

    def rest(
        self, company: str, target_at: datetime | None, settle_seconds: float
    ) -> Rest | None:
        """Ask before a write that may not be made twice; None when it may be sent.

        Else the ledger is older than its heartbeat and rests, look by look; the first
        of them says LEDGER_OLD in the log. Asked once it may send, it never asks again.

        Raises:
            LedgerError: The heartbeat cannot be read; nothing may be sent.
        """
        if company in self._trusted:
            return None
        known, before = self._find(company)
        kept = self._read(company)
        if known < kept:
            earlier = None if before is None else decode_json(before, type=Rest)
            now = self._database.clock.now()
            rest = rest_after(earlier, now, target_at, settle_seconds)
            if not rest.is_settled(looks=1):
                self._remember(company, known, rest, is_first=earlier is None)
                return rest
            self._remember(company, kept, None)
        self._trusted.add(company)
        return None

    def _find(self, company: str) -> tuple[int, str | None]:
        rows = self._database.run("find_heartbeat", company=company)
        return (rows[0]["number"], rows[0]["rest"]) if rows else (0, None)

    def _is_behind(self, company: str) -> bool:
        return self._find(company)[0] < self._read(company)

    def _remember(
        self, company: str, number: int, rest: Rest | None, *, is_first: bool = False
    ) -> None:
        with self._database.transaction():
            self._database.run(
                "set_heartbeat", company=company, number=number, rest=rest
            )
            if is_first:
                self._log.append((company, ""), "note", Event("LEDGER_OLD"))

    def _read(self, company: str) -> int:
        if self._place is None:
            return 0
        path = _file(self._place, company)
        try:
            return int(path.read_text("ascii"))
        except FileNotFoundError:
            return 0
        except (OSError, ValueError) as error:
            raise LedgerError(
                f"the heartbeat {path} cannot be read: {error}"
            ) from error

    def _keep(self, place: Path, company: str, number: int) -> None:
        path = _file(place, company)
        fresh = path.with_name(f"{path.name}.new")
        try:
            with fresh.open("w", encoding="ascii") as file:
                file.write(f"{number}\n")
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        except OSError as error:
            raise LedgerError(
                f"the heartbeat {path} cannot be written: {error}"
            ) from error


def _file(place: Path, company: str) -> Path:
    return place.with_name(f"{place.name}.{quote(company, safe='')}.heartbeat")
