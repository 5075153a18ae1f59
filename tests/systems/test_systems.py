"""A system over HTTP: outcome classes, token, paging, retries, limits, secrets."""

from __future__ import annotations

import itertools
import json
import logging
import random
import re
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
import yaml

from engine.errors import (
    DoubtError,
    EngineError,
    NotAppliedError,
    Refusal,
    RefusedError,
    SettingsError,
    SystemDownError,
)
from engine.json_text import BadJsonError, decode_json, encode_json
from engine.secrets import Secret
from engine.systems import client as client_module
from engine.systems.answers import read_retry_after
from engine.systems.bodies import Upload
from engine.systems.client import RawAnswer, base_url_fault
from engine.systems.file_formats import FileContent
from engine.systems.limiter import RateLimiter
from engine.systems.requests import build_request
from engine.systems.system import open_system
from tests.places import ROOT
from tests.system_files import DEMO, read_system

CASES = ROOT / "tests" / "cases" / "systems"
START = datetime(2026, 2, 2, 10, tzinfo=UTC)
SECRETS = {"key": Secret("the-key-1234"), "password": Secret("pass-word-5678")}


def cases(name):
    rows = yaml.safe_load((CASES / f"{name}.yaml").read_text("utf-8"))
    return [pytest.param(row, id=str(row.get("name", n))) for n, row in enumerate(rows)]


def demo_spec():
    return read_system(DEMO.read_text("utf-8"), "demo")


class StillClock:
    """Moves only when something sleeps or a test moves it."""

    def __init__(self):
        self.seconds = 1000.0
        self.slept = []

    def now(self):
        return START + timedelta(seconds=self.seconds - 1000)

    def monotonic(self):
        return self.seconds

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.seconds += seconds


class FreeLimiter:
    def wait(self):
        pass


class World:
    """The demo system over a scripted transport; keeps every request."""

    def __init__(self, answer=None, *, token=None, **options):
        self.clock = StillClock()
        self.requests = []
        self.tokens = 0
        self.answer = answer or script(json_answer({"id": 1}))
        self.token_answer = token or self.good_token
        options.setdefault("limiter", FreeLimiter())
        options.setdefault("secrets", SECRETS)
        self.system = open_system(
            demo_spec(),
            clock=self.clock,
            transport=httpx.MockTransport(self.handle),
            pick=max,
            **options,
        )

    def handle(self, request):
        request.read()
        self.requests.append(request)
        if request.url.path.endswith("/token"):
            self.tokens += 1
            return self.token_answer(request)
        return self.answer(request)

    def good_token(self, _):
        return json_answer({"access_token": f"token-{self.tokens}", "expires_in": 3600})

    @property
    def sent(self):
        return [r for r in self.requests if not r.url.path.endswith("/token")]


def json_answer(value, status=200, **headers):
    return httpx.Response(status, content=json.dumps(value), headers=headers)


def script(*answers):
    """Answer with each in turn, the last one for ever; raise those that are errors."""
    rest = list(answers)

    def answer(request):
        one = rest.pop(0) if len(rest) > 1 else rest[0]
        if isinstance(one, type):
            raise one("cut", request=request)
        return httpx.Response(one.status_code, headers=one.headers, content=one.content)

    return answer


