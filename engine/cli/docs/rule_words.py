"""A rule in words, as a vendor's technical table would say it.

``first_of: [a, b]`` is "a, else b"; formulas, paths and values stay as typed, shown as
code. Nothing is evaluated. Pure; imports rules and pagewords.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from engine.cli.docs.blocks import Code, Link, join_words
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

    from engine.cli.docs.blocks import Piece, Words
    from engine.language.types import Type
    from engine.mapping.rules import Limit, Option, ValueKey

_ROUNDINGS: Final[Mapping[str, str]] = {
    "half_up": "half up",
    "half_even": "half to even",
    "down": "rounded down",
    "up": "rounded up",
}
_TYPES: Final[Mapping[str, str]] = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "yes or no",
    "array": "list",
    "object": "group",
}
_FORMATS: Final[Mapping[str, str]] = {"date": "date", "date-time": "date and time"}
_SHOWN_VALUES: Final = 6
_VISIBLE = re.compile(r"\s*[^\w\s]+\s*")


def formula_code(text: str) -> Code:
    """Show a formula or path on one line."""
    return Code(re.sub(r"\s*\n\s*", " ", text.strip()))


def value_code(value: Any) -> Piece:
    """Show a literal; blanks and line ends become visible."""
    if value is None:
        return "null"
    if value == "":
        return "an empty text"
    if isinstance(value, bool):
        return Code("true" if value else "false")
    text = str(value)
    if text != text.strip() or "\n" in text:
        return Code('"' + text.replace("\n", "\\n") + '"')
    return Code(text)


def rule_words(rule: Rule) -> Words:
    """Say where a field's value comes from and what is done with it."""
    words = [value_words(rule.value)]
    if rule.lookup is not None:
        words.append(_lookup_words(rule))
    if rule.transform is not None:
        words.append(("then ", formula_code(rule.transform.text)))
    if rule.date:
        words.append(("read as ", Code(rule.date)))
    if rule.decimals is not None:
        noun = "decimal" if rule.decimals == 1 else "decimals"
        words.append((f"{rule.decimals} {noun}, {_ROUNDINGS[rule.rounding]}",))
    if rule.send_null:
        words.append(("null when empty",))
    if rule.when is not None:
        words.append(("only when ", formula_code(rule.when.text)))
    return join_words(words, ", ")


def value_words(value: ValueKey) -> Words:
    """Say what a value key picks or makes."""
    match value:
        case PathSource(path):
            return (formula_code(path.text),)
        case FirstOf(paths):
            return join_words([(formula_code(p.text),) for p in paths], ", else ")
        case Join(paths, separator):
            return _join_words([formula_code(p.text) for p in paths], separator)
        case Fixed(literal):
            return ("always ", value_code(literal))
        case Choose(options):
            return join_words([_option_words(o) for o in options], "; else ")
        case Calculation(formula):
            return ("calculated ", formula_code(formula.text))
        case _:
            return ("the text ", Code(value.template.text.strip()))


def full_words(rule: Rule) -> Words:
    """Say everything of a rule that stands in no table of its own: a variable's."""
    words = [rule_words(rule)]
    if rule.limit is not None:
        words.append(("at most ", *limit_words(rule.limit)))
    if has_default(rule):
        words.append(("when empty ", *default_words(rule)))
    if rule.required or rule.required_when:
        words.append(("required ", *required_when_words(rule)))
    return join_words(words, ", ")


def limit_words(limit: Limit) -> Words:
    """Say how long a text may be and what happens to a longer one."""
    where = " between words" if limit.cut_at == "word" else ""
    if limit.overflow_to:
        said: Words = (
            f", cut{where}, the whole text then goes to ",
            Code(limit.overflow_to),
        )
    elif limit.too_long == "error":
        said = (", longer is an error",)
    elif limit.too_long == "cut":
        said = (f", cut{where}, only counted",)
    else:
        said = (f", cut{where} with a warning",)
    return (str(limit.characters), *said)


def has_default(rule: Rule) -> bool:
    """Tell whether an empty result is replaced."""
    return rule.default is not MISSING or rule.default_from is not None


def default_words(rule: Rule) -> Words:
    """Say what stands in for an empty result."""
    parts: list[Words] = []
    if rule.default_from is not None:
        parts.append((formula_code(rule.default_from.text),))
    if rule.default is not MISSING:
        parts.append((value_code(rule.default),))
    return join_words(parts, ", else ")


def required_when_words(rule: Rule) -> Words:
    """Say when an empty result stops the document; nothing when it always does."""
    if rule.required or rule.required_when is None:
        return ()
    return ("when ", formula_code(rule.required_when.text))


def type_words(field: Type | None) -> str:
    """Say what a schema asks of a field's value: "text, at most 80"."""
    if field is None:
        return ""
    kinds = [_TYPES.get(kind, kind) for kind in sorted(field.types)]
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


def table_anchor(name: str) -> str:
    """Name the place of a table on a flow's page."""
    return f"table-{name}"


def _join_words(paths: list[Code], separator: str) -> Words:
    several = [(path,) for path in paths]
    if separator == "\n":
        return (*join_words(several, ", "), ", each that is filled on its own line")
    if _VISIBLE.fullmatch(separator):
        between = f" {separator.strip()} "
        return (*join_words(several, between), ", those that are filled")
    return (
        *join_words(several, ", "),
        ", those that are filled, with ",
        value_code(separator),
        " between",
    )


def _option_words(option: Option) -> Words:
    then: Words = (
        rule_words(option.then)
        if isinstance(option.then, Rule)
        else (value_code(option.then),)
    )
    if isinstance(option.then, Rule) and option.then.required:
        then = (*then, " (required)")
    if option.condition is None:
        return then
    return (*then, " when ", formula_code(option.condition.text))


def _lookup_words(rule: Rule) -> Words:
    lookup = rule.lookup
    assert lookup is not None
    unknown: Words = ("an error",)
    if lookup.otherwise is not MISSING:
        unknown = (value_code(lookup.otherwise),)
    if lookup.table:
        table: Words = (
            "through table ",
            Link(lookup.table, table_anchor(lookup.table)),
        )
    else:
        entries = [
            (Code(key), " → ", value_code(v)) for key, v in lookup.entries.items()
        ]
        table = ("through ", *join_words(entries, ", "))
    return (*table, " (not in it: ", *unknown, ")")
