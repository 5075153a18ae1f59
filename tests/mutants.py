"""Makes one-typo mutants of the shipped rule files, and edits that change no meaning.

A mutant changes one word of one file by one slip of the fingers: two letters swapped,
one left out, one doubled, one other. It is never a word that stands somewhere in the
schemas or rules: such a slip is another rule, not a mistake that a checker could see.
The same seed gives the same mutants.
"""

from __future__ import annotations

import random
import re
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


# Slips that are spelled rightly: what is replaced, and by what. A word of the rules may
# stand in a comment or a note: only what is a rule is changed.
SLIPS = {
    "structure": {
        "a value key left out": (r"\{source: ", "{"),
        "two value keys": (r"\{source: ([\w.]+)", r"{source: \1, fixed: x"),
        "a key twice": (r"\{source: ([\w.]+)", r"{source: \1, source: \1"),
        "no blank after the colon": (r"\{source: ", "{source:"),
        "a bracket left out": (r"(lookup: \w+)\}", r"\1"),
        "a quote left out": (r"(transform: \"[^\"\n]+)\"", r"\1"),
        "a colon left out": (r"\n  ([\w.]+): \{", r"\n  \1 {"),
        "a line indented": (r"\n  ([\w.]+: \{)", r"\n   \1"),
        "a tab": (r"\n  ([\w.]+: \{)", r"\n\t\1"),
        "otherwise before the others": (
            r"\n( +)- \{when:",
            r"\n\1- {otherwise: x}\n\1- {when:",
        ),
    },
    "meaning": {
        "a path as a text": (r"\{source: (\w+\.[\w.]+)", r"{fixed: \1"),
        "braces in a path": (r"\{source: (\w+\.[\w.]+)", r"{source: '{{ \1 }}'"),
        "an index on a value": (r"(transform: [\w.]+)( \| )", r"\1[0]\2"),
        "text without quotes": (r"== '([A-Z]\w+)'", r"== \1"),
        "one equals sign": (r" == ", " = "),
        "and of another language": (r" and ", " && "),
        "is defined": (r" is filled", " is defined"),
        "a value as a condition": (r"(when: [\w.]+) is filled", r"\1"),
        "not null": (r" is filled", " != null"),
        "always true": (r"(\w+(?:\.\w+)*) != '(\w+)'", r"(\1 != '\2' or \1 != 'x')"),
        "never true": (r"(\w+(?:\.\w+)*) == '(\w+)'", r"(\1 == '\2' and \1 == 'x')"),
        "a date of another form": (
            r"(\w+: )\{source: ([\w.]*[dD]ate)\b",
            r"\1{source: \2, when: \2 > '1.1.2026'",
        ),
        "another table": (
            r"lookup: (?:countries|languages|units)\b",
            "lookup: statuses",
        ),
        "required beside default": (r"(default: \w+)\}", r"\1, required: yes}"),
        "transform without value": (r"transform: value \| ", "transform: run | "),
        "a method": (r"\| (upper|lower|trim)\b", r"~ value.\1()"),
        "a field of a list": (r"(invoiceRows|rows|lines)\[\]\.", r"\1."),
        "a number as a text": (r" > 0\b", " > 'none'"),
        "a formula as a path": (r"transform: \"?(value \| )", r"source: \"\1"),
        "double quotes in a path": (r"\[\?(\w+)=='(\w+)'", r'[?\1=="\2"'),
    },
}


def make_slips(files: dict[str, str], each: int) -> list[Mutant]:
    """Make up to so many mutants of every slip that is no misspelt word."""
    fingers = random.Random(SEED)
    mutants = []
    for family, slips in SLIPS.items():
        for what, (old, new) in slips.items():
            places = [
                (file, found)
                for file, text in sorted(files.items())
                if file.rpartition("/")[0] not in ("mappings/systems", "mappings")
                for found in re.finditer(old, text)
                if not _is_comment(text, found.start())
            ]
            for file, found in fingers.sample(places, min(each, len(places))):
                text, made = files[file], found.expand(new)
                mutants.append(
                    Mutant(
                        family,
                        file,
                        text.count("\n", 0, found.start()) + 1,
                        found[0].strip(),
                        f"{made.strip()} ({what})",
                        f"{text[: found.start()]}{made}{text[found.end() :]}",
                    )
                )
    return mutants


def _is_comment(text: str, start: int) -> bool:
    line = text[text.rfind("\n", 0, start) + 1 : start]
    return "#" in line or "note:" in line or "about:" in line
