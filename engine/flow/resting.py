"""How long a run lets rest what may have had its effect, and what it says of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from engine.errors import StoppedError
from engine.flow.context import WaitError
from engine.ledger.model import Event
from engine.ledger.rest import are_clocks_apart

if TYPE_CHECKING:
    from engine.flow.context import RunContext
    from engine.ledger.rest import Rest

LONGEST_DOUBT = timedelta(hours=24)  # then a person is told; our own figure
OLD_DOUBT = "DOUBT_TOO_OLD"
MAY_LAND = "an earlier attempt may still land"


def still_in_doubt(
    run: RunContext, step: str, what: str, before: Rest | None, after: Rest | None
) -> WaitError | StoppedError:
    """Give why a doubt goes on, after a look that found nothing.

    One that has rested waits for its second look, perhaps later in this run. One that
    is a day old and has not, as its looks are rare, is a person's; not when a clock has
    just jumped, for then it only seems so.
    """
    is_settled = after is not None and after.looked_ms is not None
    said = f"{what}: {MAY_LAND}" if what else MAY_LAND
    if after is None or is_settled or are_clocks_apart(before, after):
        return WaitError("IN_DOUBT", step, said, is_settled=is_settled)
    if run.clock.now() - after.since_at < LONGEST_DOUBT:
        return WaitError("IN_DOUBT", step, said)
    since = f"{after.since_at:%Y-%m-%d %H:%M} UTC"
    details = {"value": what or step, "since": since}
    return StoppedError(OLD_DOUBT, f"{said}; sent {since}", details=details)


def note_clocks(run: RunContext, before: Rest | None, after: Rest | None) -> None:
    """Say once a day that the target's clock and ours have not gone the same way."""
    if after is None or not are_clocks_apart(before, after):
        return
    run.note_daily("clocks_disagree", Event("CLOCKS_DISAGREE"))


def rest_ledger(run: RunContext) -> None:
    """Let a ledger that does not know what was sent last rest before it sends.

    Raises:
        WaitError: It has not rested yet.
    """
    rest = run.ledger.heartbeats.rest(run.company, run.target_at(), run.settle_seconds)
    if rest is not None:
        said = "the ledger is older than what was sent last"
        raise WaitError("LEDGER_OLD", run.flow.target, said)
