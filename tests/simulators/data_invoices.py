"""The demo's invoices. ``case`` names what each special one shows:

plain, e_invoice, e_invoice_operator_code, email_on_invoice, email_of_contact,
email_of_card, paper, paper_swedish_language, swedish, english, multi_project_hours,
multi_project_mixed, multi_project_uneven, row_by_hand, codes_missing,
code_unknown_in_target, two_codes, text_81, text_long, text_very_long, å_ä_ö,
flat_rate, grouped_with_attachment, grouped, files, file_internal, file_odd_name,
free_texts, order_number, vat_mixed, unit_odd, cost_centre_on_row, unit_without_code,
small_amounts, no_contact, long_name_parts, credit_note, new_customer_twice,
new_customer_twice_second, same_id_other_number, closed_partner (these are all fine),
and the stopped ones: closed_period, wrong_business_id, same_number_other_id,
missing_address, not_windows_1252, file_too_big, file_png, no_customer_number.
Not to be moved: draft, paid, paid_original, transferred_1 to transferred_3.
"""

from __future__ import annotations

from tests.simulators.data_registers import TRANSFERRED
from tests.simulators.data_severa import Book, Row, UserFile
from tests.simulators.files import make_gif, make_jpeg, make_pdf, make_png

HOURS, FEES, TRAVEL, FLAT = "Hours", "ProjectFees", "TravelExpenses", "FlatRate"
TOO_BIG_BYTES = 10_000_001


def hours(
    text: str,
    quantity: str,
    price: str = "118.00",
    code: str | None = "KONS",
    **more: object,
) -> Row:
    return Row(HOURS, text, quantity, price, code, **more)  # type: ignore[arg-type]


def fee(
    text: str,
    quantity: str,
    price: str,
    code: str | None = None,
    unit: str | None = "kpl",
    **more: object,
) -> Row:
    return Row(FEES, text, quantity, price, code, unit, **more)  # type: ignore[arg-type]


def travel(
    text: str,
    quantity: str,
    price: str,
    code: str | None = "KM",
    unit: str | None = "km",
    **more: object,
) -> Row:
    return Row(TRAVEL, text, quantity, price, code, unit, **more)  # type: ignore[arg-type]


def flat(text: str, price: str, **more: object) -> Row:
    return Row(FLAT, text, "1", price, unit="kpl", **more)  # type: ignore[arg-type]


def pdf_file(name: str, *lines: str, is_internal: bool = False) -> UserFile:
    content = make_pdf(list(lines) or [name])
    return UserFile(name, "application/pdf", len(content), lambda: content, is_internal)


def image_file(name: str, content: bytes, kind: str) -> UserFile:
    return UserFile(name, kind, len(content), lambda: content)


def jpeg_file(name: str = "kuitti.jpg") -> UserFile:
    return image_file(name, make_jpeg(), "image/jpeg")


def free_text(text: str) -> dict[str, object]:
    """Give a free text as the API does, with its HTML forms."""
    html = f"<p>{text}</p>"
    return {
        "allowTags": True,
        "plainText": text,
        "tagContext": "Invoice",
        "text": html,
        "value": html,
    }


def add_invoices(book: Book) -> None:
    """Add all of them, in the order of their numbers."""
    _add_e_invoices(book)
    _add_by_email(book)
    _add_on_paper(book)
    _add_abroad(book)
    _add_odd_but_fine(book)
    _add_stopped(book)
    _add_not_to_be_moved(book)
    _add_credit_note(book)


