"""A flow as data: fixed slots in a fixed order, filled by ``mappings/*/flow.yaml``.

    setup → fetch → enrich → expand → require → prepare → deliver → follow → (proof)
    → release → acknowledge

Two slots may be missing. A flow without ``deliver`` keeps a register in step: each of
its documents is what its ``prepare`` writes make of it. A flow without ``acknowledge``
has no status to move in the source: the ledger alone remembers what is done, and
documents are found by the time of their change.

A slot holds steps. Reads, joins, derivations, requirements and file checks only look;
writes are the one shape in which anything is changed in a system.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import timedelta

from engine.errors import Position
from engine.language.formulas import Condition, Formula
from engine.language.paths import Path
from engine.mapping.apply import Mapping, Rule
from engine.mapping.match import MatchRules
from engine.project.read_paths import NOTHING_READ, ReadPaths


@dataclass(frozen=True, slots=True)
class EndpointCall:
    """An endpoint and the rules that make its arguments; empty ones are left out."""

    system: str
    endpoint: str
    arguments: tuple[tuple[str, Rule], ...]
    position: Position


@dataclass(frozen=True, slots=True)
class JoinRecords:
    """Hang records on items: where two values agree, or one by one in order."""

    to: Path
    left: Path | None  # on the item; None joins by order
    right: Path | None  # on the record
    save: str
    takes_first: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """One request for many keys: which argument takes them, and the record's key."""

    argument: str
    key: Path
    size: int


@dataclass(frozen=True, slots=True)
class ReadStep:
    """Fetch more documents and keep them under a name."""

    name: str
    request: EndpointCall
    when: Condition | None
    each: Path | None
    is_cached: bool
    batch: Batch | None
    order_by: Path | None
    join: JoinRecords | None
    is_compared: bool = True  # a change of it after the transfer is one of the document
    is_optional: bool = False  # in ``setup``: nothing, where the key may not read it


@dataclass(frozen=True, slots=True)
class JoinStep:
    """Hang documents that are there already on items."""

    source: Path
    join: JoinRecords
    when: Condition | None


@dataclass(frozen=True, slots=True)
class DeriveStep:
    """Add the fields that a mapping makes to the document, or to each item."""

    mapping: Mapping
    each: Path | None
    when: Condition | None


@dataclass(frozen=True, slots=True)
class RequireStep:
    """Stop the document, or in ``setup`` the run, unless a condition holds."""

    label: str
    unless: Condition
    code: str
    is_skip: bool  # the document is passed over with a line in the log, not stopped
    is_warning: bool  # in ``doctor``: nothing would stop, but a person should look
    when: Condition | None
    each: Path | None
    show: Path | None
    choices: Path | None
    position: Position


@dataclass(frozen=True, slots=True)
class CheckFilesStep:
    """Check files by content, name and size, and give them clean, unique names."""

    files: Path
    formats: tuple[str, ...]
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Find:
    """Where candidates come from: a request, or a path in the document."""

    request: EndpointCall | None
    path: Path | None
    when: Condition | None


@dataclass(frozen=True, slots=True)
class Send:
    """A write request: its body from a mapping, a list of changes, or none."""

    request: EndpointCall
    mapping: Mapping | None = None
    changes: tuple[tuple[str, Rule], ...] = ()
    file: Path | None = None
    file_name: Path | None = None  # with its extension


@dataclass(frozen=True, slots=True)
class NaturalKey:
    """What a create makes in a register, as all flows know it."""

    kind: str
    parts: tuple[Formula, ...]  # by name; as the match rules compare them
    is_secret: bool  # kept as a hash with a secret key


@dataclass(frozen=True, slots=True)
class WriteStep:
    """The one shape of a write beside the document itself: find, match, send, save."""

    name: str
    each: Path | None
    when: Condition | None
    key: Formula
    finds: tuple[Find, ...]
    match: MatchRules | None
    create: Send | None
    update: Send | None
    about: Path | None  # what a candidate is called
    ours: Path | None  # what the document's own is called, beside a candidate
    save: str
    position: Position
    makes: NaturalKey | None = None  # None: its name and its key say it
    # What is changed, with the version that the change must name: read before each try.
    guard: ReadStep | None = None


@dataclass(frozen=True, slots=True)
class MergeFilesStep:
    """Make one PDF of several files, in their order."""

    files: Path
    save: str
    name: Rule


Step = (
    ReadStep
    | JoinStep
    | DeriveStep
    | RequireStep
    | CheckFilesStep
    | MergeFilesStep
    | WriteStep
)


@dataclass(frozen=True, slots=True)
class Reread:
    """Read the source once more, and compare with what was listed."""

    request: EndpointCall
    status: Path | None  # another one: the document is no longer to be moved
    same: tuple[Path, ...]  # another value: it is to be gathered anew
    before: Path | None = None  # the status that is listed
    after: Path | None = None  # the status that it is moved to
    stopped: Path | None = None  # the status that what is stopped is moved to
    reads: tuple[str, ...] = ()  # of enrich, made again with it; must give the same


