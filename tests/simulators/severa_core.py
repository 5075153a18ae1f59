"""The simulated Severa's ground: sign-in, scopes, quota, both paging styles, errors."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.simulators.base import (
    Handler,
    RefusedRequest,
    Reply,
    Request,
    Route,
    Simulator,
)
from tests.simulators.bodies import load_json
from tests.simulators.severa_filters import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tests.simulators.clock import Clock
    from tests.simulators.severa_data import Item, SeveraData


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
        "fees:delete",
        "files:read",
        "files:write",
    }
)
QUOTA_TEXT = b"API calls quota exceeded! maximum admitted 10 per 1s."
TOKEN_STYLE = frozenset({"pageToken", "rowCount"})
OFFSET_STYLE = frozenset({"firstRow", "rowCount"})


@dataclass(frozen=True, slots=True)
class Token:
    scopes: frozenset[str]
    expires: float  # monotonic seconds


class SeveraCore(Simulator):
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
        self.routes = self.make_routes()

    def make_routes(self) -> list[Route]:
        """Give the operations."""
        raise NotImplementedError

    def get_route(
        self,
        template: str,
        needs: str | None,
        handler: Handler,
        query: Iterable[str] = (),
    ) -> Route:
        """Give a reading operation."""
        return Route("GET", template, handler, frozenset(query), needs)

    def list_route(
        self,
        path: str,
        needs: str,
        items: list[Item],
        style: frozenset[str],
        **filters: Callable[[Item, list[str]], bool],
    ) -> Route:
        """Give the list of a register."""

        def handler(request: Request) -> Reply:
            return self._page(request, items, style, filters)

        return self.get_route(path, needs, handler, style | set(filters))

    def guid_route(
        self, path: str, needs: str, items: list[Item], name: str = "guid"
    ) -> Route:
        """Give one member of a register."""

        def handler(request: Request) -> Reply:
            return Reply(body=self._get(items, request.params[name]))

        return self.get_route(path, needs, handler)

    # Hooks --------------------------------------------------------------------

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
        return error_reply(status, "InternalSystemError", "Something went wrong.", None)

    def expire_tokens(self) -> None:
        self._tokens.clear()

    # Sign-in ------------------------------------------------------------------

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
                "access_token_expires_utc": stamp(now + timedelta(seconds=lifetime)),
                "refresh_token": f"severa-refresh-{self._issued}",
                "refresh_token_expires_in": 86400,
                "refresh_token_expires_utc": stamp(now + timedelta(days=1)),
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

    # Paging -------------------------------------------------------------------

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

    # Status ------------------------------------------------------------------

    def _read_changes(self, request: Request) -> list[Item]:
        """Read a JSON Patch; only ``replace`` is supported."""
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
        return changes

    def _read_status(
        self, request: Request, path: str, statuses: list[Item], kind: str
    ) -> Item:
        """Read a change of the status and of nothing else; give the last one."""
        chosen: Item = {}
        for change in self._read_changes(request):
            if change.get("path") != path:
                raise self._refuse(
                    400,
                    "InvalidParameter",
                    f"Unknown path '{change.get('path')}'.",
                    ("RequestBody", "path"),
                )
            found = [item for item in statuses if item["guid"] == change.get("value")]
            if not found:
                raise self._refuse(
                    400,
                    "InvalidParameter",
                    f"Unknown {kind} status.",
                    ("RequestBody", path),
                )
            chosen = found[0]
            if not chosen["isActive"]:  # a disabled status cannot be selected
                raise self._refuse(
                    400,
                    "InvalidOperation",
                    f"The {kind} status is not active.",
                    ("RequestBody", path),
                )
        return chosen

    # Errors ------------------------------------------------------------------

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
        return RefusedRequest(error_reply(status, kind, message, place))


def error_reply(
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
