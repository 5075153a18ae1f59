"""Travel reimbursements of the simulated Severa, their receipts, and the users."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from tests.simulators.base import Reply, Request, Route
from tests.simulators.files import make_pdf
from tests.simulators.severa_core import OFFSET_STYLE, TOKEN_STYLE, SeveraCore
from tests.simulators.severa_filters import any_of, changed_since, flag, part_of, stamp

if TYPE_CHECKING:
    from tests.simulators.severa_data import Item


class Travel(SeveraCore):
    """What happens under /v1/travelreimbursements and what hangs on it."""

    def travel_routes(self) -> list[Route]:
        """Give the operations of travel and users."""
        data, get, register = self.data, self.get_route, self.list_route
        own = "/v1/travelreimbursements"
        return [
            register(
                own,
                "travels:read",
                data.travelreimbursements,
                TOKEN_STYLE,
                travelReimbursementStatusGuids=any_of(
                    lambda t: [t["travelReimbursementStatus"]["guid"]]
                ),
                changedSince=changed_since,
            ),
            self.guid_route(
                f"{own}/{{guid}}", "travels:read", data.travelreimbursements
            ),
            Route(
                "PATCH", f"{own}/{{guid}}", self._patch_travel, needs="travels:write"
            ),
            get(f"{own}/{{guid}}/pdf", "files:read", self._travel_pdf),
            get(
                f"{own}/{{travelReimbursementGuid}}/projecttravelexpenses",
                "travels:read",
                self._expenses,
                TOKEN_STYLE | {"expenseClass"},
            ),
            register(
                "/v1/projecttravelexpenses",
                "travels:read",
                data.projecttravelexpenses,
                TOKEN_STYLE,
                changedSince=changed_since,
            ),
            self.guid_route(
                "/v1/projecttravelexpenses/{guid}",
                "travels:read",
                data.projecttravelexpenses,
            ),
            get(
                "/v1/projecttravelexpenses/{projectTravelExpenseGuid}/files",
                "files:read",
                self._expense_files,
                OFFSET_STYLE,
            ),
            get(
                "/v1/users/{userGuid}/travelexpensesfiles",
                "files:read",
                self._files_of_user,
                OFFSET_STYLE | {"startDate", "endDate"},
            ),
            register(
                "/v1/travelreimbursementstatuses",
                "settings:read",
                data.travelreimbursementstatuses,
                OFFSET_STYLE,
                active=flag("isActive"),
                textToSearch=part_of("name"),
            ),
            self.guid_route(
                "/v1/travelreimbursementstatuses/{guid}",
                "settings:read",
                data.travelreimbursementstatuses,
            ),
            register(
                "/v1/users",
                "users:read",
                data.users,
                TOKEN_STYLE,
                isActive=flag("isActive"),
                code=any_of(lambda u: [u["code"]]),
                email=any_of(lambda u: [u["email"]]),
                businessUnitGuids=any_of(lambda u: [u["businessUnit"]["guid"]]),
                changedSince=changed_since,
            ),
            self.guid_route("/v1/users/{guid}", "users:read", data.users),
        ]

    def _rows_of(self, guid: str) -> list[Item]:
        return [
            item
            for item in self.data.projecttravelexpenses
            if (item.get("travelReimbursement") or {}).get("guid") == guid
        ]

    def _expenses(self, request: Request) -> Reply:
        guid = request.params["travelReimbursementGuid"]
        self._get(self.data.travelreimbursements, guid)
        kind = any_of(lambda row: [row["travelExpense"]["expenseClass"]])
        filters = {"expenseClass": kind}
        return self._page(request, self._rows_of(guid), TOKEN_STYLE, filters)

    def _expense_files(self, request: Request) -> Reply:
        guid = request.params["projectTravelExpenseGuid"]
        self._get(self.data.projecttravelexpenses, guid)
        own = [f for f in self.data.travelfiles if f["travelExpenseGuid"] == guid]
        return self._page(request, own, OFFSET_STYLE)

    def _files_of_user(self, request: Request) -> Reply:
        """List receipts; that the dates are those of the expense is a guess."""
        guid = request.params["userGuid"]
        self._get(self.data.users, guid)
        start = (request.one("startDate") or "")[:10]
        end = (request.one("endDate") or "9999")[:10]
        rows = {
            row["guid"]
            for row in self.data.projecttravelexpenses
            if (row.get("user") or {}).get("guid") == guid
            and start <= row["eventDate"] <= end
        }
        own = [f for f in self.data.travelfiles if f["travelExpenseGuid"] in rows]
        return self._page(request, own, OFFSET_STYLE)

    def _travel_pdf(self, request: Request) -> Reply:
        """Give the report; receipts are not inside (undocumented: a guess)."""
        guid = request.params["guid"]
        travel = self._get(self.data.travelreimbursements, guid)
        lines = [
            f"Matkalasku {travel['number']}",
            str(travel["title"])[:80],
            travel["user"]["name"],
            *(
                f"{row['eventDate']} {row['description']}"
                for row in self._rows_of(guid)
            ),
            f"Yhteensä {travel['total']['amount']} {travel['total']['currencyCode']}",
        ]
        return Reply(body=make_pdf(lines), content_type="application/pdf")

    def _patch_travel(self, request: Request) -> Reply:
        """Replace the status; the published model has nothing else."""
        travel = self._get(self.data.travelreimbursements, request.params["guid"])
        status = self._read_status(
            request,
            "/travelReimbursementStatus/guid",
            self.data.travelreimbursementstatuses,
            "travel reimbursement",
        )
        self.set_travel_status(travel, status)
        return Reply(body=[copy.deepcopy(travel)])

    def set_travel_status(self, travel: Item, status: Item) -> None:
        """Move a reimbursement, as a user or the API does; its rows repeat it."""
        travel["travelReimbursementStatus"] = {
            key: status[key] for key in ("guid", "name")
        }
        travel["lastUpdatedDateTime"] = stamp(self.clock.now())
        for row in self._rows_of(travel["guid"]):
            row["travelReimbursement"] |= {
                "isApproved": status["isApproved"],
                "isLocked": status["isLocked"],
                "status": status["name"],
            }

    # Questions that tests ask ------------------------------------------------

    def travel(self, number: int) -> Item:
        """Give a reimbursement by its number, for tests."""
        return next(t for t in self.data.travelreimbursements if t["number"] == number)

    def travel_status_of(self, number: int) -> str:
        """Give the name of a reimbursement's status, for tests."""
        return str(self.travel(number)["travelReimbursementStatus"]["name"])

    def travel_status(self, name: str) -> Item:
        """Give a travel status by its name, for tests."""
        found = self.data.travelreimbursementstatuses
        return next(status for status in found if status["name"] == name)
