"""The demo's travel reimbursements. ``case`` names what each one shows:

travel_plain, travel_hotel, travel_company_paid, travel_advance, travel_projects,
travel_foreign, travel_multi_day, travel_long_texts, travel_å_ä_ö, travel_new_year,
travel_code_missing, travel_files, travel_person_changed, travel_person_moved,
travel_person_new, travel_person_typed_oddly, travel_png, travel_person_foreign, travel_two_trips,
travel_no_texts, travel_negative_row (these are all fine with *update users* on); skipped:
travel_zero_sum, travel_all_company_paid, travel_no_rows; stopped: travel_no_personal_id,
travel_no_iban, travel_person_closed, travel_code_expired, travel_code_unknown,
travel_too_big, travel_broken_receipt, travel_closed_period,
travel_not_windows_1252, travel_advance_over (more was advanced than spent).
Not to be moved: travel_draft, travel_transferred, travel_approved, travel_returned.
"""

from __future__ import annotations

from tests.simulators.data_invoices import image_file, jpeg_file, pdf_file
from tests.simulators.data_registers import TRANSFERRED
from tests.simulators.data_severa import UserFile
from tests.simulators.data_travel import Expense, TravelDesk
from tests.simulators.files import make_gif, make_heic, make_png, make_scan

# code, name, class, unit, cost, VAT in purchase; beside those of the sales demo
MORE_TYPES = (
    ("OSPVR", "Osapäiväraha 2026", "DailyAllowance", "pv", "25.00", "0"),
    ("RUOKA", "Ateriakorvaus 2026", "OtherTravelExpense", "kpl", "13.50", "0"),
    ("MAJ", "Majoitus", "OtherTravelExpense", "kpl", "0.00", "13.5"),
    ("JUNA", "Juna- ja bussiliput", "OtherTravelExpense", "kpl", "0.00", "13.5"),
    ("PYS", "Pysäköinti", "OtherTravelExpense", "kpl", "0.00", "25.5"),
    ("ULK-SE", "Ulkomaanpäiväraha Ruotsi 2026", "DailyAllowance", "pv", "79.00", "0"),
    ("KM25", "Kilometrikorvaus 2025", "Mileage", "km", "0.59", "0"),
    ("KUMI", "Koodi, jota toisaalla ei ole", "OtherTravelExpense", "kpl", "0.00", "0"),
    (None, "Muu kulu ilman koodia", "OtherTravelExpense", "kpl", "0.00", "25.5"),
)
SCAN_BYTES = 6_000_000  # two of them are each good alone, and too much together


def scan(name: str) -> UserFile:
    """Give a scanned page whose bytes cannot be packed; made when fetched."""
    return UserFile(
        name, "application/pdf", SCAN_BYTES, lambda: make_scan(name, SCAN_BYTES)
    )


def km(
    quantity: str, day: str, text: str = "Ajo asiakkaalle", **more: object
) -> Expense:
    return Expense("KM", quantity, "0.55", day, text, **more)  # type: ignore[arg-type]


def full_day(
    day: str, start: str, end: str, quantity: str = "1", **more: object
) -> Expense:
    return Expense(
        "PVR",
        quantity,
        "54.00",
        day,
        start=start,
        end=end,
        **more,  # type: ignore[arg-type]
    )


def add_trips(desk: TravelDesk) -> None:
    """Add types and all reimbursements, in the order of their numbers."""
    for travel_type in MORE_TYPES:
        desk.book.add_travel_type(*travel_type)
    _add_fine(desk)
    _add_persons(desk)
    _add_skipped(desk)
    _add_stopped(desk)
    _add_not_to_be_moved(desk)


