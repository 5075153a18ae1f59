"""Whether a value fits its field, as far as the two schemas tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.kinds import PHRASES
from engine.language.values import show_value
from engine.mapping.keys.date_pattern import DatePattern
from engine.mapping.keys.decimals import Decimals
from engine.mapping.keys.lookup import Lookup
from engine.mapping.keys.source_path import PathSource
from engine.mapping.keys.transform import Transform
from engine.problems import MOST_LISTED, did_you_mean
from engine.rulefiles.nodes import Scalar

if TYPE_CHECKING:
    from engine.language.formulas import Formula
    from engine.language.paths import Path
    from engine.mapping.rules import Rule
    from engine.problems import Problems

# Source kind, target types that take it without a further key.
_TAKES: Final = {
    "text": {"string", "number", "integer"},
    "number": {"number", "integer", "string"},
    "truth": {"boolean"},
    "list": {"array"},
    "group": {"object"},
}
_FORMS: Final = ("date", "date-time", "uuid")  # of texts that are never numbers
_WAY_OUT: Final = {
    "text": "add lookup: or transform:",
    "number": "add lookup: or transform:",
    "truth": "add lookup: with entries for true and false",
    "list": "pick one item with [0], or use join:",
    "group": "name one of its fields",
}


def check_kind(problems: Problems, rule: Rule) -> None:
    """Find a source whose kind the target cannot take without a further key."""
    target = rule.target
    if target is None or not target.types:
        return
    if target.types == {"object"} and not isinstance(rule.value, PathSource):
        said = f"{rule.path} is a group of fields"
        problems.add("M409", said, rule.position, "write fields: below it")
        return
    transform = rule.find(Transform)
    if (rule.find(Lookup) and not transform) or rule.find(Decimals):
        return
    if rule.find(DatePattern):
        return
    for cell in rule.value.taken if transform is None else (transform.formula,):
        kind = cell.shape.kind
        form = None if cell.shape.field is None else cell.shape.field.format
        takes = {"string"} if form in _FORMS else _TAKES.get(kind, target.types)
        if not takes & target.types or (kind == "number" and target.format in _FORMS):
            said = (
                f"{cell.text} is {PHRASES[kind]}, which does not fit {rule.path}"
                f" ({target.format or show_value(', '.join(sorted(target.types)))})"
            )
            hint = _WAY_OUT[kind]
            if target.types == {"array"}:
                hint = (
                    f"a list: write '[{cell.text}]'"
                    if rule.value.keys == ("source",)
                    else hint
                )
            _add(problems, "M403", said, cell, hint)
        else:
            _check_values(problems, rule, cell)


def _check_values(problems: Problems, rule: Rule, cell: Path | Formula) -> None:
    """Find values that the cell may have and the target does not allow."""
    allowed = None if rule.target is None else rule.target.enum
    given = None if cell.shape.field is None else cell.shape.field.enum
    if allowed is None or given is None:
        return
    wrong = [str(value) for value in given if value not in allowed]
    if wrong:
        hint = did_you_mean(wrong[0], [str(v) for v in allowed]) or "add lookup:"
        listed = ", ".join(wrong[:MOST_LISTED])
        said = f"{cell.text} may be {listed}, which {rule.path} does not allow"
        _add(problems, "M412", said, cell, hint)


def _add(
    problems: Problems, code: str, said: str, cell: Path | Formula, hint: str
) -> None:
    problems.add(code, said, Scalar(cell.text, cell.position), hint)
