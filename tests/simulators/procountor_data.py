"""The state of one company in the simulated Procountor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import date

Item = dict[str, Any]


@dataclass(slots=True)
class ProcountorData:
    """One company, as one API key opens it; registers are by id."""

    client_id: str
    client_secret: str
    api_key: str
    company_id: int
    name: str
    business_id: str
    currency: str = "EUR"
    country: str = "FINLAND"
    user_id: int = 501
    partners: dict[int, Item] = field(default_factory=dict)
    products: dict[int, Item] = field(default_factory=dict)
    dimensions: dict[int, Item] = field(default_factory=dict)
    bank_accounts: list[Item] = field(default_factory=list)
    fiscal_years: list[Item] = field(default_factory=list)
    vat_percentages: list[Item] = field(default_factory=list)
    vat_statuses: list[Item] = field(default_factory=list)
    persons: dict[int, Item] = field(default_factory=dict)
    accounts: list[Item] = field(default_factory=list)
    usage_settings: Item = field(default_factory=dict)
    # Who approves travel and purchase invoices; "off": circulation is not in use.
    circulation: Literal["approvers", "nobody", "off"] = "approvers"
    invoices: dict[int, Item] = field(default_factory=dict)
    receipts: dict[int, Item] = field(default_factory=dict)
    attachments: dict[int, tuple[Item, bytes]] = field(default_factory=dict)
    created: dict[int, str] = field(default_factory=dict)  # invoice id -> local time
    visible_from: dict[int, float] = field(default_factory=dict)  # for the search
    sent: list[int] = field(default_factory=list)  # one entry per sending
    next_id: int = 700_000
    next_invoice_number: int = 4001
    cases: dict[str, int] = field(default_factory=dict)  # case -> invoice number

    def take_id(self) -> int:
        """Give the next free id; all kinds share one sequence here."""
        self.next_id += 1
        return self.next_id

    def is_open(self, day: date) -> bool:
        """Tell whether a day is in an open fiscal year and tracking period."""
        text = day.isoformat()
        for year in self.fiscal_years:
            if year["startDate"] <= text <= year["endDate"]:
                return bool(year["isOpen"]) and any(
                    period["status"] == "OPEN"
                    for period in year["trackingPeriods"]
                    if period["startDate"] <= text <= period["endDate"]
                )
        return False

    def has_vat(self, percent: Any, side: str = "sales") -> bool:
        """Tell whether a VAT percent is in use, in sales or in purchase."""
        return any(
            item[side] and item["vatPercent"] == percent
            for item in self.vat_percentages
        )

    def has_iban(self, iban: str) -> bool:
        return any(
            item["iban"] == iban and item["status"] == "ACTIVE"
            for item in self.bank_accounts
        )

    def find_item(self, dimension_id: int, item_id: int) -> Item | None:
        """Give an open item of that very dimension."""
        dimension = self.dimensions.get(dimension_id, {})
        for item in dimension.get("items", []):
            if item["id"] == item_id and item.get("status") != "P":
                return dict(item)
        return None
