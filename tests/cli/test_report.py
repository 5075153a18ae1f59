"""A finding is shown with its line, a caret under the fault, and a count at the end."""

from __future__ import annotations

import pytest

from engine.cli.report import render_problem, render_problems
from engine.errors import Position, Problem

LINES = ["format: 1", "  language:  {source: customer.langauge, lookup: languages}"]


def test_a_finding_has_place_code_line_and_caret():
    problem = Problem(
        "M201",
        "the document has no field customer.langauge",
        Position("invoice.yaml", 2, 32),
        "did you mean language?",
        8,
    )

    assert (
        "invoice.yaml:2:32  M201  the document has no field customer.langauge\n"
        "  |\n"
        "2 |   language:  {source: customer.langauge, lookup: languages}\n"
        "  |                                ^^^^^^^^ did you mean language?"
    ) == render_problem(problem, LINES)


def test_without_the_line_the_way_out_stands_below():
    problem = Problem("C101", "no file", Position("a.yaml", 9, 1), "write one")

    assert "a.yaml:9:1  C101  no file\n  write one" == render_problem(problem, LINES)
    assert "C101  no file" == render_problem(Problem("C101", "no file"), LINES)


@pytest.mark.parametrize(
    ("line", "column", "shown", "caret"),
    [
        ("\ta: X", 5, "    a: X", "       ^"),
        ("日本: X", 5, "日本: X", "      ^"),
        ("a\u0301: X", 5, "a\u0301: X", "   ^"),
        ("a: X", 5, "a: X", "    ^"),
        ("a: X", 40, "a: X", "    ^"),
    ],
)
def test_the_caret_stands_under_the_fault(line, column, shown, caret):
    text = render_problem(Problem("M1", "m", Position("f", 1, column)), [line])

    assert ["  |", f"1 | {shown}", f"  | {caret}"] == text.split("\n")[1:]


def test_a_long_line_is_shown_around_its_fault():
    line = "x" * 300 + "FAULT" + "y" * 300

    text = render_problem(Problem("M1", "m", Position("f", 1, 301), None, 5), [line])

    shown, caret = text.split("\n")[2:]
    assert "FAULT" == shown[caret.index("^") : caret.rindex("^") + 1]
    assert len(shown) < 140


def test_findings_stand_once_in_file_order_with_their_count():
    files = {"a.yaml": ["a", "b"], "b.yaml": ["c"]}
    late = Problem("M2", "late", Position("a.yaml", 2, 1))
    problems = [
        late,
        Problem("M1", "early", Position("a.yaml", 1, 1), is_warning=True),
        Problem("M3", "other", Position("b.yaml", 1, 1)),
        late,
    ]

    text = render_problems(problems, lambda file: files[file])

    heads = [line for line in text.split("\n") if ".yaml:" in line]
    assert [
        "a.yaml:1:1  M1  warning: early",
        "a.yaml:2:1  M2  late",
        "b.yaml:1:1  M3  other",
    ] == heads
    assert text.endswith("\n\n3 findings in 2 files: 2 errors, 1 warning")


def test_nothing_found_is_said():
    assert "no findings" == render_problems([], lambda _: [])
