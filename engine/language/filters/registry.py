"""The named filters and tests that formulas may use; there are no others."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from engine.language.filters import (
    date_filters,
    id_filters,
    list_filters,
    order_filters,
    pattern_filters,
    reference_filters,
    value_filters,
    value_tests,
)
from engine.language.filters.declaration import Filter

if TYPE_CHECKING:
    from collections.abc import Mapping

_DECLARED: Final = [
    declared
    for module in (
        value_filters,
        date_filters,
        id_filters,
        list_filters,
        order_filters,
        pattern_filters,
        reference_filters,
        value_tests,
    )
    for declared in vars(module).values()
    if isinstance(declared, Filter)
]
FILTERS: Final[Mapping[str, Filter]] = MappingProxyType(
    {one.name: one for one in _DECLARED if one.gives != "truth"}
)
TESTS: Final[Mapping[str, Filter]] = MappingProxyType(
    {one.name: one for one in _DECLARED if one.gives == "truth"}
)
# Jinja's filters that business text does not need, and what does their job.
INSTEAD: Final[Mapping[str, str]] = {
    "truncate": "limit: and cut_at: cut a text, and report it",
    "format": "text: writes running text",
    "int": "decimals: 0 makes a whole number",
    "float": "number reads a number",
    "string": "text: writes a value as text",
    "capitalize": "upper and lower exist",
    "title": "upper and lower exist",
    "map": "pluck picks one field of every item",
    "selectattr": "where picks items by a field",
    "rejectattr": "a path with [?…] picks items",
    "sum": "sum_of adds up a field",
    "groupby": "total_by adds up by a field",
    "sort": "sort_by sorts by one or more fields",
    "strftime": "date_text writes a date by a pattern",
    "average": "avg gives the average of a field",
    "regex_search": "extract gives what a pattern finds",
    "regex_replace": "replace_pattern replaces what a pattern finds",
    "attr": "a field is written with a point",
    "center": "pad fills up a text",
    "d": "default gives a value for an empty one",
}
