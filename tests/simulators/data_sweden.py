"""The group: a Swedish company and an Estonian one beside the Finnish demo company.

Units: Havukka Konsultointi Oy (company, with its three units), under it Havukka Sverige
AB (company, units Stockholm and Malmö), and Havukka Eesti OÜ (company, beside them; no
settings are meant for it). Cases of the Swedish company, all of them fine:
se_plain, se_e_invoice, se_paper, se_vat_mixed, se_sub_unit (the number's unit is one
below the company), se_by_sender (no such unit: the sender's VAT number tells),
se_by_project (neither: the project's unit tells), se_customer_of_both (a Finnish
customer, whose number is another partner's in the Swedish register: stopped),
se_code_unknown_in_target, se_credit_note (of se_paid_original); se_travel_plain, se_travel_person_new;
se_purchase_approved, se_purchase_partly_dimensioned, se_purchase_other_company (a Finnish
project's number). No company is configured for: ee_no_company.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulators.data_customers import Customer, swedish_number
from tests.simulators.data_invoices import fee, hours, jpeg_file, travel
from tests.simulators.data_people import SWEDISH_PEOPLE, add_user, iban_of
from tests.simulators.data_registers import COMPANY, Company, guid, stamps
from tests.simulators.data_settings import add_bank_account, add_vat_rates
from tests.simulators.data_travel import Expense, TravelDesk

if TYPE_CHECKING:
    from tests.simulators.data_severa import Book, Row
    from tests.simulators.severa_data import Item

SVERIGE = Company(
    "Havukka Sverige AB",
    guid("company", "se"),
    f"SE{swedish_number('556677889')}01",
    "SE",
    "SEK",
)
# The number has the right form; the company is invented like all others.
EESTI = Company("Havukka Eesti OÜ", guid("company", "ee"), "EE999000111", "EE")
SWEDISH_IBAN = iban_of("SE", "50000000058398257466")
CUSTOMERS = (
    Customer(
        "bageri",
        2001,
        "Bageri Kanelbullen AB",
        f"SE{swedish_number('556611223')}01",
        "Bagargatan 2",
        "116 36",
        "Stockholm",
        "Sweden",
        contact=("Elin", "Sjöberg"),
        invoice_email="faktura@kanelbullen.example",
        language="sv",
        vat="25",
    ),
    Customer(
        "varv",
        2002,
        "Älvstrandens Varv AB",
        swedish_number("556622334"),
        "Varvsgatan 18",
        "417 07",
        "Göteborg",
        "Ruotsi",
        e_invoice=("0007:5566223341", "PEPPOL"),
        language="sv",
        vat="25",
    ),
    Customer(
        "kultur",
        2003,
        "Norrköpings Kulturförening",
        swedish_number("802412345"),
        "Strömgatan 7",
        "602 20",
        "Norrköping",
        "SE",
        language="sv",
        vat="25",
    ),
    Customer(
        "tallinn",
        2010,
        "Tallinna Tarkvara OÜ",
        "EE999000221",
        "Pikk 3",
        "10123",
        "Tallinn",
        "Estonia",
        invoice_email="arved@tarkvara.example",
        language="en",
        vat="0",
    ),
)
# number, name, customer, unit, cost centre
PROJECTS = (
    (2101, "Kassasystem", "bageri", "Stockholm", "500"),
    (2102, "Dockplanering", "varv", "Malmö", "510"),
    (2103, "Biljettbokning", "kultur", "Stockholm", None),
    (2104, "Rådgivning till tryckeriet", "kirjapaino", "Stockholm", "500"),
    (2901, "Liidestus", "tallinn", "Havukka Eesti OÜ", None),
)
COST_CENTRES = (("500", "Stockholm"), ("510", "Malmö"))
TRAVEL_TYPES = (
    ("MIL", "Milersättning 2026", "Mileage", "km", "2.50", "0"),
    ("TRAKT", "Traktamente 2026", "DailyAllowance", "dag", "300.00", "0"),
    ("HOTELL", "Hotell", "OtherTravelExpense", "st", "0.00", "12"),
)


def add_group_registers(book: Book) -> None:
    """Add units, customers, projects, users and settings of the other companies."""
    for identifier, name in COST_CENTRES:
        book.data.costcenters.append(
            {
                "guid": guid("costcentre", identifier),
                "identifier": identifier,
                "name": name,
                "isActive": True,
                "isDefault": False,
                **stamps(None),
            }
        )
    book.add_unit("HS", SVERIGE.name, None, SVERIGE, parent=COMPANY)
    book.add_unit("STO", "Stockholm", "500", SVERIGE)
    book.add_unit("MAL", "Malmö", "510", SVERIGE)
    book.add_unit("HE", EESTI.name, None, EESTI)
    details = book.data.organizationdetails
    details["activeAddons"].append("OrganizationalHierarchy")
    for company, three, symbol in ((SVERIGE, "SWE", "kr"), (EESTI, "EST", "€")):
        country = next(c for c in book.data.countries if c["code3"] == three)
        details["activeCompanies"].append(
            {
                "guid": company.guid,
                "name": company.name,
                "rootBusinessUnitGuid": guid("unit", company.name),
                "country": {
                    key: country[key]
                    for key in ("guid", "name", "englishName", "code3")
                },
                "currencyCode": company.currency,
                "currencyGuid": guid("currency", company.currency),
                "currencyRate": 1,
                "currencySymbol": symbol,
            }
        )
    for customer in CUSTOMERS:
        book.add_customer(customer)
        if customer.vat == "25":
            book.data.customers[-1]["currency"] = kronor(book)
    for project in PROJECTS:
        book.add_project(*project)
    for card in book.data.projects:
        if card["businessUnit"]["companyGuid"] == SVERIGE.guid:
            card["currency"] = kronor(book)
    for person in SWEDISH_PEOPLE:
        add_user(book, person)
    add_bank_account(book, SVERIGE, "Mallbanken", SWEDISH_IBAN)
    add_bank_account(book, SVERIGE, "Mallbanken", "991-2346", "Bankgiro")
    add_vat_rates(book, "SE")


def kronor(book: Book) -> Item:
    """Give the currency as the API words it."""
    return next(
        {key: item[key] for key in ("guid", "code", "name", "symbol")}
        for item in book.data.currencies
        if item["code"] == "SEK"
    )


def add_group_invoices(book: Book) -> None:
    """Add the invoices of the other companies, after all of the Finnish one's."""
    add = _Company(book, SVERIGE).add
    add(
        "bageri",
        "2026-11-05",
        [hours("Utveckling, oktober", "24", "1250.00", "OHJ")],
        case="se_plain",
    )
    add(
        "varv",
        "2026-11-06",
        [
            hours("Planering", "16", "1400.00"),
            travel("Resor till varvet", "420", "6.50"),
        ],
        case="se_e_invoice",
        unit=SVERIGE.name,
    )
    add(
        "kultur",
        "2026-11-06",
        [hours("Bokningssystem", "10", "950.00")],
        case="se_paper",
    )
    add(
        "bageri",
        "2026-11-09",
        [
            hours("Utbildning", "4", "1250.00"),
            fee("Lunch vid utbildning", "8", "95.00", "ASE", "st", vat="12"),
            fee("Handbok", "8", "120.00", "ASE", "st", vat="6"),
            fee("Försäkring", "1", "400.00", "ASE", "st", vat="0"),
        ],
        case="se_vat_mixed",
    )
    add(
        "varv",
        "2026-11-10",
        [hours("Kranstyrning", "6", "1400.00")],
        case="se_sub_unit",
        unit="Malmö",
    )
    add(
        "bageri",
        "2026-11-10",
        [hours("Support", "2.5", "1100.00")],
        case="se_by_sender",
        invoiceNumberBusinessUnitGuid=None,
    )
    add(
        "kultur",
        "2026-11-11",
        [hours("Support", "1", "1100.00")],
        case="se_by_project",
        invoiceNumberBusinessUnitGuid=None,
        senderVatNumber=None,
    )
    add(
        "kirjapaino",
        "2026-11-12",
        [hours("Rådgivning", "3", "1500.00", vat="0")],
        projects=(2104,),
        case="se_customer_of_both",
    )
    add(
        "bageri",
        "2026-11-13",
        [fee("Licens", "1", "900.00", "LIS", "st")],
        case="se_code_unknown_in_target",
    )
    original = add(
        "bageri",
        "2026-10-12",
        [hours("Fel debiterat", "2", "1250.00")],
        case="se_paid_original",
        status="Paid",
    )
    add(
        "bageri",
        "2026-11-16",
        [hours("Kredit: fel debiterat", "-2", "1250.00")],
        case="se_credit_note",
        credited_number=original,
    )
    _Company(book, EESTI).add(
        "tallinn",
        "2026-11-13",
        [hours("Arendus", "12", "85.00")],
        case="ee_no_company",
    )


