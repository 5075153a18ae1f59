"""Simulators on loopback: HTTP/1.1 with keep-alive, one thread per connection, silent."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from tests.simulators.base import DELAY_KEY, HEADERS_KEY, Simulator
from tests.simulators.faults import Lost


class Handler(BaseHTTPRequestHandler):
    """Hands each request to the app; a lost one closes the connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # whole answers in one write
    disable_nagle_algorithm = True
    server: Listener

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError, ValueError):
            self.close_connection = True  # the client went away, or we close

    def finish(self) -> None:
        try:
            super().finish()
        except (ConnectionError, ValueError):
            self.close_connection = True

    def _answer(self) -> None:
        app = self.server.app
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length) if length else b""
        path, _, query = self.path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(length),
            "SERVER_NAME": "127.0.0.1",
            "wsgi.input": BytesIO(content),
            HEADERS_KEY: list(self.headers.items()),
        }
        head: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]]) -> None:
            head[:] = [int(status.split(maxsplit=1)[0]), headers]

        try:
            body = b"".join(app(environ, start_response))
        except Lost:
            self.close_connection = True
            return
        if environ.get(DELAY_KEY):
            app.clock.sleep(environ[DELAY_KEY])
        self.send_response_only(head[0])
        for name, value in head[1]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Stay silent."""


class Listener(ThreadingHTTPServer):
    """The listening socket, and the connections that are open."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, app: Simulator, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.app = app
        self._guard = threading.Lock()
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, *_: object) -> None:
        """A broken connection is the client's business."""

    def close_connections(self) -> None:
        with self._guard:
            connections = list(self._open)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # already gone


@dataclass(frozen=True, slots=True)
class Server:
    """A simulator that listens. ``url`` ends with the system's base path."""

    url: str
    port: int
    _listener: Listener
    _thread: threading.Thread

    def close(self) -> None:
        """Stop listening and hang up."""
        self._listener.shutdown()
        self._listener.server_close()
        self._listener.close_connections()
        self._thread.join(5)


def serve(app: Simulator, port: int = 0) -> Server:
    """Listen on loopback; port 0 takes a free one."""
    listener = Listener(app, port)
    thread = threading.Thread(
        target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    thread.start()
    number = listener.server_address[1]
    url = f"http://127.0.0.1:{number}{app.base_path}"
    return Server(url, number, listener, thread)
