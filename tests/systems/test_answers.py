"""What an answer means: outcome classes, refusals, server time, files."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from engine.errors import EngineError, NotAppliedError, Refusal, RefusedError
from engine.systems import client as client_module
from engine.systems.answers import read_retry_after
from engine.systems.client import RawAnswer
from engine.systems.file_formats import FileContent
from tests.systems.demo import CALLS, START, World, cases, json_answer, script


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


@pytest.mark.parametrize("case", cases("retry_after"))
def test_retry_after(case):
    """Seconds or a date, capped; rubbish is no wish."""
    headers = {"retry-after": case["header"]}
    if "date" in case:
        headers["date"] = case["date"]

    assert case["seconds"] == read_retry_after(RawAnswer(429, headers, b""), START)


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
