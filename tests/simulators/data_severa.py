"""Builds the Severa side of the demo: invoices and all that hangs on them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.simulators.severa_data import Item, SeveraData, StoredFile, money

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulators.data_customers import Customer

from tests.simulators.data_registers import (
    AINO,
    COMPANY,
    COMPANY_VAT,
    WAITING,
    Registers,
    guid,
    named,
    round_cents,
    stamps,
)


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
class Book(Registers):
    """Adds invoices to the registers; numbers run in the order of the calls."""

    next_number: int = 20261001

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
        card = self.card(customer)
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
