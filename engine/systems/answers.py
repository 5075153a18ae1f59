"""What an answer means: the outcome classes, read from status and body alone.

For a write that must not happen twice only four things count: applied, surely not
applied, refused with a reason, or in doubt. Whatever is not known is doubt.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

import jmespath

from engine.errors import Refusal
from engine.json_text import BadJsonError, decode_json
from engine.systems.file_formats import FileContent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.project.system_spec import EndpointSpec, ErrorShape, ErrorSpec
    from engine.systems.client import RawAnswer

MAX_RETRY_AFTER_SECONDS = 900.0


class AnswerClass(Enum):
    """What a request did, as far as its answer tells."""

    APPLIED = "applied"
    REFUSED = "refused"  # 4xx with a reason that was understood
    UNAUTHORISED = "unauthorised"  # 401: not applied, the token is no good
    THROTTLED = "throttled"  # 429: not applied, too many requests
    MOVED = "moved"  # 3xx: wrong address or version; never followed
    BROKEN = "broken"  # 5xx, 408, 425: doubt, and the server is ill
    FOREIGN = "foreign"  # cut, empty or foreign body: doubt


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer of an endpoint."""

    status: int
    body: Any = field(repr=False)  # JSON with Decimal, FileContent, or None
    server_time: datetime | None  # the Date header, UTC


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer, understood."""

    outcome: AnswerClass
    body: Any = field(repr=False, default=None)
    refusals: tuple[Refusal, ...] = ()
    detail: str = ""


def read_answer(raw: RawAnswer, endpoint: EndpointSpec, errors: ErrorSpec) -> Reading:
    """Decide what happened; pure."""
    status = raw.status
    if 200 <= status < 300:
        return _read_success(raw, endpoint, errors)
    if 300 <= status < 400:
        return Reading(AnswerClass.MOVED, detail="a redirect, which is never followed")
    if status == 401:
        refusals = _refusals(raw, errors)
        return Reading(
            AnswerClass.UNAUTHORISED, None, refusals, "the token was refused"
        )
    if status == 429:
        return Reading(AnswerClass.THROTTLED, detail="too many requests")
    if 400 <= status < 500 and status not in (408, 425):
        return _read_refusal(raw, errors)
    return Reading(AnswerClass.BROKEN)


def read_refusals(body: Any, shapes: Sequence[ErrorShape]) -> tuple[Refusal, ...]:
    """Read an error body by the first shape that finds a message in it."""
    if not isinstance(body, dict | list):
        return ()
    for shape in shapes:
        found = jmespath.search(shape.list_path, body)
        rows = found if isinstance(found, list) else [found]
        code = _text(shape.code_path, body)
        refusals = tuple(
            Refusal(
                f"{code}: {message}" if code else message, _text(shape.field_path, row)
            )
            for row in rows
            if isinstance(row, dict) and (message := _text(shape.message_path, row))
        )
        if refusals:
            return refusals
    return ()


def read_server_time(raw: RawAnswer) -> datetime | None:
    """Give the Date header; None when it is missing or rubbish."""
    return _http_date(raw.headers.get("date", ""))


def read_retry_after(raw: RawAnswer, now: datetime) -> float | None:
    """Give the seconds the server asks to wait, at most 15 minutes; None for rubbish.

    A date is counted from the answer's own Date header, so that a wrong clock here
    neither shortens nor stretches it; ``now`` serves when there is none.
    """
    text = raw.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:9])
    elif moment := _http_date(text):
        seconds = (moment - (read_server_time(raw) or now)).total_seconds()
    else:
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)


def _read_success(raw: RawAnswer, endpoint: EndpointSpec, errors: ErrorSpec) -> Reading:
    kind = raw.headers.get("content-type", "").partition(";")[0].strip().lower()
    if endpoint.response == "file":
        if kind in {"application/json", "text/html"}:
            return Reading(AnswerClass.FOREIGN, detail=f"{kind} instead of a file")
        return Reading(AnswerClass.APPLIED, FileContent(raw.content))
    if endpoint.response == "none" and not raw.content.strip():
        return Reading(AnswerClass.APPLIED)
    try:
        body = decode_json(raw.content)
    except BadJsonError as error:
        return Reading(AnswerClass.FOREIGN, detail=f"the body is unusable: {error}")
    if read_refusals(body, errors.shapes):
        return Reading(AnswerClass.FOREIGN, detail="a good status with an error body")
    missing = [
        path for path in endpoint.must_have if jmespath.search(path, body) is None
    ]
    if missing:
        return Reading(AnswerClass.FOREIGN, detail=f"the body has no {missing[0]}")
    return Reading(AnswerClass.APPLIED, body)


def _read_refusal(raw: RawAnswer, errors: ErrorSpec) -> Reading:
    refusals = _refusals(raw, errors)
    if refusals:
        return Reading(AnswerClass.REFUSED, refusals=refusals)
    if not raw.content.strip() and raw.status in errors.without_body:
        return Reading(AnswerClass.REFUSED, refusals=(Refusal(f"HTTP_{raw.status}"),))
    # A page of a proxy in between looks like this: nobody knows what it did.
    return Reading(AnswerClass.FOREIGN, detail="refused without a reason we can read")


def _refusals(raw: RawAnswer, errors: ErrorSpec) -> tuple[Refusal, ...]:
    try:
        return read_refusals(decode_json(raw.content), errors.shapes)
    except BadJsonError:
        return ()


def key_code(refusals: Sequence[Refusal], errors: ErrorSpec) -> str:
    """Give the advice code of refusals that are about the key; "" for any other."""
    for refusal in refusals:
        if code := errors.of_key.get(refusal.message.partition(":")[0].strip()):
            return code
    return ""


def _text(path: str, value: Any) -> str:
    found = jmespath.search(path, value) if path else None
    if isinstance(found, str | int) and not isinstance(found, bool):
        return str(found).strip()
    return ""


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
