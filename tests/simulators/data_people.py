"""The demo's travellers: users of Severa, and who of them Procountor knows.

Personal codes have the right check character and lie in the range that is never given
to a person (individual numbers 900 to 999 in Finland, 980 to 999 in Sweden).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.simulators.data_registers import EINO, guid, named, stamps

if TYPE_CHECKING:
    from tests.simulators.data_registers import Registers
    from tests.simulators.procountor_data import Item, ProcountorData

CHECK_CHARACTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
COUNTRY_NAMES = {"FI": "FINLAND", "SE": "SWEDEN"}


def personal_code(birth: str, individual: int, sign: str = "-") -> str:
    """Give a Finnish personal code; ``birth`` is ddmmyy."""
    rest = int(f"{birth}{individual}") % 31
    return f"{birth}{sign}{individual}{CHECK_CHARACTERS[rest]}"


def swedish_personal_code(birth: str, individual: int) -> str:
    """Give a Swedish personal code; ``birth`` is yyyymmdd."""
    return f"{birth}-{individual}{luhn_digit(birth[2:] + str(individual))}"


def luhn_digit(digits: str) -> str:
    """Give the last digit that makes the Luhn sum whole."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return str(-total % 10)


def iban_of(country: str, account: str) -> str:
    """Give an IBAN with its check digits; the account is digits only."""
    letters = "".join(str(ord(letter) - 55) for letter in country)
    return f"{country}{98 - int(f'{account}{letters}00') % 97:02}{account}"


def finnish_iban(first_thirteen: str) -> str:
    """Give a Finnish IBAN: the account's own last digit is a Luhn digit."""
    return iban_of("FI", first_thirteen + luhn_digit(first_thirteen))


@dataclass(frozen=True, slots=True)
class Person:
    """One user; ``register`` says how the other side knows the person."""

    key: str
    first: str
    last: str
    code: str
    personal_id: str | None
    iban: str | None
    street: str
    zip: str
    city: str
    unit: str = "Ohjelmistot"
    country: str = "FI"
    language: str = "fi"
    register: str = "same"  # same, other_iban, other_address, closed, unknown
    active: bool = True


PEOPLE = (
    Person(
        "aino",
        "Aino",
        "Hätönen",
        "2001",
        personal_code("140385", 914),
        finnish_iban("1234560000091"),
        "Käpylänkuja 4 A 7",
        "00610",
        "Helsinki",
    ),
    Person(
        "eino",
        "Eino",
        "Lång",
        "2002",
        personal_code("020971", 933),
        finnish_iban("1234560000123"),
        "Mäntytie 12",
        "02700",
        "Kauniainen",
        unit="Neuvonta",
        language="sv",
        register="other_iban",
    ),
    Person(
        "maija",
        "Maija",
        "Ääri",
        "2003",
        personal_code("291201", 902, "A"),
        finnish_iban("4234567000034"),
        "Satamakatu 3 B 22",
        "33200",
        "Tampere",
        register="unknown",
    ),
    Person(
        "ville",
        "Ville",
        "Niemi",
        "2004",
        None,
        finnish_iban("4234567000125"),
        "Niementie 1",
        "70100",
        "Kuopio",
        register="unknown",
    ),
    Person(
        "sari",
        "Sari",
        "Åkerlund",
        "2005",
        personal_code("050590", 958),
        None,
        "Rantatie 8",
        "65100",
        "Vaasa",
        unit="Neuvonta",
        language="sv",
    ),
    # Typed with spaces and small letters; the register has it clean.
    Person(
        "helmi",
        "Helmi",
        "Puro",
        "2006",
        f" {personal_code('311288', 977).lower()} ",
        "fi49 5000 9420 0287 30",
        "Purokuja 2",
        "90100",
        "Oulu",
        unit="Neuvonta",
    ),
    Person(
        "olli",
        "Olli",
        "Kangas",
        "2007",
        personal_code("170664", 941),
        finnish_iban("1234560000206"),
        "Kangaspolku 6",
        "80100",
        "Joensuu",
        register="closed",
    ),
    # A form for somebody without a Finnish code, which the help page of the person
    # register names: ddmmyy-UUUU.
    Person(
        "john",
        "John",
        "Fairweather",
        "2008",
        "120479-UUUU",
        iban_of("SE", "50000000099900000012"),
        "Harbour Lane 5",
        "00150",
        "Helsinki",
        language="en",
    ),
    Person(
        "tuuli",
        "Tuuli",
        "Ahonen",
        "2009",
        personal_code("080894", 966),
        finnish_iban("4234567000208"),
        "Uusi Osoite 14",
        "20100",
        "Turku",
        register="other_address",
    ),
    # Left the company; still a user.
    Person(
        "entinen",
        "Pekka",
        "Entinen",
        "2010",
        None,
        None,
        "Vanhatie 1",
        "00100",
        "Helsinki",
        register="unknown",
        active=False,
    ),
)
SWEDISH_PEOPLE = (
    Person(
        "astrid",
        "Astrid",
        "Holm",
        "3001",
        swedish_personal_code("19860214", 983),
        iban_of("SE", "50000000099900000038"),
        "Vasagatan 9",
        "111 20",
        "Stockholm",
        unit="Stockholm",
        country="SE",
        language="sv",
    ),
    Person(
        "nils",
        "Nils",
        "Åberg",
        "3002",
        swedish_personal_code("19790630", 991),
        iban_of("SE", "50000000099900000046"),
        "Storgatan 3",
        "211 42",
        "Malmö",
        unit="Malmö",
        country="SE",
        language="sv",
        register="unknown",
    ),
)


