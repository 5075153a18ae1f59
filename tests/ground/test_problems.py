"""Findings are collected in one way, and a name that nobody knows gets one way out."""

from __future__ import annotations

import pytest

from engine.errors import Position, SettingsError
from engine.problems import Problems, either, hint_for, list_words, nearest, shorten
from engine.rulefiles.reader import load_yaml

PLACE = Position("a.yaml", 2, 3)


@pytest.fixture
def cell():
    return load_yaml('name: "a pth"', "a.yaml").get("name")


def test_a_cell_is_underlined_whole_without_its_quotes(cell):
    problems = Problems()

    problems.add("M509", "said", cell)
    problems.add("M509", "said", PLACE)
    problems.at_word("M201", "said", cell, 2, "pth")

    assert [(1, 8, 5), (2, 3, 1), (1, 10, 3)] == [
        (p.position.line, p.position.column, p.length) for p in problems
    ]


def test_an_unknown_name_gets_the_nearest_or_the_list(cell):
    problems = Problems()

    problems.unknown("M201", "said", cell, ["path"], word="pth", offset=2)
    problems.unknown("M502", "said", cell, ["x", "y"], "tables:")

    assert ["did you mean path?", "tables: x, y"] == [p.hint for p in problems]


def test_all_are_raised_in_file_order_and_each_once(cell):
    problems = Problems()
    problems.add("C101", "later", PLACE)
    problems.add("C102", "first", cell)
    problems.add("C101", "later", PLACE)

    with pytest.raises(SettingsError) as raised:
        problems.raise_if_any(SettingsError)

    assert ["first", "later"] == [p.message for p in raised.value.problems]


def test_a_warning_alone_raises_nothing():
    problems = Problems()
    problems.add("M521", "said", PLACE, is_warning=True)

    problems.raise_if_any()

    assert 1 == len(problems)


def test_what_a_function_raises_is_kept():
    problems = Problems()

    assert problems.attempt(load_yaml, "a: b: c", "a.yaml") is None
    assert problems.attempt(load_yaml, "a: b", "a.yaml") is not None
    assert ["M124"] == [p.code for p in problems]


def test_lists_are_cut_after_eight():
    assert "known are: 0, 1, 2, 3, 4, 5, 6, 7, …" == hint_for("x", "012345678")
    assert "0, 1" == list_words("01")
    assert hint_for("x", []) is None


def test_alternatives_end_with_or():
    assert ["a", "a or b", "a, b or c"] == [either("abc"[:n]) for n in (1, 2, 3)]


def test_long_text_is_shortened():
    assert "one two" == shorten("one\ntwo")
    assert "abc…" == shorten("abcdef", 4)


@pytest.mark.parametrize(
    ("word", "choices", "expected"),
    [
        ("limt", ["limit", "lookup"], "limit"),
        ("langauge", ["language", "linkage"], "language"),
        ("Limit", ["limit"], "limit"),
        (
            "receiverCustmerNam",
            ["receiverCustomerName", "receiver"],
            "receiverCustomerName",
        ),
        ("to", ["no", "at"], None),
        ("colour", ["limit", "lookup"], None),
        ("limit", ["limit"], None),
        ("", ["a"], None),
    ],
)
def test_only_a_near_word_is_asked_for(word, choices, expected):
    assert expected == nearest(word, choices)
