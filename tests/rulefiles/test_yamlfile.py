"""Every scalar is the text that was typed, and every character has its place."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from engine.errors import Position, RuleError
from engine.rulefiles.nodes import ListNode, MapNode, Scalar, to_plain
from engine.rulefiles.reader import load_yaml, load_yaml_file
from engine.rulefiles.source import find_offsets
from tests.places import TESTS

CASES = json.loads((TESTS / "cases" / "yaml" / "scalars.json").read_text("utf-8"))
TYPED = [*((text, text) for text in CASES["plain"]), *map(tuple, CASES["quoted"])]


@pytest.mark.parametrize(("typed", "text"), TYPED)
def test_a_value_is_the_text_that_was_typed(typed, text):
    """No look of a text makes it a number, a date or nothing."""
    assert {"a": text, "b": "x"} == to_plain(load_yaml(f"a: {typed}\nb: x\n", "f"))


@pytest.mark.parametrize(("typed", "text"), TYPED)
def test_a_key_is_the_text_that_was_typed(typed, text):
    assert {text: "x"} == to_plain(load_yaml(f"{typed}: x\n", "f"))


@pytest.mark.parametrize(("typed", "text"), TYPED)
def test_a_table_entry_is_the_text_that_was_typed(typed, text):
    table = f"table: t\nentries:\n  {typed}: {typed}\n  other: {typed}\n"

    assert {text: text, "other": text} == to_plain(load_yaml(table, "f"))["entries"]


@pytest.mark.parametrize(("typed", "text"), TYPED)
def test_a_list_item_is_the_text_that_was_typed(typed, text):
    assert [text, "x"] == to_plain(load_yaml(f"- {typed}\n- x\n", "f"))


def test_nodes_keep_order_places_and_styles():
    node = load_yaml("b: one\na: [two, 'three']\n", "rules.yaml")

    assert isinstance(node, MapNode)
    assert ["b", "a"] == list(node)
    assert Position("rules.yaml", 2, 1) == node.key("a").position
    listed = node.get("a")
    assert isinstance(listed, ListNode)
    assert ["plain", "single"] == [item.style for item in listed.items]
    assert Position("rules.yaml", 2, 10) == listed.items[1].position
    assert Position("rules.yaml", 2, 11) == listed.items[1].at(0)
    assert node.get("c") is None
    assert "c" not in node


def test_nothing_typed_is_known_from_an_empty_text():
    node = load_yaml("a:\nb: ''\n", "f")

    assert [True, False] == [value.is_missing for _, value in node.items()]
    assert Position("f", 1, 3) == node.get("a").position


def test_line_ends_and_byte_order_mark_do_not_move_places():
    node = load_yaml(b"\xef\xbb\xbfa: b\r\nc: 'd\xc3\xa4'\r\n", "f")

    assert {"a": "b", "c": "dä"} == to_plain(node)
    assert Position("f", 2, 6) == node.get("c").at(1)


def test_a_file_of_a_megabyte_is_refused_before_it_is_read():
    with pytest.raises(RuleError) as caught:
        load_yaml("a: " + "x" * 1_000_000, "f")

    assert ["M119"] == [problem.code for problem in caught.value.problems]


def test_utf_16_is_refused():
    with pytest.raises(RuleError) as caught:
        load_yaml("a: b".encode("utf-16"), "f")

    assert ["M109"] == [problem.code for problem in caught.value.problems]


def test_fifty_levels_are_allowed():
    load_yaml("a: " + "[" * 49 + "]" * 49, "f")


def test_an_alias_bomb_is_never_unfolded():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]

    with pytest.raises(RuleError) as caught:
        load_yaml("\n".join(lines), "f")

    assert {"M114"} == {problem.code for problem in caught.value.problems}


def test_a_file_is_named_relative_to_the_root(tmp_path):
    (tmp_path / "mappings").mkdir()
    path = tmp_path / "mappings" / "a.yaml"
    path.write_text("a: b\n", encoding="utf-8")

    assert "mappings/a.yaml" == load_yaml_file(path, tmp_path).position.file


def test_a_scalar_made_by_hand_has_places_too():
    scalar = Scalar("abc", Position("f", 3, 5))

    assert Position("f", 3, 7) == scalar.at(2)


PLANTED = [
    ("plain", "key: one X two\n", (1, 10)),
    ("plain over lines", "key: one\n  two\n  X\n", (3, 3)),
    ("plain after an empty line", "key: one\n\n  X\n", (3, 3)),
    ("in braces", "key: {a: one X, b: c}\n", (1, 14)),
    ("single", "key: 'it''s X'\n", (1, 13)),
    ("single over lines", "key: 'a\n\n  b\n  c X'\n", (4, 5)),
    ("double", 'key: "a\\tb\\u00e4\\x41 X"\n', (1, 22)),
    ("double with a joined line", 'key: "ab\\\n   cX"\n', (2, 5)),
    ("double with a folded line", 'key: "ab \n   cX"\n', (2, 5)),
    ("literal", "key: |\n  a\n  b X\n", (3, 5)),
    ("literal with empty lines", "key: |\n\n\n    a\n\n      X\n", (6, 7)),
    ("literal with an indent number", "key: |2-\n    a\n  X\n", (3, 3)),
    ("literal that keeps its end", "key: |+\n  a X\n\n\nb: c\n", (2, 5)),
    ("folded", "key: >\n  a\n  b X\n", (3, 5)),
    ("folded with a paragraph", "key: >-\n  a\n\n  b\n  X\n", (5, 3)),
    ("folded with indented lines", "key: >\n  a\n    b\n    c\n  d\n  X\n", (6, 3)),
    ("folded after a comment", "key: > # why\n  a\n  X\n", (3, 3)),
    ("wide characters", "key: 'ä😀日X'\n", (1, 10)),
]


@pytest.mark.parametrize(
    ("document", "place"), [case[1:] for case in PLANTED], ids=[c[0] for c in PLANTED]
)
def test_a_planted_fault_is_found_at_its_character(document, place):
    node = load_yaml(document, "f").get("key")
    if isinstance(node, MapNode):
        node = node.get("a")

    at = node.at(node.text.index("X"))

    assert place == (at.line, at.column)


_BODY = st.text(alphabet="ab'\"\\ \nä😀x:#-{}[],|>%", max_size=30)
_INDENTED = st.lists(
    st.tuples(st.integers(0, 5), st.text(alphabet="ab c'\"#:ä😀", max_size=6)),
    min_size=1,
    max_size=7,
)


def _plain(body):
    return "key: z" + body.replace("\n", "\n  ")


def _single(body):
    return "key: '" + body.replace("'", "''").replace("\n", "\n  ") + "'"


def _double(body):
    return 'key: "' + body.replace("\n", "\n  ") + '"'


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)
@given(_BODY, st.sampled_from([_plain, _single, _double]))
def test_every_character_of_flow_text_has_its_place(body, write):
    _check_every_character(write(body))


@settings(max_examples=200, deadline=None)
@given(_INDENTED, st.sampled_from(["|", ">", "|-", ">-", "|+", ">+", "|2", ">2-"]))
def test_every_character_of_a_block_has_its_place(lines, header):
    body = "".join(" " * (2 + blanks) + text + "\n" for blanks, text in lines)

    _check_every_character(f"key: {header}\n{body}")


def _check_every_character(document):
    try:
        node = load_yaml(document, "f")
    except RuleError:
        assume(False)
    scalar = node.get("key")
    assume(isinstance(scalar, Scalar))
    raw = document[scalar.start : scalar.end]
    assert find_offsets(raw, scalar.text, scalar.style) is not None
    lines = document.split("\n")
    places = []
    for offset, character in enumerate(scalar.text):
        at = scalar.at(offset)
        places.append((at.line, at.column))
        line = lines[at.line - 1]
        found = line[at.column - 1] if at.column <= len(line) else "\n"
        if scalar.style == "double" and found == "\\":
            continue
        if character.isspace():
            assert found.isspace()
        else:
            assert character == found
    assert places == sorted(set(places))
