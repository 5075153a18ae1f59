"""Which documents a run takes: those of the source's list that are ours and due.

Nothing is written to a system here, and what becomes of a document is not known yet.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from engine.errors import RecordError, RefusedError, StoppedError
from engine.flow.digests import digest_of
from engine.flow.ownership import Owner, Ownership
from engine.language.values import ValueFault
from engine.ledger.failures import LedgerConflictError
from engine.ledger.model import Event
from engine.masking import mask_text
from engine.project.flow_spec import RequireStep

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from engine.flow.context import RunContext
    from engine.language.paths import Path
    from engine.language.scope import Scope
    from engine.ledger.model import Transfer
    from engine.project.flow_spec import EndpointCall

PAGE = 100  # documents looked at ahead, for batched reads
NOT_FOUND = 404
SHOWN = 8  # labels that one line of the log names
CLOCKS_APART = timedelta(minutes=2)  # a Date header is a second old; our own figure


@dataclass(frozen=True, slots=True)
class Listed:
    """One document as the source lists it, before anything is done about it."""

    key: str
    label: str
    reference: str
    digest: str
    data: dict[str, Any]
    is_gathered: bool = False
    fault: Exception | None = None  # nobody's document, or nobody knows whose


class Listing:
    """One run's choice of documents; counts those that it leaves alone."""

    def __init__(self, run: RunContext) -> None:
        self.seen: set[str] = set()  # keys that the source has listed in this run
        self.left_alone: Counter[str] = Counter()
        self.is_full = False  # everything was listed, so what is missing is gone
        self._run = run
        self._ownership = Ownership(run)
        self._started_at = run.clock.now()
        self._listed_at = self._started_at  # by the source's clock, where it says it
        self._unclear: list[str] = []  # labels of records without an id, or of one id
        self._names = (run.company, run.flow.name)

    def open_window(self) -> None:
        """Choose from when on changes are listed; without a window all is listed."""
        window = self._run.flow.fetch.window
        if window is None:
            return
        now, runs, names = self._started_at, self._run.ledger.runs, self._names
        last = runs.find_mark(*names, "listed")
        if window.full_every is not None:
            full = runs.find_mark(*names, "listed_fully")
            self.is_full = full is None or now - full >= window.full_every
        if last is not None:
            since = last - window.overlap
        elif window.first is not None:
            since = now - window.first
        else:
            self.is_full = True
        if not self.is_full:
            self._run.since = since.strftime("%Y-%m-%dT%H:%M:%SZ")

    def close_window(self) -> None:
        """Remember from when on the next run lists changes: all has been taken."""
        if self._run.flow.fetch.window is None:
            return
        runs = self._run.ledger.runs
        runs.mark(*self._names, "listed", self._listed_at)
        if self.is_full:
            runs.mark(*self._names, "listed_fully", self._started_at)

    def iter_source(self) -> Iterator[dict[str, Any]]:
        """Give the records that the source lists; they are asked for as they come."""
        run = self._run
        request = run.flow.fetch.request
        arguments = run.arguments(request, run.scope({}))
        source = run.systems[request.system]
        is_first = True
        for record in source.iter_items(request.endpoint, arguments):
            if is_first:
                self._hear_clock(source.server_time)
                is_first = False
            yield record
        if is_first:
            self._hear_clock(source.server_time)

    def _hear_clock(self, theirs: datetime | None) -> None:
        """Count the next window by the source's clock: its changes bear its times."""
        if theirs is None or self._run.flow.fetch.window is None:
            return
        self._listed_at = theirs
        apart = self._run.clock.now() - theirs
        if abs(apart) > CLOCKS_APART:
            minutes = round(apart.total_seconds() / 60)
            said = f"ours is {minutes:+d} minutes from the source's"
            self._run.note_daily("clocks_disagree", Event("CLOCKS_DISAGREE", said))

    def tell_unclear(self) -> None:
        """Say once a day which listed records were not taken, or listed twice."""
        if self._unclear:
            shown = ", ".join(dict.fromkeys(self._unclear[:SHOWN]))
            said = f"{len(self._unclear)} of the list: {shown}"
            event = Event("RECORDS_UNCLEAR", said, details={"value": said})
            self._run.note_daily("records_unclear", event)

    def iter_pages(self, records: Iterable[dict[str, Any]]) -> Iterator[list[Listed]]:
        """Give those of ``records`` that are new in this run, ours and due, in pages.

        Whether a record that becomes several documents is due, its parts tell.
        """
        rest = iter(records)
        while page := list(islice(rest, PAGE)):
            listed = []
            for record in page:
                found = self.list_record(record)
                if not found.key or found.key in self.seen:
                    self._unclear.append(found.label or found.key or "without any name")
                    continue
                self.seen.add(found.key)
                listed += self._sort_out(found)
            if self._run.flow.expand is None:
                listed = [found for found in listed if self.is_due(found)]
            yield listed

    def list_record(self, record: dict[str, Any]) -> Listed:
        """Give a record of the source as its list would."""
        fetch = self._run.flow.fetch
        scope = self._run.scope({}).with_item(record)
        return Listed(
            key=text_on(fetch.key, scope),
            label=mask_text(text_on(fetch.label, scope)),
            reference=text_on(fetch.reference, scope),
            digest=digest_of(record),
            data={fetch.save: record},
        )

    def _sort_out(self, listed: Listed) -> list[Listed]:
        """Drop other companies' documents; keep an ownerless one that is ours to tell.

        One company, the first by name, tells what belongs to nobody.
        """
        run = self._run
        try:
            whose, unit = self._ownership.judge(listed.data)
        except (RecordError, ValueFault) as error:
            return [replace(listed, fault=error)]
        if whose is Owner.OURS:
            return [listed]
        belongs = run.flow.fetch.belongs
        if whose is Owner.NOBODYS and belongs is not None and belongs.code:
            fault = StoppedError(belongs.code, unit, details={"value": unit})
            return [replace(listed, fault=fault)]
        self.left_alone["left to others"] += 1
        known = run.find_transfer(listed.key)
        is_open = known is not None and known.aside in ("held", "waiting")
        if known is not None and is_open and known.stage == "new":
            # It was stopped here before its unit had a company.
            run.ledger.steps.gone(known, Event("UNIT_OF_OTHER_COMPANY", unit))
        return []

    def is_due(self, listed: Listed) -> bool:
        """Tell whether a document is to be tried now.

        A stopped document that has not changed waits: the same refusal every ten
        minutes helps nobody. A change in the source, or ``retry``, makes it due; where
        it is known what was read of it, that is looked at first. What is done stays
        done, unless its status says that it waits for a transfer; what was passed over
        stays so.
        """
        if self._is_still_skipped(listed):
            return False
        try:
            transfer = open_transfer(self._run, listed)
        except LedgerConflictError:
            return True
        if transfer.stage == "done":
            return self._run.flow.acknowledge is not None or transfer.is_changed
        if transfer.is_due(self._run.clock.now()) or transfer.refused is not None:
            return True
        self.left_alone["still stopped"] += 1
        return False

    def _is_still_skipped(self, listed: Listed) -> bool:
        """Tell whether an earlier run has passed over this document as it is now.

        It keeps its status in the source, so it is listed in every run. A change of
        the document or of the rules, or ``retry``, has it looked at again. One that had
        left the transfer status by itself has come back, and is not meant.
        """
        run = self._run
        known = run.find_transfer(listed.key)
        if known is None or known.aside != "gone" or known.retry_asked:
            return False
        steps = (*run.flow.enrich, *run.flow.require, *run.flow.prepare)
        codes = {s.code for s in steps if isinstance(s, RequireStep) and s.is_skip}
        before = (known.source_digest, known.mapping_digest)
        return known.code in codes and before == (listed.digest, run.rules_digest)

    def iter_unfinished(self) -> Iterator[tuple[Transfer, dict[str, Any] | None]]:
        """Read again what is unfinished and was not listed: its reason may have passed.

        A window lists changes only; a flow without one lists what waits by its status.
        Gives each with its record; None where the source no longer has it.
        """
        flow, now = self._run.flow, self._run.clock.now()
        if flow.fetch.again is None or flow.fetch.window is None:
            return
        unfinished: dict[str, Transfer] = {}
        for transfer in self._run.ledger.unfinished(self._run.company, flow.name):
            key = transfer.key
            if flow.expand is not None:
                key = key.partition("/")[0]
            if key not in self.seen and transfer.is_due(now):
                unfinished.setdefault(key, transfer)
        for key, transfer in unfinished.items():
            yield transfer, find_record(self._run, flow.fetch.again.request, key)

    def iter_left(self) -> Iterator[Transfer]:
        """Give what is unfinished and was not listed, where a status lists it."""
        again = self._run.flow.fetch.again
        if again is None or again.after is None:
            return
        names = self._run.company, self._run.flow.name
        for transfer in list(self._run.ledger.unfinished(*names)):
            if transfer.key not in self.seen:
                yield transfer


def find_record(
    run: RunContext, request: EndpointCall, key: str
) -> dict[str, Any] | None:
    """Read a record of the source by its key; None where it is not there."""
    fetch = run.flow.fetch
    scope = run.scope({fetch.save: {fetch.key.text: key}})
    try:
        record = run.call(request, scope).body
    except RefusedError as error:
        if error.status != NOT_FOUND:
            raise
        return None
    return record if isinstance(record, dict) else None


def open_transfer(run: RunContext, listed: Listed) -> Transfer:
    """Give a listed document's transfer, as the ledger has it or new.

    Raises:
        LedgerConflictError: Another document has its reference.
    """
    return run.ledger.open_transfer(
        run.company,
        run.flow.name,
        listed.key,
        label=listed.label,
        reference=listed.reference or None,
        source_digest=listed.digest,
        mapping_digest=run.rules_digest,
    )


def text_on(path: Path, scope: Scope) -> str:
    """Give a value as text; "" for a missing one."""
    value = path.evaluate(scope)
    return "" if value is None else str(value)
