"""What stops documents and what people are told of it, as data.

No I/O here; imports nothing but the standard library.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

NoticeKey = tuple[int | None, str, str]


@dataclass(frozen=True, slots=True)
class Stop:
    """What keeps a document from going, or a whole run, as it stands now."""

    transfer_id: int | None  # None: the run as a whole
    flow: str  # "" when no flow is meant
    label: str  # what people call the document; "" for the run
    state: str  # "held" or "waiting"
    code: str
    field: str
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    since_at: datetime | None = None  # None: since now

    @property
    def key(self) -> NoticeKey:
        """What a notice is compared by; a document's flow is known by its transfer."""
        return (self.transfer_id, self.flow, self.code)

    @property
    def is_passing(self) -> bool:
        """Tell whether the next run may end it by itself."""
        return self.state == "waiting"


@dataclass(frozen=True, slots=True)
class Notice:
    """One stop that was seen, and what was told of it; not yet over."""

    notice_id: int
    transfer_id: int | None
    flow: str
    label: str  # the document's, as it is called now
    target_number: str | None
    state: str  # the document's now; "" for the run
    code: str
    first_at: datetime
    mailed_at: datetime | None  # None: seen, and not told
    reminded_at: datetime | None

    @property
    def key(self) -> NoticeKey:
        """What a stop is compared with."""
        return (self.transfer_id, self.flow, self.code)


@dataclass(frozen=True, slots=True)
class NoticeHistory:
    """What was told earlier to the company's people."""

    notices: Sequence[Notice] = ()  # open ones
    digest_at: datetime | None = None  # the last digest
    reminded_at: datetime | None = None  # the last reminder, whatever it was of


@dataclass(frozen=True, slots=True)
class Bulletin:
    """What one run has to tell; empty when nothing is to be mailed."""

    fresh: tuple[Stop, ...] = ()  # told for the first time
    standing: tuple[Stop, ...] = ()  # told before, and still so; the digest's
    resolved: tuple[Notice, ...] = ()  # told before, and over
    reminder: Stop | None = None
    is_digest: bool = False
    seen: tuple[Stop, ...] = ()  # to be remembered only
    closed: tuple[Notice, ...] = ()  # over, told or not

    @property
    def is_mailed(self) -> bool:
        """Tell whether a mail is to be written."""
        return bool(self.fresh or self.resolved or self.reminder or self.is_digest)


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail that is written and not yet sent."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that has not gone to everybody yet."""

    letter_id: int
    company: str
    recipients: tuple[str, ...]  # who has not got it yet
    subject: str
    body: str
    made_at: datetime
    tries: int  # this one included
