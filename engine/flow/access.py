"""A run's way to its systems; a plan's differs in what it does with a change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.flow.content import keep_read
from engine.flow.context import Document
from engine.flow.delivery import deliver
from engine.flow.reads import read_into
from engine.flow.transfer import keep_in_step
from engine.flow.writes import make_write, run_write

if TYPE_CHECKING:
    from engine.flow.context import Gathered, RunContext
    from engine.flow.writes import PendingWrite
    from engine.language.scope import Scope
    from engine.project.flow_spec import ReadStep, WriteStep


class Online:
    """Reads systems and makes every change."""

    is_offline = False

    def __init__(self, run: RunContext) -> None:
        self._run = run

    def scope(self, document: Gathered) -> Scope:
        """Give what the rules of a step see."""
        return self._run.scope_of(document)

    def read(self, step: ReadStep, document: Gathered) -> None:
        """Ask the step's system, unless this run has asked it the same before."""
        found = read_into(step, self._run, document.data, self.scope(document))
        is_source = step.request.system == self._run.flow.fetch.request.system
        if is_source and step.is_compared and isinstance(document, Document):
            keep_read(self._run, document, step.name, found)

    def write(self, step: WriteStep, document: Gathered, *, is_register: bool) -> None:
        """Look for what the step wants, and ``make`` what is not there."""
        assert isinstance(document, Document)
        run_write(self._run, step, document, is_register=is_register)

    def make(self, pending: PendingWrite) -> Any:
        """Make one write; give what its step saves."""
        return make_write(self._run, pending)

    def deliver(self, document: Document, payload: dict[str, Any]) -> None:
        """Have the document itself in the target."""
        deliver(self._run, document, payload)

    def keep_in_step(self, document: Document, *, is_same: bool) -> None:
        """End the transfer of a document that its register writes alone make."""
        keep_in_step(self._run, document, is_same=is_same)
