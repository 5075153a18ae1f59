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
# Words of other languages that business text does not need, and what does their job.
INSTEAD: Final[Mapping[str, str]] = {
    **dict.fromkeys(("count", "len", "size"), "write … | length"),
    **dict.fromkeys(("defined", "not_empty", "present"), "write … is filled"),
    **dict.fromkeys(
        ("none", "null", "undefined", "missing"), "write … is empty, or … is filled"
    ),
    **dict.fromkeys(("contains", "includes", "like"), "write … is containing('A')"),
    **dict.fromkeys(
        ("startswith", "starts_with", "startsWith"), "write … is starting_with('A')"
    ),
    **dict.fromkeys(
        ("endswith", "ends_with", "endsWith"), "write … is ending_with('A')"
    ),
    **dict.fromkeys(
        ("toupper", "upcase", "uppercase", "toUpperCase"), "write … | upper"
    ),
    **dict.fromkeys(
        ("tolower", "downcase", "lowercase", "toLowerCase"), "write … | lower"
    ),
    **dict.fromkeys(("strip", "lstrip", "rstrip"), "write … | trim"),
    **dict.fromkeys(("substring", "substr", "slice", "left"), "write … | first(5)"),
    "right": "write … | last(5)",
    **dict.fromkeys(("str", "to_string", "toString"), "write … | text"),
    **dict.fromkeys(("to_number", "num", "decimal"), "write … | number"),
    **dict.fromkeys(("equalto", "eq", "equals"), "compare with =="),
    "true": "yes and no stand alone: write FIELD",
    "false": "yes and no stand alone: write not FIELD",
    "coalesce": "the key first_of: takes the first that is filled",
    "concat": "~ joins texts",
    "truncate": "limit: and cut_at: cut a text, and report it",
    "format": "text: writes running text, date_text a date, number_text a number",
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
    **dict.fromkeys(
        ("regex", "regexp", "regex_search", "search", "find", "findall"),
        "extract gives what a pattern finds",
    ),
    **dict.fromkeys(
        ("match", "matches", "regex_match"), "write … is matching('[A-Z]+')"
    ),
    **dict.fromkeys(
        ("regex_replace", "sub", "gsub"),
        "replace_pattern replaces what a pattern finds",
    ),
    **dict.fromkeys(("order_by", "sorted", "orderby"), "sort_by sorts by fields"),
    **dict.fromkeys(("mean", "avg_of"), "avg gives the average of a field"),
    **dict.fromkeys(("min_of", "min_by"), "min gives the least of a field"),
    **dict.fromkeys(("max_of", "max_by"), "max gives the greatest of a field"),
    **dict.fromkeys(
        ("date_format", "to_date", "dateformat"), "date_text writes a date"
    ),
    **dict.fromkeys(
        ("end_of_month", "last_day", "eomonth"), "month_end gives that day"
    ),
    **dict.fromkeys(("isoweek", "weeknum", "week_number"), "week gives its number"),
    **dict.fromkeys(("viitenumero", "ocr", "kid"), "write … | reference('FI')"),
    "attr": "a field is written with a point",
    "center": "pad fills up a text",
    "d": "default gives a value for an empty one",
}
