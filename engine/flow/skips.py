"""What a ``skip`` of a flow passes over, and how often the log says so.

A document that is passed over keeps its status in the source, so it is listed in every
run. Nothing is gained by gathering it anew, or by a line every ten minutes.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from engine.ledger.model import Event
from engine.project.flow_spec import RequireStep

if TYPE_CHECKING:
    from engine.flow.context import RunContext
    from engine.flow.signals import GoneError

SAID_AGAIN = timedelta(days=1)  # a flow that is left out as a whole; our own figure


def is_still_skipped(run: RunContext, key: str, digest: str) -> bool:
    """Tell whether an earlier run has passed over this document as it is now.

    A change of the document or of the rules, or ``retry``, has it looked at again. One
    that had left the transfer status by itself has come back, and is not meant.
    """
    known = run.ledger.find_transfer(run.company, run.flow.name, key)
    if known is None or known.aside != "gone" or known.retry_asked:
        return False
    steps = (*run.flow.enrich, *run.flow.require, *run.flow.prepare)
    codes = {s.code for s in steps if isinstance(s, RequireStep) and s.is_skip}
    before = (known.source_digest, known.mapping_digest)
    return known.code in codes and before == (digest, run.rules_digest)


def note_left_out(run: RunContext, gone: GoneError) -> None:
    """Say once a day that a flow is left out as a whole: a ``skip`` of its set-up."""
    name = f"{run.flow.name} left out"
    now = run.clock.now()
    last = run.ledger.log.last_mark(run.company, name)
    if last is None or now - last >= SAID_AGAIN:
        event = Event(gone.code, gone.message)
        run.ledger.log.note_flow(run.company, run.flow.name, event)
        run.ledger.log.mark(run.company, name, now)
