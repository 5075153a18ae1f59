"""Builds the registers of the Severa side: statuses, units, projects, customers."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from tests.simulators.data_customers import CUSTOMERS, Customer
from tests.simulators.severa_data import Item, SeveraData, money

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
class Company:
    """One company of the organisation; its root unit carries its VAT number."""

    name: str
    guid: str
    vat: str
    country: str = "FI"
    currency: str = "EUR"


HAVUKKA = Company(COMPANY, guid("company"), COMPANY_VAT)


@dataclass(slots=True)
class Registers:
    """A SeveraData with everything that invoices refer to."""

    client_id: str
    client_secret: str
    data: SeveraData = field(init=False)
    cards: list[Customer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.data = SeveraData(self.client_id, self.client_secret)
        self._add_registers()
        for customer in CUSTOMERS:
            self.add_customer(customer)
        for project in PROJECTS:
            self.add_project(*project)

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
        for code, name, centre in UNITS:
            self.add_unit(code, name, centre, HAVUKKA)
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
        for travel_type in TRAVEL_TYPES:
            self.add_travel_type(*travel_type)

    def add_unit(
        self,
        code: str | None,
        name: str,
        centre: str | None,
        company: Company,
        parent: str | None = None,
    ) -> None:
        """Add a unit; the one named after its company is the company itself.

        ``parent`` is a unit's name; a company's units hang on it when not given.
        """
        is_root = name == company.name
        if parent is None and not is_root:
            parent = company.name
        self.data.businessunits.append(
            {
                "guid": guid("unit", name),
                "code": code,
                "name": name,
                "companyGuid": company.guid,
                "companyName": company.name,
                "companyBusinessUnitGuid": guid("unit", company.name),
                "companyCountryGuid": guid("country", company.country),
                "companyCurrencyGuid": guid("currency", company.currency),
                "costCenter": self._cost_centre(centre),
                "isActive": True,
                "kvkNumber": None,
                "parentGuid": guid("unit", parent) if parent else None,
                "vatNumber": company.vat if is_root else None,
                **stamps(None),
            }
        )

    def add_travel_type(
        self,
        code: str | None,
        name: str,
        kind: str,
        unit: str,
        cost: str,
        purchase_vat: str = "0",
    ) -> None:
        """Add a travel expense type; without a code it is known by its name."""
        self.data.travelexpensetypes.append(
            {
                "guid": guid("travel", code or name),
                "code": code,
                "name": name,
                "expenseClass": kind,
                "isMileage": kind == "Mileage",
                "isDailyAllowance": kind == "DailyAllowance",
                "includeTime": kind == "DailyAllowance",
                "isActive": True,
                "measurementUnit": unit,
                "unitCost": money(Decimal(cost)),
                "purchaseVatRate": Decimal(purchase_vat),
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
        unit = next(item for item in self.data.businessunits if item["name"] == name)
        keys = ["guid", "code", "name", "companyGuid", "companyName"]
        keys += [
            f"company{word}Guid" for word in ("BusinessUnit", "Country", "Currency")
        ]
        return {key: unit[key] for key in keys}

    def _cost_centre(self, identifier: str | None) -> Item | None:
        if identifier is None:
            return None
        centre = next(
            item for item in self.data.costcenters if item["identifier"] == identifier
        )
        return {key: centre[key] for key in ("guid", "identifier", "name")}

    def card(self, key: str) -> Customer:
        """Give a customer card by its key."""
        return next(item for item in self.cards if item.key == key)

    def _currency(self) -> Item:
        return {
            "guid": guid("currency", "EUR"),
            "code": "EUR",
            "name": "Euro",
            "symbol": "€",
        }

    # Customers and projects ----------------------------------------------------

    def add_customer(self, card: Customer) -> None:
        """Add a customer with its address and contact."""
        self.cards.append(card)
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

    def add_project(
        self, number: int, name: str, customer: str, unit: str, centre: str | None
    ) -> None:
        """Add an open project of a customer, under a unit."""
        card = self.card(customer)
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
