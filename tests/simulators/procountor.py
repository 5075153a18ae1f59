"""A Procountor for the sales flow: invoices, receipts, registers, files, status moves.

Where the documentation is silent the strict reading is taken and marked "guess".
"""

from __future__ import annotations

import copy
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from tests.simulators.base import (
    Part,
    RefusedRequest,
    Reply,
    Request,
    Route,
    Simulator,
    dump_json,
    load_json,
)
from tests.simulators.clock import Clock, finnish_time
from tests.simulators.procountor_invoice import (
    add_check_digit,
    build_postings,
    build_sums,
    is_business_id,
    iter_sales_findings,
)
from tests.simulators.procountor_shapes import (
    ATTACHMENT,
    COMMENT,
    DIMENSION_ITEM,
    DIMENSION_VALUES,
    INVOICE,
    PARTNER,
    PRODUCT,
)
from tests.simulators.procountor_values import INVOICE_STATUSES, INVOICE_TYPES
from tests.simulators.shape import Field, Finding, blank, invalid, iter_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.simulators.procountor_data import Item, ProcountorData

MAX_FILE_BYTES = 10_000_000
MAX_IDS = 200
PAGING = frozenset({"previousId", "size", "page", "orderById"})
MISMATCH = (
    "DIMENSION_OR_DIMENSION_ITEM_IDENTIFIERS_DOES_NOT_MATCH_THOSE_STORED_IN_DATABASE"
)
MIME_TYPES = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "png": "image/png",
}


