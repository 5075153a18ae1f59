"""The leaves of a document or payload, and how their places are written.

``rows[2].unit`` is the place of a value; ``rows[].unit`` that of the rule behind it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from engine.language.values import is_group

if TYPE_CHECKING:
    from collections.abc import Iterator

ABSENT: Final = object()


def iter_leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield path and value of each leaf; an empty group or list is one."""
    if is_group(value) and value:
        for name, item in value.items():
            yield from iter_leaves(f"{path}.{name}" if path else str(name), item)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from iter_leaves(f"{path}[{index}]", item)
    else:
        yield path, value


def pair_leaves(old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield path, old and new value of each leaf, first in the order of the new.

    ``ABSENT`` stands where one of the two has no such leaf; null is a value.
    """
    before, after = dict(iter_leaves("", old)), dict(iter_leaves("", new))
    for path in dict.fromkeys((*after, *before)):
        yield path, before.get(path, ABSENT), after.get(path, ABSENT)


def without_indexes(path: str) -> str:
    """Turn a payload path into the rule's: ``rows[2].unit`` → ``rows[].unit``."""
    return re.sub(r"\[\d+\]", "[]", path)
