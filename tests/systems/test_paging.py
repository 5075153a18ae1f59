"""How a list is read to its end."""

from __future__ import annotations

import itertools
import json

import pytest

from engine.errors import NotAppliedError
from tests.system_files import DEMO, read_system
from tests.systems.demo import World, cases, json_answer, script


@pytest.mark.parametrize("case", cases("paging"))
def test_lists(case):
    """Each kind of paging asks for the pages that follow, and ends."""
    style = f"paging:\n  case: {json.dumps(case['paging'])}\n"
    text = DEMO.read_text("utf-8").replace("paging:\n", style, 1)
    text += "  listed: {path: /listed, paging: case, items: rows}\n"
    pages = [
        json_answer(
            {"rows": page["rows"], "meta": page.get("meta")}, **page.get("headers", {})
        )
        for page in case["pages"]
    ]
    world = World(script(*pages), spec=read_system(text, "demo"))
    if "error" in case:
        with pytest.raises(NotAppliedError, match=case["error"]):
            world.system.read("listed")
    else:
        assert case["keys"] == [row["id"] for row in world.system.read("listed")]

    assert case["asked"] == [r.url.query.decode() for r in world.sent]
    assert len(case["asked"]) == world.system.calls["listed"]


def test_pages_are_fetched_when_needed():
    """Memory and calls do not grow ahead of the reader."""
    world = World(script(json_answer([{"n": 1}, {"n": 2}], NextPageToken="a")))
    next(world.system.iter_items("by_token"))

    assert 1 == len(world.sent)


def test_endless_list_ends_after_a_thousand_pages():
    """New tokens for ever do not keep a run busy for ever."""
    count = itertools.count()
    world = World(lambda _: json_answer([], NextPageToken=str(next(count))))
    with pytest.raises(NotAppliedError, match="1000 pages"):
        list(world.system.iter_items("by_token"))

    assert 1000 == len(world.sent)


@pytest.mark.parametrize(
    "body", [{}, {"rows": None}, {"rows": {"a": 1}}, {"rows": [1]}]
)
def test_list_that_is_none(body):
    """An answer without its list is an error, never an empty list."""
    world = World(script(json_answer(body)))
    with pytest.raises(NotAppliedError, match="no list"):
        world.system.read("whole")
