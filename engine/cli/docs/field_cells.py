"""The cells of a mapping's table: what each column says of one target field. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from engine.cli.docs.rule_words import column_words, field_text
from engine.cli.docs.target_rows import TargetRow, TargetRule
from engine.errors import Position
from engine.language.formulas import Condition
from engine.mapping.keys.default import Default
from engine.mapping.keys.limit import Limit
from engine.mapping.keys.required import Required
from engine.mapping.rules import Block, Each, Rule
from engine.mapping.stages import rule_words
from engine.mapping.words import code, escape, join_words
from engine.rulefiles.comments import Remark

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
_REQUIRED = {"yes": "yes", "group": "with its group", "no": ""}
_INDENT = "&emsp;"


class RemarkAt(Protocol):
    """Gives what a comment says beside a place of a rule file."""

    def __call__(self, position: Position, *, is_line: bool = False) -> Remark:
        """Read the place's lines, or its own line only."""
        ...


def field_cells(row: TargetRow, remark_at: RemarkAt) -> tuple[str, ...]:
    """Give the cells of one target field."""
    name, required = code(row.path), _REQUIRED[row.requirement]
    if row.kind == "group":
        name = f"**{name}**"
        cells = _group_cells(row, remark_at)
    elif row.kind == "overflow":
        source = f"the whole text of {code(row.overflow_of)}, when too long there"
        cells = (source, "", required, "", "", "")
    elif row.kind == "missing":
        cells = ("no rule", "", required, "", "", "")
    else:
        cells = _rule_cells(row, remark_at)
    return (_INDENT * row.depth + name, _about(row), *cells)


def optional_cells(row: TargetRow) -> tuple[str, ...]:
    """Give the cells of a field that no rule makes."""
    return (code(row.path), _about(row), _REQUIRED[row.requirement])


def _about(row: TargetRow) -> str:
    return escape(field_text(row.field, with_type=row.kind != "group"))


def _group_cells(row: TargetRow, remark_at: RemarkAt) -> tuple[str, ...]:
    block = row.block
    if block is None:
        return ("", "", _REQUIRED[row.requirement], "", "", "")
    if isinstance(block, Block):
        source = only_words(block.when)
    else:
        source = _numbered([_each(part) for part in block.parts])
    required = "yes" if block.required else _REQUIRED[row.requirement]
    remark = remark_at(block.position, is_line=True)
    return (source, "", required, "", *remark_cells([block.note], [remark]))


def _rule_cells(row: TargetRow, remark_at: RemarkAt) -> tuple[str, ...]:
    """Give source, limit, required, default, note and references of a field."""
    rules = [made.rule for made in row.makers]
    required = _REQUIRED[row.requirement]
    if row.requirement != "yes":  # what a rule asks for is more than "with its group"
        asked = [column_words(rule, Required) for rule in rules]
        required = each_words(row.makers, asked) or required
    remarks = [remark_at(rule.position) for rule in rules]
    return (
        each_words(row.makers, map(rule_words, rules)),
        each_words(row.makers, map(_limit, rules)),
        required,
        each_words(row.makers, (column_words(rule, Default) for rule in rules)),
        *remark_cells([rule.note for rule in rules], remarks),
    )


def remark_cells(notes: list[str], remarks: list[Remark]) -> tuple[str, str]:
    """Give notes and comments, each once, and the references that comments name."""
    said = (
        text
        for note, remark in zip(notes, remarks, strict=True)
        for text in (note, remark.text)
        if text
    )
    references = (name for remark in remarks for name in remark.references)
    return (
        escape("; ".join(dict.fromkeys(said))),
        escape(", ".join(dict.fromkeys(references))),
    )


def _limit(rule: Rule) -> str:
    limit = rule.find(Limit)
    if limit is None:
        return ""
    most = rule.target.max_length if rule.target is not None else None
    beside = "" if most in (None, limit.characters) else f" (target {most})"
    return limit.column() + beside


def each_words(rules: Sequence[TargetRule], words: Iterable[str]) -> str:
    """Say what all rules say alike once, else each with the blocks it stands in."""
    said: dict[str, list[str]] = {}
    for made, text in zip(rules, words, strict=True):
        said.setdefault(text, []).append(".".join(map(str, made.parts)))
    if len(said) == 1:
        return next(iter(said))
    return "; ".join(
        f"{', '.join(numbers)}: {text}" for text, numbers in said.items() if text
    )


def _numbered(parts: list[str]) -> str:
    if len(parts) == 1:
        return parts[0]
    return "; ".join(f"{number}: {part}" for number, part in enumerate(parts, start=1))


def _each(part: Each) -> str:
    where = "" if part.where is None else f" where {code(part.where.text)}"
    words = f"one row for each of {code(part.path.text)}{where}"
    return join_words((words, only_words(part.when)), ", ")


def only_words(when: Condition | None) -> str:
    """Say when something is done; nothing when always."""
    return "" if when is None else f"only when {code(when.text)}"
