"""Adds to the Procountor side what the other flows need: persons, travel, dimensions."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tests.simulators.data_costs import SUPPLIERS, add_costs
from tests.simulators.data_people import PEOPLE, add_person
from tests.simulators.data_procountor import MODIFIED
from tests.simulators.data_purchases import PurchaseDesk

if TYPE_CHECKING:
    from tests.simulators.procountor_data import Item, ProcountorData

# code, name, unit, price, VAT, first and last day
TRAVEL_PRODUCTS = (
    (
        "KM",
        "Kilometrikorvaus 2025",
        "KILOMETER",
        "0.59",
        "0",
        "2025-01-01",
        "2025-12-31",
    ),
    (
        "KM",
        "Kilometrikorvaus 2026",
        "KILOMETER",
        "0.55",
        "0",
        "2026-01-01",
        "2026-12-31",
    ),
    (
        "KM25",
        "Kilometrit, vanha koodi",
        "KILOMETER",
        "0.59",
        "0",
        "2025-01-01",
        "2025-12-31",
    ),
    ("PVR", "Kokopäiväraha 2025", "FULL_DAY", "53.00", "0", "2025-01-01", "2025-12-31"),
    ("OSPVR", "Osapäiväraha 2026", "DAY", "25.00", "0", "2026-01-01", "2026-12-31"),
    (
        "ULK-SE",
        "Ulkomaanpäiväraha Ruotsi",
        "FULL_DAY",
        "79.00",
        "0",
        "2026-01-01",
        "2026-12-31",
    ),
    ("RUOKA", "Ateriakorvaus 2026", "PIECE", "13.50", "0", "2026-01-01", "2026-12-31"),
    # These do not change every year: no last day.
    ("MAJ", "Majoitus", "PIECE", "0", "13.5", "2020-01-01", None),
    ("JUNA", "Matkaliput", "PIECE", "0", "13.5", "2020-01-01", None),
    ("PYS", "Pysäköinti", "PIECE", "0", "25.5", "2020-01-01", None),
    ("MATKUL", "Muu matkakulu", "PIECE", "0", "0", "2020-01-01", None),
    ("MATKA", "Matkakulut, oletus", "PIECE", "0", "0", "2020-01-01", None),
    ("ENNAKKO", "Matkaennakko", "PIECE", "0", "0", "2020-01-01", None),
    # A search for MAJ finds this too.
    ("MAJ-ULK", "Majoitus ulkomailla", "PIECE", "0", "0", "2020-01-01", None),
)
MORE_ITEMS = (
    ("Projektit", "1102", "Portaalin ylläpito 2026", True),
    ("Projektit", "1104", "Telakan johtoryhmän valmennus", True),
    ("Projektit", "1131", "Jatkettu tutkimus", False),
    ("Projektit", "1130", "Valmis tutkimus", True),
    ("Projektit", "7777", "Projekti, jota Severassa ei ole", True),
    ("Projektit", "YLEIS", "Yleiskulut", True),
)
ACCOUNTS = (
    ("1701", "Myyntisaamiset", True),
    ("2871", "Ostovelat", True),
    ("2872", "Velat matkoista", True),
    ("2939", "Arvonlisäverovelka", True),
    ("3000", "Palvelumyynti", True),
    ("4460", "Alihankinta", True),
    ("7800", "Matkakulut", True),
    ("3999", "Vanha myyntitili", False),
)


def add_flows(data: ProcountorData) -> None:
    """Add all of it to the Finnish company."""
    for person in PEOPLE:
        add_person(data, person, MODIFIED)
    for travel_product in TRAVEL_PRODUCTS:
        add_travel_product(data, *travel_product)
    for dimension, code, text, is_open in MORE_ITEMS:
        add_item(data, dimension, code, text, is_open)
    add_settings(data)
    desk = PurchaseDesk(data)
    for supplier in SUPPLIERS:
        desk.add_supplier(supplier, MODIFIED)
    add_costs(desk)


def add_travel_product(
    data: ProcountorData,
    code: str,
    name: str,
    unit: str,
    price: str,
    vat: str,
    first: str,
    last: str | None,
) -> None:
    """Add a product of the travel register; without a last day it does not end."""
    number = data.take_id()
    product: Item = {
        "id": number,
        "type": "TRAVEL",
        "code": code,
        "name": name,
        "unit": unit,
        "discount": Decimal(0),
        "price": Decimal(price),
        "vat": Decimal(vat),
        "active": True,
        "currency": data.currency,
        "startDate": first,
        "bookkeepingAccount": "7800",
        "version": MODIFIED,
    }
    if last is not None:
        product["endDate"] = last
    data.products[number] = product


def add_item(
    data: ProcountorData, dimension: str, code: str, text: str, is_open: bool
) -> None:
    """Add an item at the end of a dimension."""
    found = next(d for d in data.dimensions.values() if d["name"] == dimension)
    item: Item = {
        "id": found["id"] * 100 + len(found["items"]),
        "codeName": code,
        "description": text,
    }
    found["items"].append(item if is_open else item | {"status": "P"})


def add_settings(data: ProcountorData) -> None:
    """Add the chart of accounts and the usage settings."""
    data.accounts = [
        {
            "ledgerAccountCode": code,
            "name": name,
            "active": active,
            "translations": [],
        }
        for code, name, active in ACCOUNTS
    ]
    data.usage_settings = {
        "defaultInvoiceChannel": "ELECTRONIC_INVOICE",
        "cashDiscount": {
            "cashDiscountForSales": False,
            "cashDiscountForPurchase": False,
        },
        "accountingByRow": {
            "salesInvoicePosting": True,
            "purchaseInvoicePosting": True,
            "travelAndExpenseInvoicePosting": True,
            "salaryPosting": False,
        },
    }
