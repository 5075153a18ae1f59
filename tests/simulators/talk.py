"""A client signed in to both systems in process, and the smallest good invoice."""

from __future__ import annotations

import copy
import json

import httpx

from tests.simulators.bodies import dump_json, load_json
from tests.simulators.clock import StillClock
from tests.simulators.data import DEMO_NOW, DEMO_SECRETS, demo_data
from tests.simulators.procountor import Procountor
from tests.simulators.severa import Severa
from tests.simulators.transport import InProcessTransport

SCOPES = (
    "invoices:read invoices:write customers:read projects:read settings:read"
    " files:read fees:read organization:read travels:read travels:write users:read"
    " fees:write fees:delete"
)
SMALLEST = {
    "type": "SALES_INVOICE",
    "date": "2026-11-02",
    "language": "FINNISH",
    "vatStatus": 1,
    "invoiceChannel": "NO_SENDING",
    "discountPercent": 0,
    "originalInvoiceNumber": "20269999",
    "counterParty": {"counterPartyAddress": {"name": "Asiakas Oy"}},
    "paymentInfo": {
        "paymentMethod": "BANK_TRANSFER",
        "currency": "EUR",
        "currencyRate": 1,
        "dueDate": "2026-11-16",
        "bankReferenceCode": "",
        "bankAccount": {"accountNumber": "FI2112345600000785"},
    },
    "extraInfo": {"accountingByRow": True, "unitPricesIncludeVat": False},
    "invoiceRows": [
        {
            "product": "Konsultointi",
            "quantity": 7.5,
            "unit": "HOUR",
            "unitPrice": 120,
            "discountPercent": 0,
            "vatPercent": 25.5,
        }
    ],
}


SMALLEST_TRAVEL = {
    "type": "TRAVEL_INVOICE",
    "date": "2026-11-06",
    "invoiceChannel": "NO_SENDING",
    "discountPercent": 0,
    "originalInvoiceNumber": "501",
    "counterParty": {"counterPartyAddress": {"name": "Aino Hätönen"}},
    "paymentInfo": {
        "paymentMethod": "BANK_TRANSFER",
        "currency": "EUR",
        "currencyRate": 1,
        "dueDate": "2026-11-20",
        "bankAccount": {"accountNumber": "FI1912345600000918"},
    },
    "extraInfo": {"accountingByRow": True, "unitPricesIncludeVat": True},
    "invoiceRows": [
        {
            "product": "Majoitus",
            "quantity": 1,
            "unit": "PIECE",
            "unitPrice": 129,
            "discountPercent": 0,
            "vatPercent": 13.5,
        }
    ],
}

SMALLEST_PERSON = {
    "lastName": "Uusi",
    "paymentInfo": {
        "paymentMethod": "BANK_TRANSFER",
        "paymentTermDays": "14",
        "penalInterestRate": 0,
    },
    "invoicingInfo": {"language": "FINNISH", "gender": "NOT_APPLICABLE"},
    "registryInfo": {"active": True},
}


def _sides(data):
    """Give the source's data and the target's, the first company first."""
    if isinstance(data, tuple):
        return data
    return [data.severa, *data.procountor.values()]


class Talk:
    """Both systems, in process, and a client that is signed in to both.

    ``data`` builds what they hold (``demo_data`` when not given).
    """

    def __init__(self, **options):
        self.clock = StillClock(DEMO_NOW)
        build = options.pop("data", demo_data)
        severa_data, procountor_data, *others = _sides(build())
        self.severa = Severa(
            severa_data, self.clock, rate_per_second=options.pop("severa_rate", None)
        )
        self.procountor = Procountor(
            procountor_data,
            self.clock,
            others=others,
            rate_per_second=options.pop("procountor_rate", None),
            **options,
        )
        self.client = httpx.Client(
            transport=InProcessTransport(
                {"severa.test": self.severa, "procountor.test": self.procountor}
            ),
            timeout=30,
        )
        self.bases = {
            "severa": "https://severa.test/rest-api",
            "procountor": "https://procountor.test/api",
        }
        self.headers = {"severa": {}, "procountor": {}}
        self.sign_in()

    def sign_in(self, scope=SCOPES):
        self.headers["severa"] = {
            "Client_Id": DEMO_SECRETS["SEVERA_CLIENT_ID"],
            "Authorization": f"Bearer {self.ask_severa_token(scope).json()['access_token']}",
        }
        token = self.ask_procountor_token().json()["access_token"]
        self.headers["procountor"] = {"Authorization": f"Bearer {token}"}

    def sign_in_to(self, secrets):
        """Sign in to another company of the target."""
        answer = self.ask_procountor_token(api_key=secrets["PROCOUNTOR_API_KEY"])
        token = answer.json()["access_token"]
        self.headers["procountor"] = {"Authorization": f"Bearer {token}"}

    def ask_severa_token(self, scope=SCOPES, **changes):
        body = {
            "client_id": DEMO_SECRETS["SEVERA_CLIENT_ID"],
            "client_secret": DEMO_SECRETS["SEVERA_CLIENT_SECRET"],
            "scope": scope,
        }
        return self.client.post(f"{self.bases['severa']}/v1/token", json=body | changes)

    def ask_procountor_token(self, **changes):
        form = {
            "grant_type": "client_credentials",
            "client_id": DEMO_SECRETS["PROCOUNTOR_CLIENT_ID"],
            "client_secret": DEMO_SECRETS["PROCOUNTOR_CLIENT_SECRET"],
            "api_key": DEMO_SECRETS["PROCOUNTOR_API_KEY"],
        }
        url = f"{self.bases['procountor']}/oauth/token"
        return self.client.post(url, data=form | changes)

    def call(self, what, body=None, headers=None, **more):
        system, method, path = what.split()
        if body is not None:
            more["content"] = dump_json(body)
            more["headers"] = {"Content-Type": "application/json"}
        own = self.headers[system] | more.pop("headers", {}) | (headers or {})
        return self.client.request(
            method, self.bases[system] + path, headers=own, **more
        )

    def create(self, **changes):
        body = copy.deepcopy(SMALLEST) | changes
        return load_json(self.call("procountor POST /invoices", body).content)

    def create_travel(self, **changes):
        person = next(
            key
            for key, person in self.procountor.data.persons.items()
            if person["lastName"] == "Hätönen"
        )
        body = copy.deepcopy(SMALLEST_TRAVEL) | {"partnerId": person} | changes
        return load_json(self.call("procountor POST /invoices", body).content)

    def create_fee(self, project, **changes):
        guid = self.severa.member("projects", project)["guid"]
        body = {"project": {"guid": guid}, "quantity": 1} | changes
        return self.call("severa POST /v1/projectfees", body)

    def attach(self, invoice_id, content=b"%PDF-1.4", name="a.pdf", **changes):
        meta = {
            "name": name,
            "referenceType": "INVOICE",
            "referenceId": invoice_id,
            "sendWithInvoice": True,
        } | changes
        files = {
            "meta": (None, json.dumps(meta), "application/json"),
            "file": (name, content, "application/pdf"),
        }
        return self.call("procountor POST /attachments", files=files)
