"""One system for one company: calls by endpoint name, the token, retries, the breaker.

What a caller may rely on:

- A read, or a write marked ``idempotent``, is tried again inside. Any other write is
  sent once, over a connection of its own, with the token that was there before.
- The errors say what happened: ``NotAppliedError`` surely no effect (a read never has
  one), ``DoubtError`` a write may have had its effect, ``RefusedError`` the system gave
  a reason, ``SystemDownError`` nothing more can be done in this run.
- Once down, a system stays down: each further call fails at once, without a request.
"""

from __future__ import annotations

import hmac
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import jmespath

from engine.errors import (
    NotAppliedError,
    Problem,
    RefusedError,
    SettingsError,
    SystemDownError,
    TransientError,
)
from engine.project.system_spec import EndpointSpec
from engine.systems.answers import (
    Answer,
    AnswerClass,
    key_code,
    read_answer,
    read_server_time,
)
from engine.systems.client import HttpClient, Request, base_url_fault
from engine.systems.connection import Connection
from engine.systems.paging import MAX_PAGES, ListPage, open_paging
from engine.systems.requests import build_request
from engine.systems.retries import RetryPolicy
from engine.systems.sign_in import SIGN_IN_KINDS, Token, read_token, signed_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from engine.clock import Clock
    from engine.project.system_spec import SystemSpec
    from engine.secrets import Secret
    from engine.systems.client import Transport
    from engine.systems.limiter import RateLimiter

SIGN_IN = "sign_in"  # the token call's name in ``calls`` and in errors


class _TokenRefusedError(Exception):
    """The system answered 401."""


