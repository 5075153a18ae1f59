"""The ledger on SQLite: one connection, one file, every method one transaction.

Not for threads: each worker opens its own. The SQL stands in ``sql/queries.sql``.
"""
# ruff: noqa: D102  # the Protocol says what each method does

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.ledger import lock as locks
from engine.ledger.database import Database, read_row, write_object, write_time
from engine.ledger.failures import (
    ClaimLostError,
    LedgerConflictError,
    LedgerStateError,
)
from engine.ledger.ledger import NOTHING
from engine.ledger.model import (
    LEGAL_STAGES,
    LEGAL_WRITE_STATES,
    Event,
    LogRow,
    Run,
    Transfer,
    Write,
    format_time,
    read_time,
)
from engine.ledger.notice_log import SqliteNotices

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from engine.clock import Clock
    from engine.ledger.model import Outcome, RunOutcome, Stage, State, WriteState
    from engine.ledger.notice_log import Notices


class SqliteLedger:
    """Keeps the ledger in one SQLite file.

    Raises:
        SettingsError: The file cannot be used; see ``engine.ledger.disk``.
    """

    def __init__(self, path: Path, clock: Clock, *, must_exist: bool = False) -> None:
        self.path = path
        self._clock = clock
        self._database = Database(path, clock, must_exist=must_exist)
        self._notices = SqliteNotices(self._database, clock)

    @property
    def notices(self) -> Notices:
        return self._notices

    def close(self) -> None:
        self._database.close()

    def try_lock(self, company: str) -> locks.Lock | None:
        path = locks.lock_path(self.path, company)
        return locks.try_lock(path, self._clock.now())

    def find_holder(self, company: str) -> locks.Holder | None:
        return locks.find_holder(locks.lock_path(self.path, company))

    # -- transfers ---------------------------------------------------------------

    def open_transfer(
        self,
        company: str,
        flow: str,
        key: str,
        *,
        label: str,
        reference: str | None,
        source_digest: str,
        mapping_digest: str = "",
    ) -> Transfer:
        place = {"company": company, "flow": flow}
        known = self.find_transfer(company, flow, key)
        wanted = reference or None
        if known and known.stage != "new":
            wanted = known.reference  # something may exist under it in the target
        rules = mapping_digest or (known.mapping_digest if known else "")
        seen = {
            "label": label,
            "source_digest": source_digest,
            "mapping_digest": rules,
        }
        if (
            known
            and known.aside != "gone"
            and wanted == known.reference
            and all(getattr(known, name) == value for name, value in seen.items())
        ):
            return known  # the usual case of a held one: no commit
        with self._database.transaction():
            other = wanted and self._database.find(
                Transfer, "find_reference", **place, reference=wanted
            )
            if other and known and other.transfer_id == known.transfer_id:
                other = None
            if other and self._database.find(
                Transfer, "release_reference", transfer_id=other.transfer_id
            ):
                other = None
            values = {**seen, "reference": None if other else wanted}
            if known is None:
                transfer = self._database.get(
                    Transfer, "insert_transfer", **place, key=key, **values
                )
            else:
                changed = any(
                    getattr(known, name) != seen[name]
                    for name in ("source_digest", "mapping_digest")
                )
                transfer = self._change(
                    known, "see_transfer", **values, changed=changed
                )
                if known.aside == "gone":
                    self._append(transfer, "step", Event("CAME_BACK", "listed again"))
        if other:
            raise LedgerConflictError(transfer, other)
        return transfer

    def find_transfer(self, company: str, flow: str, key: str) -> Transfer | None:
        return self._database.find(
            Transfer, "find_transfer", company=company, flow=flow, key=key
        )

    def transfers(
        self,
        company: str | None = None,
        flow: str | None = None,
        state: State | None = None,
    ) -> Iterator[Transfer]:
        for row in self._database.iter_pages(
            "list_transfers", "transfer_id", company=company, flow=flow, state=state
        ):
            yield read_row(Transfer, row)

    def unfinished(
        self, company: str | None = None, flow: str | None = None
    ) -> Iterator[Transfer]:
        for row in self._database.iter_pages(
            "list_unfinished", "transfer_id", company=company, flow=flow
        ):
            yield read_row(Transfer, row)

    def count_states(
        self, company: str | None = None
    ) -> Mapping[tuple[str, str, State], int]:
        rows = self._database.run("count_states", company=company)
        return {
            (row["company"], row["flow"], row["state"]): row["number"] for row in rows
        }

    def claim(
        self,
        transfer: Transfer,
        *,
        payload_digest: str,
        mapping_digest: str,
        owner: str,
        event: Event = NOTHING,
    ) -> Transfer:
        return self._step(
            transfer,
            "claim",
            "step",
            event,
            "intent",
            payload_digest=payload_digest,
            mapping_digest=mapping_digest,
            owner=owner,
        )

    def in_doubt(
        self,
        transfer: Transfer,
        *,
        seen_at: datetime | None = None,
        searched_at: datetime | None = None,
        event: Event = NOTHING,
    ) -> Transfer:
        return self._step(
            transfer,
            "in_doubt",
            "waiting",
            event,
            "doubt",
            seen_at=write_time(seen_at),
            searched_at=write_time(searched_at),
        )

    def posted(
        self,
        transfer: Transfer,
        *,
        target_id: str,
        target_number: str | None = None,
        adopted: bool = False,
        event: Event = NOTHING,
    ) -> Transfer:
        return self._step(
            transfer,
            "posted",
            "step",
            event,
            "posted",
            target_id=target_id,
            target_number=target_number,
            adopted=adopted,
        )

    def proved(self, transfer: Transfer, event: Event = NOTHING) -> Transfer:
        return self._step(transfer, "proved", "step", event, "proved")

    def done(
        self,
        transfer: Transfer,
        *,
        target_number: str | None = None,
        event: Event = NOTHING,
    ) -> Transfer:
        if transfer.adopted and not event.code:
            event = replace(event, code="ADOPTED")
        return self._step(
            transfer,
            "done",
            "transferred",
            event,
            "done",
            target_number=target_number,
        )

    def hold(
        self,
        transfer: Transfer,
        event: Event,
        *,
        retry_at: datetime | None = None,
        not_applied: bool = False,
    ) -> Transfer:
        return self._step(
            transfer,
            "hold",
            "stopped",
            event,
            retry_at=write_time(retry_at),
            not_applied=not_applied,
        )

    def wait(
        self,
        transfer: Transfer,
        event: Event,
        *,
        retry_at: datetime | None = None,
        not_applied: bool = False,
    ) -> Transfer:
        return self._step(
            transfer,
            "wait",
            "waiting",
            event,
            retry_at=write_time(retry_at),
            not_applied=not_applied,
        )

    def gone(self, transfer: Transfer, event: Event) -> Transfer:
        return self._step(transfer, "gone", "skipped", event)

    def reopen(self, transfer: Transfer, event: Event = NOTHING) -> Transfer:
        if transfer.stage != "done":
            raise LedgerStateError(f"{transfer.label} is {transfer.stage}, not done")
        return self._step(transfer, "reopen", "step", event, "posted")

    def start_over(self, transfer: Transfer, event: Event) -> Transfer:
        if transfer.stage not in ("posted", "proved"):
            raise LedgerStateError(f"{transfer.label} has no target to forget")
        with self._database.transaction():
            changed = self._step(transfer, "start_over", "step", event, "new")
            self._database.run("forget_writes", transfer_id=transfer.transfer_id)
        return changed

    def retry(self, company: str | None, key: str) -> list[Transfer]:
        asked = Event("RETRY_ASKED", "a person asked for another try")
        with self._database.transaction():
            rows = self._database.run("retry", company=company, key=key)
            marked = [read_row(Transfer, row) for row in rows]
            for transfer in marked:
                self._append(transfer, "note", asked)
        return marked

    # -- writes ------------------------------------------------------------------

    def begin_write(
        self, transfer: Transfer, step: str, item: str, digest: str
    ) -> Write:
        with self._database.transaction():
            write = self._database.find(
                Write,
                "begin_write",
                transfer_id=transfer.transfer_id,
                seen=transfer.attempts,
                step=step,
                item=item,
                digest=digest,
            )
            if write is None:
                raise ClaimLostError(transfer)
        return write

    def end_write(
        self,
        write: Write,
        state: WriteState,
        *,
        target_id: str | None = None,
        answer: Mapping[str, Any] | None = None,
        doubt_seen_at: datetime | None = None,
    ) -> Write:
        if state not in LEGAL_WRITE_STATES[write.state] or state == "intent":
            raise LedgerStateError(
                f"{write.step} {write.item} cannot go from {write.state} to {state}"
            )
        with self._database.transaction():
            ended = self._database.find(
                Write,
                "end_write",
                write_id=write.write_id,
                attempt=write.attempt,
                state=state,
                target_id=target_id,
                answer=None if answer is None else write_object(answer),
                doubt_seen_at=write_time(doubt_seen_at),
            )
            if ended is None:
                raise LedgerStateError(
                    f"{write.step} {write.item}: attempt {write.attempt} is outdated"
                )
        return ended

    def find_write(self, transfer: Transfer, step: str, item: str) -> Write | None:
        return self._database.find(
            Write,
            "find_write",
            transfer_id=transfer.transfer_id,
            step=step,
            item=item,
        )

    def list_writes(self, transfer: Transfer) -> list[Write]:
        rows = self._database.run("list_writes", transfer_id=transfer.transfer_id)
        return [read_row(Write, row) for row in rows]

    def find_open_write(self, company: str, step: str, item: str) -> Write | None:
        return self._database.find(
            Write, "find_open_write", company=company, step=step, item=item
        )

    # -- events and runs ---------------------------------------------------------

    def note(self, transfer: Transfer, event: Event, outcome: Outcome = "note") -> None:
        with self._database.transaction():
            self._append(transfer, outcome, event)

    def note_flow(
        self, company: str, flow: str, event: Event, outcome: Outcome = "note"
    ) -> None:
        with self._database.transaction():
            self._append((company, flow), outcome, event)

    def mark(self, company: str, flow: str, until: datetime) -> None:
        self.note_flow(company, flow, Event("LISTED", format_time(until)), "step")

    def last_mark(self, company: str, flow: str) -> datetime | None:
        rows = self._database.run("last_mark", company=company, flow=flow)
        return read_time(rows[0]["message"]) if rows else None

    def log(
        self,
        company: str | None = None,
        outcome: Outcome | None = None,
        since: datetime | None = None,
        *,
        flow: str | None = None,
        latest_per_document: bool = True,
    ) -> Iterator[LogRow]:
        for row in self._database.iter_pages(
            "list_last_words" if latest_per_document else "list_events",
            "event_id",
            company=company,
            flow=flow,
            outcome=outcome,
            since=write_time(since),
        ):
            yield read_row(LogRow, row)

    def start_run(self, company: str, owner: str) -> Run:
        with self._database.transaction():
            return self._database.get(Run, "start_run", company=company, owner=owner)

    def end_run(self, run: Run, outcome: RunOutcome, counts: Mapping[str, int]) -> Run:
        with self._database.transaction():
            return self._database.get(
                Run,
                "end_run",
                run_id=run.run_id,
                outcome=outcome,
                counts=write_object(counts),
            )

    def last_run(self, company: str) -> Run | None:
        return self._database.find(Run, "last_run", company=company)

    # -- inside ------------------------------------------------------------------

    def _step(
        self,
        transfer: Transfer,
        query: str,
        outcome: Outcome,
        event: Event,
        stage: Stage | None = None,
        **values: Any,
    ) -> Transfer:
        """Change a transfer and append the event of it."""
        if stage is not None and stage not in LEGAL_STAGES[transfer.stage]:
            raise LedgerStateError(
                f"{transfer.label} cannot go from {transfer.stage} to {stage}"
            )
        if not event.code and outcome in ("step", "waiting"):
            event = replace(event, code=query.upper())
        with self._database.transaction():
            changed = self._change(transfer, query, **values, **_reason(event))
            self._append(changed, outcome, event)
        return changed

    def _change(self, transfer: Transfer, query: str, **values: Any) -> Transfer:
        changed = self._database.find(
            Transfer,
            query,
            transfer_id=transfer.transfer_id,
            seen=transfer.attempts,
            **values,
        )
        if changed is None:
            raise ClaimLostError(transfer)
        return changed

    def _append(
        self, owner: Transfer | tuple[str, str], outcome: Outcome, event: Event
    ) -> None:
        if isinstance(owner, Transfer):
            names = ("transfer_id", "company", "flow", "key", "label", "state")
            place = {name: getattr(owner, name) for name in names}
            place |= {
                "target_id": owner.target_id,
                "target_number": owner.target_number,
            }
        else:
            company, flow = owner
            place = {"company": company, "flow": flow}
            place |= dict.fromkeys(("key", "label", "state"), "")
            place |= dict.fromkeys(("transfer_id", "target_id", "target_number"))
        self._database.run(
            "append_event",
            **place,
            **_reason(event),
            outcome=outcome,
            details=write_object(event.details),
        )


def _reason(event: Event) -> dict[str, str]:
    names = ("code", "message", "field", "advice")
    return {name: getattr(event, name) for name in names}
