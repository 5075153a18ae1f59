"""What the ledger remembers, as data: transfers, writes, events, runs.

A transfer remembers two things: how far it came (``stage``) and whether it stands
aside (``aside``). What people see (``state``) is ``aside``, or ``stage`` without one.

    stage     new ───> intent ───> posted ───> proved ───> done
               │       │   ^        ^  ^                    │
               │       v   │        │  └────── reopen ──────┘
               │       doubt ───────┤
               └────── adopt ───────┘

    new       nothing of ours can exist in the target
    intent    claimed: a create may be on its way
    doubt     a create was sent and nobody knows its effect
    posted    the target document is known by its id
    proved    a fresh search gave exactly that id, with the same content
    done      the source's status is moved

    intent ──> intent   claimed again: the next attempt
    doubt  ──> intent   settled and searched: nothing there, the next attempt
    intent ──> new      the create surely had no effect (refused, not connected)
    posted, proved ──> new   start over: a person asked, the target document is gone

    aside     none, or, at every stage but done:
    held      stopped until the document, the rules or a person changes something
    waiting   a passing failure, or something of another kind to wait for
    gone      left the transfer status by itself; comes back when it is listed again

A step forward clears ``aside`` with its reason. The database enforces the same steps.
No I/O here; imports nothing but the standard library.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Stage = Literal["new", "intent", "doubt", "posted", "proved", "done"]
Aside = Literal["held", "waiting", "gone"]
State = Literal[
    "new", "intent", "doubt", "posted", "proved", "done", "held", "waiting", "gone"
]
WriteState = Literal["intent", "done", "doubt", "refused"]
RunOutcome = Literal["ok", "degraded", "failed"]
# Until when a flow has seen the changes that its source lists, when it has last seen
# everything, and when the log has last said that it is left out.
MarkKind = Literal["listed", "listed_fully", "left_out"]
Outcome = Literal["transferred", "stopped", "waiting", "skipped", "note", "step"]

STAGES: tuple[Stage, ...] = ("new", "intent", "doubt", "posted", "proved", "done")
ASIDES: tuple[Aside, ...] = ("held", "waiting", "gone")
# What becomes of a document; "note" (cut text, created partner) and "step" (progress,
# for support) only accompany it.
DOCUMENT_OUTCOMES: tuple[Outcome, ...] = (
    "transferred",
    "stopped",
    "waiting",
    "skipped",
)
OUTCOMES: tuple[Outcome, ...] = (*DOCUMENT_OUTCOMES, "note", "step")

LEGAL_STAGES: Mapping[Stage, tuple[Stage, ...]] = MappingProxyType(
    {
        "new": ("new", "intent", "posted"),
        "intent": ("intent", "new", "doubt", "posted"),
        "doubt": ("doubt", "intent", "posted"),
        "posted": ("posted", "proved", "new"),
        "proved": ("proved", "done", "new"),
        "done": ("done", "posted"),
    }
)
LEGAL_WRITE_STATES: Mapping[WriteState, tuple[WriteState, ...]] = MappingProxyType(
    {
        "intent": ("intent", "done", "doubt", "refused"),
        "doubt": ("doubt", "done", "refused", "intent"),
        "refused": ("refused", "intent"),
        "done": ("done",),
    }
)

BACK_OFF_FIRST = timedelta(minutes=10)
BACK_OFF_MOST = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Event:
    """What to say about a change; the ledger adds outcome, document and time."""

    code: str = ""  # advice code: "ADOPTED", "ERROR_BRN_CODE"
    message: str = ""
    field: str = ""  # payload path, dotted
    advice: str = ""
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)  # small

    def reason(self) -> dict[str, str]:
        """Give what a transfer that stands aside, and the log's line, say of it."""
        names = ("code", "message", "field", "advice")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Transfer:
    """One document on its way, as it stands in the ledger; fields equal columns."""

    transfer_id: int
    company: str
    flow: str
    key: str  # the source's id
    label: str  # what people call it: the invoice number
    reference: str | None  # what identifies it in the target; unique per flow
    stage: Stage
    aside: Aside | None
    state: State
    attempts: int  # claims so far; every change is compared with it
    source_digest: str  # the document as last seen
    claimed_digest: str  # the document as it was when claimed or adopted
    payload_digest: str
    mapping_digest: str
    owner: str  # process that claimed last
    claimed_at: datetime | None
    target_id: str | None
    target_number: str | None
    adopted: bool  # found in the target, not created by us
    doubt_seen_at: datetime | None  # target's clock, first sight of this doubt
    doubt_searched_at: datetime | None  # target's clock, first search without a find
    code: str  # why it stands aside; "" otherwise
    message: str
    field: str
    advice: str
    held_at: datetime | None  # since when it is held
    held_count: int  # refusals of unchanged content, for the back-off
    retry_at: datetime | None  # not before, unless something changed
    retry_asked: bool  # a person said retry
    first_seen_at: datetime
    updated_at: datetime
    vanished_at: datetime | None  # since when the source no longer has it

    @property
    def is_changed(self) -> bool:
        """Tell whether the document differs from what was claimed or adopted.

        One that had vanished and is listed again differs, whatever it says.
        """
        if self.vanished_at is not None:
            return True
        return bool(self.claimed_digest) and self.claimed_digest != self.source_digest

    def is_due(self, now: datetime) -> bool:
        """Tell whether this run may work on it: not done, and no back-off lasts."""
        if self.stage == "done":
            return False
        return self.retry_asked or self.retry_at is None or self.retry_at <= now


