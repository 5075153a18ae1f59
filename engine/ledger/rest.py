"""How long a doubt has rested, by two clocks of which either may jump.

At each look the smaller of the two steps since the look before is added; a step
backwards adds nothing, and one step counts at most half the settle time. A time of one
clock is never subtracted from a time of the other. Pure; no clock is read here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

MILLISECOND = timedelta(milliseconds=1)
# Two looks closer than this may both be answered from one old copy.
SECOND_LOOK_SECONDS = 60
APART = timedelta(seconds=60)  # more in one step, and one of the clocks has jumped


@dataclass(frozen=True, slots=True)
class Rest:
    """What the looks at one doubt have added up to; kept in the ledger as JSON.

    Attributes:
        since_at: Our clock at the first sight.
        own_at: Our clock at the last look.
        target_at: The target's ``Date`` at the last look; None when it gave none.
        rested_ms: Sum of the steps so far.
        looked_ms: The sum at the first look that came after the settle time.
    """

    since_at: datetime
    own_at: datetime
    target_at: datetime | None
    rested_ms: int = 0
    looked_ms: int | None = None

    def is_settled(self, looks: int = 2) -> bool:
        """Tell whether it has rested and was looked for often enough since.

        Args:
            looks: 2 for what a search must find, 1 for what is read by an id.
        """
        if self.looked_ms is None:
            return False
        between = SECOND_LOOK_SECONDS * 1000 * (looks - 1)
        return self.rested_ms - self.looked_ms >= between


def rest_after(
    rest: Rest | None,
    own_at: datetime,
    target_at: datetime | None,
    settle_seconds: float,
) -> Rest:
    """Give the rest after a look that found nothing; the first sight begins it.

    Args:
        rest: As it was after the look before; None at the first sight.
        own_at: Our clock now.
        target_at: The ``Date`` of the look's answer; without one at either end, ours
            counts by half.
    """
    if rest is None:
        return Rest(own_at, own_at, target_at)
    own = own_at - rest.own_at
    if target_at is None or rest.target_at is None:
        smaller = own / 2
    else:
        smaller = min(own, target_at - rest.target_at)
    most = timedelta(seconds=settle_seconds / 2)
    added = max(timedelta(), min(smaller, most)) // MILLISECOND
    rested = rest.rested_ms + added
    looked = rest.looked_ms
    if looked is None and rested >= settle_seconds * 1000:
        looked = rested
    return replace(
        rest, own_at=own_at, target_at=target_at, rested_ms=rested, looked_ms=looked
    )


def are_clocks_apart(before: Rest | None, after: Rest) -> bool:
    """Tell whether one of the clocks jumped between two looks, by over a minute."""
    if before is None or before.target_at is None or after.target_at is None:
        return False
    own = after.own_at - before.own_at
    return abs(own - (after.target_at - before.target_at)) > APART
