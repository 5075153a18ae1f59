"""Builds the Procountor side of the demo: registers as they are before the first run."""

from __future__ import annotations

from calendar import monthrange
from decimal import Decimal
from typing import Any

from tests.simulators.data_customers import CUSTOMERS, business_id, vat_number
from tests.simulators.procountor_data import Item, ProcountorData

IBAN = "FI2112345600000785"
SECOND_IBAN = "FI5542345670000081"
MODIFIED = "2026-06-15T10:00:00"

# key of the customer, how the id is spelled here; None: as on the other side
KNOWN_CUSTOMERS = (
    ("kirjapaino", business_id("2345670"), True),
    ("telakka", None, True),
    ("sahko", vat_number("1987650"), True),
    ("leipomo", business_id("2012340"), True),
    ("klinikka", None, True),
    ("osuuskunta", None, True),
    ("osoitteeton", None, True),
    ("suljettu", None, False),  # closed, and still the right one
)
# code, name, unit, price, active
PRODUCTS = (
    ("KONS", "Konsultointi", "HOUR", "118.00", True),
    ("KONS-2", "Konsultointi, vanha hinta", "HOUR", "95.00", False),
    ("KONSULTTI", "Konsultin päivä", "DAY", "900.00", True),
    ("OHJ", "Ohjelmointi", "HOUR", "124.00", True),
    ("KM", "Kilometrit, veloitus", "KILOMETER", "0.55", True),
    ("TYO", "Työ, oletus", "HOUR", "0", True),
    ("MUU", "Muu myynti, oletus", "PIECE", "0", True),
    ("MATKA", "Matkakulut, oletus", "PIECE", "0", True),
)
DIMENSIONS = (
    (
        9001,
        "Projektit",
        (
            ("1101", "Painotalon tilausportaali", True),
            ("1103", "Telakan tuotannonohjaus", True),
            ("1106", "Leipomon kassajärjestelmä", True),
            ("11010", "Vanha projekti", True),
            ("0999", "Päättynyt projekti", False),
        ),
    ),
    (
        9002,
        "Kustannuspaikat",
        (("100", "Hallinto", True), ("200", "Ohjelmistokehitys", True)),
    ),
    (9003, "Yksiköt", (("OHJ", "Ohjelmistot", True),)),
)


def build_procountor(
    client_id: str, client_secret: str, api_key: str
) -> ProcountorData:
    """Give the company with its registers and no invoices."""
    data = ProcountorData(
        client_id=client_id,
        client_secret=client_secret,
        api_key=api_key,
        company_id=31042,
        name="Havukka Konsultointi Oy",
        business_id=business_id("2987654"),
    )
    for key, spelling, active in KNOWN_CUSTOMERS:
        card = next(item for item in CUSTOMERS if item.key == key)
        _add_partner(
            data, card.name, str(card.number), spelling or card.spelling, active
        )
    # The number is another customer's here: nothing may be linked, nothing created.
    _add_partner(data, "Kaksoisnumero Kiinteistöt Oy", "1041", business_id("3123450"))
    # The same business id under another number: not linked, a new customer is made.
    _add_partner(data, "Maalaamo Sävy ja Poika", "9021", business_id("2234560"))
    # A search for 1010 finds this too, because the number matches by part.
    _add_partner(data, "Pitkä Numero Oy", "10101", business_id("2555550"))
    for code, name, unit, price, active in PRODUCTS:
        _add_product(data, "SALES", code, name, unit, price, active)
    # Never in an answer unless TRAVEL is asked for.
    _add_product(data, "TRAVEL", "PVR", "Kokopäiväraha 2026", "FULL_DAY", "54.00", True)
    for number, name, items in DIMENSIONS:
        data.dimensions[number] = {
            "id": number,
            "name": name,
            "items": [_item(number, *item, place) for place, item in enumerate(items)],
        }
    data.bank_accounts = [
        _account(1, IBAN, "Malli Pankki", True),
        _account(2, SECOND_IBAN, "Toinen Pankki", False),
    ]
    data.fiscal_years = [_year(2025, 12), _year(2026, 9), _year(2027, 0)]
    data.vat_percentages = [
        {"vatPercent": Decimal(percent), "sales": True, "purchase": True}
        for percent in ("25.5", "13.5", "10", "0")
    ]
    data.vat_statuses = [
        {"vatStatus": 1, "description": "Kotimaa", "sales": True, "purchase": True},
        {"vatStatus": 12, "description": "Veroton", "sales": True, "purchase": False},
    ]
    return data


def _add_partner(
    data: ProcountorData,
    name: str,
    number: str,
    identifier: str | None,
    active: bool = True,
) -> None:
    partner_id = data.take_id()
    data.partners[partner_id] = {
        "id": partner_id,
        "name": name,
        "type": "CUSTOMER",
        "address": {"name": name, "country": "FINLAND"},
        "billingAddress": {"name": name, "country": "FINLAND"},
        "invoicingInfo": {
            "customerNumber": number,
            "identifier": identifier,
            "identifierType": "FI",
        },
        "paymentInfo": {"paymentMethod": "BANK_TRANSFER"},
        "registryInfo": {"active": active},
        "version": MODIFIED,
    }


def _add_product(
    data: ProcountorData,
    kind: str,
    code: str,
    name: str,
    unit: str,
    price: str,
    active: bool,
) -> None:
    product_id = data.take_id()
    product: Item = {
        "id": product_id,
        "type": kind,
        "code": code,
        "name": name,
        "unit": unit,
        "discount": Decimal(0),
        "price": Decimal(price),
        "vat": Decimal("25.5"),
        "vatStatus": 1,
        "active": active,
        "currency": "EUR",
        "version": MODIFIED,
    }
    if kind == "TRAVEL":
        product |= {"startDate": "2026-01-01", "endDate": "2026-12-31", "vat": 0}
    data.products[product_id] = product


def _item(dimension: int, code: str, text: str, is_open: bool, place: int) -> Item:
    item: dict[str, Any] = {
        "id": dimension * 100 + place,
        "codeName": code,
        "description": text,
    }
    return item if is_open else item | {"status": "P"}


def _account(number: int, iban: str, bank: str, is_default: bool) -> Item:
    return {
        "id": number,
        "accountNumber": iban[4:],
        "iban": iban,
        "bankName": bank,
        "currency": "EUR",
        "defaultForInvoice": is_default,
        "defaultForPayment": is_default,
        "status": "ACTIVE",
        "orderNo": number,
        "version": MODIFIED,
    }


def _year(year: int, closed_months: int) -> Item:
    """Give a fiscal year of twelve tracking periods; the first ones are closed."""
    periods = [
        {
            "id": year * 100 + month,
            "startDate": f"{year}-{month:02}-01",
            "endDate": f"{year}-{month:02}-{monthrange(year, month)[1]}",
            "status": "CLOSED" if month <= closed_months else "OPEN",
        }
        for month in range(1, 13)
    ]
    return {
        "id": year,
        "startDate": f"{year}-01-01",
        "endDate": f"{year}-12-31",
        "isOpen": closed_months < 12,
        "trackingPeriods": periods,
    }
