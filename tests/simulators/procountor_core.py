"""The simulated Procountor's ground: sign-in, rate, bodies, paging, error answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from tests.simulators.base import RefusedRequest, Reply, Request, Route, Simulator
from tests.simulators.bodies import load_json
from tests.simulators.clock import Clock, finnish_time
from tests.simulators.shape import Field, Finding, invalid, iter_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.simulators.procountor_data import Item, ProcountorData


MAX_IDS = 200
PAGING = frozenset({"previousId", "size", "page", "orderById"})


class ProcountorCore(Simulator):
    """The simulated system; subclasses add what it answers.

    It may hold several companies: the token, made with one company's key, says whose
    data a request sees, and their ids overlap. Between requests ``data`` is the first
    company's. ``search_lag_seconds`` is how long a new invoice stays out of searches; reading it
    by id works at once. ``exact_search`` makes ``originalInvoiceNumber`` match whole
    texts only: whether it does is not written down, so the default is by part.
    """

    base_path = "/api"

    def __init__(
        self,
        data: ProcountorData,
        clock: Clock,
        *,
        others: Iterable[ProcountorData] = (),
        rate_per_second: int | None = 60,
        token_seconds: int = 3600,
        search_lag_seconds: float = 0.0,
        exact_search: bool = False,
    ) -> None:
        super().__init__(clock, rate_per_second)
        self.companies = [data, *others]
        self._company: ProcountorData | None = None
        self.token_seconds = token_seconds
        self.search_lag_seconds = search_lag_seconds
        self.exact_search = exact_search
        # token -> monotonic end, and the company of the key
        self._tokens: dict[str, tuple[float, ProcountorData]] = {}
        self._issued = 0
        self.routes = self.make_routes()

    @property
    def data(self) -> ProcountorData:
        """The company that the request at hand sees."""
        return self._company or self.companies[0]

    def make_routes(self) -> list[Route]:
        """Give the operations."""
        raise NotImplementedError

    # Hooks -------------------------------------------------------------------

    def judge(self, request: Request) -> str:
        if "authorization" not in request.headers:
            return "missing"
        return "wrong" if self._company_of(request) is None else "right"

    def _company_of(self, request: Request) -> ProcountorData | None:
        kind, _, name = request.headers.get("authorization", "").partition(" ")
        end, company = self._tokens.get(name, (0.0, None))
        is_good = kind == "Bearer" and end > self.clock.monotonic()
        return company if is_good else None

    def _apply(self, request: Request, route: Route | None) -> Reply:
        self._company = self._company_of(request)
        try:
            return super()._apply(request, route)
        finally:
            self._company = None

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
        return errors_reply(status, [Finding("", message)])

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
        pair = (form.get("client_id"), form.get("client_secret"))
        clients = {(data.client_id, data.client_secret) for data in self.companies}
        if pair not in clients:
            return Reply(401, _oauth_error("invalid_client", "Unknown client."))
        companies = [
            data for data in self.companies if data.api_key == form.get("api_key")
        ]
        if not companies:
            return Reply(401, _oauth_error("invalid_grant", "Unknown API key."))
        self._issued += 1
        name = f"procountor-token-{self._issued}"
        end = self.clock.monotonic() + self.token_seconds
        self._tokens[name] = (end, companies[0])
        return Reply(body={"access_token": name, "expires_in": self.token_seconds})

    # Shared ------------------------------------------------------------------

    def _now(self) -> str:
        """Give the local time, without zone (that it is Finnish time is a guess)."""
        return finnish_time(self.clock.now()).strftime("%Y-%m-%dT%H:%M:%S")

    def _refuse(self, status: int, field: str | None, message: str) -> RefusedRequest:
        return RefusedRequest(errors_reply(status, [Finding(field or "", message)]))

    def _body(self, request: Request, rule: Field) -> Item:
        """Read a JSON body and refuse it with everything that is wrong in its shape."""
        body = self._json(request.content, request.content_type)
        refuse_findings(list(iter_findings(body, rule)))
        checked: Item = body
        return checked

    def _json(self, content: bytes, content_type: str) -> Any:
        if not content_type.startswith("application/json"):
            raise self._refuse(400, None, "The body must be JSON.")
        try:
            return load_json(content)
        except ValueError as error:
            raise self._refuse(400, None, "The body is not JSON.") from error

    def _read_many(self, name: str, kind: str) -> Callable[[Request], Reply]:
        """One id gives an object; several a list by id, without unknown ones."""

        def handler(request: Request) -> Reply:
            register: dict[int, Item] = getattr(self.data, kind)
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
            raise RefusedRequest(errors_reply(400, [invalid("orderById", order)]))
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
            raise RefusedRequest(errors_reply(400, [invalid(name, value)]))
        return int(value)

    def _flag(self, request: Request, name: str) -> bool | None:
        value = request.one(name)
        if value not in (None, "true", "false"):
            raise RefusedRequest(errors_reply(400, [invalid(name, value)]))
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
            raise RefusedRequest(errors_reply(400, [invalid(name, ",".join(values))]))
        return chosen


def errors_reply(status: int, findings: list[Finding]) -> Reply:
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


def refuse_findings(findings: list[Finding]) -> None:
    """Answer with all violations at once, when there are any."""
    if findings:
        raise RefusedRequest(errors_reply(400, findings))


def _oauth_error(error: str, description: str) -> Item:
    return {"error": error, "error_description": description}


def to_number(text: str) -> int:
    return int(text) if text.isdecimal() else -1
