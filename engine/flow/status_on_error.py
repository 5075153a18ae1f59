"""Move the source's status of a document that is stopped for good (``on_stop``).

It happens only when all of this is so: nothing of the document can be in the target, a
person must act, and what is wrong is in the document or a register. A wrong rule or key
stops every document; moving them all would leave somebody to move them all back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import EngineError
from engine.flow.context import GoneError, WaitError
from engine.flow.looks import read_again
from engine.flow.steps import holds
from engine.flow.transfer import move_status
from engine.language.values import ValueFault
from engine.ledger.model import Event

if TYPE_CHECKING:
    from engine.flow.context import Document, RunContext
    from engine.ledger.model import Transfer
    from engine.project.advice import AdviceBook

MOVED, NOT_MOVED = "MOVED_ON_ERROR", "NOT_MOVED_ON_ERROR"


def move_stopped(
    run: RunContext,
    document: Document,
    held: Transfer,
    code: str,
    advice: AdviceBook,
) -> None:
    """Move the status if the flow says so; the document stays stopped either way.

    Args:
        held: The transfer as it stands after the stop.
        code: Why it is stopped.
    """
    on_stop = run.flow.on_stop
    if on_stop is None or run.flow.expand is not None:
        return
    known = advice.find(code, "en")
    is_bookkeepers = known is not None and known.who == "bookkeeper"
    if not is_bookkeepers or known is None or known.kind != "permanent":
        return
    if held.stage != "new" or held.target_id:
        return
    try:
        scope = run.scope_of(document)
        if not holds(on_stop.when, scope):
            return
        read_again(run, document)
        move_status(on_stop.move, run, document)
    except (GoneError, WaitError):
        return  # a person is at work on it
    except (EngineError, ValueFault) as error:
        # Nothing is lost: it is stopped, and the next try moves it.
        run.ledger.events.note(held, Event(NOT_MOVED, str(error)))
    else:
        run.ledger.events.note(held, Event(MOVED))
