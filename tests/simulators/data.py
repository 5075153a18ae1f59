"""The demo company on both sides: Havukka Konsultointi Oy, its customers and invoices.

Everything is invented and the same on every run. "Today" is 2026-11-24; the dates in
the data never depend on the machine's date.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.simulators.data_invoices import add_invoices
from tests.simulators.data_procountor import build_procountor
from tests.simulators.data_severa import Book

if TYPE_CHECKING:
    from tests.simulators.procountor_data import ProcountorData
    from tests.simulators.severa_data import SeveraData

DEMO_NOW = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
DEMO_SECRETS = MappingProxyType(
    {
        "SEVERA_CLIENT_ID": "havukka-severa-client",
        "SEVERA_CLIENT_SECRET": "severa-secret-of-the-demo",
        "PROCOUNTOR_CLIENT_ID": "VismaSeveraClient",
        "PROCOUNTOR_CLIENT_SECRET": "procountor-secret-of-the-demo",
        "PROCOUNTOR_API_KEY": "procountor-key-of-the-demo",
    }
)
# The Swedish company: the same clients, a key of its own.
DEMO_SE_SECRETS = MappingProxyType(
    {**DEMO_SECRETS, "PROCOUNTOR_API_KEY": "procountor-key-of-the-swedish-demo"}
)


def demo_data() -> tuple[SeveraData, ProcountorData]:
    """Give fresh data of both systems; two calls share nothing that can change."""
    book = Book(
        client_id=DEMO_SECRETS["SEVERA_CLIENT_ID"],
        client_secret=DEMO_SECRETS["SEVERA_CLIENT_SECRET"],
    )
    add_invoices(book)
    procountor = build_procountor(
        client_id=DEMO_SECRETS["PROCOUNTOR_CLIENT_ID"],
        client_secret=DEMO_SECRETS["PROCOUNTOR_CLIENT_SECRET"],
        api_key=DEMO_SECRETS["PROCOUNTOR_API_KEY"],
    )
    return book.data, procountor


@cache
def _cases() -> MappingProxyType[str, int]:
    return MappingProxyType(demo_data()[0].cases)


def invoice_number_of(case: str) -> int:
    """Give the Severa number of the demo invoice that shows a case (see the list in
    ``data_invoices``).

    Raises:
        KeyError: No invoice has that case.
    """
    return _cases()[case]
