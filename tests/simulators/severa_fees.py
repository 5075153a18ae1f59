"""Project fees of the simulated Severa: where costs of purchases arrive."""

from __future__ import annotations

import copy
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.simulators.base import RefusedRequest, Reply, Request, Route
from tests.simulators.bodies import load_json
from tests.simulators.severa_core import TOKEN_STYLE, SeveraCore
from tests.simulators.severa_data import money
from tests.simulators.severa_filters import any_of, changed_since, stamp
from tests.simulators.shape import (
    DAY,
    TRUTH,
    Finding,
    choice,
    iter_findings,
    number,
    shape,
    text,
)

if TYPE_CHECKING:
    from tests.simulators.severa_data import Item

PRODUCT_TYPES = frozenset({"FixedFees", "Materials", "Subcontracting"})
SCHEDULES = frozenset({"Immediately", "OnDate", "WhenPhaseCompleted", "Recurring"})
MONEY = shape(
    {"amount": number(nullable=True), "currencyCode": text(required=True)},
    nullable=True,
)
LINK = shape({"guid": text(nullable=True)}, nullable=True)
FEE = shape(
    {
        "billingDependencyPhase": LINK,
        "billingSchedule": choice(SCHEDULES, nullable=True),
        "costCenter": LINK,
        "description": text(nullable=True),
        "displayPeriodStartDate": DAY,
        "eventDate": DAY,
        "hasVolumePricing": TRUTH,
        "invoice": LINK,
        "invoiceQuantity": number(nullable=True),
        "invoiceRowComment": text(nullable=True),
        "invoiceRowDescription": text(nullable=True),
        "isBillable": TRUTH,
        "measurementUnit": text(nullable=True),
        "name": text(nullable=True),
        "phase": LINK,
        "plannedBillingDate": DAY,
        "product": LINK,
        "productType": choice(PRODUCT_TYPES, nullable=True),
        "project": shape({"guid": text(required=True)}, required=True),
        "quantity": number(),
        "salesAccount": LINK,
        "unitCost": MONEY,
        "unitPrice": MONEY,
        "user": LINK,
        "vatRate": number(nullable=True),
    }
)
# body field -> register, and the keys that the answer repeats
LINKS = {
    "costCenter": ("costcenters", ("guid", "identifier", "name")),
    "product": ("products", ("guid", "code", "name")),
    "salesAccount": ("salesaccounts", ("guid", "number", "name")),
}


