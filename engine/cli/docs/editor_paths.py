"""Every path that a cell may name, with the source vendor's words: for completion.

Paths go into groups with a point and into lists with ``[]``. Pure; reads schema fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.cli.docs.rule_words import field_text
from engine.language.types import Type

MAX_LEVELS: Final = 12  # a schema that holds itself ends here


@dataclass(frozen=True, slots=True)
class KnownPath:
    """One path, and what it leads to."""

    path: str
    about: str = ""


def iter_paths(
    field: Type | None, prefix: str = "", *, into_lists: bool = True, level: int = 0
) -> Iterator[KnownPath]:
    """Give every path below a place, in the schema's order."""
    if field is None or level > MAX_LEVELS:
        return
    for name in field.properties:
        child = field.child(name)
        path = f"{prefix}{name}"
        yield KnownPath(path, field_text(child))
        if child is None:
            continue
        if "array" in child.types:
            if into_lists:
                below = f"{path}[]."
                yield from iter_paths(child.item(), below, level=level + 1)
        elif child.properties:
            yield from iter_paths(
                child, f"{path}.", into_lists=into_lists, level=level + 1
            )


def iter_settings(schema: Mapping[str, Any], prefix: str) -> Iterator[KnownPath]:
    """Give every setting that a company's grammar has."""
    for name, part in schema.get("properties", {}).items():
        if not isinstance(part, dict):
            continue
        if "properties" in part:
            yield from iter_settings(part, f"{prefix}{name}.")
        else:
            yield KnownPath(f"{prefix}{name}", part.get("description", ""))


def offer(paths: Iterable[KnownPath]) -> dict[str, Any]:
    """Describe a text for which an editor offers some paths, each once."""
    found: dict[str, dict[str, str]] = {}
    for known in paths:
        snippet = {"label": known.path, "body": known.path}
        if known.about:
            snippet["description"] = known.about
        found.setdefault(known.path, snippet)
    return {"type": "string", "defaultSnippets": list(found.values())}
