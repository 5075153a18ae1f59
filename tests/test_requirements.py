"""Each requirement is named where it is kept, or has its reason."""

from __future__ import annotations

from tests.requirements import PAGE, find_places, iter_numbers, read_list, render


def test_each_number_is_named_or_has_a_reason():
    places = find_places()

    missing = [
        number
        for number, entry in read_list().items()
        if number not in places and not entry.get("reason")
    ]

    assert [] == missing


def test_no_place_names_a_number_that_is_not_listed():
    assert set() == set(find_places()) - set(read_list())


def test_a_range_counts_for_each_of_its_numbers():
    found = list(iter_numbers("# R060-R062, R070\n# (R101\u2013R102)"))

    assert [(f"R{n:03}", 1) for n in (60, 61, 62, 70)] + [
        ("R101", 2),
        ("R102", 2),
    ] == found


def test_the_page_is_fresh():
    assert PAGE.read_text("utf-8") == render()