class _Company:
    """Adds invoices of one company: what the book makes is turned over to it."""

    def __init__(self, book: Book, company: Company) -> None:
        self._book = book
        self._company = company

    def add(
        self,
        customer: str,
        day: str,
        rows: list[Row],
        unit: str | None = None,
        **more: Any,
    ) -> int:
        book, company = self._book, self._company
        own = "Stockholm" if company is SVERIGE else company.name
        sender = {
            "invoiceNumberBusinessUnitGuid": guid("unit", unit or own),
            "senderName": company.name,
            "senderVatNumber": company.vat,
        }
        number = book.add_invoice(customer, day, rows, **{**sender, **more})
        header = next(
            i for i in book.data.invoices if i["guid"] == guid("invoice", number)
        )
        lines = [r for r in book.data.rows if r["invoiceGuid"] == header["guid"]]
        guids = {row["guid"] for row in lines}
        entries = [
            entry
            for entries in (
                book.data.workhours,
                book.data.projectfees,
                book.data.projecttravelexpenses,
                book.data.reimbursedworkhours,
            )
            for entry in entries
            if entry.get("invoiceRowGuid") in guids
        ]
        for item in (header, *lines, *entries):
            self._turn_over(item)
        if company is SVERIGE:
            header["currency"] = kronor(book)
            header["senderAddress"] = {
                "addressline": "Kungsgatan 30",
                "postalCode": "111 35",
                "city": "Stockholm",
                "state": None,
                "country": "Sweden",
            }
        return number

    def _turn_over(self, value: Any) -> None:
        """Put the company's currency and guid wherever the Finnish ones stand."""
        if isinstance(value, list):
            for item in value:
                self._turn_over(item)
        if not isinstance(value, dict):
            return
        if value.get("currencyCode") == "EUR":
            value["currencyCode"] = self._company.currency
        if "companyGuid" in value:
            value["companyGuid"] = self._company.guid
        for item in value.values():
            self._turn_over(item)


