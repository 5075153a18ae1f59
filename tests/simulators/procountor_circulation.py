"""Status moves of travel and purchase invoices in the simulated Procountor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulators.procountor_invoices import Invoices
from tests.simulators.procountor_shapes import COMMENT, NOTES

if TYPE_CHECKING:
    from tests.simulators.base import Reply, Request

CIRCULATED = frozenset({"TRAVEL_INVOICE", "BILL_OF_CHARGES", "PURCHASE_INVOICE"})


class Circulation(Invoices):
    """Send to circulation, verify, approve, reject, notes."""

    def _need_circulation(self, request: Request) -> None:
        """Refuse what is no travel or purchase invoice, and without approvers.

        Documented is 403 when circulation is on and nobody approves; that it is the
        same when circulation is off is a guess.
        """
        invoice = self._invoice(request)
        if invoice["type"] not in CIRCULATED:
            raise self._refuse(403, "type", f"Not possible for {invoice['type']}.")
        if self.data.circulation == "off":
            raise self._refuse(403, None, "Approval circulation is not in use.")
        # An empty object in the body said that nobody approves.
        checkers = invoice.get("invoiceApprovalInformation")
        if self.data.circulation == "nobody" or checkers == {}:
            raise self._refuse(403, None, "The invoice has no approvers.")

    def _send_to_circulation(self, request: Request) -> Reply:
        self._need_circulation(request)
        return self._move(request, {"UNFINISHED"}, "RECEIVED")

    def _verify(self, request: Request) -> Reply:
        if request.content:
            self._body(request, COMMENT)
        self._need_circulation(request)
        return self._move(request, {"RECEIVED"}, "VERIFIED")

    def _approve(self, request: Request) -> Reply:
        if self._invoice(request)["type"] not in CIRCULATED:
            return super()._approve(request)
        if request.content:
            self._body(request, COMMENT)
        self._need_circulation(request)
        # That an unverified one can be approved is a guess.
        return self._move(request, {"RECEIVED", "VERIFIED"}, "APPROVED")

    def _reject(self, request: Request) -> Reply:
        if request.content:
            self._body(request, COMMENT)
        self._need_open_period(request)
        return self._move(
            request, {"RECEIVED", "VERIFIED", "NOT_SENT"}, "PAYMENT_DENIED"
        )

    def _set_notes(self, request: Request) -> Reply:
        """Store internal notes, in any status."""
        invoice = self._invoice(request)
        invoice["notes"] = self._body(request, NOTES)["notes"]
        return self._move(request, {invoice["status"]}, invoice["status"])
