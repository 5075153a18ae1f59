"""A Procountor for all flows: invoices, receipts, registers, files, status moves.

Where the documentation is silent the strict reading is taken and marked "guess".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulators.base import Reply, Request, Route

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.simulators.procountor_data import Item, ProcountorData

from tests.simulators.procountor_circulation import Circulation
from tests.simulators.procountor_core import PAGING
from tests.simulators.procountor_files import Files
from tests.simulators.procountor_hands import Hands
from tests.simulators.procountor_invoices import Invoices
from tests.simulators.procountor_persons import Persons
from tests.simulators.procountor_registers import Registers


class Procountor(Circulation, Invoices, Hands, Persons, Registers, Files):
    """The whole system: its operations, and the questions that tests ask."""

    def make_routes(self) -> list[Route]:
        def route(
            method: str,
            template: str,
            handler: Callable[[Request], Reply],
            query: Iterable[str] = (),
        ) -> Route:
            return Route(method, template, handler, frozenset(query))

        invoice = "/invoices/{invoiceId}"
        return [
            Route("POST", "/oauth/token", self._token, open=True),
            route(
                "GET",
                "/invoices",
                self._search_invoices,
                PAGING
                | {
                    "types",
                    "status",
                    "originalInvoiceNumber",
                    "invoiceNumber",
                    "businessPartnerId",
                    "startDate",
                    "endDate",
                    "createdStartDate",
                    "createdEndDate",
                    "versionStartDate",
                    "versionEndDate",
                },
            ),
            route("POST", "/invoices", self._create_invoice),
            route("GET", invoice, self._read_many("invoiceId", "invoices")),
            route("PUT", invoice, self._change_invoice),
            route("PUT", f"{invoice}/approve", self._approve),
            route("PUT", f"{invoice}/send", self._send),
            route("PUT", f"{invoice}/invalidate", self._invalidate),
            route("PUT", f"{invoice}/unfinished", self._unfinished),
            route("PUT", f"{invoice}/sendToCirculation", self._send_to_circulation),
            route("PUT", f"{invoice}/verify", self._verify),
            route("PUT", f"{invoice}/reject", self._reject),
            route("PUT", f"{invoice}/notes", self._set_notes),
            route(
                "GET",
                "/ledgerreceipts",
                self._search_receipts,
                PAGING
                | {"types", "startDate", "endDate"}
                | {"versionStartDate", "versionEndDate"},
            ),
            route(
                "GET",
                "/ledgerreceipts/{receiptId}",
                self._read_many("receiptId", "receipts"),
            ),
            route(
                "PUT",
                "/ledgerreceipts/{receiptId}/transactions/{transactionId}/dimensions",
                self._set_dimensions,
            ),
            route(
                "GET",
                "/businesspartners",
                self._search_partners,
                PAGING | {"customerNumber", "type", "active", "identifierType"},
            ),
            route("POST", "/businesspartners", self._create_partner),
            route(
                "GET",
                "/businesspartners/{id}",
                self._read_many("id", "partners"),
            ),
            route(
                "GET",
                "/products",
                self._search_products,
                (PAGING - {"page"})
                | {"name", "code", "type", "active", "startDate", "endDate"},
            ),
            route("POST", "/products", self._create_product),
            route(
                "GET",
                "/products/{productId}",
                self._read_many("productId", "products"),
            ),
            route("GET", "/dimensions", self._dimensions, {"name", "codeName"}),
            route("GET", "/dimensions/{dimensionId}", self._dimension),
            route("POST", "/dimensions/{dimensionId}/items", self._create_item),
            route("PUT", "/dimensions/{dimensionId}/items", self._change_item),
            route("GET", "/attachments", self._no_archive),
            route("POST", "/attachments", self._create_attachment),
            route("GET", "/attachments/{attachmentId}", self._attachment),
            route("GET", "/fiscalyears", self._fiscal_years),
            route(
                "GET", "/bankaccounts", self._bank_accounts, PAGING | {"orderByOrderNo"}
            ),
            route("GET", "/vats/default", self._vats),
            route("GET", "/sessioninfo", self._session),
            route("GET", "/company", self._company_data),
            route("GET", "/company/usagesettings", self._usage_settings),
            route("GET", "/coa", self._accounts),
            route(
                "GET",
                "/persons",
                self._search_persons,
                (PAGING - {"previousId"}) | {"personNumber", "includeInactive"},
            ),
            route("POST", "/persons", self._create_person),
            route("GET", "/persons/{id}", self._person),
            route("PUT", "/persons/{id}", self._change_person),
        ]

    def found(
        self, original_number: int | str, company: ProcountorData | None = None
    ) -> list[Item]:
        """Give the invoices with that original number; more than one is a duplicate."""
        return [
            invoice
            for invoice in (company or self.data).invoices.values()
            if invoice.get("originalInvoiceNumber") == str(original_number)
        ]
