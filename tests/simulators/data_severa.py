"""Builds the Severa side of the demo: registers first, then invoices one by one."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from tests.simulators.data_customers import CUSTOMERS, Customer
from tests.simulators.severa import Item, SeveraData, StoredFile, money

if TYPE_CHECKING:
    from collections.abc import Callable

NAMESPACE = uuid.UUID("5e7e5e7e-0000-4000-8000-000000001042")
CENT = Decimal("0.01")
CREATED = "2026-11-02T08:00:00Z"
WAITING = "Waiting for transfer to Procountor"
TRANSFERRED = "Transferred to Procountor"

COUNTRIES = (
    # name in the organisation's language, English name, two letters, three letters
    ("Suomi", "Finland", "FI", "FIN"),
    ("Ruotsi", "Sweden", "SE", "SWE"),
    ("Norja", "Norway", "NO", "NOR"),
    ("Tanska", "Denmark", "DK", "DNK"),
    ("Viro", "Estonia", "EE", "EST"),
    ("Saksa", "Germany", "DE", "DEU"),
    ("Yhdysvallat", "United States", "US", "USA"),
)
LANGUAGES = (
    ("en", "English", "English"),
    ("fi", "Suomi", "Finnish"),
    ("sv", "Svenska", "Swedish"),
    ("et", "Eesti", "Estonian"),
    ("nb", "Norsk", "Norwegian"),
    ("da", "Dansk", "Danish"),
    ("de", "Deutsch", "German"),
)
# name, active, read only, has number, sent, paid, waiting for payment, default
STATUSES = (
    ("Draft", True, False, False, False, False, False, True),
    (WAITING, True, True, True, True, False, False, False),
    (TRANSFERRED, True, True, True, True, False, True, False),
    ("Paid", True, True, True, True, True, False, False),
    ("Old sent status", False, True, True, True, False, False, False),
)
COMPANY = "Havukka Konsultointi Oy"
COMPANY_VAT = "FI29876540"
# code, name, cost centre
UNITS = (
    ("HK", COMPANY, None),
    ("OHJ", "Ohjelmistot", "200"),
    ("NEU", "Neuvonta", "300"),
    (None, "Kehityslaboratorio", None),  # a unit without code
)
COST_CENTRES = (
    ("100", "Hallinto", True),
    ("200", "Ohjelmistokehitys", True),
    ("300", "Liikkeenjohdon neuvonta", True),
    ("310", "Koulutus", True),
    ("900", "Vanha kustannuspaikka", False),
)
# number, name, customer, unit, cost centre
PROJECTS = (
    (1101, "Painotalon tilausportaali", "kirjapaino", "Ohjelmistot", "200"),
    (1102, "Portaalin ylläpito 2026", "kirjapaino", "Ohjelmistot", "200"),
    (1103, "Telakan tuotannonohjaus", "telakka", "Ohjelmistot", "200"),
    (1104, "Telakan johtoryhmän valmennus", "telakka", "Neuvonta", "310"),
    (1105, "Sähköurakoiden seuranta", "sahko", "Ohjelmistot", None),
    (1106, "Leipomon kassajärjestelmä", "leipomo", "Ohjelmistot", "200"),
    (1107, "Leipomon kannattavuusselvitys", "leipomo", "Neuvonta", "300"),
    (1108, "Piirustusarkisto", "arkkitehdit", "Kehityslaboratorio", "200"),
    (1109, "Metsätietojen rajapinta", "metsa", "Ohjelmistot", "200"),
    (1110, "Ajanvaraus ja hoitokertomus", "klinikka", "Ohjelmistot", "200"),
    (1111, "Parcel tracking integration", "logistiikka", "Ohjelmistot", "200"),
    (1112, "Warehouse process review", "logistiikka", "Neuvonta", "300"),
    (1113, "Kassan käyttöönotto", "kioski", "Neuvonta", None),
    (1114, "Työmaakirjanpito", "maalaamo", "Neuvonta", "300"),
    (1115, "Reittisuunnittelu", "kuorma", "Ohjelmistot", "200"),
    (1116, "Osuuskunnan strategiatyö", "osuuskunta", "Neuvonta", "300"),
    (1117, "Systemöversyn", "svensk", "Neuvonta", "300"),
    (1118, "Varastoselvitys", "väärä tunnus", "Neuvonta", "300"),
    (1119, "Verkkokauppa", "toinen tunnus", "Ohjelmistot", "200"),
    (1120, "Reseptiliittymä", "osoitteeton", "Ohjelmistot", "200"),
    (1121, "Nosturin etävalvonta", "numeroton", "Ohjelmistot", "200"),
    (1122, "Varausjärjestelmän uusinta", "suljettu", "Ohjelmistot", "200"),
)
# code, name, unit, price, type
PRODUCTS = (
    ("LIS", "Lisenssi, kuukausi", "kk", "49.00", "Materials"),
    ("KURSSI", "Koulutuspäivä asiakkaan tiloissa", "pv", "1450.00", "FixedFees"),
    ("ASE", "Asennustyö", "kpl", "290.00", "FixedFees"),
    ("ALI", "Alihankinta", "h", "85.00", "Subcontracting"),
)
WORK_TYPES = (
    ("KONS", "Konsultointi"),
    ("OHJ", "Ohjelmointi"),
    ("PROJ", "Projektinjohto"),
    ("MAA", "Määrittely"),
)
# code, name, class, unit, cost
TRAVEL_TYPES = (
    ("KM", "Kilometrikorvaus 2026", "Mileage", "km", "0.55"),
    ("PVR", "Kokopäiväraha 2026", "DailyAllowance", "pv", "54.00"),
    ("MATKUL", "Muu matkakulu", "OtherTravelExpense", "kpl", "0.00"),
)


def guid(*words: object) -> str:
    """Give the same id for the same words, always."""
    return str(uuid.uuid5(NAMESPACE, "/".join(str(word) for word in words)))


def round_cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def user(first: str, last: str) -> Item:
    return {
        "guid": guid("user", first, last),
        "code": None,
        "firstName": first,
        "lastName": last,
        "name": f"{first} {last}",
    }


AINO, EINO = user("Aino", "Hätönen"), user("Eino", "Lång")


def stamps(changed: str | None = CREATED) -> Item:
    """Give the four fields that say who made and changed a thing."""
    return {
        "createdBy": EINO,
        "createdDateTime": CREATED,
        "lastUpdatedBy": EINO if changed else None,
        "lastUpdatedDateTime": changed,
    }


def named(kind: str, name: str) -> Item:
    return {"guid": guid(kind, name), "name": name}


@dataclass(frozen=True, slots=True)
class Row:
    """One invoice row to be made. ``split`` gives the quantity per project number."""

    kind: str  # Hours, ProjectFees, TravelExpenses, FlatRate
    text: str
    quantity: str
    price: str
    code: str | None = None
    unit: str | None = "h"
    vat: str | None = None  # the customer's when not given
    split: tuple[tuple[int, str], ...] = ()
    by_hand: bool = False  # no entries behind it
    cost_centre: str | None = None
    more_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UserFile:
    """A file that a user put on the invoice; made when fetched."""

    name: str
    content_type: str
    size: int
    make: Callable[[], bytes]
    is_internal: bool = False


@dataclass(slots=True)
class Book:
    """Fills a SeveraData; numbers run in the order of the calls."""

    client_id: str
    client_secret: str
    data: SeveraData = field(init=False)
    next_number: int = 20261001

    def __post_init__(self) -> None:
        self.data = SeveraData(self.client_id, self.client_secret)
        self._add_registers()
        for customer in CUSTOMERS:
            self._add_customer(customer)
        for project in PROJECTS:
            self._add_project(*project)

    # Registers ---------------------------------------------------------------

    def _add_registers(self) -> None:
        data = self.data
        for order, (name, *flags) in enumerate(STATUSES, start=1):
            keys = [
                "isActive",
                "isReadOnly",
                "hasInvoiceNumber",
                "isSent",
                "isPaid",
                "isWaitingPayment",
                "isDefault",
            ]
            data.invoicestatuses.append(
                {
                    "guid": guid("status", name),
                    "name": name,
                    **dict(zip(keys, flags, strict=True)),
                    "isDefaultForCreditNote": name == "Draft",
                    "sortOrder": order,
                    **stamps(None),
                }
            )
        for name, english, two, three in COUNTRIES:
            data.countries.append(
                {
                    "guid": guid("country", two),
                    "name": name,
                    "englishName": english,
                    "code2": two,
                    "code3": three,
                    "companyRegisterUrl": None,
                    "currency": None,
                    "defaultCulture": None,
                    "defaultLanguage": None,
                    "hasRegions": "NoRegion",
                    "isInEU": two not in ("NO", "US"),
                    "isRegistrationCountry": two == "FI",
                    "timezone": None,
                }
            )
        data.languages += [
            self._language(code) | {"isInvoiceLanguage": code != "de"}
            for code, _, _ in LANGUAGES
        ]
        for code, name, centre in UNITS:
            data.businessunits.append(
                {
                    **self._unit(name),
                    "costCenter": self._cost_centre(centre),
                    "isActive": True,
                    "kvkNumber": None,
                    "parentGuid": None if code == "HK" else guid("unit", COMPANY),
                    "vatNumber": COMPANY_VAT if code == "HK" else None,
                    **stamps(None),
                }
            )
        for identifier, name, active in COST_CENTRES:
            data.costcenters.append(
                {
                    "guid": guid("costcentre", identifier),
                    "identifier": identifier,
                    "name": name,
                    "isActive": active,
                    "isDefault": identifier == "100",
                    **stamps(None),
                }
            )
        self._add_products()
        data.organizationdetails = {
            "guid": guid("organisation"),
            "name": COMPANY,
            "activeAddons": [],
            "activeCompanies": [
                {
                    "guid": guid("company"),
                    "name": COMPANY,
                    "rootBusinessUnitGuid": guid("unit", COMPANY),
                    "country": {
                        "guid": guid("country", "FI"),
                        "name": "Suomi",
                        "englishName": "Finland",
                        "code3": "FIN",
                    },
                    "currencyCode": "EUR",
                    "currencyGuid": guid("currency", "EUR"),
                    "currencyRate": Decimal(1),
                    "currencySymbol": "€",
                }
            ],
            "isVatRegistered": True,
            "vatNumber": COMPANY_VAT,
        }

    def _add_products(self) -> None:
        data = self.data
        for code, name, unit, price, kind in PRODUCTS:
            data.products.append(
                {
                    "guid": guid("product", code),
                    "code": code,
                    "name": name,
                    "type": kind,
                    "measurementUnit": unit,
                    "isActive": True,
                    "productCategory": None,
                    "proposalDescription": None,
                    "salesAccount": self._account("3000"),
                    "unitCost": money(Decimal(0)),
                    "unitPrice": money(Decimal(price)),
                    "vatRate": Decimal("25.5"),
                    **stamps(None),
                }
            )
        for code, name in WORK_TYPES:
            data.worktypes.append(
                {
                    "guid": guid("worktype", code),
                    "code": code,
                    "name": name,
                    "isActive": True,
                    "isDefault": code == "KONS",
                    "isProductive": True,
                    "hourCost": money(Decimal(48)),
                    "salesAccount": named("account", "Palvelumyynti"),
                    **stamps(None),
                }
            )
        for code, name, kind, unit, cost in TRAVEL_TYPES:
            data.travelexpensetypes.append(
                {
                    "guid": guid("travel", code),
                    "code": code,
                    "name": name,
                    "expenseClass": kind,
                    "isMileage": kind == "Mileage",
                    "isDailyAllowance": kind == "DailyAllowance",
                    "includeTime": kind == "DailyAllowance",
                    "isActive": True,
                    "measurementUnit": unit,
                    "unitCost": money(Decimal(cost)),
                    "purchaseVatRate": Decimal(0),
                    "vatRate": Decimal("25.5"),
                    "productCategory": None,
                    "costAccount": None,
                    "salesAccount": self._account("3000"),
                    **stamps(None),
                }
            )

    def _language(self, code: str) -> Item:
        name, english = next((n, e) for c, n, e in LANGUAGES if c == code)
        return {
            "guid": guid("language", code),
            "code": code,
            "name": name,
            "englishName": english,
        }

    def _account(self, number: str) -> Item:
        return {"guid": guid("account", number), "name": "Myynti", "number": number}

    def _unit(self, name: str) -> Item:
        code = next(code for code, other, _ in UNITS if other == name)
        return {
            "guid": guid("unit", name),
            "code": code,
            "name": name,
            "companyGuid": guid("company"),
            "companyName": COMPANY,
            "companyBusinessUnitGuid": guid("unit", COMPANY),
            "companyCountryGuid": guid("country", "FI"),
            "companyCurrencyGuid": guid("currency", "EUR"),
        }

    def _cost_centre(self, identifier: str | None) -> Item | None:
        if identifier is None:
            return None
        name = next(name for code, name, _ in COST_CENTRES if code == identifier)
        return {
            "guid": guid("costcentre", identifier),
            "identifier": identifier,
            "name": name,
        }

    def _currency(self) -> Item:
        return {
            "guid": guid("currency", "EUR"),
            "code": "EUR",
            "name": "Euro",
            "symbol": "€",
        }

    # Customers and projects ----------------------------------------------------

    def _add_customer(self, card: Customer) -> None:
        data, own = self.data, self._customer(card)
        address, operator = card.e_invoice or (None, None)
        place = {
            "guid": guid("address", card.key),
            "addressline": card.street,
            "postalCode": card.zip,
            "city": card.city,
        }
        data.customers.append(
            {
                **own,
                "annualRevenue": None,
                "currency": self._currency(),
                "eInvoiceAddress": address,
                "eInvoiceOperator": operator,
                "email": card.card_email,
                "headquarterAddress": place | {"country": card.country},
                "industry": None,
                "invoiceTemplate": None,
                "invoicingVat": {
                    "guid": guid("vat", card.vat),
                    "code": card.vat.replace(".", ""),
                    "percentage": Decimal(card.vat),
                },
                "isActive": True,
                "isInternal": False,
                "kvkNumber": None,
                "language": self._language(card.language),
                "notes": None,
                "numberOfEmployees": None,
                "overdueInterest": Decimal("9.5"),
                "owner": EINO,
                "paymentTerm": 14,
                "pricelist": None,
                "timezone": None,
                "vatNumber": card.spelling,
                "website": None,
                **stamps(),
            }
        )
        country = next(
            item
            for item in data.countries
            if card.country in (item["name"], item["englishName"], item["code2"])
        )
        data.addresses.append(
            {
                **place,
                "contacts": None,
                "country": {
                    key: country[key]
                    for key in ("guid", "name", "englishName", "hasRegions")
                },
                "countryRegion": None,
                "customer": own,
                "fax": None,
                "isBillingAddress": True,
                "isPostalAddress": True,
                "isVisitAddress": True,
                "phone": None,
                **stamps(None),
            }
        )
        if card.contact is not None:
            first, last = card.contact
            data.contactpersons.append(
                {
                    "guid": guid("contact", card.key),
                    "firstName": first,
                    "lastName": last,
                    "name": f"{first} {last}",
                    "customer": own,
                    "emails": [card.contact_email] if card.contact_email else [],
                    "phoneNumbers": [],
                    "isActive": True,
                    "isDeleted": False,
                    "isEmailAllowed": True,
                    "addressGuid": guid("address", card.key),
                    **stamps(None),
                }
            )

    def _customer(self, card: Customer) -> Item:
        return {
            "guid": guid("customer", card.key),
            "name": card.name,
            "number": card.number,
        }

    def _add_project(
        self, number: int, name: str, customer: str, unit: str, centre: str | None
    ) -> None:
        card = next(item for item in CUSTOMERS if item.key == customer)
        self.data.projects.append(
            {
                "guid": guid("project", number),
                "number": number,
                "name": name,
                "internalName": None,
                "businessUnit": self._unit(unit),
                "costCenter": self._cost_centre(centre),
                "customer": self._customer(card),
                "currency": self._currency(),
                "closedDate": None,
                "isClosed": False,
                "isInternal": False,
                "isDailyAllowanceBillable": True,
                "isJoiningAllowed": True,
                "isMileageBillable": True,
                "isOtherTravelExpensesBillable": True,
                "useOvertimeMultipliers": False,
                "useProductsFromSetting": True,
                "useWorkTypesFromSetting": True,
                "keywords": [],
                "projectOwner": EINO,
                "rootPhase": named("phase", name),
                "startDate": "2026-01-07",
                **stamps(),
            }
        )

    # Invoices ----------------------------------------------------------------

    def add_invoice(
        self,
        customer: str,
        day: str,
        rows: list[Row],
        *,
        projects: tuple[int, ...] = (),
        case: str | None = None,
        status: str = WAITING,
        files: tuple[UserFile, ...] = (),
        grouping: str = "OneByOne",
        credited_number: int | None = None,
        **changes: Any,
    ) -> int:
        """Add an invoice and all that hangs on it; give its number.

        ``projects`` defaults to the customer's first one; ``changes`` overwrite fields
        of the finished header.
        """
        card = next(item for item in CUSTOMERS if item.key == customer)
        number, self.next_number = self.next_number, self.next_number + 1
        own = [p for p in self.data.projects if p["customer"]["name"] == card.name]
        numbers = projects or (own[0]["number"],)
        invoice = guid("invoice", number)
        lines = [
            self._add_row(
                invoice, number, day, place, row, card, numbers, credited_number
            )
            for place, row in enumerate(rows, start=1)
        ]
        header = self._header(
            card, number, day, lines, numbers, status, credited_number
        )
        self.data.invoices.append(header | changes)
        self.data.invoicesettings[invoice] = _settings(invoice, grouping)
        for place, item in enumerate(files, start=1):
            self._add_file(invoice, place, item)
        if case is not None:
            assert case not in self.data.cases, case
            self.data.cases[case] = number
        return number

    def _header(
        self,
        card: Customer,
        number: int,
        day: str,
        lines: list[Item],
        projects: tuple[int, ...],
        status: str,
        credited_number: int | None,
    ) -> Item:
        totals = _totals(lines)
        has_contact = card.contact is not None
        state = next(s for s in self.data.invoicestatuses if s["name"] == status)
        credited = credited_number and {
            "guid": guid("invoice", credited_number),
            "number": credited_number,
        }
        names = ("Hours", "ProjectFees", "TravelExpenses", "FlatRate")
        by_kind = {name: money(totals[name]) for name in names}
        return {
            "guid": guid("invoice", number),
            "number": number if state["hasInvoiceNumber"] else None,
            "referenceNumber": None,
            "isCreditNote": credited_number is not None,
            "creditNoteInvoice": None,
            "reimburseInvoice": credited,
            "status": {
                key: state[key]
                for key in ("guid", "name", "isPaid", "isSent", "isWaitingPayment")
            },
            "invoiceNumberBusinessUnitGuid": guid("unit", COMPANY),
            "date": day,
            "dueDate": (date.fromisoformat(day) + timedelta(days=14)).isoformat(),
            "paymentTerm": 14,
            "entryDate": None,
            "paymentDate": None,
            "customer": self._customer(card),
            "billingCustomer": self._customer(card),
            "projects": [
                {key: project[key] for key in ("guid", "name", "number")}
                for project in self.data.projects
                if project["number"] in projects
            ],
            "receiverCustomerName": card.name,
            "receiverVatNumber": card.spelling,
            "receiverKvkNumber": None,
            "receiverAddress": {
                "addressline": card.street,
                "postalCode": card.zip,
                "city": card.city,
                "state": None,
                "country": card.country,
            },
            "receiverContactGuid": guid("contact", card.key) if has_contact else None,
            "receiverContactName": " ".join(card.contact) if card.contact else None,
            "receiverContactEmail": card.invoice_email,
            "senderName": COMPANY,
            "senderVatNumber": COMPANY_VAT,
            "senderKvkNumber": None,
            "senderAddress": {
                "addressline": "Kaisaniemenkatu 6",
                "postalCode": "00100",
                "city": "Helsinki",
                "state": None,
                "country": "Finland",
            },
            "senderContactGuid": AINO["guid"],
            "senderContactName": AINO["name"],
            "ourReference": AINO["name"],
            "yourReference": " ".join(card.contact) if card.contact else None,
            "orderNumber": None,
            "notes": None,
            "freeText1": None,
            "freeText2": None,
            "currency": self._currency(),
            "currencyRate": Decimal(1),
            "totalExcludingTax": money(totals["net"]),
            "totalTax": money(totals["tax"]),
            "totalIncludingTax": money(totals["net"] + totals["tax"]),
            "workHoursTotalExcludingTax": by_kind["Hours"],
            "projectFeesTotalExcludingTax": by_kind["ProjectFees"],
            "projectTravelExpensesTotalExcludingTax": by_kind["TravelExpenses"],
            "flatRatesTotalExcludingTax": by_kind["FlatRate"],
            "workHoursQuantity": totals["hours"],
            "workHourValueAddedTax": Decimal(card.vat),
            "overdueInterest": Decimal("9.5"),
            "language": self._language(card.language),
            "culture": {
                "code": "fi-FI",
                "name": "suomi (Suomi)",
                "englishName": "Finnish (Finland)",
            },
            "invoiceTemplate": named("template", "Oletuspohja"),
            "canBeDeleted": status == "Draft",
            **stamps(f"{day}T09:30:00Z"),
        }

    def _add_row(
        self,
        invoice: str,
        number: int,
        day: str,
        place: int,
        row: Row,
        card: Customer,
        projects: tuple[int, ...],
        credited_number: int | None,
    ) -> Item:
        own = guid("row", number, place)
        centre = self._cost_centre(row.cost_centre)
        line: Item = {
            "guid": own,
            "invoiceGuid": invoice,
            "rowType": row.kind,
            "category": {"Hours": "Hours", "TravelExpenses": "Travels"}.get(
                row.kind, "ProjectFees"
            ),
            "code": [row.code, *row.more_codes] if row.code else [],
            "description": row.text,
            "quantity": Decimal(row.quantity),
            "measurementUnit": row.unit,
            "unitPrice": money(Decimal(row.price)),
            "vatRate": Decimal(row.vat or card.vat),
            "sortOrder": place,
            "costCenter": centre
            and {"name": centre["name"], "number": centre["identifier"]},
            "salesAccount": {"name": "Palvelumyynti", "number": "3000"},
            "recurringSalesAccount": None,
            "salesReceivableAccount": {"name": "Myyntisaamiset", "number": "1701"},
            "vatAccount": {"name": "Arvonlisäverovelka", "number": "2939"},
            "flatRateGuid": guid("flatrate", number, place)
            if row.kind == "FlatRate"
            else None,
            "hasInvoiceComment": False,
            **stamps(None),
        }
        self.data.rows.append(line)
        if not row.by_hand:
            shares = row.split or ((projects[0], row.quantity),)
            for share, (project, quantity) in enumerate(shares, start=1):
                self._add_entry(
                    line, number, day, share, project, quantity, credited_number
                )
        return line

    def _add_entry(
        self,
        line: Item,
        number: int,
        day: str,
        share: int,
        project_number: int,
        quantity: str,
        credited_number: int | None,
    ) -> None:
        """Add what a row was made of; a credit note's go to the reimbursed lists."""
        data, row = self.data, line["guid"]
        project = next(p for p in data.projects if p["number"] == project_number)
        named_project = {key: project[key] for key in ("guid", "name", "number")}
        code = line["code"][0] if line["code"] else None
        if line["rowType"] == "FlatRate":
            data.flatrates.append(
                {
                    "guid": line["flatRateGuid"],
                    "invoiceGuid": line["invoiceGuid"],
                    "billAdditionalHours": False,
                    "billingSchedule": "OnDate",
                    "includesHours": Decimal(0),
                    "phase": project["rootPhase"],
                    "plannedBillingDate": day,
                    "price": line["unitPrice"],
                    "pricePerAdditionalHour": money(Decimal(0)),
                    "project": named_project,
                }
            )
            return
        entry: Item = {
            "guid": guid("entry", row, share),
            "invoiceRowGuid": row,
            "invoiceRowDescription": line["description"],
            "invoiceQuantity": Decimal(quantity),
            "quantity": Decimal(quantity),
            "unitPrice": line["unitPrice"],
            "unitCost": money(Decimal(48)),
            "description": line["description"],
            "eventDate": day,
            "phase": project["rootPhase"],
            **stamps(None),
        }
        if credited_number is not None:
            _add_reimbursed(data, line, entry, named_project)
            return
        bill = {"guid": line["invoiceGuid"], "number": number, "date": day}
        entry["invoice"] = bill
        if line["rowType"] == "Hours":
            data.workhours.append(
                entry
                | {
                    "billableStatus": "Billable",
                    "customer": project["customer"],
                    "phase": project["rootPhase"]
                    | {"isCompleted": False, "isLocked": False},
                    "project": named_project
                    | {"companyGuid": guid("company"), "isClosed": False},
                    "user": AINO,
                    "workType": {
                        "guid": guid("worktype", code),
                        "code": code,
                        "name": "Työ",
                    },
                }
            )
        elif line["rowType"] == "ProjectFees":
            data.projectfees.append(
                entry
                | {
                    "name": line["description"],
                    "measurementUnit": line["measurementUnit"],
                    "customer": project["customer"],
                    "hasVolumePricing": False,
                    "isRecurrenceRule": False,
                    # This model's project has no number.
                    "project": {
                        "guid": project["guid"],
                        "name": project["name"],
                        "companyGuid": guid("company"),
                    },
                    "vatRate": line["vatRate"],
                }
            )
        else:
            data.projecttravelexpenses.append(
                entry
                | {
                    "attachmentCount": 0,
                    "customer": {
                        key: project["customer"][key] for key in ("guid", "name")
                    },
                    "measurementUnit": line["measurementUnit"],
                    "project": named_project
                    | {"companyGuid": guid("company"), "isInternal": False},
                    "travelReimbursementRequired": True,
                    "vatRate": line["vatRate"],
                }
            )

    def _add_file(self, invoice: str, place: int, item: UserFile) -> None:
        data = self.data.files[guid("file", invoice, place)] = StoredFile(
            item.content_type, item.make
        )
        self.data.invoicefiles.append(
            {
                "guid": guid("invoicefile", invoice, place),
                "fileGuid": guid("file", invoice, place),
                "invoiceGuid": invoice,
                "category": "Invoice",
                "name": item.name,
                "contentType": data.content_type,
                "size": Decimal(item.size),
                "isInternal": item.is_internal,
                "description": None,
                "sortOrder": place,
                **stamps(None),
            }
        )


