"""Bodies of requests and answers: JSON, multipart, and what a journal may show."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


def load_json(content: bytes) -> Any:
    return json.loads(content, parse_float=Decimal)


def dump_json(value: Any) -> bytes:
    text = json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def _plain(value: Any) -> float:
    if isinstance(value, Decimal):
        return float(value)
    message = f"not JSON: {value!r}"
    raise TypeError(message)


def summarise(content: bytes, name: str | None = None) -> dict[str, Any]:
    """Describe bytes by size and digest, so that journals stay readable."""
    digest = hashlib.sha256(content).hexdigest()
    about = {"size": len(content), "sha256": digest}
    return {"name": name, **about} if name is not None else about


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body."""

    name: str
    filename: str | None
    content_type: str
    content: bytes


def parse_multipart(content_type: str, body: bytes) -> list[Part]:
    """Take a multipart/form-data body apart; an unreadable one has no parts."""
    _, _, boundary = content_type.partition("boundary=")
    parts = []
    for chunk in body.split(b"--" + boundary.strip('" ').encode())[1:-1]:
        head, _, content = chunk.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        fields = dict[str, str]()
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(":")
            fields[name.strip().lower()] = value.strip()
        words = dict[str, str]()
        for word in fields.get("content-disposition", "").split(";")[1:]:
            name, _, value = word.strip().partition("=")
            words[name] = value.strip('"')
        parts.append(
            Part(
                name=words.get("name", ""),
                filename=words.get("filename"),
                content_type=fields.get("content-type", "text/plain"),
                content=content.removesuffix(b"\r\n"),
            )
        )
    return parts


def readable(content: bytes) -> Any:
    try:
        return load_json(content)
    except ValueError:
        return summarise(content)


def mask(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    secret = {"client_secret", "api_key", "access_token", "refresh_token", "client_id"}
    return {key: "***" if key in secret else item for key, item in value.items()}
