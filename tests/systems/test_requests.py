"""What is sent: address, query, headers, the bytes of a body."""

from __future__ import annotations

from decimal import Decimal

import httpx
import pytest

from engine.errors import EngineError
from engine.systems.bodies import Upload
from engine.systems.file_formats import FileContent
from engine.systems.requests import build_request
from tests.systems.demo import CALLS, World, cases, demo_spec, json_answer, script


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


def test_a_guarded_write_names_the_tag_that_was_read_last():
    """RFC 9110, 13.1.1: what has changed since is refused, not overwritten."""
    answers = [json_answer({"id": 1}, etag=tag) for tag in ('"a"', '"b"')]
    world = World(script(*answers, json_answer({"id": 1})))
    world.system.call("replace", {"id": 1}, {"a": 1})
    world.system.call("one", {"id": 1})
    world.system.call("replace", {"id": 1}, {"a": 1})

    tags = [r.headers.get("if-match") for r in world.sent if r.method == "PUT"]
    assert [None, '"b"'] == tags