class Procountor(Simulator):
    """The simulated system, holding one company.

    ``search_lag_seconds`` is how long a new invoice stays out of searches; reading it
    by id works at once. ``exact_search`` makes ``originalInvoiceNumber`` match whole
    texts only: whether it does is not written down, so the default is by part.
    """

    base_path = "/api"

    def __init__(
        self,
        data: ProcountorData,
        clock: Clock,
        *,
        rate_per_second: int | None = 60,
        token_seconds: int = 3600,
        search_lag_seconds: float = 0.0,
        exact_search: bool = False,
    ) -> None:
        super().__init__(clock, rate_per_second)
        self.data = data
        self.token_seconds = token_seconds
        self.search_lag_seconds = search_lag_seconds
        self.exact_search = exact_search
        self._tokens: dict[str, float] = {}  # token -> monotonic end
        self._issued = 0
        self.routes = self._make_routes()

    def _make_routes(self) -> list[Route]:
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
            route("GET", invoice, self._read_many("invoiceId", self.data.invoices)),
            route("PUT", f"{invoice}/approve", self._approve),
            route("PUT", f"{invoice}/send", self._send),
            route("PUT", f"{invoice}/invalidate", self._invalidate),
            route("PUT", f"{invoice}/unfinished", self._unfinished),
            route(
                "GET",
                "/ledgerreceipts/{receiptId}",
                self._read_many("receiptId", self.data.receipts),
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
                self._read_many("id", self.data.partners),
            ),
            route(
                "GET",
                "/products",
                self._search_products,
                (PAGING - {"page"}) | {"name", "code", "type", "active"},
            ),
            route("POST", "/products", self._create_product),
            route(
                "GET",
                "/products/{productId}",
                self._read_many("productId", self.data.products),
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
            route("GET", "/company", self._company),
        ]

    # Hooks -------------------------------------------------------------------

    def judge(self, request: Request) -> str:
        if "authorization" not in request.headers:
            return "missing"
        kind, _, name = request.headers["authorization"].partition(" ")
        end = self._tokens.get(name) if kind == "Bearer" else None
        return "right" if end is not None and end > self.clock.monotonic() else "wrong"

    def admit(self, request: Request, route: Route | None) -> Route:
        # The documented consequence is that the client "may be suspended"; 429 is a
        # guess. That sign-in calls count is one too.
        if self.rate.is_over("client"):
            raise RefusedRequest(self.failure(429))
        if route is None:
            raise self._refuse(404, None, "Not found")
        if not route.open and self.judge(request) != "right":
            raise self._refuse(401, None, "Unauthorized")
        unknown = next((n for n, _ in request.query if n not in route.query), None)
        if unknown is not None:
            # A guess: a live system may ignore it, and a filter misspelled (or sent in
            # the query where a header is asked for) would then find everything.
            raise self._refuse(400, unknown, f"Unknown parameter '{unknown}'.")
        return route

    def failure(self, status: int) -> Reply:
        message = "Too many requests" if status == 429 else "Internal error"
        return _errors(status, [Finding("", message)])

    def expire_tokens(self) -> None:
        self._tokens.clear()

    def _token(self, request: Request) -> Reply:
        """Sign in: form fields, never in the address; errors are OAuth's own."""
        form = dict(parse_qsl(request.content.decode(), keep_blank_values=True))
        kind = request.content_type.partition(";")[0]
        if kind != "application/x-www-form-urlencoded" or request.query:
            return Reply(400, _oauth_error("invalid_request", "Send form fields."))
        if form.get("grant_type") != "client_credentials":
            return Reply(400, _oauth_error("unsupported_grant_type", ""))
        data = self.data
        if (form.get("client_id"), form.get("client_secret")) != (
            data.client_id,
            data.client_secret,
        ):
            return Reply(401, _oauth_error("invalid_client", "Unknown client."))
        if form.get("api_key") != data.api_key:
            return Reply(401, _oauth_error("invalid_grant", "Unknown API key."))
        self._issued += 1
        name = f"procountor-token-{self._issued}"
        self._tokens[name] = self.clock.monotonic() + self.token_seconds
        return Reply(body={"access_token": name, "expires_in": self.token_seconds})

    # Shared ------------------------------------------------------------------

    def _now(self) -> str:
        """Give the local time, without zone (that it is Finnish time is a guess)."""
        return finnish_time(self.clock.now()).strftime("%Y-%m-%dT%H:%M:%S")

    def _refuse(self, status: int, field: str | None, message: str) -> RefusedRequest:
        return RefusedRequest(_errors(status, [Finding(field or "", message)]))

    def _body(self, request: Request, rule: Field) -> Item:
        """Read a JSON body and refuse it with everything that is wrong in its shape."""
        body = self._json(request.content, request.content_type)
        _refuse_findings(list(iter_findings(body, rule)))
        return body

    def _json(self, content: bytes, content_type: str) -> Any:
        if not content_type.startswith("application/json"):
            raise self._refuse(400, None, "The body must be JSON.")
        try:
            return load_json(content)
        except ValueError as error:
            raise self._refuse(400, None, "The body is not JSON.") from error

    def _read_many(
        self, name: str, register: dict[int, Item]
    ) -> Callable[[Request], Reply]:
        """One id gives an object; several a list by id, without unknown ones."""

        def handler(request: Request) -> Reply:
            texts = request.params[name].split(",")
            if len(texts) > MAX_IDS or not all(text.isdecimal() for text in texts):
                raise self._refuse(400, name, f"At most {MAX_IDS} ids.")
            found = [
                register[number]
                for number in sorted({int(text) for text in texts})
                if number in register
            ]
            if not found:
                raise self._refuse(404, None, "Not found")
            return Reply(body=found[0] if len(texts) == 1 else found)

        return handler

    def _page(self, request: Request, items: Iterable[Item]) -> Reply:
        """Cut a page out of hits: by id, newest first unless asked otherwise."""
        size = self._whole_number(request, "size", 50, 1, 200)
        page = self._whole_number(request, "page", 0, 0, 10**9)
        order = request.one("orderById", "DESC")
        if order not in ("ASC", "DESC"):
            raise RefusedRequest(_errors(400, [invalid("orderById", order)]))
        hits = sorted(items, key=lambda item: item["id"], reverse=order == "DESC")
        total = len(hits)
        previous = self._whole_number(request, "previousId", 0, 0, 2**31 - 1)
        if previous:
            hits = [
                item
                for item in hits
                if (item["id"] > previous) == (order == "ASC")
                and item["id"] != previous
            ]
        results = hits[page * size : (page + 1) * size]
        meta = {
            "pageNumber": page,
            "pageSize": size,
            "resultCount": len(results),
            "totalCount": total,
        }
        return Reply(body={"results": results, "meta": meta})

    def _whole_number(
        self, request: Request, name: str, default: int, low: int, high: int
    ) -> int:
        value = request.one(name) or str(default)
        if not value.isdecimal() or not low <= int(value) <= high:
            raise RefusedRequest(_errors(400, [invalid(name, value)]))
        return int(value)

    def _flag(self, request: Request, name: str) -> bool | None:
        value = request.one(name)
        if value not in (None, "true", "false"):
            raise RefusedRequest(_errors(400, [invalid(name, value)]))
        return None if value is None else value == "true"

    def _choices(
        self, request: Request, name: str, allowed: frozenset[str]
    ) -> set[str] | None:
        """Read a comma-joined list; a repeated parameter is not that (a guess: 400)."""
        values = request.many(name)
        if not values:
            return None
        chosen = set(values[0].split(","))
        if len(values) > 1 or not chosen <= allowed:
            raise RefusedRequest(_errors(400, [invalid(name, ",".join(values))]))
        return chosen

    # Invoices ----------------------------------------------------------------

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
        return self.data.created.get(item["id"], item["version"])

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
        findings = list(iter_findings(body, INVOICE))
        if isinstance(body, dict) and body.get("type") != "SALES_INVOICE":
            findings.append(Finding("type", "The simulator takes SALES_INVOICE only."))
        if not findings:  # the further rules read fields, so the shape must be right
            findings = list(iter_sales_findings(body, self.data))
        _refuse_findings(findings)
        return Reply(body=self.add_invoice(body))

    def add_invoice(self, body: Item) -> Item:
        """Store a checked invoice with its receipt, as the API or a user does."""
        data, now = self.data, self._now()
        number, data.next_invoice_number = (
            data.next_invoice_number,
            data.next_invoice_number + 1,
        )
        invoice = copy.deepcopy(body)
        payment = invoice["paymentInfo"]
        if payment.get("bankReferenceCode") == "":
            payment["bankReferenceCode"] = add_check_digit(str(number))
            payment["bankReferenceCodeType"] = "FI"
        for row in invoice["invoiceRows"]:
            row["id"] = data.take_id()
        invoice_id, receipt_id = data.take_id(), data.take_id()
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
        data.receipts[receipt_id] = {
            "id": receipt_id,
            "type": "SALES_INVOICE",
            "status": "UNFINISHED",
            "name": body["counterParty"]["counterPartyAddress"]["name"],
            "receiptDate": body["date"],
            "vatType": "SALES",
            "vatStatus": body["vatStatus"],
            "invoiceId": invoice_id,
            "receiptNumber": number,
            "invoiceNumber": number,
            "version": now,
            "transactions": build_postings(body, data),
            "attachments": [],
        }
        data.invoices[invoice_id] = invoice
        data.created[invoice_id] = now
        data.visible_from[invoice_id] = self.clock.monotonic() + self.search_lag_seconds
        return copy.deepcopy(invoice)

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
        reply = self._move(request, {"NOT_SENT", "SENT"}, "SENT")
        self.data.sent.append(self._invoice(request)["id"])
        return reply

    def _invalidate(self, request: Request) -> Reply:
        self._need_open_period(request)
        return self._move(
            request, {"UNFINISHED", "NOT_SENT", "APPROVED"}, "INVALIDATED"
        )

    def _unfinished(self, request: Request) -> Reply:
        self._need_open_period(request)
        return self._move(request, {"NOT_SENT", "APPROVED"}, "UNFINISHED")

    def _need_open_period(self, request: Request) -> None:
        receipt_day = self._invoice(request)["date"]
        if not self.data.is_open(date.fromisoformat(receipt_day)):
            raise self._refuse(403, "date", "CLOSED_FISCAL_PERIOD")

    # Receipts ----------------------------------------------------------------

    def _set_dimensions(self, request: Request) -> Reply:
        receipt = self.data.receipts.get(_number(request.params["receiptId"]))
        wanted = _number(request.params["transactionId"])
        posting = next(
            (p for p in (receipt or {}).get("transactions", ()) if p["id"] == wanted),
            None,
        )
        if receipt is None or posting is None:
            raise self._refuse(404, None, "Not found")
        values = self._body(request, DIMENSION_VALUES)["dimensionItemValues"]
        _refuse_findings(self._check_dimensions(values, posting))
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

    # Registers ---------------------------------------------------------------

    def _search_partners(self, request: Request) -> Reply:
        """Search; name and identifier come as headers only, closed ones on demand."""
        name = request.headers.get("name")
        identifier = request.headers.get("identifier")
        number, kind = request.one("customerNumber"), request.one("type")
        identifier_type = request.one("identifierType")
        active = self._flag(request, "active")
        active = True if active is None else active

        def is_hit(partner: Item) -> bool:
            info = partner["invoicingInfo"]
            return (
                partner["registryInfo"]["active"] == active
                and (kind is None or partner["type"] == kind)
                # By part is a guess: "compare again" is the documented advice.
                and (number is None or number in info.get("customerNumber", ""))
                and (name is None or name.lower() in partner["name"].lower())
                and (identifier is None or identifier == info.get("identifier"))
                and identifier_type in (None, info.get("identifierType"))
            )

        hits = [_basic_partner(p) for p in self.data.partners.values() if is_hit(p)]
        return self._page(request, hits)

    def _create_partner(self, request: Request) -> Reply:
        body = self._json(request.content, request.content_type)
        findings = list(iter_findings(body, PARTNER))
        if not findings:
            info = body.get("invoicingInfo") or {}
            address = body.get("address")
            if body["type"] == "CUSTOMER" and not address:
                findings.append(blank("address"))
            country = (address or {}).get("country")
            if info.get("identifier") and not is_business_id(
                info["identifier"], country
            ):
                findings.append(Finding("invoicingInfo.identifier", "ERROR_BRN_CODE"))
        _refuse_findings(findings)
        partner = copy.deepcopy(body)
        partner |= {
            "id": self.data.take_id(),
            "invoicingInfo": partner.get("invoicingInfo") or {},
            "registryInfo": {"active": True, **partner.get("registryInfo", {})},
            "version": self._now(),
        }
        self.data.partners[partner["id"]] = partner
        return Reply(body=partner)

    def _search_products(self, request: Request) -> Reply:
        name, code = request.one("name"), request.one("code")
        kind, active = request.one("type"), self._flag(request, "active")

        def is_hit(product: Item) -> bool:
            if (
                (product["type"] == "TRAVEL")
                if kind is None
                else (product["type"] != kind)
            ):
                return False
            return (
                (active is None or product["active"] == active)
                # Case of letters: a guess.
                and (code is None or code.lower() in product.get("code", "").lower())
                and (name is None or name.lower() in product["name"].lower())
            )

        hits = [product for product in self.data.products.values() if is_hit(product)]
        return self._page(request, hits)

    def _create_product(self, request: Request) -> Reply:
        body = self._body(request, PRODUCT)
        findings = []
        if body["type"] == "TRAVEL":  # whether these can be created is not stated
            findings.append(invalid("type", "TRAVEL"))
        if body.get("vat") is not None and not self.data.has_vat(body["vat"]):
            findings.append(invalid("vat", body["vat"]))
        _refuse_findings(findings)
        product = {**copy.deepcopy(body), "id": self.data.take_id()}
        product["version"] = self._now()
        self.data.products[product["id"]] = product
        return Reply(body=product)

    def _dimensions(self, request: Request) -> Reply:
        name, code = request.one("name", "") or "", request.one("codeName")
        return Reply(
            body=[
                dimension
                for dimension in self.data.dimensions.values()
                if name in dimension["name"]
                and (
                    code is None
                    or any(code in item["codeName"] for item in dimension["items"])
                )
            ]
        )

    def _dimension_of(self, request: Request) -> Item:
        number = _number(request.params["dimensionId"])
        dimension = self.data.dimensions.get(number)
        if dimension is None:
            raise self._refuse(404, None, "Not found")
        return dimension

    def _dimension(self, request: Request) -> Reply:
        return Reply(body=self._dimension_of(request))

    def _create_item(self, request: Request) -> Reply:
        """Add an item; equal names are not refused (unknown whether they are)."""
        dimension, body = (
            self._dimension_of(request),
            self._body(request, DIMENSION_ITEM),
        )
        item = {**body, "id": self.data.take_id()}
        dimension["items"].append(item)
        return Reply(body=item)

    def _change_item(self, request: Request) -> Reply:
        """Overwrite an item: what is left out is emptied."""
        dimension, body = (
            self._dimension_of(request),
            self._body(request, DIMENSION_ITEM),
        )
        for place, item in enumerate(dimension["items"]):
            if item["id"] == body.get("id"):
                dimension["items"][place] = body
                return Reply(body=body)
        raise self._refuse(404, "id", "Not found")

    # Files -------------------------------------------------------------------

    def _no_archive(self, _: Request) -> Reply:
        raise self._refuse(403, None, "Document management is not in use.")

    def _create_attachment(self, request: Request) -> Reply:
        if not request.content_type.startswith("multipart/form-data"):
            raise self._refuse(400, None, "The body must be multipart/form-data.")
        parts = {part.name: part for part in request.parts()}
        meta_part, file_part = parts.get("meta"), parts.get("file")
        if meta_part is None or file_part is None:
            missing = "meta" if meta_part is None else "file"
            raise self._refuse(
                400, missing, f"Value of the '{missing}' cannot be blank."
            )
        meta = self._json(meta_part.content, meta_part.content_type)
        findings = list(iter_findings(meta, ATTACHMENT))
        _refuse_findings(findings + _check_file(file_part))
        if meta["referenceType"] != "INVOICE":
            raise self._refuse(
                400, "referenceType", "The simulator takes INVOICE only."
            )
        invoice = self.data.invoices.get(int(meta["referenceId"]))
        if invoice is None:
            raise self._refuse(404, "referenceId", "Not found")
        if "." not in meta["name"].strip("."):
            raise RefusedRequest(_errors(400, [invalid("name", meta["name"])]))
        if (
            invoice["status"] != "UNFINISHED"
        ):  # approved cannot be changed; a guess here
            raise self._refuse(
                403, "referenceId", f"Not possible in status {invoice['status']}."
            )
        extension = meta["name"].rpartition(".")[2].lower()
        attachment = {
            "id": self.data.take_id(),
            "name": meta["name"],
            "referenceType": "INVOICE",
            "referenceId": meta["referenceId"],
            "mimeType": MIME_TYPES.get(extension, "application/octet-stream"),
            "sendWithInvoice": meta["sendWithInvoice"],
        }
        self.data.attachments[attachment["id"]] = (attachment, file_part.content)
        invoice["attachments"].append(attachment)
        return Reply(body=attachment)

    def _attachment(self, request: Request) -> Reply:
        number = _number(request.params["attachmentId"])
        if number not in self.data.attachments:
            raise self._refuse(404, None, "Not found")
        meta, content = self.data.attachments[number]
        pieces = (
            (b"application/json", dump_json(meta)),
            (meta["mimeType"].encode(), content),
        )
        body = b"".join(
            b"--part\r\nContent-Type: " + kind + b"\r\n\r\n" + piece + b"\r\n"
            for kind, piece in pieces
        )
        return Reply(
            body=body + b"--part--\r\n", content_type="multipart/mixed; boundary=part"
        )

    # Company -----------------------------------------------------------------

    def _fiscal_years(self, _: Request) -> Reply:
        return Reply(body={"fiscalYears": self.data.fiscal_years})

    def _bank_accounts(self, request: Request) -> Reply:
        return self._page(request, self.data.bank_accounts)

    def _vats(self, _: Request) -> Reply:
        percentages = {
            "country": self.data.country,
            "percentages": self.data.vat_percentages,
        }
        return Reply(
            body={
                "vatInformation": [percentages],
                "vatStatuses": self.data.vat_statuses,
            }
        )

    def _session(self, _: Request) -> Reply:
        return Reply(
            body={
                "companyId": self.data.company_id,
                "name": self.data.name,
                "country": self.data.country,
                "productVersion": "FINANCIALS_PREMIUM",
                "userId": self.data.user_id,
                "userName": "integraatio",
                "companySettings": {"invoiceDiscussionEnabled": False},
            }
        )

    def _company(self, _: Request) -> Reply:
        return Reply(
            body={
                "id": self.data.company_id,
                "name": self.data.name,
                "country": self.data.country,
                "productVersion": "FINANCIALS_PREMIUM",
                "businessIdentifier": {"brnType": "FI", "code": self.data.business_id},
                "companyCurrency": self.data.currency,
            }
        )

    # Questions that tests ask --------------------------------------------------

    def found(self, original_number: int | str) -> list[Item]:
        """Give the invoices with that original number; more than one is a duplicate."""
        return [
            invoice
            for invoice in self.data.invoices.values()
            if invoice.get("originalInvoiceNumber") == str(original_number)
        ]


def _check_file(part: Part) -> list[Finding]:
    findings = []
    if not part.filename:
        findings.append(blank("file"))
    if len(part.content) > MAX_FILE_BYTES:
        findings.append(Finding("file", "File size too big"))
    return findings


def _basic_partner(partner: Item) -> Item:
    info = partner["invoicingInfo"]
    names = ("customerNumber", "identifier", "identifierType")
    return {
        "id": partner["id"],
        "name": partner["name"],
        "billingAddress": partner.get("billingAddress", {}),
        "invoicingInfo": {name: info[name] for name in names if name in info},
        "registryInfo": {"active": partner["registryInfo"]["active"]},
        "type": partner["type"],
        "version": partner["version"],
    }


def _errors(status: int, findings: list[Finding]) -> Reply:
    return Reply(
        status,
        {
            "errors": [
                {
                    "status": status,
                    **({"field": finding.field} if finding.field else {}),
                    "message": finding.message,
                }
                for finding in findings
            ]
        },
    )


def _refuse_findings(findings: list[Finding]) -> None:
    """Answer with all violations at once, when there are any."""
    if findings:
        raise RefusedRequest(_errors(400, findings))


def _oauth_error(error: str, description: str) -> Item:
    return {"error": error, "error_description": description}


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else -1
