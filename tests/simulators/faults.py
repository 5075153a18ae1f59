"""Faults as data, and the three ways in which no answer comes."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

FaultKind = Literal[
    "refuse",  # connection refused, nothing arrives
    "drop_before",  # the request never arrives, the client times out
    "drop_after",  # applied, the answer is lost
    "delay",  # applied, answered `seconds` late
    "status_429",  # not applied; `retry_after` seconds in the header when given
    "status_5xx",  # `status`; applied or not by `applied`
    "cut_body",  # applied, half of the answer's body
    "expired_token",  # every token is dead, then the request is handled
    "html_error",  # 502 with a web server's page; applied or not by `applied`
]


class Lost(Exception):  # noqa: N818 - what happened to the bytes, not an error of ours
    """No answer reaches the client."""


class ConnectionRefused(Lost):
    """Nothing listened."""


class RequestLost(Lost):
    """The request never arrived."""


class ResponseLost(Lost):
    """The request was applied, the answer was lost."""


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong, a number of times, at one endpoint.

    ``match`` is an endpoint as the journal spells it ("POST /invoices"); ``*`` matches
    any text. The first ``after`` matching requests pass; ``times`` None is for ever.
    """

    match: str
    kind: FaultKind
    times: int | None = 1
    after: int = 0
    seconds: float = 0.0
    status: int = 503
    applied: bool = False
    retry_after: int | None = None

    def strikes(self, endpoint: str) -> bool:
        """Tell whether this request is hit, and count it."""
        if not fnmatchcase(endpoint, self.match) or self.times == 0:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True