class System:
    """An open system; made by ``open_system``, for one company and one thread.

    Attributes:
        spec: The system file.
        calls: Requests sent so far, by endpoint name; each page and each try counts.
        etags: The ``ETag`` of each endpoint's last answer; "" where it had none.
    """

    def __init__(
        self,
        spec: SystemSpec,
        *,
        base_url: str,
        secrets: Mapping[str, Secret],
        connection: Connection,
        clock: Clock,
    ) -> None:
        self.spec = spec
        self.calls = connection.calls
        self.etags: dict[str, str] = {}
        self._base_url = base_url
        self._secrets = secrets
        self._connection = connection
        self._clock = clock
        self._token: Token | None = None
        self._token_refusals = 0
        # Asked before each write: whether the key is the company's own.
        self.before_write: Callable[[], None] = lambda: None
        self.refuse = connection.refuse_key

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_down(self) -> bool:
        """Tell whether every further call of this run would fail."""
        return self._connection.is_down

    @property
    def server_time(self) -> datetime | None:
        """The system's own time now, by its last answer; None before the first one."""
        return self._connection.server_time

    def seal(self, text: str) -> str:
        """Give a text's hash with the secrets as its key: equal texts, equal hashes."""
        key = "\0".join(self._secrets[name].reveal() for name in sorted(self._secrets))
        return hmac.new(key.encode(), text.encode(), "sha256").hexdigest()

    def close(self) -> None:
        """Close the connections and forget the token."""
        self._token = None
        self._connection.close()

    def call(
        self, endpoint: str, args: Mapping[str, Any] | None = None, body: Any = None
    ) -> Answer:
        """Do one logical request and give its answer.

        Args:
            endpoint: Its name in the system file.
            args: Its arguments, by the names of the system file.
            body: Payload of the endpoint's kind: a mapping for ``json`` and ``form``, a
                list of ``{op, path, value}`` for ``json_patch``, an ``Upload`` for
                ``multipart``.

        Raises:
            RuleError, ViolationError: The arguments do not fit; nothing was sent.
            NotAppliedError, DoubtError, RefusedError, SystemDownError: See the module.
        """
        try:
            return self._call(self.spec.endpoints[endpoint], args or {}, body, {})[0]
        except RefusedError as error:
            error.refusals = self._connection.quote(error.refusals, body)
            raise

    def iter_items(
        self, endpoint: str, args: Mapping[str, Any] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Give the rows of a list, page by page, each page fetched when it is needed.

        Raises:
            NotAppliedError: A page failed, is no list of objects, repeats the one
                before, or the list has no end (``MAX_PAGES``).
            RuleError, ViolationError, RefusedError, SystemDownError: As for ``call``.
        """
        spec = self.spec.endpoints[endpoint]
        paging = open_paging(spec.paging)
        question: dict[str, str] | None = paging.first()
        asked: set[tuple[tuple[str, str], ...]] = set()
        while question is not None:
            this = tuple(sorted(question.items()))
            if this in asked or len(asked) >= MAX_PAGES:
                detail = f"the list has no end ({len(asked)} pages)"
                raise self._connection.error(NotAppliedError, spec.name, detail)
            asked.add(this)
            answer, headers = self._call(spec, args or {}, None, question)
            rows = jmespath.search(spec.items or "@", answer.body)
            if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
                detail = "the answer is no list of objects"
                raise self._connection.error(NotAppliedError, spec.name, detail)
            yield from rows
            question = paging.following(ListPage(rows, headers, answer.body), question)

    def read(self, endpoint: str, args: Mapping[str, Any] | None = None) -> Any:
        """Give what an endpoint means: all rows of a list as a list, else the body.

        A list is an endpoint with ``paging`` or ``items``; one without either gives
        its body as it is, which may be a bare array.
        """
        spec = self.spec.endpoints[endpoint]
        if spec.paging is not None or spec.items:
            return list(self.iter_items(endpoint, args))
        return self.call(endpoint, args).body

    def prepare_write(self) -> None:
        """See that the key is the company's own, and have a token for some minutes.

        Before the intent of a write is stored: nothing is asked between the two.
        """
        self.before_write()
        self.ensure_token()

    def ensure_token(self) -> None:
        """Have a token that lives for some minutes more; ask for one if needed.

        Raises:
            SystemDownError: The sign-in is refused or does not answer.
        """
        self._connection.check_up(SIGN_IN)
        now = self._clock.now()
        if self._token and not self._token.is_stale(self._clock.monotonic(), now):
            return
        self._token = None
        self._token = self._sign_in()

    def _call(
        self,
        spec: EndpointSpec,
        args: Mapping[str, Any],
        body: Any,
        question: Mapping[str, str],
    ) -> tuple[Answer, Mapping[str, str]]:
        self._connection.check_up(spec.name)
        headers, tag = self.spec.headers, self.etags.get(spec.if_match)
        if not spec.is_read:
            self.before_write()
        request = build_request(
            self._base_url,
            spec,
            args,
            body,
            more_query=question,
            headers={**headers, "If-Match": tag} if tag else headers,
        )
        if spec.is_idempotent:
            return self._connection.repeat(
                spec.name, lambda: self._send_signed(spec, request)
            )
        if self._token is None:
            self.ensure_token()
        try:
            return self._send(spec, request)
        except _TokenRefusedError as error:
            # Not applied. The caller checks its claim, gets a token and tries anew; a
            # second refusal in a row has already closed the system.
            raise self._connection.error(
                NotAppliedError, spec.name, "the token was refused", 401
            ) from error
        except TransientError as error:
            self._connection.count_failed_call(error)
            raise

    def _send_signed(
        self, spec: EndpointSpec, request: Request
    ) -> tuple[Answer, Mapping[str, str]]:
        """Send with a good token; once more with a new one after a 401."""
        self.ensure_token()
        try:
            return self._send(spec, request)
        except _TokenRefusedError:
            self.ensure_token()
        return self._send(spec, request)  # a second 401 closes the system in there

    def _send(
        self, spec: EndpointSpec, request: Request
    ) -> tuple[Answer, Mapping[str, str]]:
        """Send once and turn everything but a good answer into its error."""
        if self._token is None:
            raise _TokenRefusedError
        shown = signed_headers(self.spec.sign_in, self._token, self._secrets)
        raw = self._connection.send(
            spec, replace(request, headers={**request.headers, **shown})
        )
        reading = read_answer(raw, spec, self.spec.errors)
        if reading.outcome is AnswerClass.UNAUTHORISED:
            self._token = None
            self._token_refusals += 1
            if self._token_refusals > 1:
                raise self._connection.refuse_key(
                    spec.name, "KEY_REVOKED", "the token was refused twice", 401
                )
            raise _TokenRefusedError
        self._token_refusals = 0
        if reading.outcome is not AnswerClass.APPLIED:
            raise self._connection.error_for(spec, raw, reading)
        self.etags[spec.name] = raw.headers.get("etag", "")
        return Answer(raw.status, reading.body, read_server_time(raw)), raw.headers

    def _sign_in(self) -> Token:
        sign_in = self.spec.sign_in
        kind = SIGN_IN_KINDS[sign_in.kind]
        endpoint = EndpointSpec(
            SIGN_IN, "POST", sign_in.path, is_idempotent=True, body=kind.body_kind
        )
        fields = kind.fields(sign_in, self._secrets)
        request = build_request(
            self._base_url, endpoint, {}, fields, headers=self.spec.headers
        )

        def attempt() -> Token:
            raw = self._connection.send(endpoint, request)
            now, monotonic = self._clock.now(), self._clock.monotonic()
            reading = read_answer(raw, endpoint, self.spec.errors)
            if reading.outcome in (AnswerClass.BROKEN, AnswerClass.THROTTLED):
                raise self._connection.error_for(endpoint, raw, reading)
            token = read_token(sign_in, reading.body, monotonic=monotonic, now=now)
            if token is not None:
                return token
            refusals = self._connection.masked(reading.refusals)
            said = "; ".join(refusal.message for refusal in refusals[:3])
            detail = f"the sign-in failed: {said or reading.detail or 'no token'}"
            if reading.outcome not in (AnswerClass.UNAUTHORISED, AnswerClass.REFUSED):
                raise self._connection.down_error(SIGN_IN, detail, raw.status)
            code = key_code(refusals, self.spec.errors) or "UNAUTHORIZED"
            found = said.partition(":")[2].strip()
            raise self._connection.refuse_key(SIGN_IN, code, detail, raw.status, found)

        try:
            return self._connection.repeat(SIGN_IN, attempt)
        except SystemDownError:
            raise
        except TransientError as error:
            facts = error.facts
            raise self._connection.down_error(
                SIGN_IN, facts.detail or "no answer", facts.status, error.retry_after
            ) from error


def open_system(
    spec: SystemSpec,
    *,
    secrets: Mapping[str, Secret],
    limiter: RateLimiter,
    clock: Clock,
    base_url: str | None = None,
    transport: Transport | None = None,
    pick: Callable[[float, float], float] = random.uniform,
    is_read_only: bool = False,
) -> System:
    """Open a system for one company. Nothing is sent yet.

    Args:
        spec: The system file.
        clock: The run's clock.
        secrets: By the names under ``secrets`` in the system file.
        limiter: Shared by every company that uses the system in this run.
        base_url: Replaces the file's, for a test environment.
        transport: Replaces the network.
        pick: Chooses the wait between two tries.
        is_read_only: Nothing but reads and the sign-in leaves this machine.

    Raises:
        SettingsError: A secret is missing or the base address is not allowed.
    """
    address = (base_url or spec.base_url).rstrip("/")
    problems = [
        Problem("S111", f"the secret `{name}` of {spec.name} is missing")
        for name, secret in spec.secrets.items()
        if secret.is_required and not secrets.get(name)
    ]
    if fault := base_url_fault(address):
        problems.append(Problem("S105", f"`base_url` of {spec.name} {fault}"))
    if problems:
        raise SettingsError(problems)
    client = HttpClient(
        address,
        clock=clock,
        transport=transport,
        timeout_seconds=spec.timeout_seconds,
        only_reads=spec.sign_in.path if is_read_only else None,
    )
    return System(
        spec,
        base_url=address,
        secrets=secrets,
        connection=Connection(
            spec.name,
            client=client,
            limiter=limiter,
            retry=RetryPolicy(clock, pick),
            clock=clock,
            secrets=secrets,
            errors=spec.errors,
        ),
        clock=clock,
    )
