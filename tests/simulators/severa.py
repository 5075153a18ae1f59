"""A Severa for the sales flow: reads, PDFs, files and the status PATCH.

Where the documentation is silent the strict reading is taken and marked "guess".
"""

from __future__ import annotations

import base64
import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.simulators.base import (
    RefusedRequest,
    Reply,
    Request,
    Route,
    Simulator,
    load_json,
)
from tests.simulators.files import make_pdf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from decimal import Decimal

    from tests.simulators.clock import Clock

Item = dict[str, Any]

ALL_SCOPES = frozenset(
    {
        "invoices:read",
        "invoices:write",
        "customers:read",
        "projects:read",
        "settings:read",
        "organization:read",
        "travels:read",
        "travels:write",
        "users:read",
        "fees:read",
        "fees:write",
        "files:read",
        "files:write",
    }
)
QUOTA_TEXT = b"API calls quota exceeded! maximum admitted 10 per 1s."
PDF_OPTIONS = frozenset({"All", "AttachmentAndBreakdown", "InvoiceOnly"})
TOKEN_STYLE = frozenset({"pageToken", "rowCount"})
OFFSET_STYLE = frozenset({"firstRow", "rowCount"})


@dataclass(slots=True)
class StoredFile:
    """A file's bytes, made only when they are asked for."""

    content_type: str
    make: Callable[[], bytes]


@dataclass(slots=True)
class SeveraData:
    """Everything the system holds; lists are in its own order, models are complete."""

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
    cases: dict[str, int] = field(default_factory=dict)  # case -> invoice number


@dataclass(frozen=True, slots=True)
class Token:
    scopes: frozenset[str]
    expires: float  # monotonic seconds


