"""A small client for a language server over stdio: requests, and what it reports.

No answer is waited for longer than ``TIMEOUT_SECONDS``; nothing sleeps.
"""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from pathlib import Path
from typing import Any, BinaryIO

TIMEOUT_SECONDS = 20


class LanguageServer:
    """One server process with its open documents."""

    def __init__(self, command: list[str], root: Path) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input: BinaryIO = self._process.stdin  # type: ignore[assignment]
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._number = 0
        self._settings: dict[str, Any] = {}
        self._reports: dict[str, list[dict[str, Any]]] = {}
        self._reader = threading.Thread(
            target=_read, args=(self._process.stdout, self._messages), daemon=True
        )
        self._reader.start()
        self.root = root

    def start(self, settings: dict[str, Any]) -> None:
        """Greet the server; ``settings`` are those of its own section."""
        self._settings = settings
        folder = {"uri": self.root.as_uri(), "name": "rules"}
        self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": self.root.as_uri(),
                "workspaceFolders": [folder],
                "capabilities": {
                    "textDocument": {
                        "completion": {
                            "completionItem": {"documentationFormat": ["markdown"]}
                        },
                        "hover": {"contentFormat": ["markdown"]},
                        "publishDiagnostics": {},
                    },
                    "workspace": {"configuration": True, "workspaceFolders": True},
                },
            },
        )
        self.notify("initialized", {})
        self.notify("workspace/didChangeConfiguration", {"settings": {}})

    def open(self, path: Path, text: str) -> str:
        """Open a document; give its URI."""
        uri = path.as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._reports.pop(uri, None)
        self.notify("textDocument/didOpen", {"textDocument": document})
        return uri

    def close(self, uri: str) -> None:
        """Close a document."""
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def complete(self, uri: str, line: int, character: int) -> list[dict[str, Any]]:
        """Give what may be typed at a place (counted from 0)."""
        found = self._ask_at("textDocument/completion", uri, line, character)
        items = found["items"] if isinstance(found, dict) else found
        return list(items or [])

    def hover(self, uri: str, line: int, character: int) -> str:
        """Give what is shown at a place."""
        found = self._ask_at("textDocument/hover", uri, line, character)
        return "" if found is None else str(found["contents"]["value"])

    def reports(self, uri: str) -> list[str]:
        """Wait for what the server finds wrong in a document."""
        while uri not in self._reports:
            self._take()
        return [report["message"] for report in self._reports.pop(uri)]

    def stop(self) -> None:
        """End the process."""
        self.request("shutdown", None)
        self.notify("exit", None)
        self._process.wait(TIMEOUT_SECONDS)
        self._reader.join(TIMEOUT_SECONDS)
        self._input.close()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def request(self, method: str, params: Any) -> Any:
        """Ask and wait for the answer."""
        self._number += 1
        number = self._number
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._take()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message["error"]
                return message.get("result")

    def notify(self, method: str, params: Any) -> None:
        """Tell something that has no answer."""
        self._send({"method": method, "params": params})

    def _ask_at(self, method: str, uri: str, line: int, character: int) -> Any:
        place = {"line": line, "character": character}
        return self.request(method, {"textDocument": {"uri": uri}, "position": place})

    def _send(self, message: dict[str, Any]) -> None:
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._input.write(b"Content-Length: %d\r\n\r\n" % len(content) + content)
        self._input.flush()

    def _take(self) -> dict[str, Any]:
        """Take the next message; answer what the server asks of an editor."""
        message = self._messages.get(timeout=TIMEOUT_SECONDS)
        if message is None:
            raise AssertionError("the language server has ended")
        method = message.get("method")
        if method == "textDocument/publishDiagnostics":
            params = message["params"]
            self._reports[params["uri"]] = params["diagnostics"]
        elif method == "workspace/configuration":
            items = message["params"]["items"]
            own = [self._settings if i.get("section") == "yaml" else {} for i in items]
            self._send({"id": message["id"], "result": own})
        elif method is not None and "id" in message:
            self._send({"id": message["id"], "result": None})
        return message


def _read(stream: BinaryIO, messages: queue.Queue[dict[str, Any] | None]) -> None:
    while True:
        length = 0
        for line in iter(stream.readline, b""):
            if line == b"\r\n":
                break
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            messages.put(None)
            return
        messages.put(json.loads(stream.read(length)))