def _add_e_invoices(book: Book) -> None:
    add = book.add_invoice
    add(
        "kirjapaino",
        "2026-10-30",
        [
            hours("Konsultointi, lokakuu 2026", "37.5"),
            travel("Matkat Tampereelle", "364", "0.55"),
        ],
        case="e_invoice",
        notes="Lokakuun työt sopimuksen mukaan.",
    )
    add(
        "telakka",
        "2026-10-30",
        [hours("Ohjelmointi, lokakuu 2026", "62.25", "124.00", "OHJ")],
        case="e_invoice_operator_code",
    )
    # Rows that group entries of both projects: the shares follow the hours.
    add(
        "kirjapaino",
        "2026-11-06",
        [
            hours(
                "Ohjelmointi, kaksi projektia",
                "20",
                "120.00",
                "OHJ",
                split=((1101, "12.5"), (1102, "7.5")),
            )
        ],
        projects=(1101, 1102),
        case="multi_project_hours",
    )
    add(
        "telakka",
        "2026-11-06",
        [
            hours(
                "Projektinjohto",
                "10",
                "130.00",
                "PROJ",
                split=((1103, "6"), (1104, "4")),
            ),
            fee("Valmennuspäivä", "2", "1450.00", "KURSSI", "pv", split=((1104, "2"),)),
            travel("Ajot Turkuun", "338", "0.55", split=((1103, "169"), (1104, "169"))),
            flat("Kuukausihinta, tuotannonohjaus", "1900.00", split=((1103, "1"),)),
        ],
        projects=(1103, 1104),
        case="multi_project_mixed",
        files=(pdf_file("valmennuksen_ohjelma.pdf", "Valmennuksen ohjelma"),),
    )
    # Thirds: the cents of the shares cannot all be rounded the same way.
    add(
        "kirjapaino",
        "2026-11-09",
        [
            hours(
                "Määrittely, jaettu kolmeen",
                "1",
                "100.01",
                "MAA",
                split=((1101, "0.333333"), (1102, "0.666667")),
            )
        ],
        projects=(1101, 1102),
        case="multi_project_uneven",
    )
    # A row that somebody added by hand has no entries: it goes to the first project.
    add(
        "telakka",
        "2026-11-09",
        [
            hours("Konsultointi", "4", split=((1103, "1"), (1104, "3"))),
            fee("Käsin lisätty toimistokulu", "1", "35.00", by_hand=True),
        ],
        projects=(1103, 1104),
        case="row_by_hand",
    )
    # One row, one code per entry: a grouped row can carry several codes.
    add(
        "kirjapaino",
        "2026-11-10",
        [hours("Työt yhteensä", "30", more_codes=("OHJ",))],
        case="two_codes",
    )


