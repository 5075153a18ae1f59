"""What the ledger itself can refuse.

LedgerError             the ledger could not record (disk full, locked, damaged):
│                       nothing may be sent before it can; the run stops
├── ClaimLostError      another process took the transfer: leave it alone
└── LedgerStateError    a change the states do not allow: a fault of the program
LedgerConflictError     a StoppedError: a second document has the same reference
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import EngineError, StoppedError

if TYPE_CHECKING:
    from engine.ledger.model import Transfer


class LedgerError(EngineError):
    """The ledger could not record; stop before another request is sent."""


class ClaimLostError(LedgerError):
    """Another process claimed the transfer meanwhile; nothing was changed."""

    def __init__(self, transfer: Transfer) -> None:
        super().__init__(
            f"{transfer.flow} {transfer.label}: another run took the transfer over"
        )
        self.transfer = transfer


class LedgerStateError(LedgerError):
    """The states do not allow this change; nothing was changed."""


class LedgerConflictError(StoppedError):
    """Another document already has this reference; both would be taken for one.

    ``transfer`` is this document's row, kept without a reference so that it can be held
    and stands in the log; ``other`` is the one that has the reference.
    """

    def __init__(self, transfer: Transfer, other: Transfer) -> None:
        super().__init__(
            "REFERENCE_TAKEN",
            f'document {other.label} already has the reference "{other.reference}"',
            details={
                "reference": other.reference or "",
                "other_label": other.label,
                "other_key": other.key,
            },
        )
        self.transfer = transfer
        self.other = other