def _add_fine(desk: TravelDesk) -> None:
    add = desk.add
    add(
        "aino",
        "2026-11-06",
        "Käyttöönotto Tampereella 3.11.",
        [
            km("364", "2026-11-03", "Helsinki-Tampere-Helsinki"),
            full_day("2026-11-03", "2026-11-03T05:30:00Z", "2026-11-03T18:10:00Z"),
        ],
        case="travel_plain",
    )
    add(
        "aino",
        "2026-11-09",
        "Työpaja Turussa",
        [
            Expense("JUNA", "2", "28.40", "2026-11-04", "Juna Helsinki-Turku", 1103),
            Expense(
                "MAJ",
                "1",
                "129.00",
                "2026-11-04",
                "Hotelli, 1 yö",
                1103,
                receipts=(jpeg_file("hotelli-kuitti.jpg"),),
            ),
            full_day(
                "2026-11-04",
                "2026-11-04T06:00:00Z",
                "2026-11-05T15:45:00Z",
                project=1103,
            ),
        ],
        case="travel_hotel",
    )
    add(
        "aino",
        "2026-11-10",
        "Telakan johtoryhmä",
        [
            km(
                "338",
                "2026-11-06",
                "Helsinki-Turku-Helsinki",
                project=1104,
                centre="310",
            ),
            Expense(
                "PYS",
                "1",
                "12.00",
                "2026-11-06",
                "Pysäköinti, yrityksen kortti",
                1104,
                is_reimbursed=False,
                receipts=(jpeg_file(),),
            ),
        ],
        case="travel_company_paid",
    )
    add(
        "aino",
        "2026-11-11",
        "Messut Jyväskylässä",
        [
            km(
                "540",
                "2026-11-07",
                "Helsinki-Jyväskylä-Helsinki",
                project=1105,
                centre=None,
            ),
            full_day(
                "2026-11-07",
                "2026-11-07T04:00:00Z",
                "2026-11-07T17:00:00Z",
                project=1105,
                centre=None,
            ),
        ],
        case="travel_advance",
        advance="200.00",
    )
    add(
        "aino",
        "2026-11-12",
        "Kiertomatka: Tampere, Turku, Vaasa",
        [
            km("180", "2026-11-09", "Helsinki-Tampere", project=1101),
            km("165", "2026-11-09", "Tampere-Turku", project=1103),
            km("333", "2026-11-10", "Turku-Vaasa", project=1107, centre="300"),
            full_day(
                "2026-11-09",
                "2026-11-09T05:00:00Z",
                "2026-11-10T19:00:00Z",
                "2",
                project=1107,
                centre="300",
            ),
            # Neither the row nor its project has a cost centre.
            Expense("PYS", "1", "8.50", "2026-11-10", "Pysäköinti", 1113, centre=None),
        ],
        case="travel_projects",
    )
    add(
        "aino",
        "2026-11-13",
        "Asiakastapaaminen Tukholmassa",
        [
            Expense(
                "MAJ",
                "1",
                "1590.00",
                "2026-11-05",
                "Hotell Norrmalm",
                1117,
                vat="0",
                currency="SEK",
                rate="11.2500",
                receipts=(pdf_file("hotell.pdf"),),
                centre="300",
            ),
            Expense(
                "ULK-SE",
                "1",
                "79.00",
                "2026-11-05",
                None,
                1117,
                start="2026-11-05T05:00:00Z",
                end="2026-11-06T04:30:00Z",
                centre="300",
            ),
        ],
        case="travel_foreign",
    )
    add(
        "aino",
        "2026-11-16",
        "Asennusviikko Oulussa",
        [
            full_day(
                "2026-11-09",
                "2026-11-09T04:15:00Z",
                "2026-11-13T16:40:00Z",
                "4",
                project=1110,
                text="Oulu, asennus",
            ),
            Expense(
                "OSPVR",
                "1",
                "25.00",
                "2026-11-13",
                "Paluupäivä",
                1110,
                start="2026-11-13T04:15:00Z",
                end="2026-11-13T16:40:00Z",
            ),
            Expense(
                "MAJ",
                "4",
                "98.00",
                "2026-11-09",
                "Hotelli, 4 yötä",
                1110,
                receipts=(pdf_file("oulu_hotelli.pdf", "Hotelli"),),
            ),
        ],
        case="travel_multi_day",
    )
    add(
        "aino",
        "2026-11-16",
        "Tarjouskierros: " + "asiakastapaaminen ja katselmus, " * 9 + "paluu",
        [
            km(
                "96",
                "2026-11-12",
                "Reitti: " + "Pasila, Käpylä, Kerava, Hyvinkää; " * 18,
            ),
            km(
                "12.5",
                "2026-11-12",
                "Lähtöpaikan nimi on tahallaan yli neljäkymmentä merkkiä",
            ),
        ],
        case="travel_long_texts",
    )
    add(
        "aino",
        "2026-11-17",
        "Åbo ja Öja: hämähäkinseittiä ympäri Älvdalenia",
        [
            km(
                "210",
                "2026-11-12",
                "Ålänningin työmaa, Yläjärvi \N{EN DASH} Öja",
                project=1109,
            )
        ],
        case="travel_å_ä_ö",
    )
    # The same code stands twice in the other register: for 2025 and for 2026.
    add(
        "aino",
        "2026-11-17",
        "Vuodenvaihteen päivystys",
        [
            Expense("KM", "88", "0.59", "2025-12-30", "Ajo 2025", 1106),
            Expense("KM", "88", "0.55", "2026-01-02", "Ajo 2026", 1106),
            full_day(
                "2025-12-31",
                "2025-12-30T06:00:00Z",
                "2026-01-02T16:00:00Z",
                "3",
                project=1106,
            ),
        ],
        case="travel_new_year",
    )
    add(
        "aino",
        "2026-11-18",
        "Toimistokulut matkalta",
        [
            Expense(
                None,
                "1",
                "24.90",
                "2026-11-13",
                "Sovitin",
                1108,
                type_name="Muu kulu ilman koodia",
            ),
            km("20", "2026-11-13", project=1108),
        ],
        case="travel_code_missing",
    )
    add(
        "aino",
        "2026-11-18",
        "Kuitit kolmessa muodossa",
        [
            Expense(
                "JUNA",
                "1",
                "49.90",
                "2026-11-14",
                "Juna",
                1111,
                receipts=(pdf_file("juna.pdf", "Juna"),),
            ),
            Expense(
                "PYS",
                "1",
                "6.00",
                "2026-11-14",
                "Pysäköinti",
                1111,
                receipts=(
                    jpeg_file(),
                    image_file("kuitti.gif", make_gif(), "image/gif"),
                ),
            ),
            Expense("RUOKA", "1", "13.50", "2026-11-14", "Ateria", 1111),
        ],
        case="travel_files",
    )
    add(
        "aino",
        "2026-11-18",
        "Kaksi matkaa samalla laskulla",
        [
            full_day(
                "2026-11-10",
                "2026-11-10T05:00:00Z",
                "2026-11-10T17:00:00Z",
                text="Lahti",
                project=1114,
                centre="300",
            ),
            full_day(
                "2026-11-16",
                "2026-11-16T05:00:00Z",
                "2026-11-16T17:00:00Z",
                text="Kotka",
                project=1115,
            ),
        ],
        case="travel_two_trips",
    )
    add(
        "aino",
        "2026-11-18",
        "",
        [Expense("PYS", "1", "4.00", "2026-11-16", None, 1101)],
        case="travel_no_texts",
    )
    add(
        "aino",
        "2026-11-19",
        "Lipun palautus",
        [
            Expense("JUNA", "1", "56.80", "2026-11-16", "Juna, meno-paluu", 1102),
            Expense("JUNA", "-1", "28.40", "2026-11-17", "Paluu peruttu", 1102),
        ],
        case="travel_negative_row",
    )