@dataclass(frozen=True, slots=True)
class Window:
    """Which changes are listed: since the last good listing, with an overlap."""

    overlap: timedelta  # clocks differ and answers lag; what comes twice is known
    first: timedelta | None  # how far back the first run looks; None lists everything
    full_every: timedelta | None  # so often everything is listed, to see what is gone


@dataclass(frozen=True, slots=True)
class Expand:
    """One record becomes several documents: one for each item of a path."""

    each: Path
    save: str
    key: Path  # on the item; its documents are keyed RECORD/ITEM
    label: Path
    reference: Path


@dataclass(frozen=True, slots=True)
class Belongs:
    """How to tell whose a listed document is, where companies share one source."""

    to: Path  # the company's setting; empty there: everything is the company's
    reads: tuple[ReadStep, ...]  # what the unit is told by, beyond the listed record
    unit: Path  # of the document: the key of its unit
    units: Path  # the register of all units
    key: Path  # of a unit
    parent: Path  # of a unit: the key of the one above
    names: tuple[Path, ...]  # of a unit: what the setting may call it by
    code: str  # for a document whose unit is below no company


@dataclass(frozen=True, slots=True)
class Fetch:
    """Which documents, and how each is known."""

    request: EndpointCall
    save: str
    key: Path
    label: Path
    reference: Path
    reference_limit: int
    again: Reread | None
    window: Window | None = None
    belongs: Belongs | None = None


@dataclass(frozen=True, slots=True)
class SameCheck:
    """Two values that must agree before a document found in the target is ours."""

    name: str
    theirs: Formula
    ours: Formula
    code: str
    within: Formula | None = None  # so much two numbers may differ
    warn: str = ""  # the note's code when they differ by no more


@dataclass(frozen=True, slots=True)
class Amend:
    """The write that makes the target's document say what the source says now.

    Its body is the payload with ``send.changes`` set in it: the version it replaces.
    """

    when: Condition
    send: Send


@dataclass(frozen=True, slots=True)
class Deliver:
    """The one write that creates the document."""

    name: str
    finds: tuple[Find, ...]
    where: Condition
    same: tuple[SameCheck, ...]
    send: Send
    answer: Path | None  # where the created document stands in the answer
    target_id: Path
    target_number: Path | None
    read: EndpointCall
    save: str
    update: Amend | None = None  # after a change in the source; None only tells it
    not_given_back: frozenset[str] = frozenset()  # payload fields, ``rows[].unit``


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """The write that moves the source's status; always last."""

    send: Send
    verify: Formula
    reads: tuple[str, ...] = ()  # of enrich, made again after it; must give the same


@dataclass(frozen=True, slots=True)
class OnStop:
    """The write that moves the source's status of a document that is stopped for good.

    Only while nothing of the document can be in the target.
    """

    when: Condition | None
    move: Acknowledge


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow, loaded and checked."""

    name: str
    note: str
    file: str
    switch: Path | None
    variables: tuple[tuple[str, Rule], ...]
    setup: tuple[Step, ...]
    fetch: Fetch
    enrich: tuple[Step, ...]
    require: tuple[Step, ...]
    prepare: tuple[Step, ...]
    expand: Expand | None
    result: Path | None  # without deliver: the id of what the document is in the target
    deliver: Deliver | None
    follow: tuple[Step, ...]
    release: tuple[Step, ...]
    acknowledge: Acknowledge | None
    vanished: tuple[Step, ...]  # for documents that a full listing no longer has
    doctor: tuple[Step, ...]  # looked at on request, before anything is moved
    digest: str  # SHA-256 of the flow's files, stamped on every transfer
    read_paths: ReadPaths = NOTHING_READ  # fields of the source that rules may read
    on_stop: OnStop | None = None
    # Names of the systems that the flow talks to, the one it fetches from first.
    systems: tuple[str, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        """Look once for what every run asks: the names of the systems."""
        # A flow that has findings lacks some: it is judged, and never runs.
        first = getattr(self.fetch, "request", None)
        requests = [one for one in (first, *iter_requests(self)) if one is not None]
        names = tuple(dict.fromkeys(request.system for request in requests))
        object.__setattr__(self, "systems", names)  # frozen

    @property
    def delivery(self) -> Deliver:
        """Give ``deliver``; only for a flow that has one."""
        assert self.deliver is not None
        return self.deliver

    @property
    def target(self) -> str:
        """Name the system that the flow writes its documents to."""
        if self.deliver is not None:
            return self.deliver.send.request.system
        writes = (step for step in self.prepare if isinstance(step, WriteStep))
        sends = (send for step in writes for send in (step.create, step.update) if send)
        return next((s.request.system for s in sends), self.fetch.request.system)


def iter_requests(part: object) -> Iterator[EndpointCall]:
    """Give every request in a flow or a part of one."""
    if isinstance(part, EndpointCall):
        yield part
    elif isinstance(part, tuple):
        for each in part:
            yield from iter_requests(each)
    elif is_dataclass(part) and type(part).__module__ == EndpointCall.__module__:
        for known in fields(part):
            yield from iter_requests(getattr(part, known.name))
