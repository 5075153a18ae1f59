"""The cases of the shipped rules, and what this engine makes of each."""

from __future__ import annotations

from functools import cache

from engine.errors import ViolationError
from engine.flow.offline import derive_document
from engine.flow.steps import iter_items
from engine.language.values import ValueFault
from engine.mapping.apply import apply_mapping
from engine.mapping.match import decide_match, find_link
from tests.equality.damage import Case, Maker
from tests.equality.outcomes import Outcome, Parts, judge
from tests.places import TESTS
from tests.worlds import project

FLOWS = sorted(base.parent.name for base in TESTS.glob("samples/*/base.json"))
PARTS = Parts(
    derive_document,
    apply_mapping,
    decide_match,
    find_link,
    iter_items,
    (ValueFault, ViolationError),
)


@cache
def maker_of(flow: str) -> Maker:
    return Maker(TESTS / "samples" / flow, project().companies["demo"].settings)


def make_outcome(flow: str, number: int) -> tuple[Case, Outcome]:
    """Give a case by its number, and what becomes of it."""
    case = maker_of(flow).case(number)
    return case, judge(PARTS, project(), maker_of(flow), case)
