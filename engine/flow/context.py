"""What a company's run carries, the document on its way, and the ways it may end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from math import inf
from typing import TYPE_CHECKING, Any

from engine.errors import RequestFacts, TransientError
from engine.flow.digests import digest_of
from engine.language.scope import Scope
from engine.mapping.apply import LazyVars, apply_rule
from engine.mapping.keys.when import When
from engine.project.flow_spec import ReadStep

if TYPE_CHECKING:
    from datetime import datetime

    from engine.clock import Clock
    from engine.flow.access import Online
    from engine.ledger.ledger import Ledger
    from engine.ledger.model import Event, MarkKind, Transfer
    from engine.project.flow_spec import EndpointCall, Flow
    from engine.systems.answers import Answer
    from engine.systems.system import System

FRESH_SECONDS = 60.0  # so long a look counts as made now; our own figure
SAID_AGAIN = timedelta(days=1)  # what concerns a flow as a whole; our own figure
READ_AT = "read at"


class WaitError(TransientError):
    """The document waits for a reason that is nobody's fault; not an outage."""

    def __init__(
        self, code: str, step: str, detail: str, *, is_settled: bool = False
    ) -> None:
        super().__init__(RequestFacts(step, step, detail=detail))
        self.code = code
        self.is_settled = is_settled  # a second look in this run may decide

    def __str__(self) -> str:
        return self.facts.detail


class GoneError(Exception):
    """The document is not to be moved after all; nothing was sent.

    It has left the transfer status by itself, or a ``skip`` of the flow applies.
    """

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class PlanEndError(Exception):
    """The plan of a document ends here: the next step would change it in the target."""


class SwitchedOffError(Exception):
    """The company was switched off while its run was at work."""