CALLS = {
    "read": ("one", {"id": 1}, None),
    "create": ("create", {}, {"a": 1}),
    "change": ("change", {"id": 1}, [{"op": "replace", "path": "/a", "value": 1}]),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("case", cases("outcomes"))
def test_outcome_classes(case, call):
    """Each answer has one meaning for a read, a create and a repeatable write."""
    if "raise" in case:
        world = World(script(getattr(httpx, case["raise"])))
    else:
        world = World(script(httpx.Response(case["status"], content=case["body"])))
    try:
        world.system.call(*CALLS[call])
        outcome = "ok"
    except EngineError as error:
        outcome = type(error).__name__

    assert case[call] == outcome
    if call == "create":
        assert 1 == len(world.sent)


def test_refusals_keep_code_and_field():
    """The person who must act reads the system's own words."""
    body = {
        "error": {
            "type": "InvalidParameter",
            "details": [{"message": "too long", "location": {"name": "note"}}],
        }
    }
    world = World(lambda _: json_answer(body, 400))
    with pytest.raises(RefusedError) as caught:
        world.system.call("create", {}, {})

    assert (Refusal("InvalidParameter: too long", "note"),) == caught.value.refusals
    assert 400 == caught.value.status


def test_write_answer_has_server_time():
    """The settle wait is measured by the server's clock."""
    date = "Mon, 02 Feb 2026 10:00:00 GMT"
    world = World(lambda _: json_answer({"id": 1}, date=date))

    assert world.system.server_time is None
    assert START == world.system.call("create", {}, {}).server_time
    world.clock.seconds += 90
    assert START + timedelta(seconds=90) == world.system.server_time


# --- token -------------------------------------------------------------------------------


def test_sign_in_and_headers():
    """Secrets go in the body of the token call, the client id on every later one."""
    world = World()
    world.system.call("one", {"id": 1})
    token_request, request = world.requests

    assert {
        "client_id": "the-key-1234",
        "client_secret": "pass-word-5678",
        "scope": "a:read b:write",
    } == json.loads(token_request.content)
    assert "x-client" not in token_request.headers
    assert "Bearer token-1" == request.headers["authorization"]
    assert "the-key-1234" == request.headers["x-client"]
    assert "test" == request.headers["x-program"]


def test_form_sign_in():
    """The other kind sends a form with its grant type, and the optional field."""
    text = DEMO.read_text("utf-8")
    text = text.replace("kind: json_token", "kind: client_credentials")
    requests = []

    def handle(request):
        requests.append(request)
        return json_answer({"access_token": "t", "expires_in": 60})

    system = open_system(
        read_system(text, "demo"),
        clock=StillClock(),
        transport=httpx.MockTransport(handle),
        limiter=FreeLimiter(),
        secrets={**SECRETS, "extra": Secret("x y&z")},
    )
    system.ensure_token()

    assert (
        b"grant_type=client_credentials&client_id=the-key-1234"
        b"&client_secret=pass-word-5678&extra=x+y%26z&scope=a%3Aread+b%3Awrite"
    ) == requests[0].content
    assert "application/x-www-form-urlencoded" == requests[0].headers["content-type"]


def test_token_is_shared_and_renewed_early():
    """One token serves many calls and is replaced five minutes before its end."""
    world = World()
    world.system.call("one", {"id": 1})
    world.clock.seconds += 3299
    world.system.call("one", {"id": 1})
    assert 1 == world.tokens

    world.clock.seconds += 1
    world.system.call("one", {"id": 1})
    assert 2 == world.tokens
    assert "Bearer token-2" == world.sent[-1].headers["authorization"]


def test_earlier_of_two_lifetimes_counts():
    """A stated moment beats a longer stated lifetime."""
    body = {
        "access_token": "t",
        "expires_in": 3600,
        "expires_at": "2026-02-02T10:20:00Z",
    }
    world = World(token=lambda _: json_answer(body))
    world.system.call("one", {"id": 1})
    world.clock.seconds += 901
    world.system.call("one", {"id": 1})

    assert 2 == world.tokens


def test_read_survives_one_401():
    """A read gets a new token once and is sent again."""
    world = World(script(httpx.Response(401), json_answer({"id": 1})))
    world.system.call("one", {"id": 1})

    assert 2 == world.tokens
    assert ["Bearer token-1", "Bearer token-2"] == [
        request.headers["authorization"] for request in world.sent
    ]


def test_second_401_closes_the_system():
    """A key that is refused twice ends the company's run, without a token loop."""
    world = World(script(httpx.Response(401)))
    for _ in range(3):
        with pytest.raises(SystemDownError):
            world.system.call("one", {"id": 1})

    assert (2, 2) == (world.tokens, len(world.sent))


def test_create_never_renews_its_token():
    """A create that meets 401 was not applied; the caller checks its claim first."""
    world = World(script(httpx.Response(401)))
    world.system.ensure_token()
    with pytest.raises(NotAppliedError):
        world.system.call("create", {}, {})
    assert (1, 1) == (world.tokens, len(world.sent))

    world.system.ensure_token()
    with pytest.raises(SystemDownError):
        world.system.call("create", {}, {})
    assert (2, 2) == (world.tokens, len(world.sent))


def test_create_uses_a_stale_token_as_it_is():
    """Between claim and send no token is fetched, even when it should be renewed."""
    world = World()
    world.system.ensure_token()
    world.clock.seconds += 3500
    world.system.call("create", {}, {})

    assert 1 == world.tokens


@pytest.mark.parametrize(
    ("answer", "tries"),
    [
        (httpx.Response(400, content='{"error": {"type": "BadKey"}}'), 1),
        (httpx.Response(401), 1),
        (httpx.Response(302, headers={"location": "https://evil.example"}), 1),
        (httpx.Response(200, content="<html>"), 1),
        (json_answer({"access_token": ""}), 1),
        (json_answer({"access_token": ["x"]}), 1),
        (httpx.Response(500), 5),
        (httpx.Response(429), 5),
        (httpx.ConnectError, 5),
    ],
)
def test_failed_sign_in_closes_the_system(answer, tries):
    """Without a token nothing is sent; only passing faults are tried again."""
    world = World(token=script(answer))
    for _ in range(2):
        with pytest.raises(SystemDownError):
            world.system.call("one", {"id": 1})

    assert (tries, 0) == (world.tokens, len(world.sent))


# --- retries -----------------------------------------------------------------------------


def test_read_is_tried_five_times_with_growing_waits():
    """Half a second, doubled each time; the fifth failure is final."""
    world = World(script(httpx.Response(503)))
    with pytest.raises(NotAppliedError) as caught:
        world.system.call("one", {"id": 1})

    assert [0.5, 1.0, 2.0, 4.0] == world.clock.slept
    assert 503 == caught.value.facts.status
    assert 5 == world.system.calls["one"]


def test_read_recovers():
    """A passing fault is not seen by the caller."""
    world = World(script(httpx.ReadError, httpx.Response(502), json_answer({"id": 7})))

    assert {"id": 7} == world.system.call("one", {"id": 1}).body


def test_retry_after_is_a_floor():
    """The server's wish is longer than ours."""
    world = World(
        script(
            httpx.Response(429, headers={"retry-after": "17"}), json_answer({"id": 1})
        )
    )
    world.system.call("one", {"id": 1})

    assert [17.0] == world.clock.slept


def test_retry_after_beyond_the_budget_ends_at_once():
    """Two minutes in all; a longer wish is the next run's matter."""
    world = World(script(httpx.Response(429, headers={"retry-after": "3600"})))
    with pytest.raises(NotAppliedError) as caught:
        world.system.call("one", {"id": 1})

    assert [] == world.clock.slept
    assert 900.0 == caught.value.retry_after


def test_throttled_create_is_not_repeated():
    """A 429 did nothing; the wait is handed to the caller."""
    world = World(script(httpx.Response(429, headers={"retry-after": "5"})))
    with pytest.raises(NotAppliedError) as caught:
        world.system.call("create", {}, {})

    assert 5.0 == caught.value.retry_after
    assert (1, []) == (len(world.sent), world.clock.slept)


def test_slow_failures_end_with_the_budget():
    """Tries that take long are fewer."""

    def slow(request):
        world.clock.seconds += 50
        raise httpx.ReadTimeout("late", request=request)

    world = World(slow)
    with pytest.raises(NotAppliedError):
        world.system.call("one", {"id": 1})

    assert 3 == len(world.sent)


@pytest.mark.parametrize("case", cases("retry_after"))
def test_retry_after(case):
    """Seconds or a date, capped; rubbish is no wish."""
    headers = {"retry-after": case["header"]}
    if "date" in case:
        headers["date"] = case["date"]

    assert case["seconds"] == read_retry_after(RawAnswer(429, headers, b""), START)


def test_breaker_opens_after_five_failing_creates():
    """A server that fails five documents in a row gets no sixth."""
    world = World(script(httpx.Response(500)))
    for _ in range(5):
        with pytest.raises(DoubtError):
            world.system.call("create", {}, {})
    with pytest.raises(SystemDownError):
        world.system.call("create", {}, {})

    assert 5 == len(world.sent)
    assert world.system.is_down


def test_one_failing_resource_does_not_open_the_breaker():
    """Server errors count by call, so that one poisoned document stops only itself."""
    world = World(script(*[httpx.Response(500)] * 5, json_answer({"id": 1})))
    with pytest.raises(NotAppliedError):
        world.system.call("one", {"id": 1})

    assert {"id": 1} == world.system.call("one", {"id": 2}).body


def test_no_connection_is_down():
    """A host that never answers ends the run at its first read."""
    world = World(script(httpx.ConnectError))
    with pytest.raises(SystemDownError) as caught:
        world.system.call("one", {"id": 1})

    assert "demo at one: ConnectError" == str(caught.value)


# --- lists -------------------------------------------------------------------------------


def test_token_paging():
    """Pages are walked by the header's token until it is gone."""
    world = World(
        script(
            json_answer([{"n": 1}, {"n": 2}], NextPageToken="a b"),
            json_answer([{"n": 3}], NextPageToken="c"),
            json_answer([], NextPageToken=""),
        )
    )

    assert [1, 2, 3] == [row["n"] for row in world.system.iter_items("by_token")]
    assert [
        b"rowCount=2",
        b"rowCount=2&pageToken=a%20b",
        b"rowCount=2&pageToken=c",
    ] == [r.url.query for r in world.sent]
    assert 3 == world.system.calls["by_token"]


def test_offset_paging():
    """A page that is not full is the last; exactly full ones need one more look."""
    world = World(script(json_answer([{"n": 1}, {"n": 2}]), json_answer([])))

    assert [1, 2] == [row["n"] for row in world.system.iter_items("by_offset")]
    assert [b"rowCount=2&firstRow=0", b"rowCount=2&firstRow=2"] == [
        r.url.query for r in world.sent
    ]


def test_previous_id_paging():
    """The last id leads to the next page."""
    world = World(
        script(
            json_answer({"results": [{"id": 9}, {"id": 5}]}),
            json_answer({"results": [{"id": 2}]}),
        )
    )

    assert [9, 5, 2] == [row["id"] for row in world.system.read("by_id")]
    assert [b"size=2", b"size=2&previousId=5"] == [r.url.query for r in world.sent]


def test_smaller_page_than_asked_is_not_the_end():
    """A server that caps the page size silently loses no rows."""
    meta = {"pageSize": 1}
    world = World(
        script(
            json_answer({"results": [{"id": 9}], "meta": meta}),
            json_answer({"results": [], "meta": meta}),
        )
    )

    assert [{"id": 9}] == world.system.read("by_id")
    assert 2 == len(world.sent)


def test_pages_are_fetched_when_needed():
    """Memory and calls do not grow ahead of the reader."""
    world = World(script(json_answer([{"n": 1}, {"n": 2}], NextPageToken="a")))
    next(world.system.iter_items("by_token"))

    assert 1 == len(world.sent)


def test_repeated_page_token_ends_with_an_error():
    """A next link that leads back to itself is seen at once."""
    world = World(script(json_answer([{"n": 1}], NextPageToken="a")))
    with pytest.raises(NotAppliedError, match="no end"):
        list(world.system.iter_items("by_token"))

    assert 2 == len(world.sent)


def test_endless_list_ends_after_a_thousand_pages():
    """New tokens for ever do not keep a run busy for ever."""
    count = itertools.count()
    world = World(lambda _: json_answer([], NextPageToken=str(next(count))))
    with pytest.raises(NotAppliedError, match="1000 pages"):
        list(world.system.iter_items("by_token"))

    assert 1000 == len(world.sent)


def test_row_without_id_does_not_loop():
    """Without an id the next page cannot be named."""
    world = World(script(json_answer({"results": [{}, {}]})))
    with pytest.raises(NotAppliedError, match="no end"):
        list(world.system.iter_items("by_id"))

    assert 3 >= len(world.sent)


@pytest.mark.parametrize(
    "body", [{}, {"rows": None}, {"rows": {"a": 1}}, {"rows": [1]}]
)
def test_list_that_is_none(body):
    """An answer without its list is an error, never an empty list."""
    world = World(script(json_answer(body)))
    with pytest.raises(NotAppliedError, match="no list"):
        world.system.read("whole")


# --- requests ----------------------------------------------------------------------------


@pytest.mark.parametrize("case", cases("requests"))
def test_requests(case):
    """Arguments go where the file says, escaped; what cannot go is refused."""
    endpoint = demo_spec().endpoints[case["call"]]
    if "error" in case:
        with pytest.raises(EngineError) as caught:
            build_request("https://demo.example/api", endpoint, case["args"])
        assert case["error"] == type(caught.value).__name__
        return

    request = build_request("https://demo.example/api", endpoint, case["args"])
    sent = f"{request.method} {request.url.removeprefix('https://demo.example')}"
    assert case.get("sent") == sent
    assert case.get("header") == request.headers.get("X-Who")


def test_address_arrives_as_built():
    """The HTTP library changes nothing in a path or query."""
    world = World(script(json_answer([])))
    world.system.call("things", {"kinds": ["A", "B C"], "state": "å/?"})

    assert b"/api/things?kinds=A,B%20C&state=%C3%A5%2F%3F&kept=yes%20%26%20no" == (
        world.sent[0].url.raw_path
    )


def test_multipart_bytes():
    """JSON part, then the file; the same upload gives the same bytes."""
    upload = Upload(
        {"name": 'a".pdf', "sum": Decimal("1.10")}, 'a".pdf', FileContent(b"%PDF-\r\n")
    )
    world = World()
    world.system.call("upload", {}, upload)
    world.system.call("upload", {}, upload)
    first, second = world.sent
    boundary = first.headers["content-type"].removeprefix(
        "multipart/form-data; boundary="
    )

    assert 64 == len(boundary)
    assert (
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="meta"\r\n'
        "Content-Type: application/json\r\n\r\n"
        '{"name":"a\\".pdf","sum":1.10}\r\n'
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="file"; filename="a%22.pdf"\r\n'
        "Content-Type: application/pdf\r\n\r\n"
        "%PDF-\r\n\r\n"
        f"--{boundary}--\r\n"
    ).encode() == first.content
    assert first.content == second.content


def test_json_and_patch_bytes():
    """Money keeps its digits; a patch is a list, sent as plain JSON."""
    world = World()
    world.system.call("create", {}, {"a": Decimal("1.10"), "b": "å"})
    world.system.call(*CALLS["change"])
    create, change = world.sent

    assert '{"a":1.10,"b":"å"}'.encode() == create.content
    assert b'[{"op":"replace","path":"/a","value":1}]' == change.content
    assert "application/json" == change.headers["content-type"]


def test_no_body_has_no_type():
    """A write without a body says so."""
    world = World(lambda _: httpx.Response(200))
    world.system.call("send", {"id": 1})

    assert "content-type" not in world.sent[0].headers
    assert "0" == world.sent[0].headers["content-length"]


@pytest.mark.parametrize("case", cases("json_text"))
def test_json_text(case):
    """JSON comes back as it came, or is refused."""
    text = case["text"].encode("utf-8")
    if "error" in case:
        with pytest.raises(BadJsonError, match=re.escape(case["error"])):
            decode_json(text)
        return

    assert case["again"] == encode_json(decode_json(text)).decode("utf-8")


@pytest.mark.parametrize(
    "text", [b'"\xff"', b"\xef\xbb\xbf{}", b"[" * 100_000], ids=["latin", "bom", "deep"]
)
def test_hostile_json(text):
    """Bytes that only look like JSON are refused without an accident."""
    with pytest.raises(BadJsonError):
        decode_json(text)


def test_no_float_is_sent():
    """A float in a payload is a defect, not an amount."""
    with pytest.raises(TypeError):
        encode_json({"a": [1.5]})
    with pytest.raises(ValueError):
        encode_json({"a": Decimal("NaN")})


def test_file_answer():
    """Bytes come as a file; a page in their place is an error."""
    pdf = {"content-type": "application/pdf"}
    world = World(lambda _: httpx.Response(200, content=b"%PDF-", headers=pdf))
    assert FileContent(b"%PDF-") == world.system.call("file").body
    assert "*/*" == world.sent[0].headers["accept"]

    html = {"content-type": "text/html; charset=utf-8"}
    world = World(lambda _: httpx.Response(200, content=b"<html>", headers=html))
    with pytest.raises(NotAppliedError, match="text/html instead of a file"):
        world.system.call("file")


def test_huge_answer_is_cut_off(monkeypatch):
    """An answer without end does not fill the memory, and is not asked for again."""
    monkeypatch.setattr(client_module, "MAX_ANSWER_BYTES", 100)
    world = World(lambda _: httpx.Response(200, content=b"x" * 101))
    with pytest.raises(NotAppliedError, match="larger than 100 bytes"):
        world.system.call("file")

    assert 1 == len(world.sent)


# --- limits ------------------------------------------------------------------------------


@pytest.mark.parametrize(("limit", "seed"), [(1, 1), (3, 2), (8, 3), (60, 4)])
def test_limiter_is_exact(limit, seed):
    """Over random arrivals no closed second ever holds more than the limit."""
    clock = StillClock()
    limiter = RateLimiter(limit, 1, clock)
    chance = random.Random(seed)
    times = []
    for _ in range(600):
        clock.seconds += chance.choice(
            [0, 0, 0.0001, 0.01, chance.random() * 2 / limit]
        )
        limiter.wait()
        times.append(clock.seconds)

    worst = max(
        sum(1 for other in times[n : n + limit + 1] if other <= time + 1)
        for n, time in enumerate(times)
    )
    assert limit == worst


def test_limiter_does_not_wait_without_need():
    """Below the limit nothing sleeps; at it, the wait is what is missing."""
    clock = StillClock()
    limiter = RateLimiter(2, 1, clock)
    limiter.wait()
    clock.seconds += 0.25
    limiter.wait()
    assert [] == clock.slept

    limiter.wait()
    assert 0.75 == pytest.approx(sum(clock.slept), abs=0.0001)


def test_every_request_passes_the_limiter():
    """Sign-in, pages and tries count too, over all companies."""

    class CountingLimiter:
        places = 0

        def wait(self):
            self.places += 1

    limiter = CountingLimiter()
    for _ in range(2):
        World(
            script(httpx.Response(500), json_answer({})), limiter=limiter
        ).system.call("one", {"id": 1})

    assert 6 == limiter.places


# --- hosts and secrets -------------------------------------------------------------------


@pytest.mark.parametrize("case", cases("base_urls"))
def test_base_urls(case):
    """https, or http to this machine; nothing that hides where it leads."""
    assert case["good"] == (base_url_fault(case["url"]) is None)


def test_foreign_host_is_refused(monkeypatch):
    """An absolute address never takes the token to another host."""
    world = World()
    world.system.ensure_token()
    monkeypatch.setattr(world.system, "_base_url", "https://evil.example")
    with pytest.raises(SystemDownError, match="not configured"):
        world.system.call("one", {"id": 1})

    assert [] == world.sent


@pytest.mark.parametrize(
    "url",
    [
        "https://demo.example:444/api",
        "http://demo.example/api",
        "https://demo.example.evil",
    ],
)
def test_other_port_or_scheme_is_foreign(monkeypatch, url):
    """The whole origin counts."""
    world = World()
    world.system.ensure_token()
    monkeypatch.setattr(world.system, "_base_url", url)
    with pytest.raises(SystemDownError):
        world.system.call("create", {}, {})


def test_missing_secrets_and_bad_address_are_told_together():
    """Names, never values; the optional one is not asked for."""
    with pytest.raises(SettingsError) as caught:
        World(secrets={"key": Secret("")}, base_url="http://demo.example")

    assert ["S111", "S111", "S105"] == [p.code for p in caught.value.problems]


def test_base_url_can_be_replaced():
    """A company may use the test environment."""
    world = World(base_url="http://127.0.0.1:9/x/")
    world.system.call("one", {"id": 1})

    assert "http://127.0.0.1:9/x/things/1" == str(world.sent[0].url)


def test_secret_never_shows():
    """Neither by itself nor in anything that holds it."""
    secret = Secret("pass-word-5678")

    assert "*** *** *** ['***']" == f"{secret} {secret!r} {secret:>3} {[str(secret)]}"
    assert "{'a': ***}" == str({"a": secret})
    with pytest.raises(TypeError):
        __import__("pickle").dumps(secret)


def test_no_secret_in_any_error(caplog):
    """A system that quotes our secrets back, or dies with them, tells nobody."""
    caplog.set_level(logging.DEBUG)
    quoting = httpx.Response(
        400,
        content='{"errors": [{"message": "bad pass-word-5678", "field": "the-key-1234"}]}',
    )
    texts = []
    for answer in (quoting, httpx.Response(401), httpx.ReadError, httpx.Response(302)):
        for world in (World(script(answer)), World(token=script(answer))):
            try:
                world.system.call("create", {}, {"secret": "pass-word-5678"})
            except EngineError as error:
                texts += [str(error), repr(error), repr(error.__dict__)]
            texts += [repr(world.system), repr(world.system.__dict__)]

    whole = " ".join([*texts, caplog.text])
    found = [s for s in ("the-key-1234", "pass-word-5678", "token-1") if s in whole]
    assert [] == found


def test_environment_proxies_are_ignored(monkeypatch):
    """A proxy in the environment is not used, and loopback is really spoken to."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    seen = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            self.rfile.read(int(self.headers.get("content-length", 0)))
            seen.append((self.path, self.client_address[1]))
            body = b'{"access_token": "t", "expires_in": 3600, "id": 1}'
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815 - the library's names

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}
    )
    thread.start()
    try:
        with open_system(
            demo_spec(),
            clock=StillClock(),
            limiter=FreeLimiter(),
            secrets=SECRETS,
            base_url=f"http://127.0.0.1:{server.server_port}",
        ) as system:
            for call in ("read", "create", "read", "create"):
                system.call(*CALLS[call])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

    ports = [port for _, port in seen]
    assert ["/token", "/things/1", "/things", "/things/1", "/things"] == [
        p for p, _ in seen
    ]
    # Token and reads share one connection; each create has its own.
    assert 1 == len({ports[0], ports[1], ports[3]})
    assert 3 == len({ports[0], ports[2], ports[4]})
