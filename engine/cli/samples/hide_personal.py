"""What must not be shown: values of fields that a schema marks as personal.

``"x-personal": true`` in a schema marks personal ids and bank accounts. A marked value
is hidden wherever it turns up in what is shown, whatever way it took; so is every text
that has the form of a personal id or a bank account. At most its last four characters
are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine.language.schema import SchemaField
from engine.masking import mask_pieces

MARK: Final = "x-personal"
_KEPT: Final = 4  # characters that are shown
_LEAST: Final = 6  # shorter values are hidden only where they stand alone


@dataclass(slots=True)
class Mask:
    """Hides values; ``is_on`` false shows everything as it is."""

    hidden: set[str] = field(default_factory=set)
    is_on: bool = True
    codes: set[str] = field(default_factory=set)  # whose cut pieces are hidden too

    def apply(self, value: Any) -> Any:
        if not self.is_on:
            return value
        if isinstance(value, Mapping):
            return {key: self.apply(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.apply(item) for item in value]
        if isinstance(value, str):
            return self._text(value)
        is_number = not isinstance(value, bool) and value is not None
        return _short(str(value)) if is_number and str(value) in self.hidden else value

    def _text(self, text: str) -> str:
        if text in self.hidden:
            return _short(text)
        known = sorted(self.hidden, key=len, reverse=True)
        for value in known:
            if len(value) >= _LEAST and value in text:
                text = text.replace(value, _short(value))
        return mask_pieces(text, self.codes)


def find_personal(
    value: Any, schema: SchemaField | None, names: Iterable[str] = ()
) -> set[str]:
    """Find the values of marked fields, and of the fields that are named.

    ``names`` are names (``vatNumber``) or paths (``customer.vatNumber``).
    """
    found: set[str] = set()
    _walk(value, schema, "", frozenset(names), found)
    return found


def _walk(
    value: Any,
    schema: SchemaField | None,
    path: str,
    names: frozenset[str],
    found: set[str],
) -> None:
    is_named = path in names or path.rpartition(".")[2] in names
    if path and (is_named or is_marked(schema)):
        found.update(_texts(value))
        return
    if isinstance(value, Mapping):
        for name, item in value.items():
            inner = schema.child(str(name)) if schema is not None else None
            _walk(item, inner, f"{path}.{name}" if path else str(name), names, found)
    elif isinstance(value, list | tuple):
        inner = schema.item() if schema is not None else None
        for item in value:
            _walk(item, inner, path, names, found)


def is_marked(schema: SchemaField | None) -> bool:
    """Tell whether a schema marks a field as personal."""
    return schema is not None and schema.annotation(MARK) is True


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in _texts(item)]
    if value is None or isinstance(value, bool) or not str(value).strip():
        return []
    return [str(value)]


def _short(text: str) -> str:
    return "…" + (text[-_KEPT:] if len(text) > _KEPT else "")
