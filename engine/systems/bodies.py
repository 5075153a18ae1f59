"""What a request carries: one small function per kind of body, bytes out.

The same input always gives the same bytes, so a digest of a payload is a digest of
what was sent.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

from engine.json_text import encode_json
from engine.systems.file_formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.systems.file_formats import FileContent

_MEDIA_TYPES = {
    extension: form.media_type for form in FORMATS for extension in form.extensions
}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file with its description: the body of a ``multipart`` endpoint."""

    payload: dict[str, Any]  # becomes the JSON part
    name: str  # file name with its extension
    content: FileContent


@dataclass(frozen=True, slots=True)
class Body:
    """Bytes and their type."""

    content_type: str
    content: bytes = field(repr=False)


class BodyKind(Protocol):
    """Turns what a flow hands over into bytes."""

    def __call__(self, value: Any, parts: Mapping[str, str], /) -> Body | None:
        """Give the bytes, or None for no body.

        Args:
            value: The payload; its shape is the kind's own.
            parts: Names of the parts of a ``multipart`` body, ``json`` and ``file``.
        """
        ...


def no_body(_value: Any, _parts: Mapping[str, str]) -> Body | None:
    """Send nothing, whatever was handed over."""
    return None


def json_body(value: Any, _parts: Mapping[str, str]) -> Body | None:
    """Send any JSON value."""
    return Body("application/json", encode_json(value))


def form_body(value: Any, _parts: Mapping[str, str]) -> Body | None:
    """Send a flat mapping of texts as a form."""
    content = urlencode({name: str(text) for name, text in value.items()})
    return Body("application/x-www-form-urlencoded", content.encode("ascii"))


def json_patch_body(value: Any, _parts: Mapping[str, str]) -> Body | None:
    """Send a list of ``{op, path, value}``, as plain JSON."""
    for change in value:
        if not {"op", "path"} <= set(change) or not str(change["path"]).startswith("/"):
            raise ValueError("a change needs `op` and a `path` that begins with /")
    return Body("application/json", encode_json(list(value)))


def multipart_body(value: Any, parts: Mapping[str, str]) -> Body | None:
    """Send an ``Upload``: its payload as a JSON part, then the file."""
    if not isinstance(value, Upload):
        raise TypeError("a multipart body is an Upload")
    payload = encode_json(value.payload)
    content = value.content.content
    # From the content, not at random: the same file gives the same bytes, and content
    # that holds its own digest cannot be made.
    boundary = hashlib.sha256(payload + b"\0" + content).hexdigest()
    extension = value.name.rpartition(".")[2].lower()
    media_type = _MEDIA_TYPES.get(extension, "application/octet-stream")
    file_name = _quoted(value.name)
    head = (
        f"--{boundary}\r\n"
        f'Content-Disposition: form-data; name="{_quoted(parts["json"])}"\r\n'
        "Content-Type: application/json\r\n\r\n"
    )
    middle = (
        f"\r\n--{boundary}\r\n"
        f'Content-Disposition: form-data; name="{_quoted(parts["file"])}"; '
        f'filename="{file_name}"\r\n'
        f"Content-Type: {media_type}\r\n\r\n"
    )
    tail = f"\r\n--{boundary}--\r\n"
    whole = b"".join([head.encode(), payload, middle.encode(), content, tail.encode()])
    return Body(f"multipart/form-data; boundary={boundary}", whole)


BODY_KINDS: dict[str, BodyKind] = {
    "none": no_body,
    "json": json_body,
    "form": form_body,
    "json_patch": json_patch_body,
    "multipart": multipart_body,
}


def _quoted(text: str) -> str:
    """Escape a name as browsers do, so that it cannot end its header."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
