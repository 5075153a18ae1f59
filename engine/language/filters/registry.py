"""The named filters and tests that formulas may use; there are no others."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from engine.language.filters import list_filters, value_filters, value_tests
from engine.language.filters.declaration import Filter

if TYPE_CHECKING:
    from collections.abc import Mapping

_DECLARED: Final = [
    declared
    for module in (value_filters, list_filters, value_tests)
    for declared in vars(module).values()
    if isinstance(declared, Filter)
]
FILTERS: Final[Mapping[str, Filter]] = MappingProxyType(
    {one.name: one for one in _DECLARED if one.gives != "truth"}
)
TESTS: Final[Mapping[str, Filter]] = MappingProxyType(
    {one.name: one for one in _DECLARED if one.gives == "truth"}
)
