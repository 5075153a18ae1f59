"""Advice: every entry is complete, every message of the other systems finds its own."""

from __future__ import annotations

import ast
import re

import pytest

from engine.errors import RuleError
from engine.mapping.rules import Block, Rows, iter_rules
from engine.project.advice import fill_pieces, load_advice
from engine.project.flow_spec import WriteStep
from engine.project.languages import LANGUAGES
from engine.project.project import load_project
from engine.rulefiles.grammar import check_grammar
from engine.rulefiles.grammar_load import load_grammars
from engine.rulefiles.reader import load_yaml, load_yaml_file
from tests.places import ROOT, TESTS, read_yaml

CASES = TESTS / "cases" / "advice"
TEXTS = read_yaml(CASES / "texts.yaml")
GOOD = """\
format: 1
fields:
  price: {fi: hinta, sv: pris, en: price, nl: prijs}
advice:
  ONE:
    who: bookkeeper
    kind: permanent
    pattern: 'one'
    aliases: [uno]
    meaning: {fi: Merkitys, sv: Betydelse, en: Meaning, nl: Betekenis}
    do: {fi: Tee, sv: Gör, en: Do, nl: Doe}
  TWO:
    who: operator
    kind: transient
    meaning: {fi: Kaksi, sv: Två, en: Two, nl: Twee}
    do: {fi: Odota, sv: Vänta, en: Wait, nl: Wacht}
"""
# Where a code stands as the first argument.
CODE_CALLS = {
    "StoppedError",
    "WaitError",
    "ValueFault",
    "Violation",
    "_violation",
    "Event",
    "Reason",
    "note",
    "report",
}
# Steps of the protocol, for support only, and words that are no codes.
STEPS = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEIC", "TIFF", "NFC", "MISSING"}
STEPS |= {"LISTED", "HTTP_"}  # a mark of the ledger; HTTP_404 and its like have aliases
GRAMMARS = load_grammars(ROOT)
NEEDED = read_yaml(CASES / "needed.yaml")


@pytest.fixture(scope="module")
def book():
    return load_advice(load_yaml_file(ROOT / "mappings" / "advice.yaml", ROOT))


def test_every_entry_speaks_all_languages(book):
    lacking = [
        (entry.code, name, language)
        for entry in book.entries
        for name in ("meaning", "do", "where")
        for language in LANGUAGES
        if not getattr(entry, name).get(language) and (name != "where" or entry.where)
    ]

    assert [] == lacking


def test_languages_use_the_same_details(book):
    """A detail shown in one language is shown in the other."""

    def names(texts):
        return {k: set(re.findall(r"\{(\w+)\}", v)) for k, v in texts.items()}

    differing = [
        entry.code
        for entry in book.entries
        for texts in (entry.meaning, entry.do, entry.where)
        if len({frozenset(found) for found in names(texts).values()}) > 1
    ]

    assert [] == differing


def test_codes_are_unique(book):
    assert sorted(set(book.codes)) == sorted(book.codes)


@pytest.mark.parametrize("code", NEEDED)
def test_needed_code_has_advice(book, code):
    assert book.find(code, "fi") is not None


def test_every_code_of_the_rules_has_advice(book):
    """Whatever stops a document in ``mappings/`` is explained."""
    key = r"^\s*(?:- )?(?:code|stop|warn): ([A-Z][A-Z0-9_]{3,})"
    named = re.compile(key, re.MULTILINE)
    used = {
        code
        for path in (ROOT / "mappings").rglob("*.yaml")
        if path.name != "advice.yaml"
        for code in named.findall(path.read_text(encoding="utf-8"))
    }

    assert [] == sorted(code for code in used if book.find(code) is None)


def test_every_code_of_the_engine_has_advice(book):
    """Whatever the engine stops, waits or notes with a code is explained."""
    used = {
        (code, path.name)
        for path in (ROOT / "engine").rglob("*.py")
        for code in iter_codes(ast.parse(path.read_text(encoding="utf-8")))
    }

    assert len(used) > 40
    assert [] == sorted(
        found for found in used if found[0] not in book and found[0] not in STEPS
    )


