"""What a command's exit code says; ``docs/operations.md`` says it for each command.

One code for each who must act, so that a scheduler may pass over people's work and
never over a dead installation.
"""

from __future__ import annotations

from collections.abc import Iterable

OK = 0
STOPPED = 1  # people's work, and nothing else: documents are stopped, something differs
WRONG = 2  # rules, settings, secrets, keys or names
UNEXPECTED = 3
LOCKED = 4  # another run is at work
NOT_SET_UP = 5  # no environment here
CANNOT_START = 6  # environment or ledger cannot be used
WAITING = 7  # a system does not answer, or runs do not come; nothing is lost
BY_HAND = 130  # Ctrl-C, as shells have it


def gravest(codes: Iterable[int]) -> int:
    """Give the code that speaks for several companies; OK for none."""
    gravest_first = (
        *(UNEXPECTED, NOT_SET_UP, CANNOT_START, WRONG, WAITING, LOCKED, STOPPED, OK),
    )
    return min(codes, key=gravest_first.index, default=OK)
