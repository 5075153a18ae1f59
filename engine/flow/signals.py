"""Ends that are nobody's fault: a document waits or is passed over, a run is ended."""

from __future__ import annotations

from engine.errors import RequestFacts, TransientError


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


class SwitchedOffError(Exception):
    """The company was switched off while its run was at work."""
