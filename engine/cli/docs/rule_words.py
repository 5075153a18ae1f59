"""A rule in words, as a vendor's technical table would say it; a type in words.

What a key says of itself stands on its page in :mod:`engine.mapping.keys`. Words are
Markdown. Nothing is evaluated. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.kinds import NOUNS
from engine.language.schema import SchemaField
from engine.language.types import Type
from engine.mapping.keys.default import Default
from engine.mapping.keys.limit import Limit
from engine.mapping.keys.page import Stage
from engine.mapping.keys.required import Required
from engine.mapping.rules import Rule
from engine.mapping.stages import rule_words
from engine.mapping.words import join_words

_FORMATS: Final[Mapping[str, str]] = {"date": "date", "date-time": "date and time"}
_SHOWN_VALUES: Final = 6


def column_words(rule: Rule, kind: type[Stage]) -> str:
    """Say what a stage says in the column that it has; nothing without it."""
    stage = rule.find(kind)
    return "" if stage is None else stage.column()


def full_words(rule: Rule) -> str:
    """Say everything of a rule that stands in no table of its own: a variable's."""
    words = [rule_words(rule)]
    if limit := column_words(rule, Limit):
        words.append(f"at most {limit}")
    if default := column_words(rule, Default):
        words.append(f"when empty {default}")
    if required := column_words(rule, Required):
        words.append(f"required {required}" if required != "yes" else "required ")
    return join_words(words, ", ")


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
