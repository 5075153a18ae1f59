"""The person register of the simulated Procountor."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from stdnum.fi import hetu
from stdnum.se import personnummer

from tests.simulators.base import Reply, Request
from tests.simulators.procountor_core import ProcountorCore, refuse_findings, to_number
from tests.simulators.procountor_person_shapes import PERSON
from tests.simulators.shape import Finding, blank, invalid, iter_findings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulators.procountor_data import Item


class Persons(ProcountorCore):
    """What happens under /persons; the identity code is searched under partners."""

    def _search_persons(self, request: Request) -> Reply:
        number = request.one("personNumber")
        with_closed = self._flag(request, "includeInactive") or False
        hits = [
            _basic(person)
            for person in self.data.persons.values()
            if (person["registryInfo"]["active"] or with_closed)
            and (
                number is None
                or number in person["invoicingInfo"].get("personNumber", "")
            )
        ]
        return self._page(request, hits)

    def _person(self, request: Request) -> Reply:
        return Reply(body=self._person_of(request))

    def _person_of(self, request: Request) -> Item:
        person = self.data.persons.get(to_number(request.params["id"]))
        if person is None:
            raise self._refuse(404, None, "Not found")
        return person

    def _create_person(self, request: Request) -> Reply:
        body = self._json(request.content, request.content_type)
        findings = list(iter_findings(body, PERSON))
        if not findings:
            findings = list(self._check_person(body))
            if "version" in body:
                findings.append(invalid("version", body["version"]))
        refuse_findings(findings)
        person = copy.deepcopy(body)
        person |= {"id": self.data.take_id(), "version": self._now()}
        self.data.persons[person["id"]] = person
        return Reply(body=person)

    def _change_person(self, request: Request) -> Reply:
        """Overwrite a person: what is left out is emptied."""
        old = self._person_of(request)
        body = self._json(request.content, request.content_type)
        # The id is read only, yet a whole object is sent back: it may be the same.
        sent = {k: v for k, v in body.items() if k != "id"}
        findings = list(iter_findings(sent, PERSON))
        if not findings:
            findings = list(self._check_person(sent))
            if body.get("id", old["id"]) != old["id"]:
                findings.append(invalid("id", body["id"]))
            if sent.get("version") is None:
                findings.append(blank("version"))
            elif sent["version"] != old["version"]:
                findings.append(invalid("version", sent["version"]))
        refuse_findings(findings)
        person = copy.deepcopy(sent) | {"id": old["id"], "version": self._now()}
        self.data.persons[old["id"]] = person
        return Reply(body=person)

    def _check_person(self, body: Item) -> Iterator[Finding]:
        """Give what is wrong beyond the shape; checks of the code are a guess."""
        info = body["invoicingInfo"]
        code, kind = info.get("identifier"), info.get("identifierType")
        is_good = True
        if code and kind == "HETU":
            # Codes of the temporary range count as codes: the demo uses only those.
            is_good = hetu.is_valid(code, allow_temporary=True)
        elif code and kind == "SE":
            is_good = personnummer.is_valid(code)
        if not is_good:
            yield Finding("invoicingInfo.identifier", "ERROR_BRN_CODE")
        if not body["paymentInfo"]["paymentTermDays"].isdecimal():
            yield invalid(
                "paymentInfo.paymentTermDays", body["paymentInfo"]["paymentTermDays"]
            )
        if self.data.country == "SWEDEN":
            if info.get("dateOfBirth") is not None:
                yield invalid("invoicingInfo.dateOfBirth", info["dateOfBirth"])
            for address in ("deliveryAddress", "homeCountryAddress"):
                for name in ("specifier", "postOfficeBox"):
                    value = (body.get(address) or {}).get(name)
                    if value is not None:
                        yield invalid(f"{address}.{name}", value)


def _basic(person: Item) -> Item:
    info, address = person["invoicingInfo"], person.get("deliveryAddress") or {}
    kept = ("personNumber", "identifier", "identifierType")
    place = ("street", "zip", "city", "country")
    return {
        "id": person["id"],
        "lastName": person["lastName"],
        "firstName": person.get("firstName", ""),
        "deliveryAddress": {name: address[name] for name in place if name in address},
        "invoicingInfo": {name: info[name] for name in kept if name in info},
        "registryInfo": {"active": person["registryInfo"]["active"]},
    }
