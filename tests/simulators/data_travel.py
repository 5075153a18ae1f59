"""Builds travel reimbursements on the Severa side: rows, receipts, totals."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.simulators.data_registers import (
    EINO,
    TRANSFERRED,
    WAITING,
    guid,
    round_cents,
    stamps,
)
from tests.simulators.severa_data import Item, StoredFile, money

if TYPE_CHECKING:
    from tests.simulators.data_severa import Book, UserFile

# name, active, locked, approved, default
TRAVEL_STATUSES = (
    ("Draft", True, False, False, True),
    ("Approved", True, True, True, False),
    (WAITING, True, True, True, False),
    (TRANSFERRED, True, True, True, False),
    ("Returned", True, False, False, False),
    ("Locked only", True, True, False, False),
    ("Old travel status", False, True, True, False),
)


@dataclass(frozen=True, slots=True)
class Expense:
    """One row. ``code`` names the type; one without a code is named in ``type_name``.

    ``cost`` is for one unit, with VAT, in ``currency``; ``rate`` is units of it for one
    of the company's.
    """

    code: str | None
    quantity: str
    cost: str
    day: str
    text: str | None = None
    project: int = 1101
    vat: str | None = None  # the type's when not given
    is_reimbursed: bool = True  # False: the company paid
    receipts: tuple[UserFile, ...] = ()
    start: str | None = None
    end: str | None = None
    centre: str | None = "200"
    currency: str | None = None  # the company's when not given
    rate: str = "1"
    type_name: str | None = None


@dataclass(slots=True)
class TravelDesk:
    """Adds reimbursements to a book; numbers run in the order of the calls."""

    book: Book
    currency: str = "EUR"
    next_number: int = 501

    def add_statuses(self) -> None:
        """Add the travel statuses with their flags."""
        for order, (name, active, locked, approved, default) in enumerate(
            TRAVEL_STATUSES, start=1
        ):
            self.book.data.travelreimbursementstatuses.append(
                {
                    "guid": guid("travelstatus", name),
                    "name": name,
                    "isActive": active,
                    "isLocked": locked,
                    "isApproved": approved,
                    "isDefault": default,
                    "sortOrder": order,
                    **stamps(None),
                }
            )

    def add(
        self,
        person: str,
        day: str,
        title: str,
        expenses: list[Expense],
        *,
        case: str | None = None,
        status: str = WAITING,
        advance: str = "0",
    ) -> int:
        """Add a reimbursement with its rows and receipts; give its number."""
        data = self.book.data
        number, self.next_number = self.next_number, self.next_number + 1
        user = next(u for u in data.users if u["firstName"].lower() == person)
        state = next(s for s in data.travelreimbursementstatuses if s["name"] == status)
        own = guid("reimbursement", number)
        for place, expense in enumerate(expenses, start=1):
            self._add_row(own, number, place, expense, user, state)
        paid = [e for e in expenses if e.is_reimbursed]
        advanced = Decimal(advance)
        data.travelreimbursements.append(
            {
                "guid": own,
                "number": number if state["isLocked"] else None,
                "title": title,
                "date": f"{day}T00:00:00Z",
                "user": {"guid": user["guid"], "name": _name(user)},
                "travelReimbursementStatus": {
                    key: state[key] for key in ("guid", "name")
                },
                # Company-paid rows and the advance are left out of the total: a guess.
                "total": self._money(_sum(paid) - advanced),
                "totalExpenses": self._money(_sum(expenses)),
                "advancePayment": self._money(advanced),
                "approvalDate": f"{day}T12:00:00Z" if state["isApproved"] else None,
                "approvedByUser": {key: EINO[key] for key in ("guid", "name")}
                if state["isApproved"]
                else None,
                "canChangeApproval": True,
                "groupBy": "Date",
                **stamps(f"{day}T12:00:00Z"),
            }
        )
        if case is not None:
            assert case not in data.cases, case
            data.cases[case] = number
        return number

    def _money(self, amount: Decimal) -> Item:
        return money(amount, self.currency)

    def _add_row(
        self,
        own: str,
        number: int,
        place: int,
        expense: Expense,
        user: Item,
        state: Item,
    ) -> None:
        data = self.book.data
        row = guid("expense", number, place)
        kind = next(
            item
            for item in data.travelexpensetypes
            if (expense.type_name or expense.code)
            in ([item["name"]] if expense.type_name else [item["code"]])
        )
        project = next(p for p in data.projects if p["number"] == expense.project)
        centre = self.book._cost_centre(expense.centre)
        vat = Decimal(expense.vat) if expense.vat else kind["purchaseVatRate"]
        cost = Decimal(expense.cost)
        net = round_cents(cost / (1 + vat / 100)) if vat else cost
        data.projecttravelexpenses.append(
            {
                "guid": row,
                "travelExpense": {
                    key: kind[key]
                    for key in ("guid", "code", "name", "expenseClass", "includeTime")
                },
                "travelReimbursement": {
                    "guid": own,
                    "isApproved": state["isApproved"],
                    "isLocked": state["isLocked"],
                    "status": state["name"],
                },
                "travelReimbursementRequired": expense.is_reimbursed,
                "eventDate": expense.day,
                "travelStartTime": expense.start,
                "travelEndTime": expense.end,
                "description": expense.text,
                "quantity": Decimal(expense.quantity),
                "measurementUnit": kind["measurementUnit"],
                "unitCost": self._cost(cost, expense),
                "unitCostExcludingPurchaseVat": self._cost(net, expense),
                "purchaseVatRate": vat,
                "unitPrice": self._money(Decimal(0)),
                "vatRate": Decimal("25.5"),
                "project": {
                    "guid": project["guid"],
                    "name": project["name"],
                    "number": project["number"],
                    "companyGuid": project["businessUnit"]["companyGuid"],
                    "isInternal": False,
                },
                "phase": project["rootPhase"],
                "customer": {key: project["customer"][key] for key in ("guid", "name")},
                # The model has no identifier: it must be joined by guid.
                "costCenter": centre and {key: centre[key] for key in ("guid", "name")},
                "costAccount": {"guid": guid("account", "7800"), "name": "Matkakulut"},
                "salesAccount": None,
                "user": {
                    "guid": user["guid"],
                    "code": user["code"],
                    "name": _name(user),
                    "companyGuid": user["businessUnit"]["companyGuid"],
                },
                "attachmentCount": len(expense.receipts),
                "isBillable": False,
                "billingSchedule": "Immediately",
                "billingDependencyPhase": None,
                "invoice": None,
                "invoiceQuantity": None,
                "invoiceRowComment": None,
                "invoiceRowDescription": None,
                "invoiceRowGuid": None,
                "plannedBillingDate": None,
                **stamps(f"{expense.day}T18:00:00Z"),
            }
        )
        for file_place, item in enumerate(expense.receipts, start=1):
            self._add_receipt(row, file_place, item)

    def _cost(self, amount: Decimal, expense: Expense) -> Item:
        """Give an amount; a foreign one with its conversion (the purposes: a guess)."""
        if expense.currency is None:
            return self._money(amount)
        own = round_cents(amount / Decimal(expense.rate))
        return {
            "amount": amount,
            "currencyCode": expense.currency,
            "multiCurrencyInfo": [
                {
                    "amount": amount,
                    "currencyCode": expense.currency,
                    "purpose": ["ExpenseCost"],
                },
                {
                    "amount": own,
                    "currencyCode": self.currency,
                    "purpose": ["UserCost", "ProjectCost"],
                },
            ],
        }

    def _add_receipt(self, row: str, place: int, item: UserFile) -> None:
        data = self.book.data
        file_guid = guid("receiptdata", row, place)
        data.files[file_guid] = StoredFile(item.content_type, item.make)
        data.travelfiles.append(
            {
                "guid": guid("receipt", row, place),
                "fileGuid": file_guid,
                "travelExpenseGuid": row,
                "category": "ProjectTravelExpense",
                "name": item.name,
                "contentType": item.content_type,
                "size": Decimal(item.size),
                "isInternal": item.is_internal,
                "description": None,
                "source": "Severa",
                **stamps(None),
            }
        )


def _name(user: Item) -> str:
    return f"{user['firstName']} {user['lastName']}"


def _sum(expenses: list[Expense]) -> Decimal:
    """Add up rows in the company's currency, each rounded to cents."""
    return sum(
        (
            round_cents(Decimal(e.quantity) * Decimal(e.cost) / Decimal(e.rate))
            for e in expenses
        ),
        Decimal("0.00"),
    )
