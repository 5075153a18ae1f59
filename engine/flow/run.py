"""Take a company's documents through a flow, one after another.

A document that fails never stops another. A system that is down ends the run
"degraded": nothing is lost, the next run goes on.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from engine.errors import (
    KeyRefusedError,
    NotAppliedError,
    Problem,
    RefusedError,
    RequestFacts,
    SettingsError,
    StoppedError,
    SystemDownError,
    TransientError,
)
from engine.flow.context import (
    Document,
    GoneError,
    RunContext,
    RunOverError,
    SwitchedOffError,
)
from engine.flow.ending import Ending, find_ending
from engine.flow.listing import Listed, Listing, open_transfer
from engine.flow.parts import Parts
from engine.flow.reads import FORBIDDEN, name_registers, prefetch
from engine.flow.recheck import is_corrected, reads_of
from engine.flow.resting import OLD_DOUBT
from engine.flow.status_on_error import move_stopped
from engine.flow.steps import check_requirement
from engine.flow.transfer import SECOND_LOOK_SECONDS, run_transfer
from engine.flow.unlisted import take_unlisted
from engine.flow.vanished import sweep, vanish
from engine.ledger.failures import (
    ClaimLostError,
    LedgerConflictError,
    LedgerError,
    LedgerStateError,
)
from engine.ledger.model import Event, back_off_until
from engine.masking import mask_text
from engine.project.flow_spec import RequireStep

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.flow.services import Progress
    from engine.language.scope import Scope
    from engine.ledger.model import Transfer
    from engine.project.advice import AdviceBook

NO_EVENT = Event()
REFUSALS_IN_A_ROW = 20  # so many refusals look like wrong rules or rights


@dataclass(slots=True)
class FlowReport:
    """What a run of one flow did; a document counts once, as it ended."""

    company: str
    flow: str
    outcomes: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    calls: dict[str, Counter[str]] = field(default_factory=dict)
    degraded: str = ""  # why the run ended early; "" when it did not
    ended: Event = NO_EVENT  # the same for the log, with its advice
    is_key_refused: bool = False  # that is why: somebody must act
    is_switched_off: bool = False  # in mid-run; what was not begun is left alone
    is_taken_over: bool = False  # by another run, without our lock: ours ends


def run_flow(run: RunContext, advice: AdviceBook, progress: Progress) -> FlowReport:
    """Move every document that waits in the source.

    Raises:
        SettingsError: A requirement of the run itself does not hold (``setup``).
    """
    flow_run = FlowRun(run, advice, progress)
    report = FlowReport(run.company, run.flow.name)
    try:
        flow_run.set_up()
        flow_run.take_all()
    except SwitchedOffError:
        report.is_switched_off = True
    except GoneError as gone:
        _note_left_out(run, gone)
    except (TransientError, RefusedError, RunOverError, ClaimLostError) as error:
        flow_run.ended_by = error
        report.is_taken_over = isinstance(error, ClaimLostError)
    if flow_run.ended_by is not None:
        _tell_end(flow_run, report, flow_run.ended_by)
    report.outcomes, report.codes = flow_run.count()
    for name, system in run.systems.items():
        report.calls[name] = Counter(system.calls)
    return report


def _note_left_out(run: RunContext, gone: GoneError) -> None:
    """Say once a day that a flow is left out as a whole: a ``skip`` of its set-up."""
    run.note_daily("left_out", Event(gone.code, gone.message))


def _tell_end(flow_run: FlowRun, report: FlowReport, error: Exception) -> None:
    """Say why a flow ended early: the system, the key, or a fault of its own."""
    report.degraded = str(error)
    if isinstance(error, RefusedError) and error.status == FORBIDDEN:
        facts = RequestFacts(error.system, error.endpoint, error.status)
        error = KeyRefusedError(facts, "RIGHTS_MISSING", error.endpoint)
    ending = Ending(
        "waiting", "DEGRADED", report.degraded, details={"value": report.degraded}
    )
    if isinstance(error, (SystemDownError, NotAppliedError)):
        ending = find_ending(error)
    report.is_key_refused = isinstance(error, KeyRefusedError)
    report.ended = flow_run.event(ending)


def _tell_unread(run: RunContext) -> None:
    """Say once a day what was not checked, because the key may not read it."""
    if run.unread:
        said = ", ".join(run.unread)
        event = Event("CHECKS_LEFT_OUT", said, details={"value": said})
        run.note_daily("left_out", event)


class FlowRun:
    """One company, one flow: takes what is listed, and records how each ended."""

    def __init__(self, run: RunContext, advice: AdviceBook, progress: Progress) -> None:
        self.run = run
        self.listing = Listing(run)
        self._advice = advice
        self._progress = progress
        self._parts = Parts(self, run.flow.expand) if run.flow.expand else None
        self._ends: dict[str, tuple[str, str]] = {}  # by key: last outcome and code
        self._again: list[Callable[[], None]] = []  # in doubt, looked at twice
        self._refused_in_a_row = 0
        self.ended_by: Exception | None = None  # before all documents went their way

    def set_up(self) -> None:
        """Name the registers of the run, and check what the settings say of them."""
        name_registers(self.run.flow.setup, self.run)
        for step in self.run.flow.setup:
            if isinstance(step, RequireStep):
                self._check_setting(step, self.run.scope({}))

    def _check_setting(self, step: RequireStep, scope: Scope) -> None:
        try:
            check_requirement(step, scope)
        except StoppedError as error:
            advice = self._advice.find(error.code, self._language)
            advice = advice.fill(error.details) if advice else None
            meaning = advice.meaning if advice else step.label
            text = f"{self.run.company}: {meaning}".rstrip(".")
            shown = f" ({error.message})" if error.message else ""
            hint = (advice.do if advice else "") + shown
            problem = Problem("C401", text, error.position, hint)
            raise SettingsError([problem]) from error

    def take_all(self) -> None:
        """Take all documents, page by page; look twice at those in doubt."""
        listing, flow = self.listing, self.run.flow
        listing.open_window()
        for page in listing.iter_pages(listing.iter_source()):
            self._take_page(page)
        unlisted = []
        for transfer, record in listing.iter_unfinished():
            if record is not None:
                unlisted.append(record)
            elif flow.vanished:
                vanish(self, transfer)
        for page in listing.iter_pages(unlisted):
            self._take_page(page)
        for transfer in listing.iter_left():
            take_unlisted(self, transfer)
        if self._again:
            self.run.clock.sleep(SECOND_LOOK_SECONDS)
            self.run.refresh()
            again, self._again = self._again, []
            for take in again:
                take()
        listing.tell_unclear()
        _tell_unread(self.run)
        if listing.is_full and flow.vanished:
            sweep(self, listing.seen)
        listing.close_window()

    def _take_page(self, page: list[Listed]) -> None:
        save = self.run.flow.fetch.save
        prefetch(self.run, [listed.data[save] for listed in page])
        for listed in page:
            if self._parts is None or listed.fault is not None:
                self.take(listed)
            else:
                self._parts.take(listed)

    def look_again(self, take: Callable[[], None]) -> None:
        """Take a document once more at the end, when a second look may decide."""
        self._again.append(take)

    def take(self, listed: Listed, *, is_listed: bool = True) -> None:
        """Take one document as far as it goes.

        Args:
            is_listed: Its status has moved already; it is finished without a move.

        Raises:
            SwitchedOffError: The company was switched off meanwhile.
            RunOverError: The run has lasted too long to begin another one.
            SystemDownError: No further document would fare better.
            KeyRefusedError: A key opens another company.
        """
        if not self.run.is_on():
            raise SwitchedOffError
        if self.run.clock.monotonic() >= self.run.ends_at:
            raise RunOverError
        # Before it is held against registers that may be another company's.
        self.run.check_key()
        try:
            transfer = open_transfer(self.run, listed)
        except LedgerConflictError as error:
            document = self.document_of(listed, error.transfer)
            self.fail(document, StoppedError("REFERENCE_TAKEN", str(error)))
            return
        document = self.document_of(listed, transfer)
        document.is_listed = is_listed
        if listed.fault is not None:
            self.fail(document, listed.fault)
            return
        if not (transfer.stage == "done" or transfer.is_due(self.run.clock.now())):
            if not is_corrected(self.run, document):
                self.listing.left_alone["still stopped"] += 1
                return
            document = self.document_of(listed, transfer)
            document.is_listed = is_listed
        ending = self.attempt(document, partial(run_transfer, self.run, document))
        if ending.looks_again:
            self.look_again(partial(self.take, listed, is_listed=is_listed))

    def document_of(self, listed: Listed, transfer: Transfer) -> Document:
        """Give the document of a listed record, ready for its transfer."""
        return Document(
            transfer.key,
            transfer.label,
            listed.reference,
            dict(listed.data),
            transfer=transfer,
            is_gathered=listed.is_gathered,
        )

    def attempt(
        self, document: Document, work: Callable[[], None], *, code: str = ""
    ) -> Ending:
        """Do a document's work and record how it ended.

        Args:
            code: What the report counts it under when the work is done.

        Raises:
            SystemDownError: No further document would fare better.
        """
        try:
            work()
        except Exception as error:  # noqa: BLE001  # one document never stops another
            return self.fail(document, error)
        self._refused_in_a_row = 0
        self._finish(document, Ending("transferred", code))
        return Ending("transferred", code)

    def fail(self, document: Document, error: Exception) -> Ending:
        """Record why a document has not gone.

        Raises:
            SystemDownError: No further document would fare better.
            LedgerError: Nothing can be recorded, or another run has taken it over: no
                request may follow. What the states refuse is held like any bug.
        """
        if isinstance(error, LedgerError) and not isinstance(error, LedgerStateError):
            raise error
        ending = find_ending(error)
        if isinstance(error, KeyRefusedError):
            self.ended_by = error
        if ending.outcome == "stopped":
            self._hold(document, ending)
        elif ending.outcome == "waiting":
            attempts = document.transfer.attempts
            if ending.code == "IN_DOUBT" and attempts > 1:  # its content may be why
                details = {**ending.details, "attempts": f"{attempts}"}
                ending = replace(ending, details=details)
            self.run.ledger.steps.wait(
                document.transfer,
                self.event(ending),
                not_applied=document.is_not_applied,
            )
            self._finish(document, ending)
        elif ending.outcome == "skipped":
            self._let_go(document.transfer, Event(ending.code, ending.message))
            self._finish(document, ending)
        else:
            self._tell(document, ending)
        if ending.ends_run:
            raise error
        if isinstance(error, RefusedError):
            self._count_refusal(error)
        return ending

    def _let_go(self, transfer: Transfer, event: Event) -> None:
        if transfer.stage == "doubt" and transfer.settled_at is not None:
            self.run.ledger.doubts.settled_gone(transfer, event)
        elif transfer.aside != "gone":
            self.run.ledger.steps.gone(transfer, event)

    def _hold(self, document: Document, ending: Ending) -> None:
        transfer = document.transfer
        # What may stand in the target unseen is looked for in every run.
        is_open = transfer.stage in ("intent", "doubt") or ending.code == OLD_DOUBT
        pause = back_off_until(transfer.held_count, self.run.clock.now())
        held = self.run.ledger.steps.hold(
            transfer,
            self.event(ending),
            retry_at=None if is_open else pause,
            not_applied=document.is_not_applied,
            refused=reads_of(self.run, document),
        )
        self._finish(document, ending)
        move_stopped(self.run, document, held, ending.code, self._advice)

    def _count_refusal(self, error: RefusedError) -> None:
        self._refused_in_a_row += 1
        if self._refused_in_a_row >= REFUSALS_IN_A_ROW:
            facts = RequestFacts(error.system, error.endpoint, error.status)
            raise SystemDownError(facts)

    def _finish(self, document: Document, ending: Ending) -> None:
        for note in document.notes:
            self.run.ledger.events.note(
                document.transfer, Event(note.code, note.message, note.field)
            )
        self._tell(document, ending)

    def _tell(self, document: Document, ending: Ending) -> None:
        code = mask_text(ending.code)  # the target's word may repeat what it refuses
        self._ends[document.key] = (ending.outcome, code)
        self._progress(self.run.flow.name, document.label, ending.outcome, code)

    def count(self) -> tuple[Counter[str], Counter[str]]:
        """Count documents by how they ended last: by outcome, and by code."""
        outcomes = Counter(outcome for outcome, _ in self._ends.values())
        codes = Counter(code for _, code in self._ends.values() if code)
        return outcomes + self.listing.left_alone, codes

    def event(self, ending: Ending) -> Event:
        """Give an event with its advice, and what words it in other languages."""
        known = {name: text for name, text in ending.details.items() if text}
        if ending.field:
            known.setdefault("field", ending.field)
        advice = self._advice.explain(
            ending.code, self._language, known, self.run.flow.name
        )
        if advice is None or advice.who != "bookkeeper":
            known.pop("places", None)  # who mends rules reads their own words
        return Event(
            ending.code,
            ending.message,
            ending.field,
            advice.text if advice else "",
            known,
        )

    @property
    def _language(self) -> str:
        return str(self.run.settings.get("language") or "en")
