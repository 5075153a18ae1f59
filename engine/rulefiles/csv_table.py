"""Tables kept in a spreadsheet: a CSV whose first column is looked up in.

The first line names the columns, and each further column is a table of its own, named
``accounts.vat`` after file and column. UTF-8; between cells stands what the first line
has: a semicolon, a tab or a comma. An empty cell is no entry. Pure.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from engine.errors import Position, RuleError
from engine.problems import Problems
from engine.rulefiles.encoding import check_characters, decode_text
from engine.rulefiles.nodes import Scalar
from engine.rulefiles.source import Source

Row = list[Scalar]
Columns = dict[str, dict[str, Scalar]]  # column -> key -> value
_SEPARATORS: Final = ";\t,"
_IN_WORDS: Final = {";": "semicolons", "\t": "tabs", ",": "commas"}
_NAME: Final = re.compile("[a-z][a-z0-9_]*")


def read_csv_table(content: bytes, file: str, problems: Problems) -> Columns:
    """Give the columns of a CSV as far as it can be read; the rest are findings."""
    try:
        source = Source(file, decode_text(content, file))
    except RuleError as error:
        hint = "save it as CSV UTF-8: so it is called among a spreadsheet's file types"
        problems.extend(replace(problem, hint=hint) for problem in error.problems)
        return {}
    # A tab may stand between cells.
    problems.extend(p for p in check_characters(source) if p.code != "M112")
    first = source.text.partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    rows = _rows(source, separator, problems)
    header = next(rows, None)
    if header is None:
        problems.add("M118", "the file is empty", Position(file, 1, 1), "name columns")
        return {}
    if not _check_header(header, problems):
        return {}
    columns: Columns = {cell.text: {} for cell in header[1:]}
    lines: dict[str, int] = {}
    for row in rows:
        if _check_row(row, header, separator, lines, problems):
            for name, cell in zip(header[1:], row[1:], strict=True):
                if cell.text:
                    columns[name.text][row[0].text] = cell
    return columns


def _check_header(header: Row, problems: Problems) -> bool:
    before = len(problems)
    if len(header) == 1:
        said = "the first line names one column; a table has two or more"
        problems.add("M130", said, header[0], "put ; between the columns")
    for place, cell in enumerate(header):
        if not _NAME.fullmatch(cell.text):
            said = "a column's name has small letters, digits and _"
            better = re.sub(r"[^a-z0-9]+", "_", cell.text.lower()).strip("_")
            hint = f"write {better}" if _NAME.fullmatch(better) else None
            problems.add("M130", f"{said}, not {cell.text or 'nothing'}", cell, hint)
        elif cell.text in [other.text for other in header[:place]]:
            problems.add("M130", f"two columns are called {cell.text}", cell)
    return len(problems) == before


def _check_row(
    row: Row, header: Row, separator: str, lines: dict[str, int], problems: Problems
) -> bool:
    key, line = row[0], row[0].position.line
    if len(row) != len(header):
        said = f"this line has {len(row)} cells, the first line has {len(header)}"
        hint = f'put "…" around a text with {_IN_WORDS[separator]} in it'
        problems.add("M130", said, key, hint)
    elif not key.text:
        said = f"{header[0].text} is empty, so nothing finds this line"
        problems.add("M130", said, key, "fill it, or delete the line")
    elif lines.setdefault(key.text, line) != line:
        said = f"{key.text} stands in line {lines[key.text]} already"
        problems.add("M130", said, key, "keep one of them")
    else:
        return True
    return False


def _rows(source: Source, separator: str, problems: Problems) -> Iterator[Row]:
    """Give the cells of each line that is not blank, with their places."""
    texts = source.text.splitlines(keepends=True)
    reader = csv.reader(texts, delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            place = Position(source.file, line, 1)
            hint = 'write "" for a quote inside of a quoted text'
            problems.add("M130", "a quote in this line is not closed", place, hint)
            return
        row, column, raw = [], 0, source.line(line)
        for cell in cells:
            column = max(raw.find(cell, column), column)
            place = Position(source.file, line, column + 1)
            row.append(Scalar(cell.strip(), place))
            column += len(cell)
        if any(cell.text for cell in row):
            yield row
