"""A Severa for all flows: reads, PDFs, files, status PATCHes and project fees.

Where the documentation is silent the strict reading is taken and marked "guess".
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from tests.simulators.base import RefusedRequest, Reply, Request, Route
from tests.simulators.files import make_pdf

if TYPE_CHECKING:
    from tests.simulators.severa_data import Item

from tests.simulators.severa_core import OFFSET_STYLE, TOKEN_STYLE, SeveraCore
from tests.simulators.severa_fees import Fees
from tests.simulators.severa_filters import (
    any_of,
    changed_since,
    flag,
    invoice_of,
    part_of,
    stamp,
)
from tests.simulators.severa_settings import Settings
from tests.simulators.severa_travel import Travel

PDF_OPTIONS = frozenset({"All", "AttachmentAndBreakdown", "InvoiceOnly"})


class Severa(Travel, Fees, Settings, SeveraCore):
    """The whole system: its operations, and the questions that tests ask."""

    def make_routes(self) -> list[Route]:
        data = self.data

        get, register = self.get_route, self.list_route
        by_guid = self.guid_route

        def of_invoice(name: str, style: frozenset[str], *filters: str) -> Route:
            items: list[Item] = getattr(data, name)

            def handler(request: Request) -> Reply:
                invoice = self._get(data.invoices, request.params["invoiceGuid"])
                own = [item for item in items if invoice_of(item) == invoice["guid"]]
                return self._page(request, own, style)

            path = f"/v1/invoices/{{invoiceGuid}}/{name}"
            return get(path, "invoices:read", handler, style | set(filters))

        return [
            Route("POST", "/v1/token", self._token, open=True),
            get("/heartbeat", None, lambda _: Reply(204)),
            get("/heartbeat/authorized", None, lambda _: Reply(204)),
            register(
                "/v1/invoices",
                "invoices:read",
                data.invoices,
                TOKEN_STYLE,
                invoiceStatusGuids=any_of(lambda i: [i["status"]["guid"]]),
                projectGuids=any_of(lambda i: [p["guid"] for p in i["projects"]]),
                projectBusinessUnitGuids=any_of(self._unit_guids),
                customerGuids=any_of(lambda i: [i["customer"]["guid"]]),
                createdByUserGuids=any_of(lambda i: [i["createdBy"]["guid"]]),
                numbers=any_of(lambda i: [str(i["number"])]),
                referenceNumbers=any_of(lambda i: [i["referenceNumber"]]),
                startDate=lambda i, v: i["date"] >= v[-1][:10],
                endDate=lambda i, v: i["date"] <= v[-1][:10],
                changedSince=changed_since,
            ),
            by_guid("/v1/invoices/{guid}", "invoices:read", data.invoices, "guid"),
            Route(
                "PATCH",
                "/v1/invoices/{guid}",
                self._patch_invoice,
                needs="invoices:write",
            ),
            get(
                "/v1/invoices/{guid}/pdf",
                "files:read",  # not invoices:read
                self._pdf,
                {"invoiceType", "pdfGetOptions"},
            ),
            get(
                "/v1/invoices/{invoiceGuid}/invoicerows",
                "invoices:read",
                self._rows,
                TOKEN_STYLE | {"rowType"},
            ),
            of_invoice("workhours", TOKEN_STYLE),
            of_invoice("projectfees", TOKEN_STYLE),
            of_invoice("projecttravelexpenses", TOKEN_STYLE),
            of_invoice("reimbursedprojectfees", TOKEN_STYLE),
            of_invoice("reimbursedworkhours", OFFSET_STYLE),
            of_invoice("reimbursedprojecttravelexpenses", OFFSET_STYLE),
            get(
                "/v1/invoices/{invoiceGuid}/invoicesettings",
                "invoices:read",
                self._settings,
            ),
            get(
                "/v1/invoices/{invoiceGuid}/files",
                "files:read",
                self._invoice_files,
                OFFSET_STYLE,
            ),
            get("/v1/files/{guid}/filedata", "files:read", self._file_data),
            register(
                "/v1/flatrates",
                "fees:read",
                data.flatrates,
                TOKEN_STYLE,
                invoiceGuid=any_of(lambda i: [i["invoiceGuid"]]),
            ),
            register(
                "/v1/customers",
                "customers:read",
                data.customers,
                TOKEN_STYLE,
                numbers=any_of(lambda i: [str(i["number"])]),
                customerNames=any_of(lambda i: [i["name"]]),
                isActive=flag("isActive"),
                changedSince=changed_since,
            ),
            by_guid("/v1/customers/{guid}", "customers:read", data.customers, "guid"),
            get(
                "/v1/customers/{customerGuid}/addresses",
                "customers:read",
                self._addresses,
                OFFSET_STYLE,
            ),
            by_guid(
                "/v1/contactpersons/{guid}",
                "customers:read",
                data.contactpersons,
                "guid",
            ),
            register(
                "/v1/projects",
                "projects:read",
                data.projects,
                TOKEN_STYLE,
                projectGuids=any_of(lambda i: [i["guid"]]),
                numbers=any_of(lambda i: [str(i["number"])]),
                customerGuids=any_of(lambda i: [i["customer"]["guid"]]),
                businessUnitGuids=any_of(lambda i: [i["businessUnit"]["guid"]]),
                isClosed=flag("isClosed"),
                changedSince=changed_since,
            ),
            register(
                "/v1/invoicestatuses",
                "settings:read",
                data.invoicestatuses,
                OFFSET_STYLE,
                active=flag("isActive"),
                textToSearch=part_of("name"),
            ),
            register(
                "/v1/businessunits",
                "settings:read",
                data.businessunits,
                OFFSET_STYLE,
                changedSince=changed_since,
                active=flag("isActive"),
                code=any_of(lambda i: [i["code"]]),
                name=any_of(lambda i: [i["name"]]),
                companyGuid=any_of(lambda i: [i["companyGuid"]]),
            ),
            register(
                "/v1/costcenters",
                "settings:read",
                data.costcenters,
                OFFSET_STYLE,
                changedSince=changed_since,
                active=flag("isActive"),
                identifier=any_of(lambda i: [i["identifier"]]),
                name=any_of(lambda i: [i["name"]]),
            ),
            register(
                "/v1/products",
                "settings:read",
                data.products,
                TOKEN_STYLE,
                changedSince=changed_since,
                code=any_of(lambda i: [i["code"]]),
                type=any_of(lambda i: [i["type"]]),
                isActive=flag("isActive"),
            ),
            register(
                "/v1/worktypes",
                "settings:read",
                data.worktypes,
                OFFSET_STYLE,
                changedSince=changed_since,
                code=any_of(lambda i: [i["code"]]),
                active=flag("isActive"),
            ),
            register(
                "/v1/travelexpensetypes",
                "settings:read",
                data.travelexpensetypes,
                OFFSET_STYLE,
                changedSince=changed_since,
                code=any_of(lambda i: [i["code"]]),
                active=flag("isActive"),
            ),
            register(
                "/v1/localization/countries",
                "settings:read",
                data.countries,
                frozenset(),
            ),
            register(
                "/v1/localization/languages",
                "settings:read",
                data.languages,
                frozenset(),
                isInvoiceLanguage=flag("isInvoiceLanguage"),
            ),
            get(
                "/v1/organizationdetails",
                "organization:read",
                lambda _: Reply(body=data.organizationdetails),
            ),
            *self.travel_routes(),
            *self.fee_routes(),
            *self.setting_routes(),
        ]

    # Invoices ----------------------------------------------------------------

    def _rows(self, request: Request) -> Reply:
        guid = request.params["invoiceGuid"]
        self._get(self.data.invoices, guid)
        rows = [row for row in self.data.rows if row["invoiceGuid"] == guid]
        kind = any_of(lambda row: [row["rowType"]])
        return self._page(request, rows, TOKEN_STYLE, {"rowType": kind})

    def _settings(self, request: Request) -> Reply:
        guid = request.params["invoiceGuid"]
        self._get(self.data.invoices, guid)
        return Reply(body=self.data.invoicesettings[guid])

    def _invoice_files(self, request: Request) -> Reply:
        guid = request.params["invoiceGuid"]
        self._get(self.data.invoices, guid)
        own = [f for f in self.data.invoicefiles if f["invoiceGuid"] == guid]
        return self._page(request, own, OFFSET_STYLE)

    def _file_data(self, request: Request) -> Reply:
        stored = self.data.files.get(request.params["guid"])
        if stored is None:
            raise RefusedRequest(Reply(404))
        return Reply(body=stored.make(), content_type="application/octet-stream")

    def _pdf(self, request: Request) -> Reply:
        invoice = self._get(self.data.invoices, request.params["guid"])
        option = request.one("pdfGetOptions", "All")
        if option not in PDF_OPTIONS:
            raise self._refuse(
                400,
                "InvalidParameter",
                f"Unknown value '{option}'.",
                ("UriParameter", "pdfGetOptions"),
            )
        title = "Erittely" if option == "AttachmentAndBreakdown" else "Lasku"
        lines = [
            f"{title} {invoice['number']}",
            str(invoice["receiverCustomerName"]),
            f"Yhteensä {invoice['totalIncludingTax']['amount']} EUR",
        ]
        return Reply(body=make_pdf(lines), content_type="application/pdf")

    def _patch_invoice(self, request: Request) -> Reply:
        """Replace the status; anything else is refused (its model is unpublished)."""
        invoice = self._get(self.data.invoices, request.params["guid"])
        status = self._read_status(
            request, "/status/guid", self.data.invoicestatuses, "invoice"
        )
        self.set_status(invoice, status)
        return Reply(body=[copy.deepcopy(invoice)])

    def set_status(self, invoice: Item, status: Item) -> None:
        """Move an invoice, as a user or the API does."""
        invoice["status"] = {
            key: status[key]
            for key in ("guid", "name", "isPaid", "isSent", "isWaitingPayment")
        }
        invoice["lastUpdatedDateTime"] = stamp(self.clock.now())

    def _addresses(self, request: Request) -> Reply:
        guid = request.params["customerGuid"]
        self._get(self.data.customers, guid)
        own = [a for a in self.data.addresses if a["customer"]["guid"] == guid]
        return self._page(request, own, OFFSET_STYLE)

    def _unit_guids(self, invoice: Item) -> list[str]:
        own = {project["guid"] for project in invoice["projects"]}
        return [
            p["businessUnit"]["guid"] for p in self.data.projects if p["guid"] in own
        ]

    # Questions that tests ask ------------------------------------------------

    def invoice(self, number: int) -> Item:
        """Give an invoice by its number, for tests."""
        return next(i for i in self.data.invoices if i["number"] == number)

    def status_of(self, number: int) -> str:
        """Give the name of an invoice's status, for tests."""
        return str(self.invoice(number)["status"]["name"])

    def status(self, name: str) -> Item:
        """Give a status by its name, for tests."""
        return next(s for s in self.data.invoicestatuses if s["name"] == name)
