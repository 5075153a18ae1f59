"""Registers of the simulated Procountor: partners, products, dimensions, company."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from tests.simulators.base import Reply, Request
from tests.simulators.procountor_rules import (
    is_business_id,
)
from tests.simulators.procountor_shapes import (
    DIMENSION_ITEM,
    PARTNER,
    PRODUCT,
)
from tests.simulators.shape import Finding, blank, invalid, iter_findings

if TYPE_CHECKING:
    from tests.simulators.procountor_data import Item

from tests.simulators.procountor_core import ProcountorCore, refuse_findings, to_number


class Registers(ProcountorCore):
    """What is looked up and added beside invoices."""

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

        partners = [
            *self.data.partners.values(),
            *map(as_partner, self.data.persons.values()),
        ]
        hits = [_basic_partner(p) for p in partners if is_hit(p)]
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
        refuse_findings(findings)
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
        start, end = request.one("startDate"), request.one("endDate")

        def is_hit(product: Item) -> bool:
            if (
                (product["type"] == "TRAVEL")
                if kind is None
                else (product["type"] != kind)
            ):
                return False
            return (
                (active is None or product["active"] == active)
                # Both ends inclusive: a guess.
                and (start is None or product.get("endDate", "9999") >= start)
                and (end is None or product.get("startDate", "") <= end)
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
        refuse_findings(findings)
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
        number = to_number(request.params["dimensionId"])
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

    # Company -----------------------------------------------------------------

    def _accounts(self, _: Request) -> Reply:
        return Reply(body={"ledgerAccounts": self.data.accounts})

    def _usage_settings(self, _: Request) -> Reply:
        return Reply(body=self.data.usage_settings)

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

    def _company_data(self, _: Request) -> Reply:
        return Reply(
            body={
                "id": self.data.company_id,
                "name": self.data.name,
                "country": self.data.country,
                "productVersion": "FINANCIALS_PREMIUM",
                "businessIdentifier": {
                    "brnType": "SE" if self.data.country == "SWEDEN" else "FI",
                    "code": self.data.business_id,
                },
                "companyCurrency": self.data.currency,
            }
        )


def as_partner(person: Item) -> Item:
    """Give a person as the partner register shows it."""
    return {
        "id": person["id"],
        "name": f"{person.get('firstName', '')} {person['lastName']}".strip(),
        "type": "PERSON",
        "invoicingInfo": person["invoicingInfo"],
        "registryInfo": person["registryInfo"],
        "version": person["version"],
    }


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