def _add_reimbursed(data: SeveraData, line: Item, entry: Item, project: Item) -> None:
    """File an entry of a credited invoice under its own list, with its own model."""
    entry["invoiceGuid"] = line["invoiceGuid"]
    if line["rowType"] == "Hours":
        data.reimbursedworkhours.append(entry | {"project": project})
        return
    # In these two models the project's number is text.
    other = project | {"number": str(project["number"])}
    more = {"measurementUnit": line["measurementUnit"], "vatRate": line["vatRate"]}
    target = (
        data.reimbursedprojectfees
        if line["rowType"] == "ProjectFees"
        else data.reimbursedprojecttravelexpenses
    )
    target.append(entry | more | {"project": other})


def _totals(lines: list[Item]) -> dict[str, Decimal]:
    """Add up rows: each rounded to cents, VAT once per rate."""
    totals: dict[str, Decimal] = defaultdict(lambda: Decimal("0.00"))
    by_rate: dict[Decimal, Decimal] = defaultdict(Decimal)
    for line in lines:
        net = round_cents(line["quantity"] * line["unitPrice"]["amount"])
        totals["net"] += net
        totals[line["rowType"]] += net
        by_rate[line["vatRate"]] += net
        if line["rowType"] == "Hours":
            totals["hours"] += line["quantity"]
    for rate, net in by_rate.items():
        totals["tax"] += round_cents(net * rate / 100)
    return totals


def _settings(invoice: str, grouping: str) -> Item:
    shown = [
        "showAttachmentPriceExcludingValueAddedTax",
        "showAttachmentQuantity",
        "showAttachmentUnit",
        "showAttachmentUnitPrice",
        "showAttachmentValueAddedTax",
        "showCategories",
        "showFooter",
        "showLogoAndTitle",
        "showPriceExcludingValueAddedTax",
        "showQuantity",
        "showReferenceNumber",
        "showUnit",
        "showUnitPrice",
        "showValueAddedTax",
    ]
    return {
        "guid": guid("settings", invoice),
        "isReverseCharged": False,
        "workHourGrouping": grouping,
        "projectFeeGrouping": "OneByOne",
        "projectTravelExpenseGrouping": "OneByOne",
        **dict.fromkeys(shown, True),
        "style": "BlackAndWhite",
        **stamps(None),
    }
