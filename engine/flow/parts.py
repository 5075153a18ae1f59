"""A record that becomes several documents (``expand``), each with its own transfer.

A document that has been transferred and is no longer in its record stays in the target.
Nothing there is rewritten: a person is told until it is removed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import StoppedError
from engine.flow.context import Document, Gathered, GoneError
from engine.flow.digests import digest_of
from engine.flow.listing import Listed, open_transfer, text_on
from engine.flow.looks import find_known
from engine.flow.steps import iter_items, run_step
from engine.ledger.model import Event
from engine.masking import mask_text

if TYPE_CHECKING:
    from engine.flow.run import FlowRun
    from engine.ledger.model import Transfer
    from engine.project.flow_spec import Expand

LEFT = "CHANGED_AFTER_TRANSFER"  # an earlier part of the record is left in the target


class Parts:
    """Takes the records of one run apart."""

    def __init__(self, flow_run: FlowRun, expand: Expand) -> None:
        self._flow_run = flow_run
        self._run = flow_run.run
        self._expand = expand
        self._known: dict[str, list[Transfer]] | None = None  # by record, once needed

    def take(self, listed: Listed) -> None:
        """Gather a record, then take each of its items as a document of its own."""
        parts = self._take_apart(listed)
        if parts is None:
            return
        self._resolve(listed)
        left = self._flag_left({part.key for part in parts}, listed.key)
        for part in parts:
            if self._flow_run.listing.is_due(part):
                self._take_part(part, left)

    def _take_apart(self, listed: Listed) -> list[Listed] | None:
        """Give the record's documents; None when it could not be gathered.

        The record itself goes into the log then; its items are tried again with it.
        """
        gathered = Gathered(
            listed.key, listed.label, listed.reference, dict(listed.data)
        )
        try:
            for step in self._run.flow.enrich:
                run_step(step, self._run.access, gathered)
            scope = self._run.scope(gathered.data)
            items = list(iter_items(self._expand.each, scope))
        except GoneError:
            return []
        except Exception as error:  # noqa: BLE001  # one record never stops another
            transfer = open_transfer(self._run, listed)
            document = self._flow_run.document_of(listed, transfer)
            self._flow_run.fail(document, error)
            return None
        return [
            Listed(
                key=f"{listed.key}/{text_on(self._expand.key, item)}",
                label=mask_text(text_on(self._expand.label, item)),
                reference=text_on(self._expand.reference, item),
                digest=digest_of(item.item),
                data={**gathered.data, self._expand.save: item.item},
                is_gathered=True,
            )
            for item in items
        ]

    def _resolve(self, listed: Listed) -> None:
        """Close a record that was stopped as a whole and has been gathered since."""
        transfer = self._run.find_transfer(listed.key)
        if transfer is not None and transfer.aside in ("held", "waiting"):
            self._run.ledger.steps.gone(transfer, Event("RESOLVED"))

    def _known_parts(self, key: str) -> list[Transfer]:
        if self._known is None:
            self._known = {}
            name = self._run.flow.name
            for transfer in self._run.ledger.transfers(self._run.company, name):
                parent, is_part, _ = transfer.key.partition("/")
                if is_part and transfer.target_id and transfer.aside != "gone":
                    self._known.setdefault(parent, []).append(transfer)
        return self._known.get(key, [])

    def _flag_left(self, current: set[str], key: str) -> list[Transfer]:
        """Stop what was transferred and is no longer in its record.

        Gives what still stands in the target.
        """
        left = []
        for known in self._known_parts(key):
            if known.key in current:
                continue
            transfer = known
            if known.stage == "done":
                transfer = self._run.ledger.steps.reopen(known)
            elif not known.is_due(self._run.clock.now()):
                left.append(known)
                continue
            document = Document.known(transfer, {})
            if find_known(self._run, document) is None:
                resolved = Event("RESOLVED")
                self._run.ledger.steps.start_over(transfer, resolved, has_left=True)
                continue
            left.append(transfer)
            said = f"{transfer.target_id} stays there"
            self._flow_run.fail(document, StoppedError(LEFT, said))
        return left

    def _take_part(self, part: Listed, left: list[Transfer]) -> None:
        """Take a part, unless it may be what an earlier part has become.

        A person decides then: its sum would stand in the target twice.
        """
        transfer = open_transfer(self._run, part) if left else None
        if transfer is None or transfer.target_id or transfer.retry_asked:
            self._flow_run.take(part)
            return
        document = Document(part.key, part.label, part.reference, {}, transfer=transfer)
        labels = ", ".join(other.label for other in left)
        said = f"{labels} went before it"
        self._flow_run.fail(document, StoppedError(LEFT, said))
