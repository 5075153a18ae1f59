"""What the ledger remembers, as data: transfers, writes, events, runs.

A transfer remembers two things: how far it came (``stage``) and whether it stands
aside (``aside``). What people see (``state``) is ``aside``, or ``stage`` without one.
A transfer is unfinished while it is not done, and is past ``new`` or held or waiting.

    new       nothing of ours can be in the target
    intent    claimed: a create may be on its way
    doubt     a create was sent and nobody knows its effect; an intent that a new
              process meets is one
    posted    the target document is known by its id
    proved    this or an earlier run has proved it; it permits nothing
    done      the source's status is moved, and what it was moved with is recorded

    aside     none, or:
    held      stopped until the document, the rules or a person changes something
    waiting   a passing failure, or something of another kind to wait for
    gone      left the transfer status by itself, with nothing in the target: only at
              stage new; comes back when it is listed again

A step forward clears ``aside`` with its reason. The legal steps, which the database
refuses to leave (tables ``transfer_steps`` and ``write_steps``; ``(none)`` begins):

    transfer            step and when
    (none) -> new       first seen
    new -> intent       claim, before the first byte of a create
    new -> posted       adopted: found in the target with the same content
    intent -> new       the create surely had no effect: refused, not connected
    intent -> doubt     its effect is not known, or a new process meets it
    intent -> posted    a good answer with an id, or found
    doubt -> intent     settled: rested, looked for twice, not there; the next attempt
    doubt -> new        settled, and the source no longer wants it
    doubt -> posted     found
    posted -> proved    a fresh search gave exactly that id, with the same content
    posted -> new       gone in the target, and a person asked or the source has left
    proved -> proved    every run proves again
    proved -> done      the source's status is moved
    proved -> new       as from posted
    done -> posted      listed again; what was sent stays

    write               step and when
    (none) -> intent    before the first byte
    intent -> done      by its answer, or found
    intent -> doubt     by its answer, or a new process meets it
    intent -> refused   surely no effect
    doubt -> done       a look finds it, whoever looks
    doubt -> intent     settled, or a write that may be repeated
    refused -> done     a look finds what it asked for, whoever made it
    refused -> intent   the next attempt
    done -> intent      only a write that may be repeated
    done -> doubt       register only: a look does not see it, and it is old enough

No I/O here, and no clock is read.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from engine.masking import mask_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.ledger.rest import Rest

Stage = Literal["new", "intent", "doubt", "posted", "proved", "done"]
Aside = Literal["held", "waiting", "gone"]
State = Literal[
    "new", "intent", "doubt", "posted", "proved", "done", "held", "waiting", "gone"
]
WriteKind = Literal["document", "register"]
WriteState = Literal["intent", "done", "doubt", "refused"]
RunOutcome = Literal["ok", "degraded", "failed"]
# Until when a flow has seen the changes that its source lists, when it has last seen
# everything, and when the log has last said that it is left out, or that clocks jump.
MarkKind = Literal[
    "listed",
    "listed_fully",
    "left_out",
    "clocks_disagree",
    "list_short",
    "records_unclear",
]
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

ORPHAN = "ORPHAN_IN_TARGET"
OTHER_CONTENT = "SAME_NUMBER_OTHER_CONTENT"
# What a person may accept as it is, by the code that it is held for.
ACCEPTABLE = frozenset(
    {
        "CHANGED_AFTER_TRANSFER",
        OTHER_CONTENT,
        "TOTAL_DIFFERS",
        ORPHAN,
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
        """Give what a transfer that stands aside, and the log's line, say of it.

        All that a document brought along is masked here, and in ``shown_details``.
        """
        names = ("code", "message", "field", "advice")
        return {name: mask_text(getattr(self, name)) for name in names}

    def shown_details(self) -> dict[str, Any]:
        """Give the details as they may be kept."""
        return {name: _mask(value) for name, value in self.details.items()}


def _mask(value: Any) -> Any:
    if isinstance(value, list):  # of the same kind: what else is wrong
        return [{name: _mask(one) for name, one in item.items()} for item in value]
    return mask_text(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Content:
    """What a source says of a document, as digests: no text of it is stored.

    Attributes:
        digest: Of every value that was read for it.
        fields: A short digest of each payload field, by its path; names what differs.
    """

    digest: str
    fields: dict[str, str] = dataclasses.field(default_factory=dict)

    def changed_fields(self, now: Content) -> list[str]:
        """Name the payload fields that differ, by their paths."""
        paths = sorted(self.fields.keys() | now.fields.keys())
        return [p for p in paths if self.fields.get(p) != now.fields.get(p)]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A person's word that the target's document stands as it is, for one content."""

    digest: str  # of the content that it counts for, and for no other
    who: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Transfer:
    """One document on its way, as it stands in the ledger; fields equal columns."""

    transfer_id: int
    company: str
    flow: str
    key: str  # the source's id
    label: str  # what people call it: the invoice number
    reference: str | None  # what identifies it in the target; unique per flow
    previous_stage: Stage | Literal[""]
    stage: Stage
    aside: Aside | None
    state: State
    attempts: int  # claims so far; every change is compared with it
    source_digest: str  # the listed record as last seen
    claimed_digest: str  # the listed record as it was when claimed or adopted
    content_digest: str  # all that was read for it, as last gathered; "" before
    payload_digest: str
    mapping_digest: str
    owner: str  # process that claimed last
    claimed_at: datetime | None
    target_id: str | None
    target_number: str | None
    adopted: bool  # found in the target, not created by us
    sent: Content | None  # of the last claim, adoption or update; None: not known
    accepted: Accepted | None
    rest: Rest | None  # of a doubt; None until one is stamped
    settled_at: datetime | None  # since when its doubt may end without a find
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
    refused: Content | None  # a digest of each answer that was read when it was held

    @property
    def is_changed(self) -> bool:
        """Tell whether the document differs from what was claimed or adopted.

        One that had vanished and is listed again differs, whatever it says.
        """
        if self.vanished_at is not None:
            return True
        return bool(self.claimed_digest) and self.claimed_digest != self.source_digest

    @property
    def is_acceptable(self) -> bool:
        """Tell whether a person may say that the target's document stands as it is.

        What it is accepted for must be known; only an orphan has nothing to compare.
        """
        is_known = bool(self.content_digest) or self.code == ORPHAN
        return self.aside == "held" and self.code in ACCEPTABLE and is_known

    @property
    def is_accepted(self) -> bool:
        """Tell whether a person has accepted the target's document for this content."""
        return self.accepted is not None and self.accepted.digest == self.content_digest

    def is_settled_with(self, content: Content) -> bool:
        """Tell whether the content is what was sent, or what a person accepted."""
        known = {part.digest for part in (self.sent, self.accepted) if part is not None}
        return content.digest in known

    def is_due(self, now: datetime) -> bool:
        """Tell whether this run may work on it: not done, and no back-off lasts.

        An end of the back-off that is farther away than any can be was written by a
        clock that jumped, and counts as past.
        """
        if self.stage == "done":
            return False
        if self.retry_asked or self.retry_at is None:
            return True
        return not now < self.retry_at <= now + BACK_OFF_MOST


