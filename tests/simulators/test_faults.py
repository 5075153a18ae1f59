"""What a simulated system does when something goes wrong, and on loopback."""

from __future__ import annotations

import httpx
import pytest

from tests.simulators import DEMO_SECRETS, Fault
from tests.simulators.demo import start_demo
from tests.simulators.talk import SMALLEST, Talk


@pytest.fixture
def talk():
    return Talk()


@pytest.mark.parametrize(
    ("fault", "outcome", "applied"),
    [
        ({"kind": "refuse"}, httpx.ConnectError, 0),
        ({"kind": "drop_before"}, httpx.ReadTimeout, 0),
        ({"kind": "drop_after"}, httpx.ReadTimeout, 1),
        ({"kind": "delay", "seconds": 31}, httpx.ReadTimeout, 1),
        ({"kind": "delay", "seconds": 29}, 200, 1),
        ({"kind": "status_429"}, 429, 0),
        ({"kind": "status_5xx"}, 503, 0),
        ({"kind": "status_5xx", "status": 500, "applied": True}, 500, 1),
        ({"kind": "html_error"}, 502, 0),
        ({"kind": "expired_token"}, 401, 0),
        ({"kind": "cut_body"}, 200, 1),
        ({"kind": "refuse", "after": 1}, 200, 1),
        ({"kind": "refuse", "match": "GET *"}, 200, 1),
    ],
)
def test_faults_strike_where_they_are_put(talk, fault, outcome, applied):
    talk.procountor.faults.append(Fault(**{"match": "POST /invoices", **fault}))
    if isinstance(outcome, int):
        answer = talk.call("procountor POST /invoices", SMALLEST)
        assert outcome == answer.status_code
        if fault["kind"] == "cut_body":
            with pytest.raises(ValueError, match=r"."):
                answer.json()
    else:
        with pytest.raises(outcome):
            talk.call("procountor POST /invoices", SMALLEST)
    assert applied == len(talk.procountor.found("20269999"))


def test_lost_requests_cost_the_timeout_and_are_not_in_the_journal(talk):
    talk.procountor.faults.append(Fault("POST /invoices", "drop_before"))
    start = talk.clock.monotonic()
    with pytest.raises(httpx.ReadTimeout):
        talk.call("procountor POST /invoices", SMALLEST)
    assert 30 == talk.clock.monotonic() - start
    assert [] == talk.procountor.calls("POST /invoices")
    assert [("POST /invoices", "drop_before")] == talk.procountor.lost


def test_retry_after_is_sent(talk):
    talk.severa.faults.append(Fault("GET /v1/invoices", "status_429", retry_after=7))
    assert "7" == talk.call("severa GET /v1/invoices").headers["Retry-After"]


def test_the_journal_holds_no_secret(talk):
    talk.attach(talk.create()["id"], b"secret bytes")
    shown = repr(
        [
            (e.endpoint, e.headers, e.query, e.body, e.response, e.authorization)
            for e in talk.procountor.journal + talk.severa.journal
        ]
    )
    secrets = [*DEMO_SECRETS.values(), "severa-token-1", "procountor-token-1"]
    assert [] == [secret for secret in secrets if secret in shown]
    assert {"size": 12, "name": "a.pdf"}.items() <= talk.procountor.journal[-1].body[
        "file"
    ].items()
    assert "right" == talk.procountor.journal[-1].authorization


def test_a_host_that_nobody_configured_fails_the_test(talk):
    with pytest.raises(AssertionError, match=r"elsewhere\.test"):
        talk.client.get("https://elsewhere.test/")


# Demo --------------------------------------------------------------------------


def test_the_demo_listens_on_loopback():
    with start_demo() as world, httpx.Client(timeout=5) as client:
        for name, path, answer in (
            ("severa", "/v1/invoices", 401),
            ("procountor", "/sessioninfo", 401),
        ):
            url = world.base_urls[name] + path
            assert [answer, answer] == [client.get(url).status_code for _ in range(2)]
        world.procountor.faults.append(Fault("GET /sessioninfo", "drop_after"))
        with pytest.raises(httpx.RemoteProtocolError):
            client.get(world.base_urls["procountor"] + "/sessioninfo")
        form = {
            "grant_type": "client_credentials",
            "client_id": world.environment["SIIRTO_DEMO_PROCOUNTOR_CLIENT_ID"],
            "client_secret": world.environment["SIIRTO_DEMO_PROCOUNTOR_CLIENT_SECRET"],
            "api_key": world.environment["SIIRTO_DEMO_PROCOUNTOR_API_KEY"],
        }
        url = world.base_urls["procountor"] + "/oauth/token"
        assert 3600 == client.post(url, data=form).json()["expires_in"]
