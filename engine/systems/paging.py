"""How a list is read to its end: one small class per protocol.

A paging kind only says what to ask next; it sends nothing and remembers nothing. Its
fields are keys of the grammar's ``paging``, as the grammar reads them. The caller stops
at ``MAX_PAGES`` and when a kind asks the same question twice.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import jmespath

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from dataclasses import Field

    from engine.project.system_spec import PagingSpec

MAX_PAGES = 1_000

Question = dict[str, str]  # query parameters to add, by wire name


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page as it came."""

    items: Sequence[Any]
    headers: Mapping[str, str]  # names in lower case
    body: Any


class Paging(Protocol):
    """One way to walk a list: a dataclass whose fields are keys of the grammar."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def first(self) -> Question:
        """Give the query parameters of the first page."""
        ...

    def following(self, page: ListPage, asked: Question) -> Question | None:
        """Give the parameters after those that gave this page, or None at the end."""
        ...


@dataclass(frozen=True, slots=True)
class WholeList:
    """The answer is the whole list."""

    def first(self) -> Question:
        return {}

    def following(self, page: ListPage, asked: Question) -> Question | None:  # noqa: ARG002
        return None


@dataclass(frozen=True, slots=True)
class PageTokenHeader:
    """The next page's token comes in a response header; without one it was the last."""

    size_param: str
    size: int
    param: str  # carries the token
    header: str

    def first(self) -> Question:
        return {self.size_param: str(self.size)}

    def following(self, page: ListPage, asked: Question) -> Question | None:
        token = page.headers.get(self.header.lower(), "").strip()
        return {**asked, self.param: token} if token else None


@dataclass(frozen=True, slots=True)
class Offset:
    """Rows are counted from 0; a page that is not full was the last."""

    size_param: str
    size: int
    param: str  # carries the number of the first row
    size_answer: str | None

    def first(self) -> Question:
        return {self.size_param: str(self.size), self.param: "0"}

    def following(self, page: ListPage, asked: Question) -> Question | None:
        if not is_full(page, self.size, self.size_answer):
            return None
        return {**asked, self.param: str(int(asked[self.param]) + len(page.items))}


@dataclass(frozen=True, slots=True)
class PreviousId:
    """The next page starts after the id of the last row; a short page was the last."""

    size_param: str
    size: int
    param: str  # carries the id of the last row
    id: str  # JMESPath on a row
    size_answer: str | None

    def first(self) -> Question:
        return {self.size_param: str(self.size)}

    def following(self, page: ListPage, asked: Question) -> Question | None:
        if not page.items or not is_full(page, self.size, self.size_answer):
            return None
        last = jmespath.search(self.id, page.items[-1])
        # Without an id the same page would be asked again: the guard in the caller
        # sees the repeated question and stops with an error.
        return {**asked, self.param: "" if last is None else str(last)}


def is_full(page: ListPage, size: int, size_answer: str | None) -> bool:
    """Tell whether a page has as many rows as the server gives at a time.

    ``size`` was asked for; ``size_answer`` is the JMESPath, on the answer, of what the
    server used. One that silently gives fewer rows than asked would otherwise look as
    if its first page were the last one.
    """
    used = jmespath.search(size_answer, page.body) if size_answer else None
    if isinstance(used, int) and 0 < used < size:
        size = used
    return len(page.items) >= size


PAGING_KINDS: dict[str, type[Paging]] = {
    "page_token_header": PageTokenHeader,
    "offset": Offset,
    "previous_id": PreviousId,
}


def open_paging(spec: PagingSpec | None) -> Paging:
    """Give the kind that a spec names; without a spec the answer is the whole list."""
    if spec is None:
        return WholeList()
    kind = PAGING_KINDS[spec.kind]
    return kind(**{field.name: spec.keys[field.name] for field in fields(kind)})
