"""JSON as bytes: money keeps its digits, what is no JSON is refused."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from engine.json_text import BadJsonError, decode_json, encode_json
from tests.systems.demo import cases


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
