"""The ledger: what was intended, sent, proved and said, so that nothing goes twice.

``open_ledger`` gives a ``Ledger``; the states are drawn in ``engine.ledger.model``.
"""

from __future__ import annotations

from engine.ledger.copying import copy_ledger
from engine.ledger.failures import (
    ClaimLostError,
    LedgerConflictError,
    LedgerError,
    LedgerStateError,
)
from engine.ledger.ledger import Ledger
from engine.ledger.lock import Holder, Lock, find_holder, lock_path, try_lock
from engine.ledger.model import (
    DOCUMENT_OUTCOMES,
    OUTCOMES,
    Event,
    LogRow,
    Outcome,
    Run,
    RunOutcome,
    Stage,
    State,
    Transfer,
    Write,
    WriteState,
    back_off_until,
    format_time,
    read_time,
)
from engine.ledger.notice_log import Letter, Notices
from engine.ledger.open import open_ledger

__all__ = [
    "DOCUMENT_OUTCOMES",
    "OUTCOMES",
    "ClaimLostError",
    "Event",
    "Holder",
    "Ledger",
    "LedgerConflictError",
    "LedgerError",
    "LedgerStateError",
    "Letter",
    "Lock",
    "LogRow",
    "Notices",
    "Outcome",
    "Run",
    "RunOutcome",
    "Stage",
    "State",
    "Transfer",
    "Write",
    "WriteState",
    "back_off_until",
    "copy_ledger",
    "find_holder",
    "format_time",
    "lock_path",
    "open_ledger",
    "read_time",
    "try_lock",
]
