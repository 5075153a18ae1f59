"""A text that must never be shown: passwords, keys, tokens.

Holds no way to find secrets; the runner reads them and passes them in.
"""

from __future__ import annotations


class Secret:
    """A text that shows as ``***`` wherever it is printed, logged or formatted.

    Only ``reveal`` gives the text; call it where the bytes are built, nowhere else.
    Two secrets compare equal when their texts do.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __str__(self) -> str:
        return "***"

    def __repr__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __reduce__(self) -> tuple[object, ...]:
        # A pickled secret would lie in a file as plain text.
        raise TypeError("a secret cannot be stored")
