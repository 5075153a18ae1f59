"""How a list is read to its end: one small class per protocol.

A paging kind only says what to ask next; it sends nothing. The caller stops at
``MAX_PAGES`` and when a kind asks the same question twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import jmespath

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.project.system_spec import PagingSpec

MAX_PAGES = 1_000

Question = dict[str, str]  # query parameters to add, by wire name


@dataclass(frozen=True, slots=True)
class Page:
    """One page as it came."""

    items: Sequence[Any]
    headers: Mapping[str, str]  # names in lower case
    body: Any


class Paging(Protocol):
    """One way to walk a list."""

    def first(self) -> Question:
        """Give the query parameters of the first page."""
        ...

    def following(self, page: Page) -> Question | None:
        """Give the parameters of the next page, or None at the end."""
        ...


class WholeList:
    """The answer is the whole list."""

    def first(self) -> Question:  # noqa: D102
        return {}

    def following(self, page: Page) -> Question | None:  # noqa: ARG002, D102
        return None


class PageTokenHeader:
    """The next page's token comes in a response header; without one it was the last."""

    def __init__(self, spec: PagingSpec) -> None:
        self._size = {spec.size_param: str(spec.size)}
        self._param = spec.param
        self._header = spec.header.lower()

    def first(self) -> Question:  # noqa: D102
        return dict(self._size)

    def following(self, page: Page) -> Question | None:  # noqa: D102
        token = page.headers.get(self._header, "").strip()
        return {**self._size, self._param: token} if token else None


class Offset:
    """Rows are counted from 0; a page that is not full was the last."""

    def __init__(self, spec: PagingSpec) -> None:
        self._spec = spec
        self._next = 0

    def first(self) -> Question:  # noqa: D102
        self._next = 0
        return self._question()

    def following(self, page: Page) -> Question | None:  # noqa: D102
        self._next += len(page.items)
        is_last = len(page.items) < page_size(self._spec, page.body)
        return None if is_last else self._question()

    def _question(self) -> Question:
        return {
            self._spec.size_param: str(self._spec.size),
            self._spec.param: str(self._next),
        }


class PreviousId:
    """The next page starts after the id of the last row; a short page was the last."""

    def __init__(self, spec: PagingSpec) -> None:
        self._spec = spec
        self._size = {spec.size_param: str(spec.size)}

    def first(self) -> Question:  # noqa: D102
        return dict(self._size)

    def following(self, page: Page) -> Question | None:  # noqa: D102
        if not page.items or len(page.items) < page_size(self._spec, page.body):
            return None
        last = jmespath.search(self._spec.id_path, page.items[-1])
        # Without an id the same page would be asked again: the guard in the caller
        # sees the repeated question and stops with an error.
        return {**self._size, self._spec.param: "" if last is None else str(last)}


def page_size(spec: PagingSpec, body: Any) -> int:
    """Give the size a full page has: what was asked, or less if the answer says so.

    A server that silently allows fewer rows than asked would otherwise look as if its
    first page were the last one.
    """
    if spec.size_answer:
        answered = jmespath.search(spec.size_answer, body)
        if isinstance(answered, int) and 0 < answered < spec.size:
            return answered
    return spec.size


PAGING_KINDS: dict[str, type[PageTokenHeader | Offset | PreviousId]] = {
    "page_token_header": PageTokenHeader,
    "offset": Offset,
    "previous_id": PreviousId,
}


def open_paging(spec: PagingSpec | None) -> Paging:
    """Start at the first page."""
    return WholeList() if spec is None else PAGING_KINDS[spec.kind](spec)
