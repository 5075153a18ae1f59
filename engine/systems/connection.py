"""The connection to one system: its rate limit, retries, breaker, and their errors.

Below it stands the HTTP client, above it the calls by name. It knows no token.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from engine.errors import (
    DoubtError,
    KeyRefusedError,
    NotAppliedError,
    Refusal,
    RefusedError,
    RequestFacts,
    SystemDownError,
    TransientError,
)
from engine.language.leaves import iter_leaves
from engine.masking import mask_text
from engine.systems.answers import (
    AnswerClass,
    Reading,
    key_code,
    read_retry_after,
    read_server_time,
)
from engine.systems.client import (
    ClientError,
    ForeignHostError,
    HttpClient,
    NotSentError,
    RawAnswer,
    Request,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from engine.clock import Clock
    from engine.project.system_spec import EndpointSpec, ErrorSpec
    from engine.secrets import Secret
    from engine.systems.limiter import RateLimiter
    from engine.systems.retries import RetryPolicy

T = TypeVar("T")

QUOTED = 60  # characters of a text of ours that was refused

# Failures in a row that make a system count as down: each try without an answer, and
# each call that ends in a server error. Server errors count by call, so that one
# resource that always fails cannot close the system for all the others.
BREAKER_FAILURES = 5
MASKED_FROM = 6  # shorter texts may stand in any sentence by chance


class Connection:
    """Sends one request at a time within the limit; closed once the system is down.

    Attributes:
        system: The system's name, for errors.
        calls: Requests sent, by endpoint name.
    """

    def __init__(
        self,
        system: str,
        *,
        client: HttpClient,
        limiter: RateLimiter,
        retry: RetryPolicy,
        clock: Clock,
        secrets: Mapping[str, Secret],
        errors: ErrorSpec,
    ) -> None:
        self.system = system
        self.calls: Counter[str] = Counter()
        self._client = client
        self._limiter = limiter
        self._retry = retry
        self._clock = clock
        self._secrets = secrets
        self._errors = errors
        self._last_date: tuple[datetime, float] | None = None
        self._failures = 0
        self._down = ""  # why, once it is
        self._refused: KeyRefusedError | None = None  # why, when it is the key

    @property
    def is_down(self) -> bool:
        """Tell whether nothing more will be sent."""
        return bool(self._down)

    @property
    def server_time(self) -> datetime | None:
        """The server's time now: its last Date header and what has passed since."""
        if self._last_date is None:
            return None
        moment, at = self._last_date
        return moment + timedelta(seconds=self._clock.monotonic() - at)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(self, spec: EndpointSpec, request: Request) -> RawAnswer:
        """Wait for a place, send, and count; no answer becomes its error."""
        self.check_up(spec.name)
        self._limiter.wait()
        self.calls[spec.name] += 1
        try:
            raw = self._client.send(
                request,
                fresh_connection=not spec.is_idempotent,
                deadline_seconds=spec.deadline_seconds,
            )
        except ForeignHostError as error:
            raise self.down_error(spec.name, str(error)) from error
        except ClientError as error:
            self._failures += 1
            is_harmless = isinstance(error, NotSentError) or spec.is_read
            # Never SystemDownError for a write that may have been applied.
            if self._failures >= BREAKER_FAILURES and is_harmless:
                raise self.down_error(spec.name, str(error)) from error
            kind = NotAppliedError if is_harmless else DoubtError
            raise self.error(kind, spec.name, str(error)) from error
        if (moment := read_server_time(raw)) is not None:
            self._last_date = (moment, self._clock.monotonic())
        if raw.status < 500:
            self._failures = 0
        return raw

    def repeat(self, name: str, attempt: Callable[[], T]) -> T:
        """Try within the retry policy, for what may be sent twice.

        A server that no try reached counts as down; other failures count as one.
        """
        was_reached = False

        def run() -> T:
            nonlocal was_reached
            try:
                return attempt()
            except TransientError as error:
                was_reached |= not isinstance(error.__cause__, NotSentError)
                raise

        try:
            return self._retry.run(run)
        except SystemDownError:
            raise
        except TransientError as error:
            if not was_reached:
                raise self.down_error(name, error.facts.detail) from error
            self.count_failed_call(error)
            raise

    def error_for(
        self, spec: EndpointSpec, raw: RawAnswer, reading: Reading
    ) -> RefusedError | TransientError:
        """Give the error of an answer that is no success.

        ``RefusedError`` for a 4xx with reasons, ``SystemDownError`` for a redirect,
        ``NotAppliedError`` for a 429 and for any read, else ``DoubtError``.
        """
        if reading.outcome is AnswerClass.REFUSED:
            refusals = self.masked(reading.refusals)
            if code := key_code(refusals, self._errors):
                said = refusals[0].message
                facts = RequestFacts(self.system, spec.name, raw.status, said)
                found = said.partition(":")[2].strip()
                return KeyRefusedError(facts, code, found, ends_run=False)
            return RefusedError(self.system, spec.name, raw.status, refusals)
        if reading.outcome is AnswerClass.MOVED:
            return self.down_error(spec.name, reading.detail, raw.status)
        is_harmless = reading.outcome is AnswerClass.THROTTLED or spec.is_read
        return self.error(
            NotAppliedError if is_harmless else DoubtError,
            spec.name,
            reading.detail,
            raw.status,
            read_retry_after(raw, self._clock.now()),
        )

    def masked(self, refusals: tuple[Refusal, ...]) -> list[Refusal]:
        """Blot out any secret that the system quotes back."""
        mask = self._mask
        return [Refusal(mask(one.message), mask(one.field)) for one in refusals]

    def quote(self, refusals: Iterable[Refusal], body: Any) -> tuple[Refusal, ...]:
        """Add what we had sent in the fields that were refused, masked."""
        leaves = dict(iter_leaves("", body))
        texts = {path: text for path, text in leaves.items() if isinstance(text, str)}
        return tuple(
            replace(
                one,
                value=mask_text(self._mask(texts[one.field]))[:QUOTED],
                length=len(texts[one.field]),
            )
            if one.field in texts
            else one
            for one in refusals
        )

    def _mask(self, text: str) -> str:
        for secret in self._secrets.values():
            if len(secret.reveal()) >= MASKED_FROM:
                text = text.replace(secret.reveal(), str(secret))
        return text

    def refuse_key(
        self,
        name: str,
        code: str,
        detail: str,
        status: int | None = None,
        found: str = "",
    ) -> KeyRefusedError:
        """Close the system for the rest of the run; the error says whose work it is."""
        self._down = detail
        facts = RequestFacts(self.system, name, status, detail)
        self._refused = KeyRefusedError(facts, code, found)
        return self._refused

    def check_up(self, name: str) -> None:
        """Raise ``SystemDownError`` once the system counts as down."""
        if self._refused is not None:
            raise self._refused
        if self._down:
            raise SystemDownError(RequestFacts(self.system, name, detail=self._down))

    def count_failed_call(self, error: TransientError) -> None:
        """Count a call that ended in a 5xx; the breaker opens for the next call."""
        if error.facts.status is not None and error.facts.status >= 500:
            self._failures += 1
        if self._failures >= BREAKER_FAILURES:
            self._down = f"{BREAKER_FAILURES} failures in a row"

    def error(
        self,
        kind: type[TransientError],
        name: str,
        detail: str,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> TransientError:
        """Give an error about a call of this system."""
        facts = RequestFacts(self.system, name, status, detail)
        return kind(facts, retry_after=retry_after)

    def down_error(
        self,
        name: str,
        detail: str,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> TransientError:
        """Close the system for the rest of the run and give the error that says so."""
        self._down = detail
        return self.error(SystemDownError, name, detail, status, retry_after)
