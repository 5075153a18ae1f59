"""Take a company's documents through a flow, one after another.

A document that fails never stops another. A system that is down ends the run
"degraded": nothing is lost, the next run goes on.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
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
from engine.expressions import ValueFault
from engine.flow.context import Document, RunContext
from engine.flow.digests import digest_of
from engine.flow.gather import check_requirement, prefetch, read_register
from engine.flow.reasons import describe_stop
from engine.flow.spec import ReadStep, RequireStep
from engine.flow.transfer import (
    SECOND_LOOK_SECONDS,
    GoneError,
    WaitError,
    run_transfer,
)
from engine.ledger import Event, LedgerConflictError, back_off_until
from engine.masking import mask_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.advice import AdviceBook
    from engine.ledger import Transfer

PAGE = 100  # documents looked at ahead, for batched reads
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


def run_flow(run: RunContext, advice: AdviceBook, progress: Progress) -> FlowReport:
    """Move every document that waits in the source.

    Raises:
        SettingsError: A requirement of the run itself does not hold (``setup``).
    """
    worker = _Worker(run, advice, progress)
    try:
        worker.set_up()
        worker.run_all()
    except SystemDownError as error:
        worker.report.degraded = str(error)
    except TransientError as error:
        worker.report.degraded = str(error)
    except RefusedError as error:
        worker.report.degraded = str(error)
    for name, system in run.systems.items():
        worker.report.calls[name] = Counter(system.calls)
    return worker.report


class _Worker:
    def __init__(self, run: RunContext, advice: AdviceBook, progress: Progress) -> None:
        self.run = run
        self.advice = advice
        self.progress = progress
        self.report = FlowReport(run.company, run.flow.name)
        self._again: list[dict[str, Any]] = []  # in doubt, to be looked at twice
        self._refused_in_a_row = 0

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
        seen: set[str] = set()
        records = self._iter_records()
        while page := list(islice(records, PAGE)):
            fresh = [r for r in page if self._is_due(r, seen)]
            prefetch(self.run, fresh)
            for record in fresh:
                self._run_one(record)
        if self._again:
            self.run.clock.sleep(SECOND_LOOK_SECONDS)
            again, self._again = self._again, []
            for record in again:
                self.report.outcomes["waiting"] -= 1  # it is told once, as it ends
                self.report.codes["IN_DOUBT"] -= 1
                self._run_one(record)
            self.report.outcomes = +self.report.outcomes
            self.report.codes = +self.report.codes

    def _iter_records(self) -> Iterator[dict[str, Any]]:
        fetch = self.run.flow.fetch
        scope = self.run.scope({})
        arguments = self.run.arguments(fetch.request, scope)
        system = self.run.systems[fetch.request.system]
        return system.iter_items(fetch.request.endpoint, arguments)

    def _is_due(self, record: dict[str, Any], seen: set[str]) -> bool:
        """Tell whether a document is to be tried now.

        A stopped document that has not changed waits: the same refusal every ten
        minutes helps nobody. A change in the source, or ``retry``, makes it due.
        """
        key = self._text(record, "key")
        if not key or key in seen:
            return False
        seen.add(key)
        try:
            transfer = self._open(record)
        except LedgerConflictError:
            return True
        if transfer.stage == "done" or transfer.is_due(self.run.clock.now()):
            return True
        self.report.outcomes["still stopped"] += 1
        return False

    def _open(self, record: dict[str, Any]) -> Transfer:
        return self.run.ledger.open_transfer(
            self.run.company,
            self.run.flow.name,
            self._text(record, "key"),
            label=self._text(record, "label"),
            reference=self._text(record, "reference") or None,
            source_digest=digest_of(record),
            mapping_digest=self.run.flow.digest,
        )

    def _text(self, record: dict[str, Any], name: str) -> str:
        path = getattr(self.run.flow.fetch, name)
        value = path.evaluate(self.run.scope({}).with_item(record))
        return "" if value is None else str(value)

    def _run_one(self, record: dict[str, Any]) -> None:
        conflict = None
        try:
            transfer = self._open(record)
        except LedgerConflictError as error:
            conflict, transfer = error, error.transfer
        document = Document(
            transfer.key,
            transfer.label,
            self._text(record, "reference"),
            {self.run.flow.fetch.save: record},
            transfer,
        )
        if conflict is not None:
            self._stop(document, StoppedError("REFERENCE_TAKEN", str(conflict)))
            return
        self._move(record, document)

    def _move(self, record: dict[str, Any], document: Document) -> None:
        try:
            run_transfer(self.run, document)
        except GoneError:
            self.run.ledger.gone(document.transfer, Event("LEFT_STATUS"))
            self._finish(document, "skipped", "LEFT_STATUS")
        except RecordError as error:
            self._stop(document, error)
        except ValueFault as error:
            violation = Violation(error.code, error.message)
            self._stop(document, ViolationError([violation]))
        except TransientError as error:
            self._wait(document, error, _waiting_code(error))
            if isinstance(error, SystemDownError):
                raise
            if isinstance(error, WaitError) and error.is_settled:
                self._again.append(record)
        except Exception as error:  # noqa: BLE001  # one document never stops another
            text = f"{type(error).__name__}: {error}"
            self._stop(document, StoppedError("UNEXPECTED", text))
        else:
            self._refused_in_a_row = 0
            self._finish(document, "transferred", "")

    def _stop(self, document: Document, error: RecordError) -> None:
        reason = describe_stop(error)
        code = reason.code
        now = self.run.clock.now()
        self.run.ledger.hold(
            document.transfer,
            Event(
                code,
                mask_text(reason.message),
                reason.field,
                self._advice_on(code, reason.details),
            ),
            retry_at=back_off_until(document.transfer.held_count, now),
            not_applied=document.is_not_applied,
        )
        self._finish(document, "stopped", code)
        if isinstance(error, RefusedError):
            self._refused_in_a_row += 1
            if self._refused_in_a_row >= REFUSALS_IN_A_ROW:
                self.report.degraded = (
                    f"{REFUSALS_IN_A_ROW} documents in a row were refused: "
                    "the rules or the rights of the key look wrong"
                )
                raise SystemDownError(_facts(error))

    def _wait(self, document: Document, error: TransientError, code: str) -> None:
        self.run.ledger.wait(
            document.transfer,
            Event(code, mask_text(str(error)), advice=self._advice_on(code, {})),
            not_applied=document.is_not_applied,
        )
        self._finish(document, "waiting", code)

    def _finish(self, document: Document, outcome: str, code: str) -> None:
        for note in document.notes:
            self.run.ledger.note(
                document.transfer, Event(note.code, mask_text(note.message), note.field)
            )
        self._tell(document.label, outcome, code)

    def _tell(self, label: str, outcome: str, code: str) -> None:
        self.report.outcomes[outcome] += 1
        if code:
            self.report.codes[code] += 1
        self.progress(self.run.flow.name, label, outcome, code)

    def _advice_on(self, code: str, details: Mapping[str, str]) -> str:
        masked = {name: mask_text(text) for name, text in details.items()}
        return self.advice.render(code, self._language, masked) or ""

    @property
    def _language(self) -> str:
        return str(self.run.settings.get("language") or "en")


def _waiting_code(error: TransientError) -> str:
    if isinstance(error, WaitError):
        return error.code
    if isinstance(error, SystemDownError):
        return "SYSTEM_DOWN"
    return "IN_DOUBT" if isinstance(error, DoubtError) else "SYSTEM_BUSY"


def _shown(text: str) -> str:
    return f" ({text})" if text else ""


def _facts(error: RefusedError) -> RequestFacts:
    return RequestFacts(error.system, error.endpoint, error.status)