def _add_by_email(book: Book) -> None:
    add = book.add_invoice
    add(
        "sahko",
        "2026-10-30",
        [hours("Konsultointi, lokakuu 2026", "12")],
        case="email_on_invoice",
    )
    add(
        "arkkitehdit",
        "2026-10-30",
        [hours("Ohjelmointi", "24.5", "121.00", "OHJ")],
        case="email_of_contact",
    )
    add("klinikka", "2026-10-30", [hours("Konsultointi", "8")], case="email_of_card")
    add(
        "logistiikka",
        "2026-10-30",
        [
            hours("Integration work, October 2026", "41.5", "135.00", "OHJ"),
            fee("Licence", "3", "49.00", "LIS", "mo"),
        ],
        projects=(1111,),
        case="english",
        orderNumber="PO-88123",
    )
    # No code on any row: each kind of row has its own default code.
    add(
        "leipomo",
        "2026-11-02",
        [
            hours("Työ ilman koodia", "5", code=None),
            fee("Tarvikkeet ilman koodia", "2", "80.00"),
            travel("Pysäköinti ilman koodia", "1", "12.00", None, "kpl"),
            flat("Kiinteä hinta ilman koodia", "500.00"),
        ],
        projects=(1106,),
        case="codes_missing",
    )
    # Codes that the other side does not have yet.
    add(
        "metsa",
        "2026-11-02",
        [
            hours("Määrittelytyö", "6", "118.00", "MAA"),
            fee("Asennustyö", "1", "290.00", "ASE"),
        ],
        case="code_unknown_in_target",
    )
    add(
        "sahko",
        "2026-11-03",
        [hours("Tarkka teksti ".ljust(80, "x") + "y", "3")],
        case="text_81",
    )
    add(
        "arkkitehdit",
        "2026-11-03",
        [
            hours(
                "Piirustusarkiston hakemiston uudelleenjärjestely, versiohistorian siirto vanhasta järjestelmästä ja käyttäjien opastus",
                "9.25",
            )
        ],
        case="text_long",
    )
    add(
        "logistiikka",
        "2026-11-04",
        [
            hours(
                "Parcel tracking: "
                + "event mapping, retries, monitoring and handover; " * 10,
                "50",
                "135.00",
                "OHJ",
            )
        ],
        projects=(1111,),
        case="text_very_long",
    )
    add(
        "metsa",
        "2026-11-04",
        [hours("Hyödyllisyysselvitys: hämähäkkiä, öljyä ja ålänningin työtä", "7.75")],
        case="å_ä_ö",
        notes="Lisätietoja: Åke Öhmän, puh. 06 123 456 - kiitos yhteistyöstä!",
    )
    add(
        "leipomo",
        "2026-11-05",
        [flat("Kassajärjestelmän ylläpito, marraskuu", "890.00")],
        projects=(1106,),
        case="flat_rate",
    )
    add(
        "klinikka",
        "2026-11-05",
        [
            hours("Työt ryhmiteltynä", "40", "112.00"),
            hours("Ohjelmointi ryhmiteltynä", "16", "121.00", "OHJ"),
        ],
        case="grouped_with_attachment",
        grouping="Group+Attachment",
        files=(pdf_file("tuntierittely-2026-10.pdf", "Tuntierittely", "lokakuu 2026"),),
    )
    add(
        "sahko",
        "2026-11-06",
        [hours("Työt ryhmiteltynä", "21")],
        case="grouped",
        grouping="Group",
    )
    add(
        "leipomo",
        "2026-11-06",
        [fee("Koulutuspäivä", "1", "1450.00", "KURSSI", "pv")],
        projects=(1107,),
        case="files",
        files=(
            pdf_file("osallistujat.pdf", "Osallistujat"),
            image_file("kuva.jpg", make_jpeg(), "image/jpeg"),
            image_file("kaavio.gif", make_gif(), "image/gif"),
        ),
    )
    add(
        "klinikka",
        "2026-11-09",
        [hours("Konsultointi", "3.5")],
        case="file_internal",
        files=(
            pdf_file("vain omaan käyttöön.pdf", "Kate", is_internal=True),
            pdf_file("asiakkaalle.pdf", "Yhteenveto"),
        ),
    )
    add(
        "arkkitehdit",
        "2026-11-09",
        [hours("Konsultointi", "2")],
        case="file_odd_name",
        files=(pdf_file("Työmääräys #7 (lisätyöt) & kuitit.pdf", "Työmääräys"),),
    )
    add(
        "logistiikka",
        "2026-11-10",
        [hours("Process review", "16", "140.00")],
        projects=(1112,),
        case="free_texts",
        notes="Approved by phone on 3 November.",
        freeText1=free_text("Warehouse process review, phase 2"),
        freeText2=free_text("Thank you for your business."),
        yourReference="Cost pool 4410",
    )
    add(
        "metsa",
        "2026-11-10",
        [hours("Konsultointi", "5")],
        case="order_number",
        orderNumber="TILAUS-2026-0117",
    )
    add(
        "leipomo",
        "2026-11-11",
        [
            fee("Koulutusaineisto, kirja", "10", "24.00", "ASE", vat="13.5"),
            fee("Lehti", "4", "9.50", "ASE", vat="10"),
            fee("Vakuutuskulu", "1", "60.00", "ASE", vat="0"),
            hours("Konsultointi", "2"),
        ],
        projects=(1107,),
        case="vat_mixed",
    )
    add(
        "klinikka",
        "2026-11-11",
        [
            fee("Laitteet", "3", "15.00", "ASE", "ltk"),
            fee("Ilman yksikköä", "1", "22.00", "ASE", None),
            hours("Päivätyö", "2", "850.00", unit="pv"),
        ],
        case="unit_odd",
    )
    add(
        "sahko",
        "2026-11-12",
        [
            hours("Koulutus", "6", cost_centre="310"),
            hours("Hallinto", "1", cost_centre="100"),
        ],
        case="cost_centre_on_row",
    )
    add(
        "arkkitehdit",
        "2026-11-12",
        [hours("Kokeilu laboratoriossa", "4")],
        case="unit_without_code",
    )
    add(
        "metsa",
        "2026-11-13",
        [
            fee("Viestit", "117", "0.045", "ASE"),
            fee("Pieni korjaus", "0.333", "0.10", "ASE"),
        ],
        case="small_amounts",
    )
    add(
        "klinikka",
        "2026-11-13",
        [hours("Konsultointi", "1.5")],
        case="no_contact",
        senderContactName=None,
    )
    add(
        "leipomo",
        "2026-11-13",
        [hours("Konsultointi", "2.5")],
        projects=(1106,),
        case="long_name_parts",
        senderContactName="Aino-Kaisa Hätönen-Virtanen",
        receiverContactName="Karl-Gustaf Strömberg-Lindqvist",
    )


def _add_on_paper(book: Book) -> None:
    add = book.add_invoice
    add("kioski", "2026-10-30", [hours("Kassan käyttöönotto", "4")], case="paper")
    # The same new customer twice in one run: it must be created once.
    add(
        "kuorma",
        "2026-11-02",
        [hours("Reittisuunnittelu", "11")],
        case="new_customer_twice",
    )
    add(
        "kuorma",
        "2026-11-16",
        [hours("Reittisuunnittelu, jatko", "6.5")],
        case="new_customer_twice_second",
    )
    # Its business id is in the other register under another number: a new customer.
    add(
        "maalaamo",
        "2026-11-03",
        [hours("Työmaakirjanpito", "9")],
        case="same_id_other_number",
    )
    add(
        "osuuskunta",
        "2026-11-04",
        [hours("Strategiarbete", "14", "125.00")],
        case="paper_swedish_language",
    )


def _add_abroad(book: Book) -> None:
    book.add_invoice(
        "svensk",
        "2026-11-05",
        [
            hours("Systemöversyn, oktober 2026", "18", "130.00"),
            travel("Flyg Helsingfors-Stockholm", "1", "214.40", "MATKUL", "st"),
        ],
        case="swedish",
    )