def iter_codes(tree):
    """Give the texts that stand where a code stands, also by a constant's name."""
    constants = {
        name.id: value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        for name, value in zip(
            getattr(target, "elts", [target]),
            getattr(node.value, "elts", [node.value]),
            strict=False,
        )
        if isinstance(name, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in CODE_CALLS:
                first = [constants.get(getattr(n, "id", ""), n) for n in node.args[:1]]
                yield from iter_capitals(first)
            yield from iter_capitals(k.value for k in node.keywords if k.arg == "code")
        elif isinstance(node, ast.Assign):
            if any("code" in ast.unparse(target) for target in node.targets):
                yield from iter_capitals([node.value])
        elif isinstance(node, ast.Return) and node.value:
            yield from iter_capitals([node.value])


def iter_capitals(nodes):
    for top in nodes:
        # A part of a text that is put together is no code, nor is a picture's mode.
        parts = {
            v for n in ast.walk(top) if isinstance(n, ast.JoinedStr) for v in n.values
        }
        parts |= {
            value
            for n in ast.walk(top)
            if isinstance(n, ast.Call) and getattr(n.func, "attr", "") == "convert"
            for value in n.args
        }
        for node in ast.walk(top):
            is_text = isinstance(node, ast.Constant) and node not in parts
            text = node.value if is_text else None
            if isinstance(text, str) and re.fullmatch(r"[A-Z]{3,}[A-Z_]*", text):
                yield text


def test_every_register_write_has_advice(book):
    """What a flow may create beside its document is explained: ``PARTNER_CREATED``."""
    steps = {
        f"{step.name.upper()}_{done}"
        for flow in load_project(ROOT).flows.values()
        for step in flow.prepare
        if isinstance(step, WriteStep)
        for done, send in (("CREATED", step.create), ("UPDATED", step.update))
        if send is not None
    }

    assert [] == sorted(code for code in steps if code not in book)


@pytest.mark.parametrize("case", TEXTS["cases"], ids=lambda c: c["text"][:40])
def test_text_finds_its_advice(book, case):
    advice = book.find(case["text"], "fi")

    assert advice is not None
    assert (case["code"], case.get("found", {})) == (advice.code, dict(advice.found))


def test_every_pattern_has_a_sample(book):
    sampled = {case["code"] for case in TEXTS["cases"]}

    assert [] == [e.code for e in book.entries if e.pattern and e.code not in sampled]


@pytest.mark.parametrize("text", TEXTS["unknown"])
def test_unknown_text_has_no_advice(book, text):
    assert book.find(text) is None
    assert book.render(text) is None


def test_hostile_text_is_read_in_no_time(book):
    """Patterns look at the first 500 characters and have no repeated groups."""
    text = "Could not add " + " to x" * 100_000

    assert book.find(text) is None


@pytest.mark.parametrize(
    "case",
    read_yaml(CASES / "pieces.yaml"),
    ids=lambda c: c["text"],
)
def test_pieces(case):
    details = {k: v for k, v in case["details"].items() if v}

    assert case["expected"] == fill_pieces(case["text"], details)


def test_no_text_shows_a_dangling_piece(book):
    """Without any detail every text is still a whole sentence."""
    bare = [
        text
        for code in book.codes
        for language in LANGUAGES
        for text in [book.render(code, language) or ""]
        if re.search(r"[{}\[\]]|\s[.,:]|\s\s|\(\)|\"\"", text)
    ]

    assert [] == bare


def test_details_are_shown_in_the_reader_s_language(book):
    advice = book.render("PRODUCT_MISSING", "fi", {"value": "KONS-1"})

    assert advice is not None
    assert 'Tuotekoodia "KONS-1" ei ole Procountorin tuoterekisterissä.' in advice


def test_details_of_the_message_fill_the_text(book):
    advice = book.find("SIZE_MUST_BE_BETWEEN_1_AND_80")

    assert advice is not None
    assert (
        "A text is too long, 1 to 80 characters are allowed." == advice.fill().meaning
    )


@pytest.mark.parametrize(
    "case",
    read_yaml(CASES / "fields.yaml"),
    ids=lambda c: c["path"][:40],
)
def test_field_words(book, case):
    """A path is told in plain words, rows counted from 1, or not at all."""
    for language, expected in case["words"].items():
        assert expected == book.field_word(case["path"], language)


def test_a_required_field_is_named_in_plain_words(book):
    """No schema path where a plain word exists."""
    said = {
        language: book.render(
            "REQUIRED", language, {"field": "invoiceRows[2].unitPrice"}
        )
        for language in LANGUAGES
    }

    assert {
        "fi": "Pakollinen tieto puuttuu: rivi 3: yksikköhinta. Täydennä tieto Severassa ja siirrä lasku uudelleen.",
        "sv": "En obligatorisk uppgift saknas: rad 3: enhetspris. Fyll i uppgiften i Severa och överför fakturan på nytt.",
        "en": "A required value is missing: row 3: unit price. Fill it in in Severa and transfer the invoice again.",
        "nl": "Een verplicht gegeven ontbreekt: regel 3: eenheidsprijs. Vul het gegeven in Severa in en draag de factuur opnieuw over.",
    } == said


def test_every_field_of_the_rules_has_words(book):
    """Whatever a mapping fills can be named to a bookkeeper."""
    bare = {
        (mapping.target, path)
        for folder in load_project(ROOT).mappings.values()
        for mapping in folder.values()
        if mapping.target.partition("/")[0] != mapping.source.partition("/")[0]
        for path in iter_targets(mapping.fields)
        if book.field_word(path, "fi") is None
    }

    assert [] == sorted(bare)


def iter_targets(fields):
    """Give the target paths of the leaves, of lists those of the first row."""
    for node in iter_rules(fields):
        if not isinstance(node, (Block, Rows)):
            yield node.path.replace("[]", "[0]")


def test_a_language_that_lacks_falls_back_to_english(book):
    assert book.find("ADOPTED", "en") == book.find("ADOPTED", "et")


@pytest.mark.parametrize(
    "case",
    read_yaml(CASES / "bad.yaml"),
    ids=lambda c: c["name"],
)
def test_bad_file(case):
    text = case.get("yaml", GOOD)
    for old, new in case.get("replace", {}).items():
        assert old in text
        text = text.replace(old, new, 1)

    problems = find_problems(text)

    assert case["code"] in {problem.code for problem in problems}
    assert all(problem.position is not None for problem in problems)


def find_problems(text):
    """Give what a project says of an advice file: its grammar first, then its cells."""
    node = load_yaml(text, "advice.yaml")
    problems = check_grammar(node, GRAMMARS["advice"])
    if not problems:
        with pytest.raises(RuleError) as raised:
            load_advice(node)
        problems = raised.value.problems
    return problems


def test_good_file():
    node = load_yaml(GOOD, "advice.yaml")

    assert [] == check_grammar(node, GRAMMARS["advice"])
    assert ("ONE", "TWO") == load_advice(node).codes


@pytest.mark.parametrize("kind", ["advice", "notices"])
def test_the_grammar_asks_for_every_language(kind):
    """What is offered to a reader is there in every text."""
    asked = [part["required"] for part in iter_parts(GRAMMARS[kind]) if is_text(part)]

    assert asked
    assert [] == [languages for languages in asked if list(LANGUAGES) != languages]


def is_text(part):
    """Tell whether a part of a grammar is a text in languages."""
    return "en" in part.get("properties", {})


def iter_parts(part):
    """Yield all schemas below one."""
    if isinstance(part, dict):
        yield part
        for below in part.values():
            yield from iter_parts(below)


def test_all_fields_that_lack_the_same_are_named_in_the_reader_s_language(book):
    """The street, the postal code and the city at once (X06)."""
    place = "counterParty.counterPartyAddress."
    fields = ", ".join(place + name for name in ("street", "zip", "city"))

    said = book.render("REQUIRED", "fi", {"field": fields})

    assert said.startswith(
        "Pakollinen tieto puuttuu: katuosoite, postinumero, postitoimipaikka."
    )
