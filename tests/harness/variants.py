"""Seeded bugs: each takes one rule of the protocol out of the product, for a while.

They patch the product from here; the product itself has no switches. A name that is no
longer there fails at once, so that a variant never quietly stops being one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest import mock

from engine.errors import DoubtError
from engine.flow import (
    access,
    amendment,
    companies,
    delivery,
    looks,
    steps,
    transfer,
    unlisted,
    writes,
)
from engine.flow import (
    run as flow_run,
)
from engine.ledger import doubts, heartbeats, rest, write_log
from engine.ledger.failures import LedgerStateError
from engine.ledger.model import DocumentKey, RegisterKey
from engine.ledger.rest import Rest
from engine.ledger.transfer_steps import TransferSteps

SETTLE_MS = 600_000
Patches = dict[Any, dict[str, Any]]


def _nothing(*_: Any, **__: Any) -> None:
    return None


def _search() -> Patches:
    real = delivery.search_one

    def search_one(run: Any, document: Any, payload: Any) -> Any:
        seen = document.transfer.attempts
        return real(run, document, payload) if seen else None

    return {delivery: {"search_one": search_one}}


def _look2() -> Patches:
    real = Rest.is_settled
    return {Rest: {"is_settled": lambda self, looks=2: real(self, 1)}}  # noqa: ARG005


def _early_looks() -> Patches:
    """Both looks may come before the settle time is over."""
    real = rest.rest_after

    def rest_after(before: Rest | None, *rest_of: Any) -> Rest:
        after = real(before, *rest_of)
        is_first = before is not None and before.looked_ms is None
        looked = after.rested_ms if is_first else before and before.looked_ms
        return replace(after, looked_ms=looked)

    def is_settled(self: Rest, looks: int = 2) -> bool:
        if self.looked_ms is None or self.rested_ms < SETTLE_MS:
            return False
        return self.rested_ms - self.looked_ms >= 60_000 * (looks - 1)

    return _with_rest(rest_after) | {Rest: {"is_settled": is_settled}}


def _rested(before: Rest, after: Rest, rested_ms: int, settle: float) -> Rest:
    """Give the rest as it is when it has grown to so much."""
    looked = before.looked_ms
    if looked is None and rested_ms >= settle * 1000:
        looked = rested_ms
    return replace(after, rested_ms=rested_ms, looked_ms=looked)


def _with_rest(rest_after: Any) -> Patches:
    return {module: {"rest_after": rest_after} for module in (doubts, write_log)}


def _date_alone() -> Patches:
    """Count the settle time by the target's Date header alone."""
    real = rest.rest_after

    def rest_after(
        before: Rest | None, own_at: Any, target_at: Any, settle: float
    ) -> Rest:
        after = real(before, own_at, target_at, settle)
        if before is None or before.target_at is None or target_at is None:
            return after
        step = max(timedelta(), target_at - before.target_at)
        rested = before.rested_ms + step // timedelta(milliseconds=1)
        return _rested(before, after, rested, settle)

    return _with_rest(rest_after)


def _two_clocks_at_once() -> Patches:
    """Compare each clock with its first time, not step by step."""
    real = rest.rest_after
    firsts: dict[Any, Any] = {}

    def rest_after(
        before: Rest | None, own_at: Any, target_at: Any, settle: float
    ) -> Rest:
        after = real(before, own_at, target_at, settle)
        if before is None:
            firsts[after.since_at] = target_at
            return after
        first = firsts.get(after.since_at)
        if first is None or target_at is None:
            return after
        least = min(own_at - after.since_at, target_at - first)
        rested = max(timedelta(), least) // timedelta(milliseconds=1)
        return _rested(before, after, rested, settle)

    return _with_rest(rest_after)


def _moved_first() -> Patches:
    real = delivery.deliver

    def deliver(run: Any, document: Any, payload: Any) -> None:
        real(run, document, payload)
        transfer.move_status(run.flow.acknowledge, run, document)

    return {access: {"deliver": deliver}}


def _files_at_once() -> Patches:
    real = writes._is_repeatable

    def is_repeatable(run: Any, *sends: Any) -> bool:
        if any(send is not None and send.file is not None for send in sends):
            return True
        return real(run, *sends)

    return {writes: {"_is_repeatable": is_repeatable}}


def _refused_for_ever() -> Patches:
    real = write_log.WriteLog.found

    def found(self: Any, owner: Any, write: Any, *rest_of: Any, **named: Any) -> Any:
        if write.state == "refused":
            raise LedgerStateError("refused is refused")
        return real(self, owner, write, *rest_of, **named)

    return {write_log.WriteLog: {"found": found}}


def _strangers_doubts() -> Patches:
    """Find any document's doubt of the same step, as a constant key would."""
    real = write_log.WriteLog.find

    def find(self: Any, owner: Any, key: Any) -> Any:
        own = real(self, owner, key)
        if own is not None or not isinstance(key, DocumentKey):
            return own
        for other in range(1, 9):
            mine = replace(owner, transfer_id=other)
            found = real(self, mine, key)
            if found is not None and found.state in ("intent", "doubt"):
                return found
        return None

    return {write_log.WriteLog: {"find": find}}


def _looked_just_now(module: Any, name: str, *looks_at: str) -> Patches:
    """Have a function take what it knows for fresh."""
    real = getattr(module, name)

    def fresh(run: Any, document: Any, *given: Any) -> Any:
        for look in looks_at:
            setattr(document, look, run.clock.monotonic())
        return real(run, document, *given)

    return {module: {name: fresh}}


