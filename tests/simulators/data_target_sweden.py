"""Builds the Swedish company's Procountor: kronor, 25/12/6, its own dimensions.

Its ids overlap with the Finnish company's, since they are unique in one company only.
"""

from __future__ import annotations

from decimal import Decimal

from tests.simulators.data_customers import swedish_number
from tests.simulators.data_people import SWEDISH_PEOPLE, add_person, iban_of
from tests.simulators.data_procountor import MODIFIED, _item, _year
from tests.simulators.data_purchases import Cost, PurchaseDesk, Supplier
from tests.simulators.data_sweden import CUSTOMERS, SVERIGE, SWEDISH_IBAN
from tests.simulators.data_target import add_settings, add_travel_product
from tests.simulators.procountor_data import Item, ProcountorData

SUPPLIER = Supplier(
    "underkonsult",
    "Underkonsult Lind AB",
    f"SE{swedish_number('556633445')}01",
    iban_of("SE", "50000000099900000202"),
    "SWEDEN",
)
# code, name, unit, price
PRODUCTS = (
    ("KONS", "Konsultation", "HOUR", "1250.00"),
    ("OHJ", "Programmering", "HOUR", "1250.00"),
    ("ASE", "Installation", "PIECE", "900.00"),
    ("KM", "Kilometer, debitering", "KILOMETER", "6.50"),
    ("TYO", "Arbete, förval", "HOUR", "0"),
    ("MUU", "Övrig försäljning, förval", "PIECE", "0"),
    ("MATKA", "Resekostnader, förval", "PIECE", "0"),
)
TRAVEL_PRODUCTS = (
    ("MIL", "Milersättning 2026", "KILOMETER", "2.50", "0", "2026-01-01", "2026-12-31"),
    ("TRAKT", "Traktamente 2026", "DAY", "300.00", "0", "2026-01-01", "2026-12-31"),
    ("HOTELL", "Hotell", "PIECE", "0", "12", "2020-01-01", None),
    ("MATKA", "Resekostnader, förval", "PIECE", "0", "0", "2020-01-01", None),
    ("ENNAKKO", "Reseförskott", "PIECE", "0", "0", "2020-01-01", None),
)
DIMENSIONS = (
    (
        9001,
        "Projekt",
        (("2101", "Kassasystem", True), ("1101", "Tryckportalen (Finland)", True)),
    ),
    (9002, "Kostnadsställen", (("500", "Stockholm", True),)),
    (9003, "Enheter", ()),
)


def build_swedish_target(
    client_id: str, client_secret: str, api_key: str
) -> ProcountorData:
    """Give the company with registers and purchases, and nothing of ours in it."""
    data = ProcountorData(
        client_id=client_id,
        client_secret=client_secret,
        api_key=api_key,
        company_id=31107,
        name=SVERIGE.name,
        business_id=SVERIGE.vat[2:12],
        currency="SEK",
        country="SWEDEN",
    )
    bakery = next(item for item in CUSTOMERS if item.key == "bageri")
    _add_customer(data, bakery.name, "2001", bakery.spelling or "")
    # In Finland this number is a printing house's.
    _add_customer(data, "Tusenettan Handel AB", "1001", swedish_number("556644556"))
    for code, name, unit, price in PRODUCTS:
        number = data.take_id()
        data.products[number] = {
            "id": number,
            "type": "SALES",
            "code": code,
            "name": name,
            "unit": unit,
            "discount": Decimal(0),
            "price": Decimal(price),
            "vat": Decimal(25),
            "vatStatus": 1,
            "active": True,
            "currency": "SEK",
            "version": MODIFIED,
        }
    for travel_product in TRAVEL_PRODUCTS:
        add_travel_product(data, *travel_product)
    for number, name, items in DIMENSIONS:
        data.dimensions[number] = {
            "id": number,
            "name": name,
            "items": [_item(number, *item, place) for place, item in enumerate(items)],
        }
    data.bank_accounts = [_account()]
    data.fiscal_years = [_year(2025, 12), _year(2026, 9), _year(2027, 0)]
    data.vat_percentages = [
        {"vatPercent": Decimal(percent), "sales": True, "purchase": True}
        for percent in ("25", "12", "6", "0")
    ]
    data.vat_statuses = [
        {"vatStatus": 1, "description": "Inrikes", "sales": True, "purchase": True},
        {"vatStatus": 12, "description": "Momsfri", "sales": True, "purchase": False},
    ]
    for person in SWEDISH_PEOPLE:
        add_person(data, person, MODIFIED)
    add_settings(data)
    _add_purchases(data)
    return data


def _add_customer(
    data: ProcountorData, name: str, number: str, identifier: str
) -> None:
    partner = data.take_id()
    data.partners[partner] = {
        "id": partner,
        "name": name,
        "type": "CUSTOMER",
        "address": {"name": name, "country": "SWEDEN"},
        "billingAddress": {"name": name, "country": "SWEDEN"},
        "invoicingInfo": {
            "customerNumber": number,
            "identifier": identifier,
            "identifierType": "SE",
        },
        "paymentInfo": {"paymentMethod": "BANK_TRANSFER"},
        "registryInfo": {"active": True},
        "version": MODIFIED,
    }


def _account() -> Item:
    return {
        "id": 1,
        "accountNumber": SWEDISH_IBAN[4:],
        "iban": SWEDISH_IBAN,
        "bankName": "Mallbanken",
        "currency": "SEK",
        "defaultForInvoice": True,
        "defaultForPayment": True,
        "status": "ACTIVE",
        "orderNo": 1,
        "associatedAccounts": [{"type": "BANKGIRO", "accountNumber": "991-2346"}],
        "version": MODIFIED,
    }


def _add_purchases(data: ProcountorData) -> None:
    desk = PurchaseDesk(data, next_number=9501)
    desk.add_supplier(SUPPLIER, MODIFIED)
    desk.add(
        SUPPLIER,
        "2026-11-10",
        [Cost("Underkonsult", "8400.00", "25", (("Projekt", "2101", None),))],
        case="se_purchase_approved",
        number_there="L-1",
    )
    desk.add(
        SUPPLIER,
        "2026-11-11",
        [
            Cost("Testning", "1500.00", "25", (("Projekt", "2101", None),)),
            Cost("Kontor", "99.50", "25", (("Kostnadsställen", "500", None),)),
        ],
        case="se_purchase_partly_dimensioned",
        status="PAID",
        number_there="L-2",
    )
    # The number is a project of the Finnish company.
    desk.add(
        SUPPLIER,
        "2026-11-12",
        [Cost("Finskt arbete", "2000.00", "25", (("Projekt", "1101", None),))],
        case="se_purchase_other_company",
        number_there="L-3",
    )
