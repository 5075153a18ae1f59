"""The demo's purchase invoices. ``case`` names what each one shows.

Of the six good statuses: purchase_approved, purchase_queued, purchase_sent_to_bank,
purchase_partly_paid, purchase_paid, purchase_marked_paid. Of the others:
purchase_unfinished, purchase_received, purchase_verified, purchase_denied,
purchase_invalidated, purchase_deleted, purchase_payment_removed. All good, and odd:
purchase_several_rows, purchase_two_projects, purchase_split_cents,
purchase_partly_dimensioned, purchase_project_and_cost_centre, purchase_credit_note,
purchase_foreign, purchase_long_text, purchase_å_ä_ö, purchase_no_number_there,
purchase_same_number_there, purchase_zero_row, purchase_old (before any window).
Without a project: purchase_no_dimension, purchase_cost_centre_only. To be told:
purchase_closed_project, purchase_unknown_project, purchase_not_a_number (the item's
name is none), purchase_one_row_unknown, purchase_item_closed (closed item, open
project).
"""

from __future__ import annotations

from tests.simulators.data_customers import business_id, swedish_number
from tests.simulators.data_people import finnish_iban, iban_of
from tests.simulators.data_purchases import Cost, PurchaseDesk, Share, Supplier

CODERS = Supplier(
    "koodarit",
    "Alihankinta Koodarit Oy",
    business_id("2234110"),
    finnish_iban("1234560005501"),
)
PRINTERS = Supplier(
    "tarvike",
    "Toimistotarvike Öhman Ky",
    business_id("1543320"),
    finnish_iban("1234560005502"),
)
SERVERS = Supplier(
    "palvelin",
    "Molnet Server AB",
    f"SE{swedish_number('556798765')}01",
    iban_of("SE", "50000000099900000111"),
    "SWEDEN",
)
SUPPLIERS = (CODERS, PRINTERS, SERVERS)
PROJECTS, CENTRES, UNITS = "Projektit", "Kustannuspaikat", "Yksiköt"


def on(project: str, amount: str | None = None) -> Share:
    """Put a cost on a project, wholly or with an amount of it."""
    return (PROJECTS, project, amount)


def add_costs(desk: PurchaseDesk) -> None:
    """Add all of them, in the order of their numbers."""
    _add_statuses(desk)
    _add_odd_but_fine(desk)
    _add_without_project(desk)
    _add_to_be_told(desk)


def _add_statuses(desk: PurchaseDesk) -> None:
    for place, (case, status) in enumerate(
        (
            ("purchase_approved", "APPROVED"),
            ("purchase_queued", "PAYMENT_QUEUED"),
            ("purchase_sent_to_bank", "PAYMENT_SENT_TO_BANK"),
            ("purchase_partly_paid", "PARTLY_PAID"),
            ("purchase_paid", "PAID"),
            ("purchase_marked_paid", "MARKED_PAID"),
            ("purchase_unfinished", "UNFINISHED"),
            ("purchase_received", "RECEIVED"),
            ("purchase_verified", "VERIFIED"),
            ("purchase_denied", "PAYMENT_DENIED"),
            ("purchase_invalidated", "INVALIDATED"),
            ("purchase_deleted", "DELETED"),
            ("purchase_payment_removed", "PAYMENT_TRANSACTION_REMOVED"),
        ),
        start=1,
    ):
        cost = Cost(f"Alihankinta, erä {place}", f"{place}00.00", shares=(on("1101"),))
        desk.add(
            CODERS,
            f"2026-11-{place:02}",
            [cost],
            case=case,
            status=status,
            number_there=f"K-{100 + place}",
        )