class RunOverError(Exception):
    """The run has lasted long enough: it begins no further document."""

    def __init__(self) -> None:
        super().__init__(
            "30 minutes are over: no further document is begun, the next run goes on"
        )


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened to a document and that a person may want to know."""

    code: str
    message: str
    field: str = ""


class Registers(Mapping[str, Any]):
    """What ``setup`` reads once a run, each when it is first asked for.

    A run without documents asks for next to nothing.
    """

    def __init__(self) -> None:
        self._loaders: dict[str, Callable[[], Any]] = {}
        self._found: dict[str, Any] = {}

    def add(self, name: str, load: Callable[[], Any]) -> None:
        """Name a register and how it is read."""
        self._loaders[name] = load

    def __getitem__(self, name: str) -> Any:
        if name not in self._found:
            self._found[name] = self._loaders[name]()
        return self._found[name]

    @property
    def known(self) -> Mapping[str, Any]:
        """What was read until now."""
        return self._found

    def forget(self, names: Iterable[str]) -> None:
        """Read these again when they are next asked for."""
        for name in names:
            self._found.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaders)

    def __len__(self) -> int:
        return len(self._loaders)


@dataclass(slots=True)
class Gathered:
    """What was gathered for a document, or for a record that becomes several."""

    key: str
    label: str
    reference: str
    data: dict[str, Any]
    notes: list[Note] = field(default_factory=list)

    def note(self, code: str, message: str, place: str = "") -> None:
        """Remember a notice for the log; the same one is kept once."""
        note = Note(code, message, place)
        if note not in self.notes:
            self.notes.append(note)


@dataclass(slots=True, kw_only=True)
class Document(Gathered):
    """One document on its way, with its transfer in the ledger."""

    transfer: Transfer
    is_not_applied: bool = False  # the create surely had no effect
    is_gathered: bool = False  # its record was enriched before it was expanded
    parts: dict[str, Any] = field(default_factory=dict)  # what was read, see content
    is_listed: bool = True  # False: its status has moved already
    searched_at: float | None = None  # when the target was last searched (monotonic)
    source_at: float | None = None  # when the source was last read again
    proved_at: float | None = None  # when a search last gave exactly ours
    # What is done between the look at the target and a write: the last looks.
    before_write: Callable[[], None] = lambda: None

    @classmethod
    def known(cls, transfer: Transfer, data: dict[str, Any]) -> Document:
        """Give the document of a transfer that its source does not list now."""
        reference = transfer.reference or ""
        return cls(transfer.key, transfer.label, reference, data, transfer=transfer)


@dataclass(slots=True)
class RunContext:
    """One company, one flow, one run; everything is passed in."""

    company: str
    settings: Mapping[str, Any]
    flow: Flow
    systems: Mapping[str, System]
    ledger: Ledger
    clock: Clock
    owner: str
    settle_seconds: float
    registers: Registers = field(default_factory=Registers)  # run.NAME
    since: str = ""  # changes from this moment on are listed; "" lists everything
    access: Online = field(init=False)  # how steps reach the systems
    cached: dict[Any, Any] = field(default_factory=dict)  # answers of `cache: run`
    prepared: dict[Any, Any] = field(default_factory=dict)  # register writes, by key
    written: set[str] = field(default_factory=set)  # systems that were written to
    unread: list[str] = field(
        default_factory=list
    )  # registers that the key may not read
    # Whether the keys are the company's own; asked once, before the first document.
    check_key: Callable[[], None] = lambda: None
    # The master switch, asked between documents.
    is_on: Callable[[], bool] = lambda: True
    ends_at: float = inf  # by the clock's seconds: no document is begun after it
    companies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # settings
    half_read: frozenset[str] = frozenset()  # companies whose file cannot be read whole
    _rules_digest: str = ""

    def scope(self, data: dict[str, Any], **roots: Any) -> Scope:
        """Give a fresh scope on a document; its variables are computed when asked for.

        Fresh for every step: the document grows, and a variable speaks of it as it is.
        """
        known = {"company": self.settings, "run": self.registers, "since": self.since}
        # What systems answer is read without floats.
        scope = Scope(data, {"doc": data, **known, **roots}, is_exact=True)
        today = self.clock.now().astimezone(scope.zone or UTC).date()
        scope = scope.with_roots(today=today.isoformat(), **roots)
        return LazyVars(dict(self.flow.variables), scope).scope

    def scope_of(self, document: Gathered, **roots: Any) -> Scope:
        """Give a fresh scope on a document, with its reference among the roots."""
        return self.scope(document.data, reference=document.reference, **roots)

    def find_transfer(self, key: str) -> Transfer | None:
        """Find the transfer of one source document of this flow."""
        return self.ledger.find_transfer(self.company, self.flow.name, key)

    def is_recent(self, looked_at: float | None) -> bool:
        """Tell whether a look counts as made now."""
        if looked_at is None:
            return False
        return self.clock.monotonic() - looked_at <= FRESH_SECONDS

    def note_read(self, system: str) -> None:
        """Remember when the oldest answer was read that is kept for further use."""
        self.cached.setdefault((system, READ_AT), self.clock.monotonic())

    def is_fresh(self, system: str) -> bool:
        """Tell whether all kept answers of a system count as a look made now."""
        now = self.clock.monotonic()
        read_at: float = self.cached.get((system, READ_AT), now)
        return now - read_at <= FRESH_SECONDS

    def refresh(self) -> None:
        """Forget every kept answer of the target and what was found with it."""
        target = self.flow.target
        for key in [key for key in self.cached if key[0] == target]:
            del self.cached[key]
        self.prepared.clear()
        reads = (step for step in self.flow.setup if isinstance(step, ReadStep))
        self.registers.forget(r.name for r in reads if r.request.system == target)

    def note_daily(self, kind: MarkKind, event: Event) -> None:
        """Say something of the flow as a whole, once a day."""
        now, runs, name = self.clock.now(), self.ledger.runs, self.flow.name
        last = runs.find_mark(self.company, name, kind)
        if last is None or now - last >= SAID_AGAIN:
            self.ledger.events.note_flow(self.company, name, event)
            runs.mark(self.company, name, kind, now)

    @property
    def rules_digest(self) -> str:
        """Give what a document was moved by: the flow's files and the settings.

        A stopped document is tried again when either has changed.
        """
        if not self._rules_digest:
            self._rules_digest = digest_of([self.flow.digest, dict(self.settings)])
        return self._rules_digest

    def target_at(self) -> datetime | None:
        """Give the target's time, as its last answer said it; None before that."""
        return self.systems[self.flow.target].server_time

    def call(self, request: EndpointCall, scope: Scope, body: Any = None) -> Answer:
        """Send one request with its arguments evaluated in the scope."""
        system = self.systems[request.system]
        return system.call(request.endpoint, self.arguments(request, scope), body)

    def arguments(self, request: EndpointCall, scope: Scope) -> dict[str, Any]:
        """Evaluate a request's arguments.

        Empty ones stay in: a system refuses them, since a filter that is silently
        dropped turns a search for one thing into a list of everything. What a rule
        leaves out by its own ``when`` is meant.
        """
        found = {}
        for name, rule in request.arguments:
            value = apply_rule(rule, scope)
            if value is not None or rule.find(When) is None:
                found[name] = value
        return found