@dataclass(frozen=True, slots=True)
class Write:
    """One write of a transfer beside or after its create: a partner, a file, a status.

    A state of ``intent`` that a new run meets is a doubt nobody has stamped yet.
    ``refused`` means that it surely had no effect, whoever refused it.
    """

    write_id: int
    transfer_id: int
    step: str  # the write's name in the flow: "partner", "attachment"
    item: str  # which of its items: customer number, file name; "" for the only one
    attempt: int
    digest: str
    state: WriteState
    target_id: str | None
    answer: Mapping[str, Any]  # small: id, number, version
    doubt_seen_at: datetime | None  # target's clock
    begun_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class LogRow:
    """One line of the transfer log, as people read it."""

    company: str
    flow: str
    key: str
    label: str
    outcome: Outcome
    target_id: str | None
    target_number: str | None
    code: str
    field: str
    message: str
    advice: str
    at: datetime
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def to_json(self) -> dict[str, str | None]:
        """Give plain values, the time as UTC text; the details are for wording only."""
        return {
            name: format_time(value) if isinstance(value, datetime) else value
            for name in self.__slots__
            if name != "details"
            for value in (getattr(self, name),)
        }


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a company; without an end it still works or was killed."""

    run_id: int
    company: str
    owner: str
    started_at: datetime
    ended_at: datetime | None
    outcome: RunOutcome | None
    counts: Mapping[str, int]


def back_off_until(held_count: int, now: datetime) -> datetime:
    """Give the time before which unchanged content is not sent again.

    Ten minutes, doubled with each refusal, at most six hours; the schedule is ours.
    ``held_count`` is the count before this refusal: 0 for the first.
    """
    # Bounded first: doubling 5000 times is more than a timedelta can hold.
    doubled = BACK_OFF_FIRST * (1 << min(held_count, 10))
    return now + min(doubled, BACK_OFF_MOST)


def format_time(at: datetime) -> str:
    """Give ISO text in UTC with milliseconds: texts sort as times do.

    Raises:
        ValueError: The time has no zone.
    """
    if at.tzinfo is None:
        raise ValueError(f"a time without zone: {at.isoformat()}")
    text = at.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def read_time(text: str) -> datetime:
    """Give the aware time of a text made by ``format_time``."""
    return datetime.fromisoformat(text)
