"""Take a company's documents through a flow, one after another.

A document that fails never stops another. A system that is down ends the run
"degraded": nothing is lost, the next run goes on.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import (
    DoubtError,
    Problem,
    RecordError,
    RefusedError,
    RequestFacts,
    SettingsError,
    StoppedError,
    SystemDownError,
    TransientError,
    Violation,
    ViolationError,
)
from engine.flow.context import Document, Gathered, RunContext
from engine.flow.digests import digest_of
from engine.flow.ownership import Owner, Ownership
from engine.flow.plan_notes import PlanEndError
from engine.flow.reads import (
    check_requirement,
    iter_items,
    prefetch,
    read_register,
    run_look,
)
from engine.flow.reasons import describe_stop
from engine.flow.signals import GoneError, SwitchedOffError, WaitError
from engine.flow.skips import is_still_skipped, note_left_out
from engine.flow.status_on_error import move_stopped
from engine.flow.transfer import (
    SECOND_LOOK_SECONDS,
    find_known,
    run_transfer,
    run_vanished,
)
from engine.language import ValueFault
from engine.ledger.failures import LedgerConflictError
from engine.ledger.model import Event, back_off_until
from engine.masking import mask_text
from engine.project.flow_spec import ReadStep, RequireStep, WriteStep

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from engine.language import Path, Scope
    from engine.ledger.model import Transfer
    from engine.project.advice import AdviceBook
    from engine.project.flow_spec import EndpointCall, Expand

PAGE = 100  # documents looked at ahead, for batched reads
VANISHED = "vanished"  # the source digest of what the source no longer has begins so
LEFT = "CHANGED_AFTER_TRANSFER"  # an earlier part of the record is left in the target
NOT_FOUND = 404
REFUSALS_IN_A_ROW = 20  # so many refusals look like wrong rules or rights


class Progress(Protocol):
    """Told after every document; a terminal shows it, a scheduler does not."""

    def __call__(self, flow: str, label: str, outcome: str, code: str) -> None:
        """Show one document's outcome."""


@dataclass(slots=True)
class FlowReport:
    """What a run of one flow did."""

    company: str
    flow: str
    outcomes: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    calls: dict[str, Counter[str]] = field(default_factory=dict)
    degraded: str = ""  # why the run ended early; "" when it did not
    is_switched_off: bool = False  # in mid-run; what was not begun is left alone


def run_flow(run: RunContext, advice: AdviceBook, progress: Progress) -> FlowReport:
    """Move every document that waits in the source.

    Raises:
        SettingsError: A requirement of the run itself does not hold (``setup``).
    """
    worker = _Worker(run, advice, progress)
    try:
        worker.set_up()
        worker.run_all()
    except SwitchedOffError:
        worker.report.is_switched_off = True
    except GoneError as gone:
        note_left_out(run, gone)
    except (TransientError, RefusedError) as error:
        worker.report.degraded = str(error)
    for name, system in run.systems.items():
        worker.report.calls[name] = Counter(system.calls)
    return worker.report


@dataclass(frozen=True, slots=True)
class Listed:
    """One document as the source lists it, before anything is done about it."""

    key: str
    label: str
    reference: str
    digest: str
    record: dict[str, Any]
    data: dict[str, Any]
    is_gathered: bool = False
    fault: RecordError | None = None  # nobody's document, or nobody knows whose


