"""How a document ends: the one table from what was raised to what is recorded.

| raised | outcome | in the ledger |
| --- | --- | --- |
| ``PlanEndError`` | planned | nothing: a plan only tells |
| ``GoneError`` | skipped | gone, with its code |
| ``RecordError`` in its three kinds, ``ValueFault`` | stopped | held |
| ``WaitError`` | waiting | waiting, with its code |
| ``KeyRefusedError``, ``SystemDownError`` | waiting | waiting; the run ends |
| ``DoubtError``, any other ``TransientError`` | waiting | waiting |
| anything else | stopped | held as ``UNEXPECTED``: one never stops another |
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from engine.errors import (
    FIELD_JOINT,
    DoubtError,
    KeyRefusedError,
    RefusedError,
    StoppedError,
    SystemDownError,
    TransientError,
    Violation,
    ViolationError,
)
from engine.flow.context import GoneError, PlanEndError, WaitError
from engine.language.values import ValueFault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DocumentEnd = Literal["transferred", "planned", "skipped", "stopped", "waiting"]


@dataclass(frozen=True, slots=True)
class Ending:
    """How one document ended, ready for the log."""

    outcome: DocumentEnd
    code: str = ""
    message: str = ""  # beyond code and field; further reasons after a semicolon
    field: str = ""  # payload path; "" when the document as a whole is meant
    # What the advice may name; "also" is a list of the same for further codes.
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    looks_again: bool = False  # a second look in this run may decide
    ends_run: bool = False  # no further document would fare better


def find_ending(error: Exception) -> Ending:
    """Give the ending that an exception means."""
    return next(make(error) for kind, make in _ENDINGS if isinstance(error, kind))


def _skip(gone: GoneError) -> Ending:
    return Ending("skipped", gone.code, gone.message)


def _refuse(error: RefusedError) -> Ending:
    if not error.refusals:
        return Ending("stopped", "REFUSED", str(error))
    first, *others = error.refusals
    message = "; ".join(
        f"{other.field}: {other.message}" if other.field else other.message
        for other in others
    )
    details = {"message": first.message, "system": error.system, "field": first.field}
    if first.length:
        details |= {"value": first.value, "length": f"{first.length}"}
    return Ending("stopped", first.message, message, first.field, details)


def _violate(error: ViolationError) -> Ending:
    first, *others = error.violations
    texts = [_text(first)]
    texts += [f"{v.field}: {_text(v)}" if v.field else _text(v) for v in others]
    # All fields of which the same is wrong: a reader mends them in one go.
    groups: dict[str, list[Violation]] = {}
    for violation in error.violations:
        groups.setdefault(violation.code, []).append(violation)
    details, *more = (_details(code, group) for code, group in groups.items())
    if more:
        details["also"] = more
    places = [f"{v.field} {_place(v)}".strip() for v in error.violations]
    details["places"] = "; ".join(dict.fromkeys(filter(None, places)))
    return Ending("stopped", first.code, "; ".join(texts), first.field, details)


def _details(code: str, alike: list[Violation]) -> dict[str, Any]:
    """Give what the advice may name of violations of one kind."""
    fields = dict.fromkeys(one.field for one in alike if one.field)
    return {
        "code": code,
        "field": FIELD_JOINT.join(fields),
        "value": alike[0].value,
        "message": alike[0].message,
    }


def _text(violation: Violation) -> str:
    value = f'(is "{violation.value}")' if violation.value else ""
    parts = (violation.message, value, _place(violation))
    return " ".join(part for part in parts if part)


def _place(violation: Violation) -> str:
    return f"[{violation.position}]" if violation.position else ""


def _miscalculate(error: ValueFault) -> Ending:
    return _violate(ViolationError([Violation(error.code, error.message)]))


def _stop(error: StoppedError) -> Ending:
    where = f"[{error.position}]" if error.position else ""
    message = " ".join(part for part in (error.message, where) if part)
    field_name = error.details.get("field", "")
    return Ending("stopped", error.code, message, field_name, error.details)


def _wait(error: WaitError) -> Ending:
    return Ending("waiting", error.code, str(error), looks_again=error.is_settled)


def _wait_for_system(code: str, *, ends_run: bool = False) -> Callable[..., Ending]:
    def make(error: TransientError) -> Ending:
        details = {"system": error.facts.system.capitalize()}
        return Ending("waiting", code, str(error), details=details, ends_run=ends_run)

    return make


def _wait_for_key(error: KeyRefusedError) -> Ending:
    details = {"system": error.facts.system.capitalize(), "value": error.found}
    ends_run = error.ends_run
    return Ending("waiting", error.code, str(error), details=details, ends_run=ends_run)


def _fail(error: Exception) -> Ending:
    return Ending("stopped", "UNEXPECTED", f"{type(error).__name__}: {error}")


# The first that fits counts: what is more special stands above what it is a kind of.
_ENDINGS: tuple[tuple[type[Exception], Callable[[Any], Ending]], ...] = (
    (PlanEndError, lambda _: Ending("planned")),
    (GoneError, _skip),
    (RefusedError, _refuse),
    (ViolationError, _violate),
    (StoppedError, _stop),
    (ValueFault, _miscalculate),
    (WaitError, _wait),
    (KeyRefusedError, _wait_for_key),
    (SystemDownError, _wait_for_system("SYSTEM_DOWN", ends_run=True)),
    (DoubtError, _wait_for_system("IN_DOUBT")),
    (TransientError, _wait_for_system("SYSTEM_BUSY")),
    (Exception, _fail),
)
