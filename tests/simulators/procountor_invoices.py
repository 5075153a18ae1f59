"""Invoices of the simulated Procountor: search, creation, status, ledger receipts."""

from __future__ import annotations

import copy
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.simulators.base import Reply, Request
from tests.simulators.procountor_bookings import build_receipt
from tests.simulators.procountor_rules import (
    build_reference,
    build_sums,
    iter_sales_findings,
)
from tests.simulators.procountor_shapes import (
    COMMENT,
    DIMENSION_VALUES,
    INVOICE,
    TRAVEL_INVOICE,
)
from tests.simulators.procountor_travel import iter_travel_findings
from tests.simulators.procountor_values import INVOICE_STATUSES, INVOICE_TYPES
from tests.simulators.shape import Finding, invalid, iter_findings

if TYPE_CHECKING:
    from tests.simulators.procountor_data import Item

from tests.simulators.procountor_core import ProcountorCore, refuse_findings, to_number

MISMATCH = (
    "DIMENSION_OR_DIMENSION_ITEM_IDENTIFIERS_DOES_NOT_MATCH_THOSE_STORED_IN_DATABASE"
)


class Invoices(ProcountorCore):
    """What happens under /invoices and /ledgerreceipts."""

    def _search_invoices(self, request: Request) -> Reply:
        types = self._choices(request, "types", INVOICE_TYPES)
        statuses = self._choices(request, "status", INVOICE_STATUSES)
        number = request.one("originalInvoiceNumber")
        partner = request.one("businessPartnerId")
        own_number = request.one("invoiceNumber")
        windows = (
            ("createdStartDate", "createdEndDate", self._created_of),
            ("versionStartDate", "versionEndDate", lambda item: str(item["version"])),
            ("startDate", "endDate", lambda item: str(item["date"])),
        )
        now = self.clock.monotonic()

        def is_hit(item: Item) -> bool:
            theirs = item.get("originalInvoiceNumber", "")
            if self.data.visible_from.get(item["id"], now) > now:
                return False
            if types is not None and item["type"] not in types:
                return False
            if statuses is not None and item["status"] not in statuses:
                return False
            if number is not None and (
                number != theirs if self.exact_search else number not in theirs
            ):
                return False
            if partner is not None and str(item.get("partnerId")) != partner:
                return False
            if own_number is not None and str(item["invoiceNumber"]) != own_number:
                return False
            return all(
                (request.one(start) or "") <= moment(item)
                and moment(item) <= (request.one(end) or "9999")
                for start, end, moment in windows
            )

        hits = [item for item in self.data.invoices.values() if is_hit(item)]
        return self._page(request, [self._basic(item) for item in hits])

    def _created_of(self, item: Item) -> str:
        return str(self.data.created.get(item["id"], item["version"]))

    def _basic(self, item: Item) -> Item:
        """Give the search's short form; it has the counterparty and the sums."""
        names = [
            "id",
            "partnerId",
            "type",
            "status",
            "invoiceNumber",
            "originalInvoiceNumber",
            "invoiceChannel",
            "date",
            "version",
            "invoiceSumInfo",
            "creatorId",
            "counterParty",
        ]
        return {
            **{name: item[name] for name in names if name in item},
            "dueDate": item["paymentInfo"]["dueDate"],
            "created": self._created_of(item),
        }

    def _create_invoice(self, request: Request) -> Reply:
        body = self._json(request.content, request.content_type)
        return Reply(body=self.add_invoice(self._check_invoice(body)))

    def _check_invoice(self, body: Item) -> Item:
        kind = body.get("type") if isinstance(body, dict) else None
        rule = TRAVEL_INVOICE if kind == "TRAVEL_INVOICE" else INVOICE
        findings = list(iter_findings(body, rule))
        if kind not in ("SALES_INVOICE", "TRAVEL_INVOICE"):
            findings.append(
                Finding("type", "The simulator takes sales and travel invoices only.")
            )
        if not findings:  # the further rules read fields, so the shape must be right
            rules = (
                iter_travel_findings
                if kind == "TRAVEL_INVOICE"
                else iter_sales_findings
            )
            findings = list(rules(body, self.data))
        refuse_findings(findings)
        return body

    def _change_invoice(self, request: Request) -> Reply:
        """Replace an invoice; its receipt is made anew, without dimensions."""
        old = self._invoice(request)
        sent = self._json(request.content, request.content_type)
        body = self._check_invoice({k: v for k, v in sent.items() if k != "version"})
        takes = {"SALES_INVOICE": {"UNFINISHED"}}
        if old["status"] not in takes.get(old["type"], {"UNFINISHED", "RECEIVED"}):
            raise self._refuse(403, "status", f"Not possible in {old['status']}.")
        if sent.get("version") != old["version"]:
            refuse_findings([invalid("version", sent.get("version"))])
        if body.get("partnerId") != old.get("partnerId"):
            refuse_findings([invalid("partnerId", body.get("partnerId"))])
        kept = ("id", "status", "invoiceNumber", "creatorId", "attachments")
        fresh = self._book(body, old["invoiceNumber"], old["id"])
        fresh |= {name: old[name] for name in kept}
        del self.data.receipts[old["ledgerReceiptId"]]
        self.data.invoices[old["id"]] = fresh
        return Reply(body=fresh)

    def add_invoice(self, body: Item) -> Item:
        """Store a checked invoice with its receipt, as the API or a user does."""
        data = self.data
        number, data.next_invoice_number = (
            data.next_invoice_number,
            data.next_invoice_number + 1,
        )
        invoice = self._book(body, number)
        invoice_id = invoice["id"]
        data.invoices[invoice_id] = invoice
        data.created[invoice_id] = invoice["version"]
        data.visible_from[invoice_id] = self.clock.monotonic() + self.search_lag_seconds
        return copy.deepcopy(invoice)

    def _book(self, body: Item, number: int, invoice_id: int | None = None) -> Item:
        """Make an invoice and its receipt of what was sent."""
        data, now = self.data, self._now()
        invoice = copy.deepcopy(body)
        payment = invoice["paymentInfo"]
        if payment.get("bankReferenceCode") == "":
            payment |= build_reference(number, data.country)
        for row in invoice["invoiceRows"]:
            row["id"] = data.take_id()
        invoice_id, receipt_id = invoice_id or data.take_id(), data.take_id()
        invoice |= {
            "id": invoice_id,
            "status": "UNFINISHED",
            "invoiceNumber": number,
            "ledgerReceiptId": receipt_id,
            "version": now,
            "creatorId": data.user_id,
            "attachments": [],
            "invoiceSumInfo": build_sums(body, data.currency),
        }
        receipt = build_receipt(body, data, invoice_id, receipt_id, number)
        data.receipts[receipt_id] = receipt | {"status": "UNFINISHED", "version": now}
        return invoice

    # Status ------------------------------------------------------------------

    def _invoice(self, request: Request) -> Item:
        text = request.params["invoiceId"]
        invoice = self.data.invoices.get(int(text)) if text.isdecimal() else None
        if invoice is None:
            raise self._refuse(404, None, "Not found")
        return invoice

    def _move(self, request: Request, allowed: set[str], status: str) -> Reply:
        invoice = self._invoice(request)
        if invoice["status"] not in allowed:
            raise self._refuse(
                403, "status", f"Not possible in status {invoice['status']}."
            )
        invoice["status"] = status
        invoice["version"] = self._now()
        self.data.receipts[invoice["ledgerReceiptId"]]["status"] = status
        return Reply(body={"message": f"Status is now {status}."})

    def _approve(self, request: Request) -> Reply:
        if request.content:
            self._body(request, COMMENT)
        unsent = self._invoice(request)["invoiceChannel"] == "NO_SENDING"
        return self._move(request, {"UNFINISHED"}, "APPROVED" if unsent else "NOT_SENT")

    def _send(self, request: Request) -> Reply:
        if self._invoice(request)["type"] != "SALES_INVOICE":
            raise self._refuse(403, "type", "Only sales invoices are sent.")
        reply = self._move(request, {"NOT_SENT", "SENT"}, "SENT")
        self.data.sent.append(self._invoice(request)["id"])
        return reply

    def _invalidate(self, request: Request) -> Reply:
        self._need_open_period(request)
        return self._move(
            request,
            {
                "UNFINISHED",
                "NOT_SENT",
                "RECEIVED",
                "VERIFIED",
                "APPROVED",
                "PAYMENT_DENIED",
            },
            "INVALIDATED",
        )

    def _unfinished(self, request: Request) -> Reply:
        self._need_open_period(request)
        return self._move(
            request,
            {"NOT_SENT", "RECEIVED", "VERIFIED", "APPROVED", "PAYMENT_DENIED"},
            "UNFINISHED",
        )

    def _need_open_period(self, request: Request) -> None:
        receipt_day = self._invoice(request)["date"]
        if not self.data.is_open(date.fromisoformat(receipt_day)):
            raise self._refuse(403, "date", "CLOSED_FISCAL_PERIOD")

    # Receipts ----------------------------------------------------------------

    def _search_receipts(self, request: Request) -> Reply:
        """Search receipts; only those of invoices exist here."""
        types = self._choices(request, "types", INVOICE_TYPES)
        windows = (
            ("versionStartDate", "versionEndDate", "version"),
            ("startDate", "endDate", "receiptDate"),
        )
        kept = ("id", "type", "status", "name", "receiptDate", "version")
        hits = [
            {
                **{name: item[name] for name in kept},
                "receiptNumber": item["receiptNumber"],
                "invoiceNumber": item["invoiceNumber"],
            }
            for item in self.data.receipts.values()
            if (types is None or item["type"] in types)
            and all(
                (request.one(start) or "") <= item[name]
                and item[name] <= (request.one(end) or "9999")
                for start, end, name in windows
            )
        ]
        return self._page(request, hits)

    def _set_dimensions(self, request: Request) -> Reply:
        receipt = self.data.receipts.get(to_number(request.params["receiptId"]))
        wanted = to_number(request.params["transactionId"])
        posting = next(
            (p for p in (receipt or {}).get("transactions", ()) if p["id"] == wanted),
            None,
        )
        if receipt is None or posting is None:
            raise self._refuse(404, None, "Not found")
        values = self._body(request, DIMENSION_VALUES)["dimensionItemValues"]
        refuse_findings(self._check_dimensions(values, posting))
        posting["dimensionItemValues"] = values
        receipt["version"] = self._now()
        return Reply(body=receipt)

    def _check_dimensions(self, values: list[Item], posting: Item) -> list[Finding]:
        findings, sums = [], dict[int, Decimal]()
        pairs = set[tuple[int, int]]()
        for place, value in enumerate(values):
            pair = (value["dimensionId"], value["itemId"])
            if self.data.find_item(*pair) is None:
                findings.append(Finding(f"dimensionItemValues[{place}]", MISMATCH))
            if pair in pairs:
                findings.append(
                    Finding(
                        f"dimensionItemValues[{place}]",
                        "The pair of dimension and item is given twice.",
                    )
                )
            pairs.add(pair)
            sums[pair[0]] = sums.get(pair[0], Decimal(0)) + Decimal(value["value"])
        for dimension, total in sums.items():
            if total != posting["accountingValue"]:
                findings.append(
                    Finding(
                        "dimensionItemValues",
                        f"Values of dimension {dimension} add up to {total}, not to"
                        f" {posting['accountingValue']}.",
                    )
                )
        return findings
