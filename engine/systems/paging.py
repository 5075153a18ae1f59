"""How a list is read to its end: one small class per protocol.

A paging kind only says what to ask next; it sends nothing and remembers nothing. The
caller stops at ``MAX_PAGES`` and when a kind asks the same question twice. A new kind
is a class here with its row in ``PAGING_KINDS``, and a word in the grammar's enum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import jmespath

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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

    def following(self, page: Page, asked: Question) -> Question | None:
        """Give the parameters after those that gave this page, or None at the end."""
        ...


class WholeList:
    """The answer is the whole list."""

    def first(self) -> Question:  # noqa: D102
        return {}

    def following(self, page: Page, asked: Question) -> Question | None:  # noqa: ARG002, D102
        return None


class PageTokenHeader:
    """The next page's token comes in a response header; without one it was the last."""

    def __init__(self, spec: PagingSpec) -> None:
        self._spec = spec

    def first(self) -> Question:  # noqa: D102
        return {self._spec.size_param: str(self._spec.size)}

    def following(self, page: Page, asked: Question) -> Question | None:  # noqa: D102
        token = page.headers.get(self._spec.header.lower(), "").strip()
        return {**asked, self._spec.param: token} if token else None


class Offset:
    """Rows are counted from 0; a page that is not full was the last."""

    def __init__(self, spec: PagingSpec) -> None:
        self._spec = spec

    def first(self) -> Question:  # noqa: D102
        return {self._spec.size_param: str(self._spec.size), self._spec.param: "0"}

    def following(self, page: Page, asked: Question) -> Question | None:  # noqa: D102
        if len(page.items) < page_size(self._spec, page.body):
            return None
        after = int(asked[self._spec.param]) + len(page.items)
        return {**asked, self._spec.param: str(after)}


class PreviousId:
    """The next page starts after the id of the last row; a short page was the last."""

    def __init__(self, spec: PagingSpec) -> None:
        self._spec = spec

    def first(self) -> Question:  # noqa: D102
        return {self._spec.size_param: str(self._spec.size)}

    def following(self, page: Page, asked: Question) -> Question | None:  # noqa: D102
        if not page.items or len(page.items) < page_size(self._spec, page.body):
            return None
        last = jmespath.search(self._spec.id_path, page.items[-1])
        # Without an id the same page would be asked again: the guard in the caller
        # sees the repeated question and stops with an error.
        return {**asked, self._spec.param: "" if last is None else str(last)}


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


PAGING_KINDS: dict[str, Callable[[PagingSpec], Paging]] = {
    "page_token_header": PageTokenHeader,
    "offset": Offset,
    "previous_id": PreviousId,
}


def open_paging(spec: PagingSpec | None) -> Paging:
    """Give the kind that a spec names; without a spec the answer is the whole list."""
    return WholeList() if spec is None else PAGING_KINDS[spec.kind](spec)
