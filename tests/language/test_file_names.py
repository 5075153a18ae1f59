"""File names without special characters, the same wherever they are made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.language.file_names import ALLOWED, clean_file_name, clean_names


@pytest.mark.parametrize(
    ("names", "cleaned"),
    [
        ([], []),
        (["Lasku-10_4.pdf"], ["Lasku-10_4.pdf"]),
        (["Työtunnit Åbo äö.pdf"], ["Tyotunnit_Abo_ao.pdf"]),
        (["Ma\u0308a\u0308ra\u0308.pdf"], ["Maara.pdf"]),  # spelt as a Mac does
        (["ÅÄÖ.PDF"], ["AAO.pdf"]),
        (["Straße é.JPEG"], ["Strasse_e.jpg"]),
        (["Ærø Ægir Łódź Đorđe.pdf"], ["AEro_AEgir_Lodz_Dorde.pdf"]),
        (["é#%&.pdf"], ["e___.pdf"]),
        (["kuitti €5.JPEG"], ["kuitti__5.jpg"]),
        (["a.JPG", "b.jpeg"], ["a.jpg", "b.jpg"]),
        (["a.pdf", "a.pdf", "a.pdf"], ["a.pdf", "a_2.pdf", "a_3.pdf"]),
        (["a b.pdf", "a_b.pdf"], ["a_b.pdf", "a_b_2.pdf"]),
        (["a.pdf", "A.pdf"], ["a.pdf", "A_2.pdf"]),
        (["a.pdf", "a_2.pdf", "a.pdf"], ["a.pdf", "a_2.pdf", "a_3.pdf"]),
        (["a.jpg", "a.jpeg"], ["a.jpg", "a_2.jpg"]),
        (["a.pdf", "a.jpg"], ["a.pdf", "a.jpg"]),
        (["", ""], ["file", "file_2"]),
        ([".pdf"], ["file.pdf"]),
        (["..."], ["file"]),
        (["../../etc/passwd"], ["_.._etc_passwd"]),
        (["C:\\Temp\\a.pdf"], ["C__Temp_a.pdf"]),
        (["laskut v1.2 lopullinen versio"], ["laskut_v1.2_lopullinen_versio"]),
        (["a.tar.gz"], ["a.tar.gz"]),
        (["x" * 76 + ".pdf"], ["x" * 76 + ".pdf"]),
        (["x" * 77 + ".pdf"], ["x" * 76 + ".pdf"]),
        (["x" * 90 + ".pdf"] * 2, ["x" * 76 + ".pdf", "x" * 74 + "_2.pdf"]),
        (["x" * 200], ["x" * 80]),
        ([" a.pdf "], ["a.pdf"]),
        (["a\n\0b.pdf"], ["a__b.pdf"]),
        (["\N{GRINNING FACE}.pdf"], ["_.pdf"]),
    ],
    ids=str,
)
def test_names_are_cleaned_and_unique(names, cleaned):
    assert cleaned == clean_names(names)


@given(st.lists(st.text(max_size=100), max_size=8))
def test_whatever_the_names_the_cleaned_ones_can_be_sent(names):
    cleaned = clean_names(names)

    assert len(names) == len({name.lower() for name in cleaned})
    assert all(set(name) <= ALLOWED and 0 < len(name) <= 80 for name in cleaned)
    assert not any(name.startswith(".") or name.endswith(".") for name in cleaned)
    assert cleaned == clean_names(cleaned)


@given(st.text(max_size=100))
def test_a_rule_and_an_attachment_give_one_name(name):
    assert [clean_file_name(name)] == clean_names([name])