class Severa(Simulator):
    """The simulated system. ``token_seconds`` is a guess: lifetimes are undocumented."""

    base_path = "/rest-api"

    def __init__(
        self,
        data: SeveraData,
        clock: Clock,
        *,
        rate_per_second: int | None = 10,
        token_seconds: int = 3600,
        allowed_scopes: frozenset[str] = ALL_SCOPES,
    ) -> None:
        super().__init__(clock, rate_per_second)
        self.data = data
        self.token_seconds = token_seconds
        self.allowed_scopes = allowed_scopes
        self._tokens: dict[str, Token] = {}
        self._issued = 0
        self.routes = self._make_routes()

    # Tables ------------------------------------------------------------------

    def _make_routes(self) -> list[Route]:
        data = self.data

        def get(
            template: str,
            needs: str | None,
            handler: Callable[[Request], Reply],
            query: Iterable[str] = (),
        ) -> Route:
            return Route("GET", template, handler, frozenset(query), needs)

        def of_invoice(name: str, style: frozenset[str], *filters: str) -> Route:
            items: list[Item] = getattr(data, name)

            def handler(request: Request) -> Reply:
                invoice = self._get(data.invoices, request.params["invoiceGuid"])
                own = [item for item in items if _invoice_of(item) == invoice["guid"]]
                return self._page(request, own, style)

            path = f"/v1/invoices/{{invoiceGuid}}/{name}"
            return get(path, "invoices:read", handler, style | set(filters))

        def register(
            path: str,
            needs: str,
            items: list[Item],
            style: frozenset[str],
            **filters: Callable[[Item, list[str]], bool],
        ) -> Route:
            def handler(request: Request) -> Reply:
                return self._page(request, items, style, filters)

            return get(path, needs, handler, style | set(filters))

        def by_guid(path: str, needs: str, items: list[Item], name: str) -> Route:
            def handler(request: Request) -> Reply:
                return Reply(body=self._get(items, request.params[name]))

            return get(path, needs, handler)

        return [
            Route("POST", "/v1/token", self._token, open=True),
            get("/heartbeat", None, lambda _: Reply(204)),
            get("/heartbeat/authorized", None, lambda _: Reply(204)),
            register(
                "/v1/invoices",
                "invoices:read",
                data.invoices,
                TOKEN_STYLE,
                invoiceStatusGuids=_any_of(lambda i: [i["status"]["guid"]]),
                projectGuids=_any_of(lambda i: [p["guid"] for p in i["projects"]]),
                projectBusinessUnitGuids=_any_of(self._unit_guids),
                customerGuids=_any_of(lambda i: [i["customer"]["guid"]]),
                createdByUserGuids=_any_of(lambda i: [i["createdBy"]["guid"]]),
                numbers=_any_of(lambda i: [str(i["number"])]),
                referenceNumbers=_any_of(lambda i: [i["referenceNumber"]]),
                startDate=lambda i, v: i["date"] >= v[-1][:10],
                endDate=lambda i, v: i["date"] <= v[-1][:10],
                changedSince=_changed_since,
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
                invoiceGuid=_any_of(lambda i: [i["invoiceGuid"]]),
            ),
            register(
                "/v1/customers",
                "customers:read",
                data.customers,
                TOKEN_STYLE,
                numbers=_any_of(lambda i: [str(i["number"])]),
                customerNames=_any_of(lambda i: [i["name"]]),
                isActive=_flag("isActive"),
                changedSince=_changed_since,
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
                projectGuids=_any_of(lambda i: [i["guid"]]),
                numbers=_any_of(lambda i: [str(i["number"])]),
                customerGuids=_any_of(lambda i: [i["customer"]["guid"]]),
                businessUnitGuids=_any_of(lambda i: [i["businessUnit"]["guid"]]),
                isClosed=_flag("isClosed"),
                changedSince=_changed_since,
            ),
            register(
                "/v1/invoicestatuses",
                "settings:read",
                data.invoicestatuses,
                OFFSET_STYLE,
                active=_flag("isActive"),
                textToSearch=_part_of("name"),
            ),
            register(
                "/v1/businessunits",
                "settings:read",
                data.businessunits,
                OFFSET_STYLE,
                active=_flag("isActive"),
                code=_any_of(lambda i: [i["code"]]),
                name=_any_of(lambda i: [i["name"]]),
                companyGuid=_any_of(lambda i: [i["companyGuid"]]),
            ),
            register(
                "/v1/costcenters",
                "settings:read",
                data.costcenters,
                OFFSET_STYLE,
                active=_flag("isActive"),
                identifier=_any_of(lambda i: [i["identifier"]]),
                name=_any_of(lambda i: [i["name"]]),
            ),
            register(
                "/v1/products",
                "settings:read",
                data.products,
                TOKEN_STYLE,
                code=_any_of(lambda i: [i["code"]]),
                type=_any_of(lambda i: [i["type"]]),
                isActive=_flag("isActive"),
            ),
            register(
                "/v1/worktypes",
                "settings:read",
                data.worktypes,
                OFFSET_STYLE,
                code=_any_of(lambda i: [i["code"]]),
                active=_flag("isActive"),
            ),
            register(
                "/v1/travelexpensetypes",
                "settings:read",
                data.travelexpensetypes,
                OFFSET_STYLE,
                code=_any_of(lambda i: [i["code"]]),
                active=_flag("isActive"),
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
                isInvoiceLanguage=_flag("isInvoiceLanguage"),
            ),
            get(
                "/v1/organizationdetails",
                "organization:read",
                lambda _: Reply(body=data.organizationdetails),
            ),
        ]

    # Hooks -------------------------------------------------------------------

    def judge(self, request: Request) -> str:
        if "authorization" not in request.headers:
            return "missing"
        right = self._token_of(request) is not None and self._is_client(request)
        return "right" if right else "wrong"

    def admit(self, request: Request, route: Route | None) -> Route:
        # Whether the token call counts, and refused ones, is a guess: it does, they
        # do not. The quota is kept per address here, since one client calls us.
        if self.rate.is_over("client"):
            raise RefusedRequest(Reply(429, QUOTA_TEXT, "text/plain"))
        if route is None:
            raise RefusedRequest(Reply(404))
        if not route.open:
            self._authorise(request, route)
        unknown = next((n for n, _ in request.query if n not in route.query), None)
        if unknown is not None:
            # A guess: a live system may ignore it, and a filter misspelled would
            # then pass unnoticed.
            raise self._refuse(
                400,
                "InvalidParameter",
                f"Unknown parameter '{unknown}'.",
                ("UriParameter", unknown),
            )
        return route

    def failure(self, status: int) -> Reply:
        if status == 429:
            return Reply(429, QUOTA_TEXT, "text/plain")
        return _error(status, "InternalSystemError", "Something went wrong.", None)

    def expire_tokens(self) -> None:
        self._tokens.clear()

    # Sign-in -----------------------------------------------------------------

    def _token(self, request: Request) -> Reply:
        try:
            body = load_json(request.content)
        except ValueError:
            body = None
        if not request.content_type.startswith("application/json") or not isinstance(
            body, dict
        ):
            raise self._refuse(400, "InvalidRequest", "The body must be JSON.")
        pair = (body.get("client_id"), body.get("client_secret"))
        if pair != (self.data.client_id, self.data.client_secret):
            raise self._refuse(
                401, "AuthenticationRequired", "Invalid client credentials."
            )
        asked = frozenset(str(body.get("scope") or "").replace(",", " ").split())
        if not asked <= self.allowed_scopes:
            missing = ", ".join(sorted(asked - self.allowed_scopes))
            raise self._refuse(
                403, "InsufficientApiScope", f"Scope not allowed: {missing}."
            )
        self._issued += 1
        name = f"severa-token-{self._issued}"
        lifetime = self.token_seconds
        self._tokens[name] = Token(asked, self.clock.monotonic() + lifetime)
        now = self.clock.now()
        return Reply(
            body={
                "access_token": name,
                "access_token_type": "Bearer",
                "access_token_expires_in": lifetime,
                "access_token_expires_utc": _stamp(now + timedelta(seconds=lifetime)),
                "refresh_token": f"severa-refresh-{self._issued}",
                "refresh_token_expires_in": 86400,
                "refresh_token_expires_utc": _stamp(now + timedelta(days=1)),
                "scope": " ".join(sorted(asked)),
            }
        )

    def _token_of(self, request: Request) -> Token | None:
        kind, _, name = request.headers.get("authorization", "").partition(" ")
        token = self._tokens.get(name) if kind == "Bearer" else None
        if token is None or token.expires <= self.clock.monotonic():
            return None
        return token

    def _is_client(self, request: Request) -> bool:
        return request.headers.get("client_id") == self.data.client_id

    def _authorise(self, request: Request, route: Route) -> None:
        if not self._is_client(request):
            raise self._refuse(
                401,
                "AuthenticationRequired",
                "Client_Id header is missing or unknown.",
                ("RequestHeader", "Client_Id"),
            )
        token = self._token_of(request)
        if token is None:
            raise self._refuse(
                401, "AuthenticationRequired", "Access token is missing or expired."
            )
        if route.needs is not None and route.needs not in token.scopes:
            raise self._refuse(
                403,
                "InsufficientApiScope",
                f"The scope {route.needs} is required.",
            )

    # Paging ------------------------------------------------------------------

    def _page(
        self,
        request: Request,
        items: Sequence[Item],
        style: frozenset[str],
        filters: dict[str, Callable[[Item, list[str]], bool]] | None = None,
    ) -> Reply:
        """Filter, then cut one page.

        A page token holds the place in the unfiltered list, so that a list whose
        members move away between two pages loses none of the rest.
        """
        tests = [
            (test, request.many(name))
            for name, test in (filters or {}).items()
            if request.many(name)
        ]
        wanted = [
            (place, item)
            for place, item in enumerate(items)
            if all(test(item, values) for test, values in tests)
        ]
        if not style:
            return Reply(body=[item for _, item in wanted])
        count = self._whole_number(request, "rowCount", 20, 1, 100)
        if style is OFFSET_STYLE:
            first = self._whole_number(request, "firstRow", 0, 0, 10**9)
            return Reply(body=[item for _, item in wanted[first : first + count]])
        start = self._read_page_token(request)
        rest = [(place, item) for place, item in wanted if place >= start]
        page = [item for _, item in rest[:count]]
        headers = {}
        if len(rest) > count:
            token = base64.urlsafe_b64encode(f"from:{rest[count][0]}".encode())
            headers["NextPageToken"] = token.decode()
        return Reply(body=page, headers=headers)

    def _read_page_token(self, request: Request) -> int:
        token = request.one("pageToken") or ""
        if not token:
            return 0
        try:
            word, _, place = base64.urlsafe_b64decode(token).decode().partition(":")
            if word == "from":
                return int(place)
        except ValueError:
            pass
        raise self._refuse(
            400, "InvalidParameter", "Bad page token.", ("UriParameter", "pageToken")
        )

    def _whole_number(
        self, request: Request, name: str, default: int, low: int, high: int
    ) -> int:
        text = request.one(name) or str(default)
        if not text.isdecimal() or not low <= int(text) <= high:
            raise self._refuse(
                400,
                "InvalidParameter",
                f"{name} must be between {low} and {high}.",
                ("UriParameter", name),
            )
        return int(text)

    # Invoices ----------------------------------------------------------------

    def _rows(self, request: Request) -> Reply:
        guid = request.params["invoiceGuid"]
        self._get(self.data.invoices, guid)
        rows = [row for row in self.data.rows if row["invoiceGuid"] == guid]
        kind = _any_of(lambda row: [row["rowType"]])
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
        try:
            changes = load_json(request.content)
        except ValueError:
            changes = None
        if not isinstance(changes, list) or not changes:
            raise self._refuse(400, "InvalidRequest", "A list of operations is needed.")
        for change in changes:
            if str(change.get("op")).lower() != "replace":
                raise self._refuse(
                    400,
                    "InvalidOperation",
                    "Only replace is supported.",
                    ("RequestBody", "op"),
                )
            if change.get("path") != "/status/guid":
                raise self._refuse(
                    400,
                    "InvalidParameter",
                    f"Unknown path '{change.get('path')}'.",
                    ("RequestBody", "path"),
                )
            status = next(
                (
                    item
                    for item in self.data.invoicestatuses
                    if item["guid"] == change.get("value")
                ),
                None,
            )
            if status is None:
                raise self._refuse(
                    400,
                    "InvalidParameter",
                    "Unknown invoice status.",
                    ("RequestBody", "/status/guid"),
                )
            if not status["isActive"]:  # a disabled status cannot be selected
                raise self._refuse(
                    400,
                    "InvalidOperation",
                    "The invoice status is not active.",
                    ("RequestBody", "/status/guid"),
                )
            self.set_status(invoice, status)
        return Reply(body=[copy.deepcopy(invoice)])

    def set_status(self, invoice: Item, status: Item) -> None:
        """Move an invoice, as a user or the API does."""
        invoice["status"] = {
            key: status[key]
            for key in ("guid", "name", "isPaid", "isSent", "isWaitingPayment")
        }
        invoice["lastUpdatedDateTime"] = _stamp(self.clock.now())

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

    # Questions and errors ----------------------------------------------------

    def invoice(self, number: int) -> Item:
        """Give an invoice by its number, for tests."""
        return next(i for i in self.data.invoices if i["number"] == number)

    def status_of(self, number: int) -> str:
        """Give the name of an invoice's status, for tests."""
        return str(self.invoice(number)["status"]["name"])

    def status(self, name: str) -> Item:
        """Give a status by its name, for tests."""
        return next(s for s in self.data.invoicestatuses if s["name"] == name)

    def _get(self, items: Sequence[Item], guid: str) -> Item:
        found = next((item for item in items if item["guid"] == guid), None)
        if found is None:
            raise RefusedRequest(Reply(404))  # 404 may come without a body
        return found

    def _refuse(
        self,
        status: int,
        kind: str,
        message: str,
        place: tuple[str, str] | None = None,
    ) -> RefusedRequest:
        return RefusedRequest(_error(status, kind, message, place))


