"""The cells of a mapping's table: what each column says of one target field.

Pure; imports targetrows, ruleswords, comments and pagewords.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from engine.cli.docs.blocks import Code, Row, join_words
from engine.cli.docs.rule_words import (
    default_words,
    formula_code,
    has_default,
    limit_words,
    required_when_words,
    rule_words,
    type_words,
)
from engine.mapping.rules import Block, Rows
from engine.rulefiles.comments import Remark

if TYPE_CHECKING:
    from engine.cli.docs.blocks import Words
    from engine.cli.docs.target_rows import TargetRow, TargetRule
    from engine.errors import Position
    from engine.language import Condition
    from engine.mapping.rules import Each, Rule

COLUMNS = (
    "Target field",
    "What it is",
    "Source",
    "Limit",
    "Required",
    "Default",
    "Note",
    "Ref.",
)
OPTIONAL_COLUMNS = ("Target field", "What it is", "Required")


class RemarkAt(Protocol):
    """Gives what a comment says beside a place of a rule file."""

    def __call__(self, position: Position, *, is_line: bool = False) -> Remark:
        """Read the place's lines, or its own line only."""
        ...


def field_row(row: TargetRow, anchor: str, remark_at: RemarkAt) -> Row:
    """Give the row of one target field."""
    name: Words = (Code(row.path),)
    about = _about(row)
    if row.kind == "group":
        cells = (name, about, *_group_cells(row, remark_at))
    elif row.kind == "overflow":
        said: Words = (
            "the whole text of ",
            Code(row.overflow_of),
            ", when too long there",
        )
        cells = (name, about, said, (), _required(row), (), (), ())
    elif row.kind == "missing":
        cells = (name, about, ("no rule",), (), _required(row), (), (), ())
    else:
        cells = (name, about, *_rule_cells(row, remark_at))
    return Row(cells, f"{anchor}-{row.path}", row.depth, row.kind == "group")


def _group_cells(row: TargetRow, remark_at: RemarkAt) -> tuple[Words, ...]:
    block, remark = row.block, Remark()
    source: Words = ()
    if block is not None:
        remark = remark_at(block.position, is_line=True)
    if isinstance(block, Block):
        source = _only(block.when)
    elif isinstance(block, Rows):
        source = _numbered([_each(part) for part in block.parts])
    is_required = block is not None and block.required
    required: Words = ("yes",) if is_required else _required(row)
    note = note_words(block.note if block is not None else "", remark.text)
    return (source, (), required, (), note, (", ".join(remark.references),))


def _rule_cells(row: TargetRow, remark_at: RemarkAt) -> tuple[Words, ...]:
    """Give source, limit, required, default, note and references of a field."""
    rules = [maker.rule for maker in row.makers]
    remarks = [remark_at(r.position) for r in rules]
    references = dict.fromkeys(n for r in remarks for n in r.references)
    notes = dict.fromkeys(
        text
        for rule, remark in zip(rules, remarks, strict=True)
        for text in (rule.note, remark.text)
        if text
    )
    makers = row.makers
    required = _required(row)
    if row.requirement != "yes":  # what a rule asks for is more than "with its group"
        asked = [("yes",) if r.required else required_when_words(r) for r in rules]
        required = per_rule(makers, asked) or required
    return (
        per_rule(makers, [rule_words(rule) for rule in rules]),
        per_rule(makers, [_limit(rule) for rule in rules]),
        required,
        per_rule(makers, [default_words(r) if has_default(r) else () for r in rules]),
        ("; ".join(notes),) if notes else (),
        (", ".join(references),) if references else (),
    )


def _about(row: TargetRow) -> Words:
    if row.field is None:
        return ()
    kind = type_words(row.field) if row.kind != "group" else ""
    said = row.field.description.strip()
    return (f"{said} ({kind})" if said and kind else said or kind,)


def optional_row(row: TargetRow) -> Row:
    """Give the row of a field that no rule makes."""
    return Row(((Code(row.path),), _about(row), _required(row)))


def _required(row: TargetRow) -> Words:
    """Say what the target asks; what rules ask beyond it is said by the caller."""
    if row.requirement == "yes":
        return ("yes",)
    return ("with its group",) if row.requirement == "group" else ()


def _limit(rule: Rule) -> Words:
    most = rule.target.max_length if rule.target is not None else None
    if rule.limit is None:
        return ()
    if most is not None and most != rule.limit.characters:
        return (*limit_words(rule.limit), f" (target {most})")
    return limit_words(rule.limit)


def per_rule(makers: tuple[TargetRule, ...], words: list[Words]) -> Words:
    """Say what all makers say alike once, else each with the blocks it stands in."""
    if len(set(words)) <= 1:
        return words[0] if words else ()
    said: dict[Words, list[str]] = {}
    for maker, text in zip(makers, words, strict=True):
        if text:
            said.setdefault(text, []).append(".".join(map(str, maker.parts)))
    parts: list[Words] = [
        (f"{', '.join(numbers)}: ", *text) for text, numbers in said.items()
    ]
    return join_words(parts, "; ")


def _numbered(parts: list[Words]) -> Words:
    if len(parts) <= 1:
        return parts[0] if parts else ()
    numbered = [(f"{number}: ", *part) for number, part in enumerate(parts, start=1)]
    return join_words(numbered, "; ")


def _each(part: Each) -> Words:
    words: Words = ("one row for each of ", formula_code(part.path.text))
    if part.where is not None:
        words = (*words, " where ", formula_code(part.where.text))
    if part.when is not None:
        words = (*words, ", only when ", formula_code(part.when.text))
    return words


def _only(when: Condition | None) -> Words:
    return () if when is None else ("only when ", formula_code(when.text))


def note_words(*texts: str) -> Words:
    """Put remarks together, each once."""
    said = "; ".join(dict.fromkeys(text for text in texts if text))
    return (said,) if said else ()