class Fees(SeveraCore):
    """What happens under /v1/projectfees."""

    def fee_routes(self) -> list[Route]:
        """Give the operations of project fees."""
        fees = "/v1/projectfees"
        return [
            self.list_route(
                fees,
                "fees:read",
                self.data.projectfees,
                TOKEN_STYLE,
                changedSince=changed_since,
            ),
            Route("POST", fees, self._create_fee, needs="fees:write"),
            self.guid_route(f"{fees}/{{guid}}", "fees:read", self.data.projectfees),
            Route("PATCH", f"{fees}/{{guid}}", self._patch_fee, needs="fees:write"),
            Route("DELETE", f"{fees}/{{guid}}", self._delete_fee, needs="fees:delete"),
            self.get_route(
                "/v1/projects/{projectGuid}/projectfees",
                "fees:read",
                self._fees_of_project,
                TOKEN_STYLE | {"productType", "isBillable", "isBilled"},
            ),
            self.list_route(
                "/v1/deletedprojectfees",
                "fees:read",
                self.data.deletedprojectfees,
                TOKEN_STYLE,
                projectGuids=any_of(lambda f: [f["project"]["guid"]]),
                deletedSince=lambda f, v: f["deletedDateTime"][:19] >= v[-1][:19],
            ),
        ]

    def _fees_of_project(self, request: Request) -> Reply:
        guid = request.params["projectGuid"]
        self._get(self.data.projects, guid)
        own = [f for f in self.data.projectfees if f["project"]["guid"] == guid]
        filters = {
            "productType": any_of(lambda f: [str(f.get("productType"))]),
            "isBillable": _truth(lambda f: f.get("isBillable")),
            "isBilled": _truth(lambda f: f.get("invoice")),
        }
        return self._page(request, own, TOKEN_STYLE, filters)

    def _create_fee(self, request: Request) -> Reply:
        """Create one; the answer is a list all the same."""
        try:
            body = load_json(request.content)
        except ValueError:
            body = None
        if not request.content_type.startswith("application/json"):
            body = None
        if not isinstance(body, dict):
            raise self._refuse(400, "InvalidRequest", "The body must be JSON.")
        findings = list(iter_findings(body, FEE))
        if not findings:
            findings = self._check_links(body)
        self._refuse_findings(findings)
        fee = self._build_fee(body)
        self.data.projectfees.append(fee)
        return Reply(201, [copy.deepcopy(fee)])

    def _check_links(self, body: Item) -> list[Finding]:
        """Give what is unknown, and a closed project (undocumented: a guess)."""
        findings = []
        project = self._lookup("projects", body["project"]["guid"])
        if project is None:
            findings.append(Finding("project.guid", "Unknown project."))
        elif project["isClosed"]:
            findings.append(Finding("project.guid", "The project is closed."))
        for name in ("costCenter", "product", "salesAccount", "user"):
            guid = (body.get(name) or {}).get("guid")
            register = LINKS[name][0] if name in LINKS else "users"
            if guid is not None and self._lookup(register, guid) is None:
                findings.append(Finding(f"{name}.guid", f"Unknown {name}."))
        phase = (body.get("phase") or {}).get("guid")
        if project and phase not in (None, project["rootPhase"]["guid"]):
            findings.append(Finding("phase.guid", "Unknown phase."))
        return findings

    def _lookup(self, register: str, guid: str) -> Item | None:
        found = (item for item in getattr(self.data, register) if item["guid"] == guid)
        return next(found, None)

    def _build_fee(self, body: Item) -> Item:
        project = self._lookup("projects", body["project"]["guid"])
        assert project is not None
        linked: dict[str, Any] = {}
        for name, (register, keys) in LINKS.items():
            guid = (body.get(name) or {}).get("guid")
            item = self._lookup(register, guid) if guid else None
            linked[name] = item and {key: item[key] for key in keys}
        user = self._lookup("users", (body.get("user") or {}).get("guid") or "")
        product = self._lookup(
            "products", (body.get("product") or {}).get("guid") or ""
        )
        now = stamp(self.clock.now())
        place = len(self.data.projectfees) + len(self.data.deletedprojectfees)
        return {
            "guid": str(uuid.uuid5(uuid.NAMESPACE_OID, f"fee/{place}")),
            "billingDependencyPhase": None,
            "billingSchedule": body.get("billingSchedule") or "Immediately",
            **linked,
            "customer": project["customer"],
            "description": body.get("description"),
            "displayPeriodStartDate": body.get("displayPeriodStartDate"),
            "eventDate": body.get("eventDate") or now[:10],
            "hasVolumePricing": body.get("hasVolumePricing", False),
            "invoice": None,
            "invoiceQuantity": None,
            "invoiceRowComment": None,
            "invoiceRowDescription": None,
            "invoiceRowGuid": None,
            "isBillable": body.get("isBillable", True),
            "isRecurrenceRule": False,
            "measurementUnit": body.get("measurementUnit")
            or (product and product["measurementUnit"]),
            "name": body.get("name") or (product and product["name"]),
            "phase": project["rootPhase"],
            "plannedBillingDate": body.get("plannedBillingDate"),
            "productType": body.get("productType")
            or (product["type"] if product else "Materials"),
            # This model's project has no number.
            "project": {
                "guid": project["guid"],
                "name": project["name"],
                "companyGuid": project["businessUnit"]["companyGuid"],
            },
            "quantity": body.get("quantity", Decimal(0)),
            "recurrenceRuleGuid": None,
            "unitCost": _amount(body.get("unitCost")),
            "unitPrice": _amount(body.get("unitPrice")),
            "user": user
            and {
                "guid": user["guid"],
                "code": user["code"],
                "name": f"{user['firstName']} {user['lastName']}",
                "companyGuid": user["businessUnit"]["companyGuid"],
            },
            "vatRate": body.get("vatRate"),
            "createdBy": None,  # an API client is no user
            "createdDateTime": now,
            "lastUpdatedBy": None,
            "lastUpdatedDateTime": now,
        }

    def _patch_fee(self, request: Request) -> Reply:
        """Replace fields of one fee or of several; a billed one is not touched."""
        fees = [
            self._get(self.data.projectfees, guid)
            for guid in request.params["guid"].split(",")
        ]
        changes = self._read_changes(request)
        for change in changes:
            name, _, inner = str(change.get("path")).strip("/").partition("/")
            known = FEE.inside.get(name)
            if known is None or (inner and inner not in known.inside):
                raise self._refuse(
                    400,
                    "InvalidParameter",
                    f"Unknown path '{change.get('path')}'.",
                    ("RequestBody", "path"),
                )
        for fee in fees:
            if fee.get("invoice"):  # a guess
                raise self._refuse(400, "InvalidOperation", "The fee is invoiced.")
            for change in changes:
                name, _, inner = change["path"].strip("/").partition("/")
                value = _as_number(name, inner, change.get("value"))
                if inner:
                    fee[name] = {**(fee[name] or {}), inner: value}
                else:
                    fee[name] = value
            fee["lastUpdatedDateTime"] = stamp(self.clock.now())
        return Reply(body=copy.deepcopy(fees))

    def _delete_fee(self, request: Request) -> Reply:
        self.delete_fee(self._get(self.data.projectfees, request.params["guid"]))
        return Reply(204)

    def delete_fee(self, fee: Item) -> None:
        """Delete a fee for good, as a user or the API does."""
        self.data.projectfees.remove(fee)
        flat = {
            name: fee[name] and {"guid": fee[name]["guid"]}
            for name in ("customer", "phase", "product", "project", "user")
        }
        same = ("guid", "name", "quantity", "eventDate", "measurementUnit")
        self.data.deletedprojectfees.append(
            {
                **{name: fee[name] for name in same},
                **flat,
                "createdBy": None,
                "createdDateTime": fee["createdDateTime"],
                "deletedDateTime": stamp(self.clock.now()),
                "lastUpdatedBy": None,
                "lastUpdatedDateTime": fee["lastUpdatedDateTime"],
            }
        )

    def _refuse_findings(self, findings: list[Finding]) -> None:
        """Answer with every finding, when there are any."""
        if not findings:
            return
        details = [
            {
                "message": finding.message,
                "url": None,
                "location": {
                    "type": "RequestBody",
                    "name": finding.field,
                    "identifier": None,
                },
            }
            for finding in findings
        ]
        error = {
            "httpStatusCode": 400,
            "type": "InvalidParameter",
            "stack": None,
            "details": details,
        }
        raise RefusedRequest(Reply(400, {"error": error}))

    # Questions that tests ask ------------------------------------------------

    def fees_of(self, number: int) -> list[Item]:
        """Give the fees of a project that no invoice holds, for tests."""
        project = next(p for p in self.data.projects if p["number"] == number)
        return [
            fee
            for fee in self.data.projectfees
            if fee["project"]["guid"] == project["guid"] and not fee.get("invoice")
        ]


def _amount(value: Item | None) -> Item | None:
    if value is None:
        return None
    return money(value.get("amount"), value["currencyCode"])  # type: ignore[arg-type]


def _as_number(name: str, inner: str, value: Any) -> Any:
    """Read a value: the published model has texts, live clients send numbers."""
    kind = FEE.inside[name].inside[inner].kind if inner else FEE.inside[name].kind
    if kind == "number" and isinstance(value, str):
        return Decimal(value)
    if kind == "truth" and isinstance(value, str):
        return value.lower() == "true"
    return value


def _truth(value_of: Any) -> Any:
    return lambda item, wanted: str(bool(value_of(item))).lower() == wanted[-1].lower()