@dataclass(frozen=True, slots=True)
class DocumentKey:
    """A write that belongs to one document: no other reads, awaits or ends it."""

    step: str  # the write's name in the flow: "attachment", "approve"
    item: str = ""  # which of its items: file name; "" for the only one


@dataclass(frozen=True, slots=True)
class RegisterKey:
    """A write that belongs to a register: one row for all flows and documents."""

    system: str  # the system whose register it is
    entry: str  # what is made: "dimension_item", "partner"
    natural_key: str  # as the match rules compare it; never a personal id


@dataclass(frozen=True, slots=True)
class Write:
    """One write beside or after a create: a partner, a file, a status.

    A state of ``intent`` that a new run meets is a doubt nobody has stamped yet.
    ``refused`` means that it surely had no effect.
    """

    write_id: int
    kind: WriteKind
    company: str
    transfer_id: int  # who began it last; a document's own
    system: str  # "": a document's
    step: str  # the write's name in the flow, or what is made
    item: str  # which of its items, or the natural key
    attempt: int
    digest: str
    previous_state: WriteState | Literal[""]
    state: WriteState
    target_id: str | None
    answer: Mapping[str, Any]  # small: id, number, version
    rest: Rest | None  # of a doubt; None until one is stamped
    settled_at: datetime | None  # since when its doubt may end without a find
    begun_at: datetime
    ended_at: datetime | None

    def is_young(self, now: datetime, settle_seconds: float) -> bool:
        """Tell whether it is done and answers for itself: a search may lag behind."""
        if self.state != "done":
            return False
        assert self.ended_at is not None
        return timedelta() <= now - self.ended_at < timedelta(seconds=settle_seconds)


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
class Identity:
    """Whose data a company's key has opened in a system."""

    company: str
    system: str
    owner_id: str  # the system's own id
    name: str  # for people
    learned_at: datetime

    @property
    def shown(self) -> str:
        """Name and id, as people compare them."""
        return f"{self.name} ({self.owner_id})"


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
    code: str  # why it was not good: a code of the advice; "" when it was
    details: Mapping[str, str]  # what words it
    calls: Mapping[str, int]  # requests, by system


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
