"""Two systems in a hundred lines: a web shop with orders, and books with documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

Row = dict[str, Any]


class Kiosk:
    """The web shop: orders in a state, their lines, and a change of state."""

    host = "kiosk.example"

    def __init__(self, orders: list[Row]) -> None:
        self.orders = {order["key"]: order for order in orders}

    def answer(self, method: str, path: list[str], request: httpx.Request) -> Any:
        """Answer a request; None when there is no such thing."""
        match method, path:
            case "POST", ["api", "session"]:
                return {"session": "kiosk-token", "seconds": 3600}
            case "GET", ["api", "orders"]:
                asked = request.url.params
                found = [
                    without_lines(order)
                    for order in self.orders.values()
                    if order["state"] == asked["state"]
                ]
                start = int(asked["from"])
                return {"orders": found[start : start + int(asked["max"])]}
            case "GET", ["api", "orders", key]:
                return without_lines(self.orders[int(key)])
            case "GET", ["api", "orders", key, "lines"]:
                return {"lines": self.orders[int(key)]["lines"]}
            case "PATCH", ["api", "orders", key]:
                for change in json.loads(request.content):
                    self.orders[int(key)][change["path"].strip("/")] = change["value"]
                return without_lines(self.orders[int(key)])
        return None


class Ledgerbook:
    """The books: a register of parties, and documents."""

    host = "ledgerbook.example"

    def __init__(self) -> None:
        self.parties: list[Row] = []
        self.documents: list[Row] = []

    def answer(self, method: str, path: list[str], request: httpx.Request) -> Any:
        """Answer a request; None when there is no such thing."""
        match method, path:
            case "POST", ["oauth", "token"]:
                return {"access_token": "books-token", "expires_in": 3600}
            case "GET", ["parties"]:
                wanted = request.url.params["companyId"]
                return {
                    "parties": [p for p in self.parties if p["CompanyID"] == wanted]
                }
            case "POST", ["parties"]:
                made = {"id": len(self.parties) + 1, **json.loads(request.content)}
                self.parties.append(made)
                return made
            case "GET", ["documents"]:
                wanted = request.url.params["number"]
                return {"documents": [d for d in self.documents if d["ID"] == wanted]}
            case "GET", ["documents", uuid]:
                return next((d for d in self.documents if d["uuid"] == uuid), None)
            case "POST", ["documents"]:
                uuid = f"doc-{len(self.documents) + 1}"
                made = {"uuid": uuid, **json.loads(request.content)}
                self.documents.append(made)
                return made
        return None


class ToyTransport(httpx.BaseTransport):
    """Carries requests to the two systems and keeps a line about each."""

    def __init__(self, *systems: Kiosk | Ledgerbook) -> None:
        self._systems: dict[str, Callable[..., Any]] = {
            s.host: s.answer for s in systems
        }
        self.journal: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        path = request.url.path.strip("/").split("/")
        self.journal.append(f"{request.method} {request.url.host}{request.url.path}")
        body = self._systems[request.url.host](request.method, path, request)
        if body is None:
            return httpx.Response(404, json={"problem": "not found"}, request=request)
        return httpx.Response(200, json=body, request=request)


def without_lines(order: Row) -> Row:
    return {name: value for name, value in order.items() if name != "lines"}
