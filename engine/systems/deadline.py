"""One deadline for a whole request, enforced on every step of its socket.

It stands below the HTTP library: headers that trickle, interim answers, chunk
extensions, trailers and empty blocks of a packed body never reach what stands above,
but each needs another read of the socket. The resolution of the host's name is the
operating system's own; nothing was sent before it.
"""

from __future__ import annotations

import re
from math import inf
from typing import TYPE_CHECKING, Any

import httpcore

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from engine.clock import Clock

MAX_INTERIM_ANSWERS = 10
MAX_HEAD_BYTES = 64_000  # of all headers, with those of interim answers

_END = re.compile(rb"\r?\n\r?\n")
_INTERIM = re.compile(rb"HTTP/\d\.\d 1\d\d")


class Deadline:
    """When the request at work must have ended; one request at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ends_at = inf

    def start(self, seconds: float) -> None:
        """Begin with a request."""
        self._ends_at = self._clock.monotonic() + seconds

    def limit(self, timeout: float | None, over: type[Exception]) -> float:
        """Give what a step of the socket may take: the smaller of it and what is left.

        Raises:
            over: Nothing is left.
        """
        left = self._ends_at - self._clock.monotonic()
        if left <= 0:
            raise over("the deadline of the request is over")
        return left if timeout is None else min(timeout, left)


class DeadlineBackend(httpcore.NetworkBackend):
    """Makes connections whose every step keeps to the deadline."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect within what is left."""
        left = self._deadline.limit(timeout, httpcore.ConnectTimeout)
        stream = self._inner.connect_tcp(
            host, port, left, local_address, socket_options
        )
        return DeadlineStream(stream, self._deadline)


class DeadlineStream(httpcore.NetworkStream):
    """One connection: reads, writes and the TLS handshake keep to the deadline."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline
        self._head = AnswerHead()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there, within what is left."""
        left = self._deadline.limit(timeout, httpcore.ReadTimeout)
        data = self._inner.read(max_bytes, left)
        self._head.feed(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it; a receiver that takes it in crumbs ends at the deadline."""
        self._head = AnswerHead()
        # The library's stream gives every crumb the whole time anew.
        connection = self._inner.get_extra_info("socket")
        rest = memoryview(buffer)
        while rest:
            left = self._deadline.limit(timeout, httpcore.WriteTimeout)
            try:
                connection.settimeout(left)
                rest = rest[connection.send(rest) :]
            except TimeoutError as error:
                raise httpcore.WriteTimeout(str(error)) from error
            except OSError as error:
                raise httpcore.WriteError(str(error)) from error

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Shake hands within what is left."""
        left = self._deadline.limit(timeout, httpcore.ConnectTimeout)
        stream = self._inner.start_tls(ssl_context, server_hostname, left)
        return DeadlineStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """Tell what the connection knows of itself."""
        return self._inner.get_extra_info(info)

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()


class AnswerHead:
    """What comes before an answer's body, counted: the library itself waits on.

    Raises:
        httpcore.RemoteProtocolError: Too many interim answers, or too large headers.
    """

    def __init__(self) -> None:
        self._text = bytearray()
        self._passed = 0  # bytes of interim answers before
        self._interim = 0
        self._is_over = False

    def feed(self, data: bytes) -> None:
        """Take what was read from the socket."""
        if self._is_over:
            return
        searched = max(0, len(self._text) - 3)
        self._text += data
        while found := _END.search(self._text, searched):
            self._is_over = not _INTERIM.match(self._text)
            self._interim += not self._is_over
            self._passed += found.end()
            del self._text[: found.end()]
            searched = 0
            if self._is_over:
                self._text.clear()
                break
        if self._interim > MAX_INTERIM_ANSWERS:
            raise httpcore.RemoteProtocolError("too many interim answers")
        if self._passed + len(self._text) > MAX_HEAD_BYTES:
            raise httpcore.RemoteProtocolError("the headers are too large")
