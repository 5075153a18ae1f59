"""How a token is asked for and shown: one small class per protocol.

A sign-in kind builds the request's fields and reads the answer; sending, renewing and
repeating are ``engine.systems.system``'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import jmespath

from engine.secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.project.system_spec import SignInSpec, ValueSpec

RENEW_BEFORE_SECONDS = 300.0
# No source says what a token without a stated lifetime lives for: a short guess.
UNSTATED_LIFETIME_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and when to stop using it."""

    text: Secret
    renew_at_monotonic: float
    renew_at: datetime  # by the wall: a monotonic clock may stand still in suspend

    def is_stale(self, monotonic: float, now: datetime) -> bool:
        """Whether a new one should be had before the next call."""
        return monotonic >= self.renew_at_monotonic or now >= self.renew_at


class SignIn(Protocol):
    """One way to get a token for one company."""

    body_kind: ClassVar[str]

    def fields(self, spec: SignInSpec, secrets: Mapping[str, Secret]) -> dict[str, str]:
        """Give the fields of the token request, revealed; they go in the body only."""
        ...


class JsonToken:
    """Client id, secret and scope as a JSON object."""

    body_kind: ClassVar[str] = "json"

    def fields(self, spec: SignInSpec, secrets: Mapping[str, Secret]) -> dict[str, str]:
        """Give the fields of the file."""
        return reveal_all(spec.fields, secrets)


class ClientCredentials:
    """The form of the client-credentials grant, with whatever fields the file adds."""

    body_kind: ClassVar[str] = "form"

    def fields(self, spec: SignInSpec, secrets: Mapping[str, Secret]) -> dict[str, str]:
        """Give the grant type and the fields of the file."""
        return {"grant_type": "client_credentials", **reveal_all(spec.fields, secrets)}


SIGN_IN_KINDS: dict[str, SignIn] = {
    "json_token": JsonToken(),
    "client_credentials": ClientCredentials(),
}


def read_token(
    spec: SignInSpec, body: Any, *, monotonic: float, now: datetime
) -> Token | None:
    """Read the token from the answer; None when there is none in it."""
    text = jmespath.search(spec.token_path, body)
    if not isinstance(text, str) or not text.strip() or not text.isascii():
        return None
    seconds = _lifetime(spec, body, now)
    usable = max(seconds - RENEW_BEFORE_SECONDS, seconds / 2)
    moment = datetime.fromtimestamp(now.timestamp() + usable, UTC)
    return Token(Secret(text.strip()), monotonic + usable, moment)


def signed_headers(
    spec: SignInSpec, token: Token, secrets: Mapping[str, Secret]
) -> dict[str, str]:
    """Give the headers that show the token on every call, revealed."""
    return {
        "Authorization": f"Bearer {token.text.reveal()}",
        **reveal_all(spec.headers, secrets),
    }


def reveal_all(
    values: Mapping[str, ValueSpec], secrets: Mapping[str, Secret]
) -> dict[str, str]:
    """Give each field's text; an optional secret that is not there is left out."""
    found: dict[str, str] = {}
    for name, value in values.items():
        if value.secret is None:
            found[name] = value.fixed
        elif secret := secrets.get(value.secret):
            found[name] = secret.reveal()
    return found


def _lifetime(spec: SignInSpec, body: Any, now: datetime) -> float:
    """Give the seconds the token lives, by the earlier of the two statements."""
    stated: list[float] = []
    if spec.expires_in_path:
        seconds = jmespath.search(spec.expires_in_path, body)
        if isinstance(seconds, int) and not isinstance(seconds, bool):
            stated.append(float(seconds))
    if spec.expires_at_path:
        text = jmespath.search(spec.expires_at_path, body)
        if isinstance(text, str) and (moment := _moment(text)):
            stated.append((moment - now).total_seconds())
    # A clock that is wrong on one side must not make a fresh token look dead.
    useful = [seconds for seconds in stated if seconds > 0]
    return min(useful) if useful else UNSTATED_LIFETIME_SECONDS


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
