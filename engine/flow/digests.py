"""Digests of what was read and what is sent; equal content gives equal digests."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from engine.systems.file_formats import FileContent


def digest_of(value: Any) -> str:
    """Give the SHA-256 of a document or payload, in hexadecimal.

    Keys are sorted and numbers are written with their digits, so that the order of an
    answer's keys does not matter; ``1.10`` and ``1.1`` are two texts of one amount and
    give two digests, which at worst asks a person to look.
    """
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, FileContent):
        return {"sha256": value.sha256, "size": value.size}
    return str(value)
