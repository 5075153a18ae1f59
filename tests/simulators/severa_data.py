"""The state of the simulated Severa."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal


Item = dict[str, Any]


@dataclass(slots=True)
class StoredFile:
    """A file's bytes, made only when they are asked for."""

    content_type: str
    make: Callable[[], bytes]


@dataclass(slots=True)
class SeveraData:
    """Everything the system holds; lists are in its own order, models are complete.

    A running Severa holds on to the lists: change them in place.
    """

    client_id: str
    client_secret: str
    invoices: list[Item] = field(default_factory=list)
    rows: list[Item] = field(default_factory=list)
    workhours: list[Item] = field(default_factory=list)
    projectfees: list[Item] = field(default_factory=list)
    projecttravelexpenses: list[Item] = field(default_factory=list)
    reimbursedworkhours: list[Item] = field(default_factory=list)
    reimbursedprojectfees: list[Item] = field(default_factory=list)
    reimbursedprojecttravelexpenses: list[Item] = field(default_factory=list)
    flatrates: list[Item] = field(default_factory=list)
    invoicesettings: dict[str, Item] = field(default_factory=dict)  # by invoice guid
    invoicefiles: list[Item] = field(default_factory=list)
    files: dict[str, StoredFile] = field(default_factory=dict)  # by file guid
    customers: list[Item] = field(default_factory=list)
    addresses: list[Item] = field(default_factory=list)
    contactpersons: list[Item] = field(default_factory=list)
    projects: list[Item] = field(default_factory=list)
    invoicestatuses: list[Item] = field(default_factory=list)
    countries: list[Item] = field(default_factory=list)
    languages: list[Item] = field(default_factory=list)
    businessunits: list[Item] = field(default_factory=list)
    costcenters: list[Item] = field(default_factory=list)
    products: list[Item] = field(default_factory=list)
    worktypes: list[Item] = field(default_factory=list)
    travelexpensetypes: list[Item] = field(default_factory=list)
    organizationdetails: Item = field(default_factory=dict)
    travelreimbursements: list[Item] = field(default_factory=list)
    travelreimbursementstatuses: list[Item] = field(default_factory=list)
    travelfiles: list[Item] = field(default_factory=list)
    users: list[Item] = field(default_factory=list)
    salesaccounts: list[Item] = field(default_factory=list)
    costaccounts: list[Item] = field(default_factory=list)
    bankaccounts: list[Item] = field(default_factory=list)
    vatrates: list[Item] = field(default_factory=list)
    currencies: list[Item] = field(default_factory=list)
    deletedprojectfees: list[Item] = field(default_factory=list)
    cases: dict[str, int] = field(default_factory=dict)  # case -> number


def money(amount: Decimal, currency: str = "EUR") -> Item:
    """Give an amount as the API words it."""
    return {"amount": amount, "currencyCode": currency, "multiCurrencyInfo": None}
