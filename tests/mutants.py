"""Makes one-typo mutants of the shipped rule files, and edits that change no meaning.

A mutant changes one word of one file by one slip of the fingers: two letters swapped,
one left out, one doubled, one other. It is never a word that stands somewhere in the
schemas or rules: such a slip is another rule, not a mistake that a checker could see.
The same seed gives the same mutants.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.language.filters.registry import FILTERS, TESTS
from engine.project.project_files import find_mapping_files
from tests.mutant_words import NAME, Word, iter_words
from tests.places import ROOT

if TYPE_CHECKING:
    pass

SEED = 20_261_125


@dataclass(frozen=True, slots=True)
class Mutant:
    """One file with one slip."""

    family: str
    file: str
    line: int
    word: str
    typo: str
    text: str

    @property
    def name(self) -> str:
        """Tell it apart in a test's output."""
        place = self.file.removeprefix("mappings/")
        return f"{self.family} {place}:{self.line} {self.word} -> {self.typo}"


def read_files(root: Path = ROOT) -> dict[str, str]:
    """Give the texts of all rule files by name."""
    return {
        path.relative_to(root).as_posix(): path.read_text("utf-8")
        for path in find_mapping_files(root)
    }


def make_mutants(files: dict[str, str], each_family: int) -> list[Mutant]:
    """Make up to so many mutants of every family, spread over the files."""
    fingers = random.Random(SEED)
    known = _vocabulary(files)
    families: dict[str, list[Word]] = {}
    for word in iter_words(files):
        if len(word.word) >= 3:
            families.setdefault(word.family, []).append(word)
    mutants = []
    for _family, words in sorted(families.items()):
        fingers.shuffle(words)
        made: dict[tuple[str, str, int], Mutant] = {}
        for word in words:
            if len(made) >= each_family:
                break
            typo = _slip(word.word, fingers)
            if typo in known or typo == word.word:
                continue
            text = files[word.file]
            end = word.start + len(word.word)
            assert text[word.start : end] == word.word, word
            made[word.file, word.word, word.start] = Mutant(
                word.family,
                word.file,
                text.count("\n", 0, word.start) + 1,
                word.word,
                typo,
                f"{text[: word.start]}{typo}{text[end:]}",
            )
        mutants += made.values()
    return mutants


def _slip(word: str, fingers: random.Random) -> str:
    """Make one slip; the first letter is seldom hit."""
    at = fingers.randrange(1, len(word))
    kind = fingers.randrange(4)
    if kind == 0 and at + 1 < len(word) and word[at] != word[at + 1]:
        return f"{word[:at]}{word[at + 1]}{word[at]}{word[at + 2 :]}"
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2:
        return word[: at + 1] + word[at:]
    is_capital = word[at].isupper() or word.isupper()  # beside an underscore too
    letters = "AEIOURSTNL" if is_capital else "aeiourstnl"
    other = fingers.choice([c for c in letters if c != word[at]])
    return word[:at] + other + word[at + 1 :]


def _vocabulary(files: dict[str, str]) -> set[str]:
    """Give every word that means something somewhere."""
    words: set[str] = {*FILTERS, *TESTS}
    for path in sorted((ROOT / "schemas").rglob("*.schema.json")):
        if "editor" not in path.parts:
            words |= set(NAME.findall(path.read_text("utf-8")))
    for text in files.values():
        words |= set(NAME.findall(text))
    return words
