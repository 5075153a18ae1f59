"""The demo's customers: who they are and how their invoices leave."""

from __future__ import annotations

from dataclasses import dataclass


def business_id(first_seven: str) -> str:
    """Give a Finnish business id with its check digit."""
    weights = (7, 9, 10, 5, 8, 4, 2)
    total = sum(int(d) * w for d, w in zip(first_seven, weights, strict=True))
    rest = total % 11
    assert rest != 1, f"no check digit exists for {first_seven}"
    return f"{first_seven}-{11 - rest if rest else 0}"


def vat_number(first_seven: str) -> str:
    """Give the same id in the form of a VAT number."""
    return "FI" + business_id(first_seven).replace("-", "")


def swedish_number(first_nine: str) -> str:
    """Give a Swedish organisation number with its check digit (Luhn)."""
    total = 0
    for place, digit in enumerate(first_nine):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return f"{first_nine}{-total % 10}"


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer card. ``spelling`` is the id as somebody once typed it."""

    key: str
    number: int | None
    name: str
    spelling: str | None
    street: str | None = None
    zip: str | None = None
    city: str | None = None
    country: str = "Finland"
    contact: tuple[str, str] | None = None  # first and last name
    contact_email: str | None = None  # on the contact person
    invoice_email: str | None = None  # on the invoice itself
    card_email: str | None = None
    e_invoice: tuple[str, str] | None = None  # address, operator
    language: str = "fi"
    vat: str = "25.5"


CUSTOMERS = (
    # Two with e-invoices.
    Customer(
        "kirjapaino",
        1001,
        "Koivurannan Kirjapaino Oy",
        vat_number("2345670"),
        "Painajankatu 4",
        "33100",
        "Tampere",
        contact=("Päivi", "Mäkelä"),
        card_email="laskut@koivurannankirjapaino.example",
        e_invoice=("003723456705", "BASWAREX"),
    ),
    Customer(
        "telakka",
        1002,
        "Aallokko Telakka Oy",
        business_id("2456780"),
        "Telakkaranta 11 B",
        "20810",
        "Turku",
        "Suomi",
        contact=("Åke", "Öhman"),
        e_invoice=("003724567802", "003721291126"),
    ),
    # Six by e-mail: two on the invoice, two by the contact person, two by the card.
    Customer(
        "sahko",
        1010,
        "Sähkösalama Järvinen Oy",
        business_id("1987650"),
        "Voimatie 7",
        "40100",
        "Jyväskylä",
        contact=("Jari", "Järvinen"),
        invoice_email="jari.jarvinen@sahkosalama.example",
    ),
    Customer(
        "leipomo",
        1011,
        "Leipomo Ruisvoima Oy",
        vat_number("2012340"),
        "Myllykatu 2",
        "65100",
        "Vaasa",
        contact=("Kaarina", "Ström"),
        invoice_email="talous@ruisvoima.example",
    ),
    Customer(
        "arkkitehdit",
        1012,
        "Arkkitehtitoimisto Viiva & Väli Oy",
        business_id("2765430"),
        "Kalevankatu 31 A 12",
        "00100",
        "Helsinki",
        "FI",
        contact=("Sanna", "Ääri"),
        contact_email="sanna.aari@viivavali.example",
    ),
    Customer(
        "metsa",
        1013,
        "Metsäpalvelu Hongikko Ky",
        "FI " + business_id("1654320"),
        "Havutie 90",
        "87100",
        "Kajaani",
        contact=("Matti", "Hongisto"),
        contact_email="matti@hongikko.example",
    ),
    Customer(
        "klinikka",
        1014,
        "Eläinklinikka Tassutin Oy",
        business_id("2876540"),
        "Puistokatu 15",
        "90100",
        "Oulu",
        card_email="laskutus@tassutin.example",
    ),
    Customer(
        "logistiikka",
        1015,
        "Nordic Parcel Logistics Oy",
        vat_number("3012340"),
        "Cargo Street 8",
        "01530",
        "Vantaa",
        language="en",
        card_email="invoices@nordicparcel.example",
    ),
    # Four on paper.
    Customer(
        "kioski",
        1020,
        "Kioski Kulmala Tmi",
        business_id("1543210"),
        "Torikatu 1",
        "80100",
        "Joensuu",
    ),
    Customer(
        "maalaamo",
        1021,
        "Maalaamo Sävy ja Poika Oy",
        business_id("2234560"),
        "Pensselipolku 3",
        "15110",
        "Lahti",
    ),
    Customer(
        "kuorma",
        1022,
        "Kuljetus Kuorma-Kalle Oy",
        vat_number("2654320"),
        "Rahtitie 22",
        "48100",
        "Kotka",
    ),
    Customer(
        "osuuskunta",
        1023,
        "Saariston Kalaosuuskunta",
        business_id("1765440"),
        "Östra Brinken 5",
        "25900",
        "Taalintehdas",
        language="sv",
    ),
    # One Swedish.
    Customer(
        "svensk",
        1030,
        "Björkö Konsult AB",
        f"SE{swedish_number('556712345')}01",
        "Sveavägen 44",
        "111 34",
        "Stockholm",
        "Sweden",
        contact=("Åsa", "Björk"),
        invoice_email="faktura@bjorko.example",
        language="sv",
        vat="0",
    ),
    # The special ones; each invoice is explained where it is made.
    Customer(
        "väärä tunnus",
        1040,
        "Tunnukseton Tukku Oy",
        "2345678-9",  # right: 2345678-0
        "Tukkutie 3",
        "04300",
        "Tuusula",
        invoice_email="tukku@tunnukseton.example",
    ),
    Customer(
        "toinen tunnus",
        1041,
        "Kaksoisnumero Kauppa Oy",
        business_id("2987650"),
        "Kauppakatu 9",
        "53100",
        "Lappeenranta",
        invoice_email="osto@kaksois.example",
    ),
    Customer(
        "osoitteeton",
        1042,
        "Osoitteeton Apteekki",
        business_id("1432100"),
    ),
    Customer(
        "numeroton",
        None,
        "Numeroton Nosturi Oy",
        business_id("2109870"),
        "Nosturikuja 6",
        "28100",
        "Pori",
        invoice_email="laskut@nosturi.example",
    ),
    Customer(
        "suljettu",
        1043,
        "Talvilepo Hotelli Oy",
        business_id("1876540"),
        "Rinnetie 1",
        "99130",
        "Sirkka",
        invoice_email="hotelli@talvilepo.example",
    ),
)
