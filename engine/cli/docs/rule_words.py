"""A rule in words, as a vendor's technical table would say it.

``first_of: [a, b]`` is "a, else b"; formulas, paths and values stay as typed, shown as
code. Words are Markdown. Nothing is evaluated. Pure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from engine.cli.docs.markdown import code, escape, join_words, link
from engine.kinds import NOUNS
from engine.language.schema import SchemaField
from engine.mapping.rules import (
    MISSING,
    Calculation,
    Choose,
    FirstOf,
    Fixed,
    Join,
    PathSource,
    Rule,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.language.types import Type
    from engine.mapping.rules import Limit, Option, ValueKey

_ROUNDINGS: Final[Mapping[str, str]] = {
    "half_up": "half up",
    "half_even": "half to even",
    "down": "rounded down",
    "up": "rounded up",
}
_FORMATS: Final[Mapping[str, str]] = {"date": "date", "date-time": "date and time"}
_SHOWN_VALUES: Final = 6
_VISIBLE = re.compile(r"\s*[^\w\s]+\s*")


def show_value(value: Any) -> str:
    """Show a literal; blanks and line ends become visible."""
    if value is None:
        return "null"
    if value == "":
        return "an empty text"
    if isinstance(value, bool):
        return code("true" if value else "false")
    text = str(value)
    if text != text.strip() or "\n" in text:
        text = '"' + text.replace("\n", "\\n") + '"'
    return code(text)


def rule_words(rule: Rule) -> str:
    """Say where a field's value comes from and what is done with it."""
    words = [value_words(rule.value)]
    if rule.lookup is not None:
        words.append(_lookup_words(rule))
    if rule.transform is not None:
        words.append(f"then {code(rule.transform.text)}")
    if rule.date:
        words.append(f"read as {code(rule.date)}")
    if rule.decimals is not None:
        noun = "decimal" if rule.decimals == 1 else "decimals"
        words.append(f"{rule.decimals} {noun}, {_ROUNDINGS[rule.rounding]}")
    if rule.send_null:
        words.append("null when empty")
    if rule.when is not None:
        words.append(f"only when {code(rule.when.text)}")
    return join_words(words, ", ")


def value_words(value: ValueKey) -> str:
    """Say what a value key picks or makes."""
    match value:
        case PathSource(path):
            return code(path.text)
        case FirstOf(paths):
            return join_words((code(path.text) for path in paths), ", else ")
        case Join(paths, separator):
            return _joined_words([code(path.text) for path in paths], separator)
        case Fixed(literal):
            return f"always {show_value(literal)}"
        case Choose(options):
            return join_words((_option_words(o) for o in options), "; else ")
        case Calculation(formula):
            return f"calculated {code(formula.text)}"
        case _:
            return f"the text {code(value.template.text)}"


def full_words(rule: Rule) -> str:
    """Say everything of a rule that stands in no table of its own: a variable's."""
    words = [rule_words(rule)]
    if rule.limit is not None:
        words.append(f"at most {limit_words(rule.limit)}")
    if default := default_words(rule):
        words.append(f"when empty {default}")
    if rule.required or rule.required_when:
        words.append(f"required {required_when_words(rule)}")
    return join_words(words, ", ")


def limit_words(limit: Limit) -> str:
    """Say how long a text may be and what happens to a longer one."""
    where = " between words" if limit.cut_at == "word" else ""
    if limit.overflow_to:
        over = f"cut{where}, the whole text then goes to {code(limit.overflow_to)}"
    elif limit.too_long == "error":
        over = "longer is an error"
    elif limit.too_long == "cut":
        over = f"cut{where}, only counted"
    else:
        over = f"cut{where} with a warning"
    return f"{limit.characters}, {over}"


def default_words(rule: Rule) -> str:
    """Say what stands in for an empty result; nothing when nothing does."""
    path, literal = rule.default_from, rule.default
    parts = (
        code(path.text) if path is not None else "",
        show_value(literal) if literal is not MISSING else "",
    )
    return join_words(parts, ", else ")


def required_when_words(rule: Rule) -> str:
    """Say when an empty result stops the document; nothing when it always does."""
    if rule.required or rule.required_when is None:
        return ""
    return f"when {code(rule.required_when.text)}"


def type_words(field: Type | None) -> str:
    """Say what a schema asks of a field's value: "text, at most 80"."""
    if field is None:
        return ""
    kinds = [NOUNS[kind] for kind in sorted(field.types)]
    said = _FORMATS.get(field.format or "", " or ".join(kinds))
    if field.enum:
        values = [str(value) for value in field.enum]
        if len(values) > _SHOWN_VALUES:
            said = f"one of {len(values)} values"
        else:
            said = ", ".join(values) if len(values) > 1 else f"only {values[0]}"
    if field.max_length is not None:
        said = f"{said}, at most {field.max_length}"
    return said


def field_text(field: Type | None, *, with_type: bool = True) -> str:
    """Give the vendor's words about a field, its type and its length; no Markdown."""
    said = field.description.strip() if isinstance(field, SchemaField) else ""
    kind = type_words(field) if with_type else ""
    return f"{said} ({kind})" if said and kind else said or kind


def table_anchor(name: str) -> str:
    """Name the place of a table on a flow's page."""
    return f"table-{name}"


def _joined_words(paths: list[str], separator: str) -> str:
    if separator == "\n":
        return f"{', '.join(paths)}, each that is filled on its own line"
    if _VISIBLE.fullmatch(separator):
        between = f" {escape(separator.strip())} "
        return f"{between.join(paths)}, those that are filled"
    between = show_value(separator)
    return f"{', '.join(paths)}, those that are filled, with {between} between"


def _option_words(option: Option) -> str:
    if isinstance(option.then, Rule):
        then = rule_words(option.then) + " (required)" * option.then.required
    else:
        then = show_value(option.then)
    if option.condition is None:
        return then
    return f"{then} when {code(option.condition.text)}"


def _lookup_words(rule: Rule) -> str:
    lookup = rule.lookup
    assert lookup is not None
    missing = lookup.otherwise is MISSING
    unknown = "an error" if missing else show_value(lookup.otherwise)
    if lookup.table:
        through = f"table {link(escape(lookup.table), table_anchor(lookup.table))}"
    else:
        entries = lookup.entries.items()
        through = ", ".join(f"{code(key)} → {show_value(to)}" for key, to in entries)
    return f"through {through} (not in it: {unknown})"
