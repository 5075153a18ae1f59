"""Say why a document is stopped: code, field, text, and the details advice may name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import RefusedError, StoppedError, ViolationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.errors import RecordError, Violation


@dataclass(frozen=True, slots=True)
class Reason:
    """One stop, ready for the log."""

    code: str
    field: str  # payload path; "" when the document as a whole is meant
    message: str  # beyond code and field; further reasons follow after a semicolon
    details: Mapping[str, str]  # what the advice may name


def describe_stop(error: RecordError) -> Reason:
    """Give the first reason's code and field, and what is known of all of them."""
    if isinstance(error, RefusedError):
        return _describe_refusal(error)
    if isinstance(error, ViolationError):
        return _describe_violations(error)
    assert isinstance(error, StoppedError)
    where = f"[{error.position}]" if error.position else ""
    message = " ".join(part for part in (error.message, where) if part)
    return Reason(error.code, error.details.get("field", ""), message, error.details)


def _describe_refusal(error: RefusedError) -> Reason:
    if not error.refusals:
        return Reason("REFUSED", "", str(error), {})
    first, *others = error.refusals
    message = "; ".join(
        f"{other.field}: {other.message}" if other.field else other.message
        for other in others
    )
    details = {"message": first.message, "system": error.system, "field": first.field}
    return Reason(first.message, first.field, message, details)


def _describe_violations(error: ViolationError) -> Reason:
    first, *others = error.violations
    texts = [_text(first)]
    texts += [f"{v.field}: {_text(v)}" if v.field else _text(v) for v in others]
    details = {"field": first.field, "value": first.value}
    return Reason(first.code, first.field, "; ".join(texts), details)


def _text(violation: Violation) -> str:
    value = f'(is "{violation.value}")' if violation.value else ""
    where = f"[{violation.position}]" if violation.position else ""
    return " ".join(part for part in (violation.message, value, where) if part)
