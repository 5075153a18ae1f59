"""Every exception has one ending: what people are told, and what the run does next."""

from __future__ import annotations

import pytest

from engine.errors import (
    DoubtError,
    NotAppliedError,
    Position,
    Refusal,
    RefusedError,
    RequestFacts,
    StoppedError,
    SystemDownError,
    Violation,
    ViolationError,
)
from engine.flow.context import GoneError, PlanEndError, WaitError
from engine.flow.ending import find_ending
from engine.language.values import ValueFault

FACTS = RequestFacts("books", "create", 503)
HERE = Position("flow.yaml", 7, 3)
REFUSED = RefusedError(
    "books", "create", 400, [Refusal("BAD_DATE", "date"), Refusal("too long", "text")]
)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PlanEndError(), ("planned", "", "", "")),
        (GoneError("LEFT_STATUS", "Paid"), ("skipped", "LEFT_STATUS", "Paid", "")),
        (REFUSED, ("stopped", "BAD_DATE", "text: too long", "date")),
        (
            RefusedError("books", "create", 400, []),
            ("stopped", "REFUSED", "books refused create with 400: ", ""),
        ),
        (
            ViolationError([Violation("TOO_LONG", "longer than 5", "name", "abcdef")]),
            ("stopped", "TOO_LONG", 'longer than 5 (is "abcdef")', "name"),
        ),
        (
            StoppedError("NO_UNIT", "x", position=HERE, details={"field": "unit"}),
            ("stopped", "NO_UNIT", "x [flow.yaml:7:3]", "unit"),
        ),
        (ValueFault("NOT_A_DATE", "31.2."), ("stopped", "NOT_A_DATE", "31.2.", "")),
        (
            WaitError("IN_DOUBT", "invoice", "rests"),
            ("waiting", "IN_DOUBT", "rests", ""),
        ),
        (
            SystemDownError(FACTS),
            ("waiting", "SYSTEM_DOWN", "books answered 503 at create", ""),
        ),
        (
            DoubtError(FACTS),
            ("waiting", "IN_DOUBT", "books answered 503 at create", ""),
        ),
        (
            NotAppliedError(FACTS),
            ("waiting", "SYSTEM_BUSY", "books answered 503 at create", ""),
        ),
        (KeyError("id"), ("stopped", "UNEXPECTED", "KeyError: 'id'", "")),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_exception_has_one_ending(error, expected):
    ending = find_ending(error)

    assert expected == (ending.outcome, ending.code, ending.message, ending.field)
    assert isinstance(error, SystemDownError) == ending.ends_run
    assert not ending.looks_again


def test_a_settled_doubt_is_looked_at_once_more():
    assert find_ending(WaitError("IN_DOUBT", "x", "", is_settled=True)).looks_again