def add_group_trips(book: Book) -> None:
    """Add travel of the Swedish company; the statuses are the organisation's."""
    for travel_type in TRAVEL_TYPES:
        book.add_travel_type(*travel_type)
    desk = TravelDesk(book, currency="SEK", next_number=601)
    desk.add(
        "astrid",
        "2026-11-09",
        "Besök på bageriet",
        [
            Expense(
                "MIL",
                "86",
                "2.50",
                "2026-11-04",
                "Stockholm-Uppsala",
                2101,
                centre="500",
            ),
            Expense(
                "TRAKT",
                "1",
                "300.00",
                "2026-11-04",
                None,
                2101,
                centre="500",
                start="2026-11-04T06:00:00Z",
                end="2026-11-05T15:00:00Z",
            ),
            Expense(
                "HOTELL",
                "1",
                "1120.00",
                "2026-11-04",
                "Hotell",
                2101,
                centre="500",
                receipts=(jpeg_file("kvitto.jpg"),),
            ),
        ],
        case="se_travel_plain",
    )
    desk.add(
        "nils",
        "2026-11-10",
        "Dockmöte",
        [
            Expense(
                "MIL",
                "40",
                "2.50",
                "2026-11-06",
                "Malmö-Lund-Malmö",
                2102,
                centre="510",
            )
        ],
        case="se_travel_person_new",
    )
