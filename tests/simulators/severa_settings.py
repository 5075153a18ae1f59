"""Settings of the simulated Severa, and what a user does to its registers."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from tests.simulators.severa_core import OFFSET_STYLE, SeveraCore
from tests.simulators.severa_filters import any_of, flag, part_of, stamp

if TYPE_CHECKING:
    from tests.simulators.base import Route
    from tests.simulators.severa_data import Item

# What a person calls a member of each register.
KEYS = {
    "customers": "number",
    "projects": "number",
    "costcenters": "identifier",
    "businessunits": "name",
    "users": "name",
    "products": "code",
    "worktypes": "code",
    "travelexpensetypes": "code",
    "invoicestatuses": "name",
    "travelreimbursementstatuses": "name",
}


class Settings(SeveraCore):
    """Accounts, bank accounts, VAT and currencies; changes by hand."""

    def setting_routes(self) -> list[Route]:
        """Give the operations of the settings."""
        data, register, needs = self.data, self.list_route, "settings:read"
        active = flag("isActive")
        return [
            self.guid_route("/v1/projects/{guid}", "projects:read", data.projects),
            self.guid_route("/v1/businessunits/{guid}", needs, data.businessunits),
            self.guid_route("/v1/costcenters/{guid}", needs, data.costcenters),
            register(
                "/v1/salesaccounts",
                needs,
                data.salesaccounts,
                OFFSET_STYLE,
                active=active,
                textToSearch=part_of("name"),
            ),
            register(
                "/v1/costaccounts",
                needs,
                data.costaccounts,
                OFFSET_STYLE,
                active=active,
                textToSearch=part_of("name"),
            ),
            register(
                "/v1/bankaccounts",
                needs,
                data.bankaccounts,
                OFFSET_STYLE,
                active=active,
                companyGuid=any_of(lambda a: [a["company"]["guid"]]),
                businessUnitGuid=any_of(lambda a: [a["businessUnit"]["guid"]]),
            ),
            register(
                "/v1/vatrates",
                needs,
                data.vatrates,
                frozenset(),
                active=active,
                countryGuid=any_of(lambda v: [v["countryGuid"]]),
            ),
            register(
                "/v1/currencies",
                needs,
                data.currencies,
                OFFSET_STYLE,
                active=active,
            ),
        ]

    # What a user does ----------------------------------------------------------

    def member(self, register: str, key: Any) -> Item:
        """Give a member by what a person calls it (project 1101, cost centre "100")."""
        return next(
            item for item in getattr(self.data, register) if _key(register, item) == key
        )

    def change(self, register: str, key: Any, **changes: Any) -> Item:
        """Change a member, as a user does; what repeats its name elsewhere stays."""
        item = self.member(register, key)
        item |= changes
        item["lastUpdatedDateTime"] = stamp(self.clock.now())
        return item

    def change_row(self, number: int, place: int, **changes: Any) -> None:
        """Change a row of an invoice; whether its stamp moves is not written down."""
        invoice = next(i for i in self.data.invoices if i["number"] == number)
        guid = invoice["guid"]
        rows = [row for row in self.data.rows if row["invoiceGuid"] == guid]
        rows[place] |= changes

    def change_expense(self, number: int, place: int, **changes: Any) -> None:
        """Change an expense of a travel report; its record says nothing of it."""
        travels = self.data.travelreimbursements
        guid = next(t["guid"] for t in travels if t["number"] == number)
        rows = [
            row
            for row in self.data.projecttravelexpenses
            if (row.get("travelReimbursement") or {}).get("guid") == guid
        ]
        rows[place] |= changes

    def remove_files(self, number: int) -> None:
        """Take all files off an invoice."""
        guid = next(i["guid"] for i in self.data.invoices if i["number"] == number)
        kept = [f for f in self.data.invoicefiles if f["invoiceGuid"] != guid]
        self.data.invoicefiles[:] = kept

    def add(self, register: str, like: Any, **changes: Any) -> Item:
        """Add a copy of a member under a guid of its own."""
        item = copy.deepcopy(self.member(register, like)) | changes
        place = len(getattr(self.data, register))
        item |= {
            "guid": changes.get("guid", f"00000000-0000-4000-8000-{place:012}"),
            "createdDateTime": stamp(self.clock.now()),
            "lastUpdatedDateTime": stamp(self.clock.now()),
        }
        getattr(self.data, register).append(item)
        return item

    def remove(self, register: str, key: Any) -> None:
        """Delete a member for good: no list tells that it was there."""
        getattr(self.data, register).remove(self.member(register, key))

    def close_project(self, number: int) -> Item:
        """Close a project today."""
        today = stamp(self.clock.now())[:10]
        return self.change("projects", number, isClosed=True, closedDate=today)

    def reopen_project(self, number: int) -> Item:
        """Open a project again."""
        return self.change("projects", number, isClosed=False, closedDate=None)


def _key(register: str, item: Item) -> Any:
    if register == "users":
        return f"{item['firstName']} {item['lastName']}"
    return item[KEYS[register]]
