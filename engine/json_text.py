"""JSON with money: numbers with a point become ``Decimal`` and leave with their digits.

Strict on the way in: UTF-8 only, no ``NaN``, no key twice, no absurd number.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

# A guess: no amount needs more, and a huge exponent would stall arithmetic.
MAX_EXPONENT = 100


class BadJsonError(Exception):
    """The bytes are not the JSON that was promised; the message quotes none of them."""


def decode_json(content: bytes) -> Any:
    """Read one JSON document; every number that is not whole becomes ``Decimal``.

    Raises:
        BadJsonError: Cut, not UTF-8, a key twice in one object, NaN, a huge number,
            or nested too deeply.
    """
    try:
        value = _DECODER.decode(content)
        # The C decoder keeps the last of two equal keys. Each key has a colon and so
        # may a text; those that were written are counted against those that are left.
        # An escaped colon would be counted wrong.
        left = _ENCODER.encode(value).count(b":")
        has_escaped = b"\\" in content and b"\\u003" in content
        if has_escaped or content.count(b":") != left:
            _find_repeated_key(content)
    except RecursionError as error:
        raise BadJsonError("nested too deeply") from error
    except (msgspec.DecodeError, UnicodeError, InvalidOperation) as error:
        raise BadJsonError(f"not JSON ({type(error).__name__})") from error
    return value


def encode_json(value: Any) -> bytes:
    """Write a value as compact UTF-8 JSON; ``Decimal("1.10")`` becomes ``1.10``.

    Raises:
        TypeError: The value holds a float; money is never one.
        ValueError: The value holds a number that is not finite.
    """
    _refuse_floats(value)
    return _ENCODER.encode(value)


_SAFE = frozenset({str, int, bool, type(None)})
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def _read_number(text: str) -> Decimal:
    number = Decimal(text)
    if not -MAX_EXPONENT <= number.adjusted() <= MAX_EXPONENT and number:
        raise BadJsonError("a number is too large or too small")
    return number


_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=_read_number)


def _find_repeated_key(content: bytes) -> None:
    def check(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise BadJsonError(f'the key "{twice[:40]}" stands twice in one object')
        return found

    json.loads(content, object_pairs_hook=check)


def _refuse_floats(value: Any) -> None:
    waiting: list[Iterable[Any]] = [[value]]
    while waiting:
        for item in waiting.pop():
            kind = type(item)
            if kind in _SAFE:
                continue
            if kind is Decimal:
                if not item.is_finite():
                    raise ValueError("a number in a payload is not finite")
            elif isinstance(item, dict):
                waiting.append(item.values())
            elif kind is list or isinstance(item, list | tuple):
                waiting.append(item)
            elif isinstance(item, float):
                raise TypeError(
                    "a float in a payload; numbers with a point are Decimal"
                )


def render_json(value: Any) -> str:
    """Write a value as indented JSON for a person, with the digits as they are."""
    content = _SHOWER.encode(value)
    return msgspec.json.format(content, indent=2).decode()


# A file shows its size and digest, never its bytes.
_SHOWER = msgspec.json.Encoder(decimal_format="number", enc_hook=repr)