def add_user(book: Registers, person: Person) -> None:
    """Add a user with everything that a travel reimbursement needs."""
    country = next(c for c in book.data.countries if c["code2"] == person.country)
    place = ("guid", "code3", "name", "englishName", "hasRegions")
    mail = f"{person.first}.{person.last}".lower().translate(
        str.maketrans("åäö", "aao")
    )
    book.data.users.append(
        {
            "guid": guid("user", person.first, person.last),
            "code": person.code,
            "firstName": person.first,
            "lastName": person.last,
            "socialSecurityNumber": person.personal_id,
            "bankAccountNumber": person.iban,
            "birthDate": None,
            "address": person.street,
            "postalCode": person.zip,
            "city": person.city,
            "country": {key: country[key] for key in place},
            "countryRegion": None,
            "email": f"{mail}@havukka.example",
            "phone": None,
            "businessUnit": book._unit(person.unit),
            "culture": None,
            "defaultActivityType": None,
            "isActive": person.active,
            "keywords": [],
            "language": book._language(person.language),
            "lastLogin": None,
            "notes": None,
            "permissionProfile": None,
            "salutation": None,
            "satisfaction": None,
            "superiorUser": named("user", EINO["name"]) | {"guid": EINO["guid"]},
            "timezone": None,
            "title": None,
            "userType": "FullUser",
            "workContract": None,
            "workType": None,
            **stamps(),
        }
    )


def add_person(data: ProcountorData, person: Person, modified: str) -> None:
    """Add a person to the other side's register, as it stands there."""
    if person.register == "unknown":
        return
    if person.register == "other_iban":
        person = replace(person, iban=finnish_iban("1234560000999"))
    if person.register == "other_address":
        person = replace(person, street="Vanha Osoite 1", zip="20500")
    # Clean here, however the user was typed.
    iban = (person.iban or "").replace(" ", "").upper()
    code = (person.personal_id or "").strip().upper()
    number = data.take_id()
    kind = {"FI": "HETU", "SE": "SE"}[person.country]
    info: Item = {
        "personNumber": person.code,
        "identifier": code,
        "identifierType": kind,
        "language": {"fi": "FINNISH", "sv": "SWEDISH"}.get(person.language, "ENGLISH"),
        "gender": "NOT_APPLICABLE",
    }
    if code.endswith("-UUUU"):
        del info["identifierType"]
    data.persons[number] = {
        "id": number,
        "firstName": person.first,
        "lastName": person.last,
        "deliveryAddress": {
            "street": person.street,
            "zip": person.zip,
            "city": person.city,
            "country": COUNTRY_NAMES[person.country],
        },
        "paymentInfo": {
            "paymentMethod": "BANK_TRANSFER",
            "paymentTermDays": "14",
            "penalInterestRate": 0,
            **({"accountNumber": iban} if iban else {}),
        },
        "invoicingInfo": info,
        "registryInfo": {"active": person.register != "closed"},
        "version": modified,
    }