def _add_odd_but_fine(book: Book) -> None:
    add = book.add_invoice
    # The customer is closed on the other side: it must be found and linked.
    add(
        "suljettu",
        "2026-11-06",
        [hours("Varausjärjestelmä", "20")],
        case="closed_partner",
    )
    add(
        "kirjapaino",
        "2026-11-16",
        [hours("Konsultointi, marraskuu", "7.5")],
        case="plain",
    )
    add("sahko", "2026-11-17", [hours("Konsultointi", "10.25")])
    add(
        "telakka",
        "2026-11-17",
        [fee("Lisenssi, marraskuu", "12", "49.00", "LIS", "kk")],
        projects=(1103,),
    )
    add(
        "logistiikka", "2026-11-18", [hours("Support", "3", "135.00")], projects=(1111,)
    )
    add("kioski", "2026-11-18", [hours("Tuki", "1")])


def _add_stopped(book: Book) -> None:
    add = book.add_invoice
    # September's tracking period is closed.
    add("kirjapaino", "2026-09-28", [hours("Syyskuun työt", "9")], case="closed_period")
    # The check digit is wrong.
    add(
        "väärä tunnus", "2026-11-09", [hours("Selvitys", "6")], case="wrong_business_id"
    )
    # Number 1041 exists on the other side with another business id.
    add(
        "toinen tunnus",
        "2026-11-09",
        [hours("Verkkokauppa", "15")],
        case="same_number_other_id",
    )
    # On paper, and there is no street, postal code or city.
    add(
        "osoitteeton",
        "2026-11-10",
        [hours("Reseptiliittymä", "8")],
        case="missing_address",
    )
    # A character that Windows-1252 does not have.
    add(
        "leipomo",
        "2026-11-10",
        [hours("Konsultointi", "2")],
        projects=(1106,),
        case="not_windows_1252",
        notes="Kiitos! \N{BREAD} Tervetuloa uudelleen.",
    )
    # One byte over the limit; the bytes are made only when fetched.
    add(
        "klinikka",
        "2026-11-11",
        [hours("Konsultointi", "4")],
        case="file_too_big",
        files=(
            UserFile(
                "iso_raportti.pdf",
                "application/pdf",
                TOO_BIG_BYTES,
                lambda: make_pdf(["Iso raportti"], TOO_BIG_BYTES),
            ),
        ),
    )
    # PNG is none of the three formats.
    add(
        "metsa",
        "2026-11-11",
        [hours("Konsultointi", "3")],
        case="file_png",
        files=(image_file("kuvakaappaus.png", make_png(), "image/png"),),
    )
    # The customer card has no number.
    add(
        "numeroton",
        "2026-11-12",
        [hours("Etävalvonta", "5")],
        case="no_customer_number",
    )


def _add_not_to_be_moved(book: Book) -> None:
    add = book.add_invoice
    add("sahko", "2026-11-20", [hours("Luonnos", "2")], status="Draft")
    add(
        "kioski", "2026-10-05", [hours("Maksettu työ", "5")], status="Paid", case="paid"
    )
    add(
        "telakka",
        "2026-10-05",
        [
            hours(
                "Projektinjohto",
                "8",
                "130.00",
                "PROJ",
                split=((1103, "5"), (1104, "3")),
            ),
            fee("Valmennuspäivä", "1", "1450.00", "KURSSI", "pv", split=((1104, "1"),)),
            travel("Ajot Turkuun", "169", "0.55", split=((1103, "169"),)),
        ],
        projects=(1103, 1104),
        status="Paid",
        case="paid_original",
    )
    for place in (1, 2, 3):
        add(
            "kirjapaino",
            f"2026-10-{place + 11}",
            [hours("Siirretty työ", f"{place}")],
            status=TRANSFERRED,
            case=f"transferred_{place}",
        )


def _add_credit_note(book: Book) -> None:
    """Credit the paid original: negative quantities, entries in the reimbursed lists."""
    book.add_invoice(
        "telakka",
        "2026-11-16",
        [
            hours(
                "Hyvitys: projektinjohto",
                "-8",
                "130.00",
                "PROJ",
                split=((1103, "-5"), (1104, "-3")),
            ),
            fee(
                "Hyvitys: valmennuspäivä",
                "-1",
                "1450.00",
                "KURSSI",
                "pv",
                split=((1104, "-1"),),
            ),
            travel("Hyvitys: ajot Turkuun", "-169", "0.55", split=((1103, "-169"),)),
        ],
        projects=(1103, 1104),
        case="credit_note",
        credited_number=book.data.cases["paid_original"],
    )
