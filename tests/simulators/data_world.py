"""The demo with all flows, for one company or for two.

``demo_data`` (in ``data``) stays the small world of the sales flow; these are built on
top of the same invoices, under the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.simulators.data import DEMO_SE_SECRETS, DEMO_SECRETS
from tests.simulators.data_invoices import add_invoices
from tests.simulators.data_people import PEOPLE, add_user
from tests.simulators.data_procountor import build_procountor
from tests.simulators.data_settings import add_settings
from tests.simulators.data_severa import Book
from tests.simulators.data_sweden import (
    add_group_invoices,
    add_group_registers,
    add_group_trips,
)
from tests.simulators.data_target import add_flows
from tests.simulators.data_target_sweden import build_swedish_target
from tests.simulators.data_travel import TravelDesk
from tests.simulators.data_trips import add_trips

if TYPE_CHECKING:
    from tests.simulators.procountor_data import ProcountorData
    from tests.simulators.severa_data import SeveraData


@dataclass(frozen=True, slots=True)
class WorldData:
    """The source's data, and the target's by company; the first is the Finnish one."""

    severa: SeveraData
    procountor: dict[str, ProcountorData]

    @property
    def numbers(self) -> dict[str, int]:
        """The number of every document that shows a case, on either side."""
        sides: list[SeveraData | ProcountorData] = [self.severa]
        sides += self.procountor.values()
        return {case: number for side in sides for case, number in side.cases.items()}


def group_data() -> WorldData:
    """Give the same with a Swedish company beside it, in the same source."""
    book, desk = _build_source()
    add_trips(desk)
    add_group_registers(book)
    add_group_invoices(book)
    add_group_trips(book)
    swedish = build_swedish_target(
        client_id=DEMO_SE_SECRETS["PROCOUNTOR_CLIENT_ID"],
        client_secret=DEMO_SE_SECRETS["PROCOUNTOR_CLIENT_SECRET"],
        api_key=DEMO_SE_SECRETS["PROCOUNTOR_API_KEY"],
    )
    return WorldData(book.data, {"demo": _build_target(), "demo_se": swedish})


def flows_data() -> WorldData:
    """Give fresh data of the Finnish company with all four flows."""
    book, desk = _build_source()
    add_trips(desk)
    return WorldData(book.data, {"demo": _build_target()})


def _build_source() -> tuple[Book, TravelDesk]:
    book = Book(
        client_id=DEMO_SECRETS["SEVERA_CLIENT_ID"],
        client_secret=DEMO_SECRETS["SEVERA_CLIENT_SECRET"],
    )
    add_invoices(book)
    add_settings(book)
    for person in PEOPLE:
        add_user(book, person)
    book.add_project(1130, "Valmis tutkimus", "metsa", "Ohjelmistot", "200")
    book.data.projects[-1] |= {"isClosed": True, "closedDate": "2026-10-30"}
    # Closed on the other side only, where somebody was too early.
    book.add_project(1131, "Jatkettu tutkimus", "metsa", "Ohjelmistot", "200")
    book.data.organizationdetails["activeAddons"] = ["TravelReimbursements"]
    desk = TravelDesk(book)
    desk.add_statuses()
    return book, desk


def _build_target() -> ProcountorData:
    data = build_procountor(
        client_id=DEMO_SECRETS["PROCOUNTOR_CLIENT_ID"],
        client_secret=DEMO_SECRETS["PROCOUNTOR_CLIENT_SECRET"],
        api_key=DEMO_SECRETS["PROCOUNTOR_API_KEY"],
    )
    add_flows(data)
    return data


@cache
def _numbers() -> MappingProxyType[str, int]:
    return MappingProxyType(group_data().numbers)


def number_of(case: str) -> int:
    """Give the number of the document that shows a case, on either side.

    Raises:
        KeyError: Nothing has that case.
    """
    return _numbers()[case]