def _add_persons(desk: TravelDesk) -> None:
    add = desk.add
    add(
        "eino",
        "2026-11-10",
        "Valmennus",
        [km("75", "2026-11-05", project=1104, centre="310")],
        case="travel_person_changed",
    )
    add(
        "tuuli",
        "2026-11-10",
        "Katselmus",
        [km("44", "2026-11-05")],
        case="travel_person_moved",
    )
    add(
        "maija",
        "2026-11-11",
        "Perehdytys",
        [km("350", "2026-11-06", project=1102)],
        case="travel_person_new",
    )
    add(
        "helmi",
        "2026-11-11",
        "Selvitystyö",
        [km("61", "2026-11-06", project=1112, centre="300")],
        case="travel_person_typed_oddly",
    )
    add(
        "john",
        "2026-11-12",
        "Workshop",
        [km("30", "2026-11-09", "Drive", project=1111)],
        case="travel_person_foreign",
    )


def _add_skipped(desk: TravelDesk) -> None:
    add = desk.add
    add(
        "aino",
        "2026-11-12",
        "Peruttu matka",
        [
            Expense("JUNA", "1", "28.40", "2026-11-06", "Juna", 1103),
            Expense("JUNA", "-1", "28.40", "2026-11-07", "Juna peruttu", 1103),
        ],
        case="travel_zero_sum",
    )
    add(
        "aino",
        "2026-11-12",
        "Kaikki yrityksen kortilla",
        [
            Expense(
                "MAJ",
                "1",
                "110.00",
                "2026-11-08",
                "Hotelli",
                1105,
                is_reimbursed=False,
                receipts=(jpeg_file(),),
            ),
            Expense(
                "JUNA", "1", "32.00", "2026-11-08", "Juna", 1105, is_reimbursed=False
            ),
        ],
        case="travel_all_company_paid",
    )
    add("aino", "2026-11-12", "Tyhjä", [], case="travel_no_rows")


