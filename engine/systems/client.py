"""HTTP, and the only module that knows its library.

Sends one request to one host and gives the answer's bytes, or says whether the request
surely stayed here. Knows no endpoint, no token, no retry.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpcore
import httpx

from engine.project.base_url import address_fault
from engine.systems.deadline import Deadline, DeadlineBackend

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from engine.clock import Clock

Transport = httpx.BaseTransport  # so that nobody else needs to import the library

MAX_ANSWER_BYTES = 50_000_000
KEPT_CONNECTIONS, KEPT_SECONDS = 20, 5.0  # the library's own figures


@dataclass(frozen=True, slots=True)
class Request:
    """One request, ready to send. Shows neither address, header nor body."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """What came back: status, headers by lower-case name, body as bytes."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)


class ClientError(Exception):
    """No usable answer; the message names the kind and quotes nothing."""


class NotSentError(ClientError):
    """The request surely did not reach the server: no connection was made."""


class UnclearError(ClientError):
    """The request may have arrived: it or its answer was cut, late or too large."""


class TooLargeError(UnclearError):
    """The answer is larger than allowed; asking again would not help."""


class WriteRefusedError(ClientError):
    """A write was tried where only reads are allowed."""


class ForeignHostError(ClientError):
    """The request was for a host or scheme that the settings do not name."""


class HttpClient:
    """Persistent connections to one base address.

    Reads share kept-alive connections. A write that must not happen twice goes over a
    connection of its own: a kept-alive one that the server has just closed looks the
    same as a request that arrived and lost its answer.

    Args:
        base_url: The only scheme, host and port that are ever spoken to.
        transport: Replaces the network; tests hand one over.
        timeout_seconds: The longest silence while an answer is awaited.
        only_reads: Refuse every request but reads, and the sign-in at this path.
    """

    def __init__(
        self,
        base_url: str,
        *,
        clock: Clock,
        transport: Transport | None = None,
        timeout_seconds: float = 60.0,
        only_reads: str | None = None,
    ) -> None:
        # At INFO the library logs whole addresses, at DEBUG its core logs headers.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._deadline = Deadline(clock)
        timeout = httpx.Timeout(timeout_seconds, connect=10.0, pool=10.0)
        if transport is None:
            kept = DeadlineTransport(self._deadline, keeps=KEPT_CONNECTIONS)
            once = DeadlineTransport(self._deadline, keeps=0)
        else:
            kept = once = transport  # type: ignore[assignment]
        if only_reads is not None:
            sign_in = urlsplit(base_url).path.rstrip("/") + only_reads
            reader = ReadOnlyTransport(kept, sign_in)
            self._reads = self._writes = _open(
                OneHostTransport(reader, base_url), timeout
            )
            return
        self._reads = _open(OneHostTransport(kept, base_url), timeout)
        self._writes = _open(OneHostTransport(once, base_url), timeout)

    def send(
        self, request: Request, *, fresh_connection: bool, deadline_seconds: float
    ) -> RawAnswer:
        """Send one request and read its whole answer.

        Args:
            deadline_seconds: From before the connection to the last byte.

        Raises:
            NotSentError: Refused, unreachable, unknown name, TLS failure.
            UnclearError: Cut or late after the connection stood, or past the deadline.
            TooLargeError: More than ``MAX_ANSWER_BYTES`` after unpacking.
            ForeignHostError: Not the configured host.
        """
        client = self._writes if fresh_connection else self._reads
        self._deadline.start(deadline_seconds)
        try:
            with client.stream(
                request.method,
                request.url,
                headers=dict(request.headers),
                content=request.content,
            ) as answer:
                content = self._read(answer)
                # The names of one header are joined by the library, in lower case.
                return RawAnswer(answer.status_code, dict(answer.headers), content)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotSentError(_kind(error)) from error
        except httpx.InvalidURL as error:
            raise ForeignHostError("the address is not valid") from error
        except httpx.RequestError as error:
            raise UnclearError(_kind(error)) from error

    def close(self) -> None:
        """Close the connections."""
        self._reads.close()
        self._writes.close()

    def _read(self, answer: httpx.Response) -> bytes:
        content = bytearray()
        for chunk in answer.iter_bytes():
            content += chunk
            if len(content) > MAX_ANSWER_BYTES:
                raise TooLargeError(
                    f"the answer is larger than {MAX_ANSWER_BYTES:,} bytes"
                )
        return bytes(content)


class DeadlineTransport(httpx.HTTPTransport):
    """The network, with sockets that keep to the deadline of a request.

    The library hands no backend through to its core, so the pool is put in its place.
    """

    def __init__(self, deadline: Deadline, *, keeps: int) -> None:
        super().__init__(verify=_tls(), trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=_tls(),
            max_keepalive_connections=keeps,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=DeadlineBackend(deadline),
        )


class OneHostTransport(httpx.BaseTransport):
    """Refuses every request that is not for the configured scheme, host and port.

    It stands below the client: an absolute address handed to a client with a base
    address would otherwise carry the credentials to a foreign host.
    """

    def __init__(self, inner: httpx.BaseTransport, base_url: str) -> None:
        self._inner = inner
        self._allowed = _origin(httpx.URL(base_url))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on, if it is for the configured host."""
        if _origin(request.url) != self._allowed:
            raise ForeignHostError("a request for a host that is not configured")
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close the inner transport."""
        self._inner.close()


class ReadOnlyTransport(httpx.BaseTransport):
    """Refuses every request that could change something; the sign-in may pass.

    The last line for a plan, below everything that knows what a write is.
    """

    def __init__(self, inner: httpx.BaseTransport, sign_in_path: str) -> None:
        self._inner = inner
        self._sign_in_path = sign_in_path

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a read on."""
        is_sign_in = request.method == "POST" and request.url.path == self._sign_in_path
        if request.method != "GET" and not is_sign_in:
            raise WriteRefusedError(f"{request.method} while only reads are allowed")
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close the inner transport."""
        self._inner.close()


def base_url_fault(base_url: str) -> str | None:
    """Say what is wrong with a base address: https, or http to this machine."""
    fault = address_fault(base_url)
    if fault is None:
        try:
            httpx.URL(base_url)
        except httpx.InvalidURL:
            return "is not an address"
    return fault


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return (url.scheme, url.host, url.port)


@cache
def _tls() -> ssl.SSLContext:
    # Reading the certificates of all authorities takes longer than many requests; with
    # a thousand companies they are read once.
    return httpx.create_ssl_context(trust_env=False)


def _open(transport: httpx.BaseTransport, timeout: httpx.Timeout) -> httpx.Client:
    return httpx.Client(
        transport=transport,
        timeout=timeout,
        trust_env=False,  # no proxy, no .netrc from the environment
        follow_redirects=False,
    )


def _kind(error: Exception) -> str:
    # Only the class: the text of these errors may quote the address.
    return type(error).__name__