def _add_odd_but_fine(desk: PurchaseDesk) -> None:
    add = desk.add
    add(
        CODERS,
        "2026-11-10",
        [
            Cost(
                "Ohjelmointi",
                "1840.00",
                shares=(on("1103"),),
                quantity="20",
                unit="HOUR",
            ),
            Cost("Testaus", "920.50", shares=(on("1104"),), comment="Lokakuun työt"),
            Cost("Käsikirja", "35.00", "13.5", shares=(on("1103"),)),
        ],
        case="purchase_several_rows",
        number_there="K-201",
    )
    add(
        CODERS,
        "2026-11-11",
        [
            Cost(
                "Yhteinen palvelin",
                "600.00",
                shares=(on("1101", "400.00"), on("1102", "200.00")),
            )
        ],
        case="purchase_two_projects",
        number_there="K-202",
    )
    # A third of a hundred and one cent, three times.
    add(
        CODERS,
        "2026-11-11",
        [
            Cost(
                "Lisenssi kolmelle",
                "100.01",
                shares=(on("1101", "33.33"), on("1102", "33.34"), on("1103", "33.34")),
            )
        ],
        case="purchase_split_cents",
        number_there="K-203",
    )
    add(
        PRINTERS,
        "2026-11-12",
        [
            Cost("Tulosteet asiakkaalle", "75.00", shares=(on("1106"),)),
            Cost("Toimiston paperi", "42.90"),
        ],
        case="purchase_partly_dimensioned",
        number_there="2026-88",
    )
    add(
        PRINTERS,
        "2026-11-12",
        [
            Cost(
                "Kansiot",
                "51.20",
                shares=(on("1106"), (CENTRES, "200", None), (UNITS, "OHJ", None)),
            )
        ],
        case="purchase_project_and_cost_centre",
        number_there="2026-89",
    )
    add(
        CODERS,
        "2026-11-13",
        [Cost("Hyvitys: alihankinta, erä 1", "-100.00", shares=(on("1101"),))],
        case="purchase_credit_note",
        number_there="K-101H",
        notes="Hyvittää laskun K-101",
    )
    add(
        SERVERS,
        "2026-11-13",
        [Cost("Servertid november", "2250.00", "0", shares=(on("1103"),))],
        case="purchase_foreign",
        number_there="MS-7001",
        currency="SEK",
        rate="11.25",
    )
    add(
        CODERS,
        "2026-11-16",
        [Cost("Määrittely " + "pitkästi " * 40, "310.00", shares=(on("1104"),))],
        case="purchase_long_text",
        number_there="K-204",
    )
    add(
        PRINTERS,
        "2026-11-16",
        [Cost("Lööppejä, öljyä ja ålänninkiviä", "19.90", shares=(on("1102"),))],
        case="purchase_å_ä_ö",
        number_there="2026-90",
    )
    add(
        PRINTERS,
        "2026-11-16",
        [Cost("Ilman toimittajan numeroa", "12.00", shares=(on("1102"),))],
        case="purchase_no_number_there",
    )
    # The number of another supplier's invoice.
    add(
        SERVERS,
        "2026-11-16",
        [Cost("Domän", "15.00", "0", shares=(on("1102"),))],
        case="purchase_same_number_there",
        number_there="K-101",
    )
    add(
        CODERS,
        "2026-11-17",
        [
            Cost("Sopimuksen mukaan veloituksetta", "0.00", shares=(on("1101"),)),
            Cost("Ylimenevä työ", "80.00", shares=(on("1101"),)),
        ],
        case="purchase_zero_row",
        number_there="K-205",
    )
    add(
        CODERS,
        "2026-03-02",
        [Cost("Maaliskuun työ", "700.00", shares=(on("1101"),))],
        case="purchase_old",
        status="PAID",
        number_there="K-030",
        changed="2026-03-20T10:00:00",
    )


def _add_without_project(desk: PurchaseDesk) -> None:
    desk.add(
        PRINTERS,
        "2026-11-17",
        [Cost("Kahvia toimistolle", "64.00", "13.5")],
        case="purchase_no_dimension",
        number_there="2026-91",
    )
    desk.add(
        PRINTERS,
        "2026-11-17",
        [Cost("Siivous", "150.00", shares=((CENTRES, "100", None),))],
        case="purchase_cost_centre_only",
        number_there="2026-92",
    )


def _add_to_be_told(desk: PurchaseDesk) -> None:
    add = desk.add
    add(
        CODERS,
        "2026-11-18",
        [Cost("Päättyneen projektin korjaus", "240.00", shares=(on("1130"),))],
        case="purchase_closed_project",
        number_there="K-206",
    )
    add(
        CODERS,
        "2026-11-18",
        [Cost("Työ tuntemattomalle", "260.00", shares=(on("7777"),))],
        case="purchase_unknown_project",
        number_there="K-207",
    )
    add(
        CODERS,
        "2026-11-18",
        [Cost("Yleiskulu", "90.00", shares=(on("YLEIS"),))],
        case="purchase_not_a_number",
        number_there="K-208",
    )
    add(
        CODERS,
        "2026-11-19",
        [
            Cost("Tunnetulle", "110.00", shares=(on("1102"),)),
            Cost("Tuntemattomalle", "120.00", shares=(on("7777"),)),
        ],
        case="purchase_one_row_unknown",
        number_there="K-209",
    )
    add(
        CODERS,
        "2026-11-19",
        [Cost("Kohde on suljettu, projekti auki", "130.00", shares=(on("1131"),))],
        case="purchase_item_closed",
        number_there="K-210",
    )