def _add_stopped(desk: TravelDesk) -> None:
    add = desk.add
    add(
        "ville",
        "2026-11-13",
        "Ilman henkilötunnusta",
        [km("25", "2026-11-09")],
        case="travel_no_personal_id",
    )
    add(
        "sari",
        "2026-11-13",
        "Ilman tilinumeroa",
        [km("26", "2026-11-09", project=1107)],
        case="travel_no_iban",
    )
    add(
        "olli",
        "2026-11-13",
        "Suljettu henkilö",
        [km("27", "2026-11-09")],
        case="travel_person_closed",
    )
    # The code ended on 31 December 2025.
    add(
        "aino",
        "2026-11-16",
        "Vanha koodi",
        [Expense("KM25", "40", "0.59", "2026-11-10", "Ajo vanhalla koodilla")],
        case="travel_code_expired",
    )
    add(
        "aino",
        "2026-11-16",
        "Tuntematon koodi",
        [Expense("KUMI", "1", "15.00", "2026-11-10", "Renkaanvaihto", vat="25.5")],
        case="travel_code_unknown",
    )
    add(
        "aino",
        "2026-11-17",
        "Kaksi suurta kuittia",
        [
            Expense(
                "MAJ",
                "1",
                "140.00",
                "2026-11-11",
                "Hotelli",
                receipts=(scan("hotelli.pdf"),),
            ),
            Expense(
                "JUNA", "1", "31.00", "2026-11-11", "Juna", receipts=(scan("juna.pdf"),)
            ),
        ],
        case="travel_too_big",
    )
    add(
        "aino",
        "2026-11-17",
        "Kuvakaappaus kuittina",
        [
            Expense(
                "PYS",
                "1",
                "9.00",
                "2026-11-11",
                "Pysäköinti",
                receipts=(
                    image_file("kuvakaappaus.png", make_png(), "image/png"),
                    image_file("IMG_0042.HEIC", make_heic(), "image/heic"),
                ),
            ),
        ],
        case="travel_png",
    )
    broken = b"%PDF-1.4\nthis is where the scanner stopped"
    add(
        "aino",
        "2026-11-17",
        "Rikkinäinen kuitti",
        [
            Expense(
                "PYS",
                "1",
                "9.50",
                "2026-11-12",
                "Pysäköinti",
                receipts=(
                    UserFile(
                        "rikki.pdf", "application/pdf", len(broken), lambda: broken
                    ),
                ),
            ),
        ],
        case="travel_broken_receipt",
    )
    add(
        "aino",
        "2026-09-28",
        "Syyskuun ajot",
        [km("80", "2026-09-24")],
        case="travel_closed_period",
    )
    add(
        "aino",
        "2026-11-18",
        "Onnea \N{BREAD}",
        [km("10", "2026-11-13")],
        case="travel_not_windows_1252",
    )
    add(
        "aino",
        "2026-11-18",
        "Ennakko yli kulujen",
        [km("100", "2026-11-13")],
        case="travel_advance_over",
        advance="120.00",
    )


def _add_not_to_be_moved(desk: TravelDesk) -> None:
    add = desk.add
    add("aino", "2026-11-20", "Luonnos", [km("5", "2026-11-19")], status="Draft")
    add(
        "aino",
        "2026-10-20",
        "Jo siirretty",
        [km("51", "2026-10-15")],
        status=TRANSFERRED,
        case="travel_transferred",
    )
    add(
        "eino",
        "2026-11-20",
        "Hyväksytty, ei vielä siirrossa",
        [km("52", "2026-11-18")],
        status="Approved",
        case="travel_approved",
    )
    add("aino", "2026-11-19", "Palautettu", [km("53", "2026-11-17")], status="Returned")