def _proof_of_earlier() -> Patches:
    real = transfer._prove

    def prove(run: Any, document: Any, payload: Any) -> None:
        if document.transfer.stage == "proved":
            document.proved_at = run.clock.monotonic()
        else:
            real(run, document, payload)

    return {transfer: {"_prove": prove}}


def _unlisted(*statuses: str) -> Patches:
    """Leave alone what is unfinished and not listed, in these statuses."""
    real = unlisted.read_status

    def read_status(run: Any, record: Any) -> Any:
        status = real(run, record)
        return "before" if status in statuses else status

    return {unlisted: {"read_status": read_status}}


def _totals_unchecked() -> Patches:
    real = steps.check_requirement

    def check_requirement(step: Any, *given: Any) -> None:
        if step.code not in ("ROWS_DIFFER", "TOTAL_MISSING"):
            real(step, *given)

    return {steps: {"check_requirement": check_requirement}}


def _register_by_flow() -> Patches:
    real = writes._name_write

    def name_write(run: Any, step: Any, scope: Any, key: str, **named: Any) -> Any:
        name = real(run, step, scope, key, **named)
        if isinstance(name, RegisterKey):
            return replace(name, natural_key=f"{run.flow.name} {name.natural_key}")
        return name

    return {writes: {"_name_write": name_write}}


def _cached_register() -> Patches:
    real = write_log.WriteLog.look

    def look(self: Any, *given: Any, looks: int = 2) -> Any:
        return real(self, *given, looks=1)

    return {
        writes: {"_look_fresh": _nothing},
        write_log.WriteLog: {"look": look},
    }


def _uncompared() -> Patches:
    found: Patches = {module: {"compare": _nothing} for module in (delivery, looks)}
    found[delivery]["check_given_back"] = _nothing
    return found


def _content_forgotten() -> Patches:
    """Nothing remembers what a document was made of."""
    claim, posted = TransferSteps.claim, TransferSteps.posted

    def claim_only(self: Any, transfer: Any, *, sent: Any, **named: Any) -> Any:
        return claim(self, transfer, sent=replace(sent, digest="", fields={}), **named)

    def posted_only(self: Any, transfer: Any, *, sent: Any = None, **named: Any) -> Any:
        del sent
        return posted(self, transfer, **named)

    return {TransferSteps: {"claim": claim_only, "posted": posted_only}}


def _move_unlooked() -> Patches:
    """The last look before the release serves for the move too."""
    real = transfer._run_steps

    def run_steps(some: Any, run: Any, document: Any, **named: Any) -> None:
        real(some, run, document, **named)
        if some is run.flow.release:
            document.before_write = _nothing

    return {transfer: {"_run_steps": run_steps}}


def _reopened_anew() -> Patches:
    real = delivery.check_unchanged

    def check_unchanged(run: Any, document: Any, payload: Any) -> None:
        if document.transfer.previous_stage != "done":
            real(run, document, payload)

    return {delivery: {"check_unchanged": check_unchanged}}


def _guarded_blindly() -> Patches:
    """Send a change again under the version that it was sent with."""
    real = writes._make

    def change_guarded(run: Any, pending: Any, guard: Any) -> Any:
        try:
            return real(run, pending)
        except DoubtError:
            return real(run, pending)

    return {writes: {"_change_guarded": change_guarded}}


# By the names of protocol.md, section 12. An empty one is a switch of the game itself.
VARIANTS: dict[str, Callable[[], Patches]] = {
    "intent": dict,
    "search": _search,
    "settle": lambda: {Rest: {"is_settled": lambda self, looks=2: True}},  # noqa: ARG005
    "look2": _look2,
    "N3": _early_looks,
    "N1": _cached_register,
    "compare": _uncompared,
    "proof": lambda: {transfer: {"check_proof": _nothing}},
    "last": _moved_first,
    "lock": dict,
    "attwait": _files_at_once,
    "again": lambda: {delivery: {"read_again": _nothing}},
    "F1": _refused_for_ever,
    "F2": _strangers_doubts,
    "F4": _register_by_flow,
    "F3": _proof_of_earlier,
    "F3b": lambda: _looked_just_now(transfer, "_last_look", "proved_at"),
    "F5c": lambda: _looked_just_now(transfer, "_last_look", "source_at"),
    "F6": _totals_unchecked,
    "G2": lambda: _unlisted("after"),
    "G3": lambda: _unlisted("other", "", "stopped"),
    "N4": lambda: _looked_just_now(delivery, "_try_create", "searched_at", "source_at"),
    "G7": lambda: {companies: {"is_company_due": lambda *_: True}},
    "G1": _date_alone,
    "G1b": _two_clocks_at_once,
    "F5": _content_forgotten,
    "F5a": lambda: {delivery: {"check_given_back": _nothing}},
    "F5b": lambda: {delivery: {"check_unchanged": _nothing}},
    "F5d": _move_unlooked,
    "F5e": _reopened_anew,
    "F7": _guarded_blindly,
    "G5": lambda: {flow_run: {"is_corrected": lambda *_: False}},
    "N2": lambda: {transfer: {"check_moved": _nothing}},
    "N5": lambda: {amendment: {"is_as_sent": lambda *_: True}},
    "N6": lambda: {heartbeats.Heartbeats: {"rest": _nothing}},
}


@contextmanager
def left_out(rule: str) -> Iterator[None]:
    """Leave one rule out of the product; "" leaves out none."""
    if not rule:
        yield
        return
    with ExitStack() as stack:
        for place, changes in VARIANTS[rule]().items():
            for name, value in changes.items():
                stack.enter_context(mock.patch.object(place, name, value))
        yield