class _Worker:
    def __init__(self, run: RunContext, advice: AdviceBook, progress: Progress) -> None:
        self.run = run
        self.advice = advice
        self.progress = progress
        self.report = FlowReport(run.company, run.flow.name)
        self._again: list[Listed] = []  # in doubt, to be looked at twice
        self._parts: dict[str, list[Transfer]] | None = None  # by record, once needed
        self._refused_in_a_row = 0
        self._ownership = Ownership(run)

    def set_up(self) -> None:
        """Name the registers of the run, and check what the settings say of them."""
        for step in self.run.flow.setup:
            if isinstance(step, ReadStep):
                load = partial(read_register, step, self.run)
                self.run.registers.add(step.name, load)
            elif isinstance(step, RequireStep):
                self._check_setting(step, self.run.scope({}))

    def _check_setting(self, step: RequireStep, scope: Any) -> None:
        try:
            check_requirement(step, scope)
        except StoppedError as error:
            advice = self.advice.find(error.code, self._language)
            advice = advice.fill(error.details) if advice else None
            meaning = advice.meaning if advice else step.label
            raise SettingsError(
                [
                    Problem(
                        "C401",
                        f"{self.run.company}: {meaning}".rstrip("."),
                        error.position,
                        (advice.do if advice else "") + _shown(error.message),
                    )
                ]
            ) from error

    def run_all(self) -> None:
        """Take all documents, page by page; look twice at those in doubt."""
        started_at = self.run.clock.now()
        is_full = self._open_window(started_at)
        seen: set[str] = set()
        records = self._iter_records()
        while page := list(islice(records, PAGE)):
            self._run_page(page, seen)
        self._run_unfinished(seen)
        if self._again:
            self.run.clock.sleep(SECOND_LOOK_SECONDS)
            again, self._again = self._again, []
            for listed in again:
                self.report.outcomes["waiting"] -= 1  # it is told once, as it ends
                self.report.codes["IN_DOUBT"] -= 1
                self._run_one(listed)
            self.report.outcomes = +self.report.outcomes
            self.report.codes = +self.report.codes
        if is_full and self.run.flow.vanished:
            self._run_vanished(seen)
        if self.run.flow.fetch.window is not None:
            self.run.ledger.log.mark(self.run.company, self.run.flow.name, started_at)
            if is_full:
                name = f"{self.run.flow.name} full"
                self.run.ledger.log.mark(self.run.company, name, started_at)

    def _open_window(self, now: datetime) -> bool:
        """Choose from when on changes are listed; tell whether it is everything."""
        window = self.run.flow.fetch.window
        if window is None:
            return False
        ledger, name = self.run.ledger, self.run.flow.name
        last = ledger.log.last_mark(self.run.company, name)
        if window.full_every is not None:
            full = ledger.log.last_mark(self.run.company, f"{name} full")
            if full is None or now - full >= window.full_every:
                return True
        if last is not None:
            since = last - window.overlap
        elif window.first is not None:
            since = now - window.first
        else:
            return True
        self.run.since = since.strftime("%Y-%m-%dT%H:%M:%SZ")
        return False

    def _run_unfinished(self, seen: set[str]) -> None:
        """Take what is unfinished and has not changed: its reason may have passed.

        A window lists changes only; a flow without one lists what waits by its status.
        """
        flow, now = self.run.flow, self.run.clock.now()
        if flow.fetch.again is None or flow.fetch.window is None:
            return
        unfinished: dict[str, Transfer] = {}
        for transfer in self.run.ledger.unfinished(self.run.company, flow.name):
            key = transfer.key
            if flow.expand is not None:
                key = key.partition("/")[0]
            if key not in seen and transfer.is_due(now):
                unfinished.setdefault(key, transfer)
        records = []
        for key, transfer in unfinished.items():
            record = self._find_record(flow.fetch.again.request, key)
            if record is not None:
                records.append(record)
            elif flow.vanished:
                self._vanish(transfer)
        for start in range(0, len(records), PAGE):
            self._run_page(records[start : start + PAGE], seen)

    def _find_record(self, request: EndpointCall, key: str) -> dict[str, Any] | None:
        fetch = self.run.flow.fetch
        scope = self.run.scope({fetch.save: {fetch.key.text: key}})
        try:
            record = self.run.call(request, scope).body
        except RefusedError as error:
            if error.status != NOT_FOUND:
                raise
            return None
        return record if isinstance(record, dict) else None

    def _iter_records(self) -> Iterator[dict[str, Any]]:
        fetch = self.run.flow.fetch
        scope = self.run.scope({})
        arguments = self.run.arguments(fetch.request, scope)
        system = self.run.systems[fetch.request.system]
        return system.iter_items(fetch.request.endpoint, arguments)

    def _run_page(self, page: list[dict[str, Any]], seen: set[str]) -> None:
        listed = []
        for record in page:
            found = self._list(record)
            if found.key and found.key not in seen:
                seen.add(found.key)
                listed += self._sort_out(found)
        if self.run.flow.expand is None:
            listed = [found for found in listed if self._is_due(found)]
        prefetch(self.run, [found.record for found in listed])
        for found in listed:
            if self.run.flow.expand is None or found.fault is not None:
                self._run_one(found)
            else:
                self._run_expanded(self.run.flow.expand, found)

    def _list(self, record: dict[str, Any]) -> Listed:
        fetch = self.run.flow.fetch
        scope = self.run.scope({}).with_item(record)
        return Listed(
            key=_text(fetch.key, scope),
            label=_text(fetch.label, scope),
            reference=_text(fetch.reference, scope),
            digest=digest_of(record),
            record=record,
            data={fetch.save: record},
        )

    def _sort_out(self, listed: Listed) -> list[Listed]:
        """Keep what is ours, and what is nobody's if it is on us to say so."""
        try:
            whose, unit = self._ownership.judge(listed.data)
        except ValueFault as error:
            violation = Violation(error.code, error.message)
            return [replace(listed, fault=ViolationError([violation]))]
        except RecordError as error:
            return [replace(listed, fault=error)]
        if whose is Owner.OURS:
            return [listed]
        belongs = self.run.flow.fetch.belongs
        if whose is Owner.NOBODYS and belongs is not None and belongs.code:
            fault = StoppedError(belongs.code, unit, details={"value": unit})
            return [replace(listed, fault=fault)]
        self.report.outcomes["left to others"] += 1
        transfer = self.run.ledger.find_transfer(
            self.run.company, self.run.flow.name, listed.key
        )
        is_open = transfer is not None and transfer.aside in ("held", "waiting")
        if transfer is not None and is_open and transfer.stage == "new":
            # It was stopped here before its unit had a company.
            self.run.ledger.steps.gone(transfer, Event("UNIT_OF_OTHER_COMPANY", unit))
        return []

    def _is_due(self, listed: Listed) -> bool:
        """Tell whether a document is to be tried now.

        A stopped document that has not changed waits: the same refusal every ten
        minutes helps nobody. A change in the source, or ``retry``, makes it due. What
        is done stays done, unless its status says that it waits for a transfer; what
        was passed over stays so.
        """
        if is_still_skipped(self.run, listed.key, listed.digest):
            return False
        try:
            transfer = self._open(listed)
        except LedgerConflictError:
            return True
        if transfer.stage == "done":
            return self.run.flow.acknowledge is not None or transfer.is_changed
        if transfer.is_due(self.run.clock.now()):
            return True
        self.report.outcomes["still stopped"] += 1
        return False

    def _open(self, listed: Listed) -> Transfer:
        return self.run.ledger.open_transfer(
            self.run.company,
            self.run.flow.name,
            listed.key,
            label=listed.label,
            reference=listed.reference or None,
            source_digest=listed.digest,
            mapping_digest=self.run.rules_digest,
        )

    def _run_one(self, listed: Listed) -> None:
        if not self.run.is_on():
            raise SwitchedOffError
        conflict = None
        try:
            transfer = self._open(listed)
        except LedgerConflictError as error:
            conflict, transfer = error, error.transfer
        document = Document(
            transfer.key,
            transfer.label,
            listed.reference,
            dict(listed.data),
            transfer=transfer,
            is_gathered=listed.is_gathered,
        )
        if conflict is not None:
            self._stop(document, StoppedError("REFERENCE_TAKEN", str(conflict)))
            return
        if listed.fault is not None:
            self._stop(document, listed.fault)
            return
        self._move(listed, document)

    def _run_expanded(self, expand: Expand, listed: Listed) -> None:
        """Gather a record, then move each of its items as a document of its own."""
        gathered = Gathered(
            listed.key, listed.label, listed.reference, dict(listed.data)
        )
        try:
            for step in self.run.flow.enrich:
                assert not isinstance(step, WriteStep)
                run_look(step, self.run, gathered)
            scope = self.run.scope(gathered.data)
            items = list(iter_items(expand.each, scope))
        except GoneError:
            items = []
        except (RecordError, ValueFault, TransientError) as error:
            # The record itself goes into the log; its items are tried again with it.
            document = Document(
                gathered.key,
                gathered.label,
                gathered.reference,
                gathered.data,
                transfer=self._open(listed),
            )
            self._end(listed, document, error)
            return
        self._resolve(listed)
        parts = [
            Listed(
                key=f"{listed.key}/{_text(expand.key, item)}",
                label=_text(expand.label, item),
                reference=_text(expand.reference, item),
                digest=digest_of(item.item),
                record=listed.record,
                data={**gathered.data, expand.save: item.item},
                is_gathered=True,
            )
            for item in items
        ]
        left = self._flag_left({part.key for part in parts}, listed.key)
        for part in parts:
            if self._is_due(part):
                self._run_part(part, left)

    def _resolve(self, listed: Listed) -> None:
        """Close a record that was stopped as a whole and has been gathered since."""
        name = self.run.flow.name
        transfer = self.run.ledger.find_transfer(self.run.company, name, listed.key)
        if transfer is not None and transfer.aside in ("held", "waiting"):
            self.run.ledger.steps.gone(transfer, Event("RESOLVED"))

    def _known_parts(self, key: str) -> list[Transfer]:
        if self._parts is None:
            self._parts = {}
            name = self.run.flow.name
            for transfer in self.run.ledger.transfers(self.run.company, name):
                parent, is_part, _ = transfer.key.partition("/")
                if is_part and transfer.target_id and transfer.aside != "gone":
                    self._parts.setdefault(parent, []).append(transfer)
        return self._parts.get(key, [])

    def _flag_left(self, current: set[str], key: str) -> list[Transfer]:
        """Stop what was moved and is no longer in its record; nothing is rewritten.

        It is told until a person has removed it in the target. Gives what is there.
        """
        left = []
        for known in self._known_parts(key):
            if known.key in current:
                continue
            transfer = known
            if known.stage == "done":
                transfer = self.run.ledger.steps.reopen(known)
            elif not known.is_due(self.run.clock.now()):
                left.append(known)
                continue
            reference = transfer.reference or ""
            document = Document(
                transfer.key, transfer.label, reference, {}, transfer=transfer
            )
            if find_known(self.run, document) is None:
                self.run.ledger.steps.gone(transfer, Event("RESOLVED"))
                continue
            left.append(transfer)
            said = f"{transfer.target_id} stays there"
            self._stop(document, StoppedError(LEFT, said))
        return left

    def _run_part(self, part: Listed, left: list[Transfer]) -> None:
        """Move a part, unless it may be what an earlier part has become.

        A person decides then: its sum would stand in the target twice.
        """
        transfer = self._open(part) if left else None
        if transfer is None or transfer.target_id or transfer.retry_asked:
            self._run_one(part)
            return
        document = Document(part.key, part.label, part.reference, {}, transfer=transfer)
        labels = ", ".join(other.label for other in left)
        self._stop(document, StoppedError(LEFT, f"{labels} went before it"))

    def _run_vanished(self, seen: set[str]) -> None:
        """Take what the ledger knows and a full listing no longer has."""
        name = self.run.flow.name
        for transfer in list(self.run.ledger.transfers(self.run.company, name, "done")):
            is_told = transfer.source_digest.startswith(VANISHED)
            if transfer.key not in seen and not is_told:
                self._vanish(transfer)

    def _vanish(self, transfer: Transfer) -> None:
        """Do what the flow says of one that its source no longer has."""
        if transfer.stage == "new":  # nothing of it is in the target
            self.run.ledger.steps.gone(transfer, Event("RESOLVED"))
            return
        digest = transfer.source_digest
        if not digest.startswith(VANISHED):  # it may come back, and vanish once more
            digest = f"{VANISHED} {self.run.clock.now().date()}"
        listed = Listed(
            key=transfer.key,
            label=transfer.label,
            reference=transfer.reference or "",
            digest=digest,
            record={},
            data={self.run.flow.fetch.save: {}},
        )
        transfer = self._open(listed)
        if transfer.stage == "done":
            transfer = self.run.ledger.steps.reopen(transfer)
        document = Document(
            transfer.key,
            transfer.label,
            listed.reference,
            listed.data,
            transfer=transfer,
        )
        try:
            run_vanished(self.run, document)
            document.transfer = self.run.ledger.steps.proved(document.transfer)
            document.transfer = self.run.ledger.steps.done(
                document.transfer, event=Event("VANISHED")
            )
        except (RecordError, ValueFault, TransientError) as error:
            self._end(listed, document, error)
        else:
            self._finish(document, "transferred", "VANISHED")

    def _move(self, listed: Listed, document: Document) -> None:
        try:
            run_transfer(self.run, document)
        except PlanEndError:
            self._tell(document.label, "planned", "")
        except GoneError as gone:
            self.run.ledger.steps.gone(
                document.transfer, Event(gone.code, gone.message)
            )
            self._finish(document, "skipped", gone.code)
        except (RecordError, ValueFault, TransientError) as error:
            self._end(listed, document, error)
        except Exception as error:  # noqa: BLE001  # one document never stops another
            text = f"{type(error).__name__}: {error}"
            self._stop(document, StoppedError("UNEXPECTED", text))
        else:
            self._refused_in_a_row = 0
            self._finish(document, "transferred", "")

    def _end(
        self,
        listed: Listed,
        document: Document,
        error: RecordError | ValueFault | TransientError,
    ) -> None:
        """Say in the ledger why a document has not gone."""
        if isinstance(error, RecordError):
            self._stop(document, error)
        elif isinstance(error, ValueFault):
            violation = Violation(error.code, error.message)
            self._stop(document, ViolationError([violation]))
        else:
            self._wait(document, error, _waiting_code(error))
            if isinstance(error, SystemDownError):
                raise error
            if isinstance(error, WaitError) and error.is_settled:
                self._again.append(listed)

    def _stop(self, document: Document, error: RecordError) -> None:
        reason = describe_stop(error)
        code = reason.code
        now = self.run.clock.now()
        held = self.run.ledger.steps.hold(
            document.transfer,
            self._event(code, reason.message, reason.details, reason.field),
            retry_at=back_off_until(document.transfer.held_count, now),
            not_applied=document.is_not_applied,
        )
        self._finish(document, "stopped", code)
        move_stopped(self.run, document, held, code, self.advice)
        if isinstance(error, RefusedError):
            self._refused_in_a_row += 1
            if self._refused_in_a_row >= REFUSALS_IN_A_ROW:
                self.report.degraded = (
                    f"{REFUSALS_IN_A_ROW} documents in a row were refused: "
                    "the rules or the rights of the key look wrong"
                )
                raise SystemDownError(_facts(error))

    def _wait(self, document: Document, error: TransientError, code: str) -> None:
        details = {} if isinstance(error, WaitError) else _system(error.facts)
        self.run.ledger.steps.wait(
            document.transfer,
            self._event(code, str(error), details),
            not_applied=document.is_not_applied,
        )
        self._finish(document, "waiting", code)

    def _finish(self, document: Document, outcome: str, code: str) -> None:
        for note in document.notes:
            self.run.ledger.log.note(
                document.transfer, Event(note.code, mask_text(note.message), note.field)
            )
        self._tell(document.label, outcome, code)

    def _tell(self, label: str, outcome: str, code: str) -> None:
        self.report.outcomes[outcome] += 1
        if code:
            self.report.codes[code] += 1
        self.progress(self.run.flow.name, label, outcome, code)

    def _event(
        self, code: str, message: str, details: Mapping[str, str], field: str = ""
    ) -> Event:
        """Give an event with its advice, and what words it in other languages."""
        known = {name: mask_text(text) for name, text in details.items() if text}
        if field:
            known["field"] = field
        advice = self.advice.explain(code, self._language, known)
        text = advice.text if advice else ""
        return Event(mask_text(code), mask_text(message), field, text, known)

    @property
    def _language(self) -> str:
        return str(self.run.settings.get("language") or "en")


def _text(path: Path, scope: Scope) -> str:
    value = path.evaluate(scope)
    return "" if value is None else str(value)


def _waiting_code(error: TransientError) -> str:
    if isinstance(error, WaitError):
        return error.code
    if isinstance(error, SystemDownError):
        return "SYSTEM_DOWN"
    return "IN_DOUBT" if isinstance(error, DoubtError) else "SYSTEM_BUSY"


def _system(facts: RequestFacts) -> dict[str, str]:
    return {"system": facts.system.capitalize()}


def _shown(text: str) -> str:
    return f" ({text})" if text else ""


def _facts(error: RefusedError) -> RequestFacts:
    return RequestFacts(error.system, error.endpoint, error.status)