def _error(
    status: int, kind: str, message: str, place: tuple[str, str] | None
) -> Reply:
    location = place and {"type": place[0], "name": place[1], "identifier": None}
    detail = {"message": message, "url": None, "location": location}
    error = {
        "httpStatusCode": status,
        "type": kind,
        "stack": None,
        "details": [detail],
    }
    return Reply(status, {"error": error})


def _invoice_of(item: Item) -> str | None:
    """Give the invoice of a row's content; reimbursed ones name it flatly."""
    if "invoiceGuid" in item:
        guid: str | None = item["invoiceGuid"]
        return guid
    return item["invoice"]["guid"] if item.get("invoice") else None


def _any_of(
    values_of: Callable[[Item], list[str]],
) -> Callable[[Item, list[str]], bool]:
    return lambda item, wanted: any(value in wanted for value in values_of(item))


def _flag(name: str) -> Callable[[Item, list[str]], bool]:
    return lambda item, wanted: str(bool(item[name])).lower() == wanted[-1].lower()


def _part_of(name: str) -> Callable[[Item, list[str]], bool]:
    return lambda item, wanted: wanted[-1].lower() in item[name].lower()


def _changed_since(item: Item, wanted: list[str]) -> bool:
    """Compare inclusively, as documented; a time without zone is read as UTC (guess)."""
    changed = item["lastUpdatedDateTime"] or item["createdDateTime"]
    since = datetime.fromisoformat(wanted[-1])
    since = since if since.tzinfo else since.replace(tzinfo=UTC)
    return datetime.fromisoformat(changed) >= since


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def money(amount: Decimal, currency: str = "EUR") -> Item:
    """Give an amount as the API words it."""
    return {"amount": amount, "currencyCode": currency, "multiCurrencyInfo": None}
