"""What holds for every value: limits, exact money, nothing from nothing, sums."""

from __future__ import annotations

import copy
import decimal
import inspect
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import RuleError
from engine.identifiers import find_business_id
from engine.language.filters.list_filters import allocate, share_out
from engine.language.filters.registry import FILTERS, TESTS
from engine.language.formulas import compile_formula
from engine.language.schema import SchemaStore
from engine.language.scope import Scope
from engine.language.sent_texts import cut_text, normalise_text
from engine.mapping.apply import apply_mapping, apply_rule, load_mapping
from engine.mapping.rules import MISSING
from engine.rulefiles.reader import load_yaml
from tests import places
from tests.places import read_yaml

CASES = places.TESTS / "cases" / "language"
STORE = SchemaStore({"t/out": {"properties": {"a": {"type": "string"}}}})
MONEY = st.decimals(
    min_value=Decimal(-10_000_000), max_value=Decimal(10_000_000), places=4
)
LETTERS = {
    "plain": "a",
    "umlaut": "ä",
    "two combining marks": "e\u0301\u0323",
    "composes": "a\u030a",
    "emoji": "🧾",
    "family": "👨\u200d👩\u200d👧",
    "flag": "🇫🇮",
    "skin tone": "👍🏽",
    "variation": "✈\ufe0f",
    "keycap": "1\ufe0f\u20e3",
}


def load(text):
    return load_mapping(load_yaml(text, "case.yaml"), store=STORE, name="case")


def apply(text, document):
    return apply_mapping(load(text), Scope(document, {"doc": document}))


@pytest.mark.parametrize("letter", LETTERS.values(), ids=LETTERS)
@pytest.mark.parametrize("cut_at", ["char", "word"])
def test_limits_hold_around_every_length(letter, cut_at):
    """For n-1, n, n+1 and 2n: never longer, no split character, every loss reported."""
    limit = 12
    rule = f"fields:\n  a: {{source: t, limit: {limit}, cut_at: {cut_at}}}\n"
    mapping = load("format: 1\nto: t/out\n" + rule)
    for size in (1, limit - 1, limit, limit + 1, 2 * limit):
        text = (letter * size)[: size - 1] + "b" if size > 1 else letter
        text = normalise_text(text)
        document = {"t": text}
        result = apply_mapping(mapping, Scope(document, {"doc": document}))
        kept = result.payload.get("a", "")

        assert len(kept) <= limit
        assert text.startswith(kept)
        assert kept == kept.rstrip()
        rest = text[len(kept) :]
        assert not rest or not is_joined(kept, rest)
        assert (len(text) > limit) == (1 == len(result.truncations))
        if result.truncations:
            assert text == result.truncations[0].original


def is_joined(kept, rest):
    if not kept:
        return False
    first = rest[0]
    return (
        unicodedata.category(first) in {"Mn", "Mc", "Me"}
        or first == "\u200d"
        or kept[-1] == "\u200d"
        or "\U0001f3fb" <= first <= "\U0001f3ff"
    )


@given(st.text(max_size=60), st.integers(1, 40), st.booleans())
@settings(max_examples=500, deadline=None)
def test_a_cut_is_a_beginning(text, limit, at_word):
    kept = cut_text(text, limit, at_word=at_word)

    assert len(kept) <= limit or normalise_text(text) == kept
    assert normalise_text(text).startswith(kept)


@pytest.mark.parametrize(
    ("text", "limit", "at_word", "kept"),
    [
        ("Kattoremontti syksy", 10, True, "Kattoremon"),
        ("Katto remontti", 8, True, "Katto"),
        ("Katto remontti", 5, True, "Katto"),
        ("Katto remontti", 6, False, "Katto"),
        ("ääkkönen", 3, False, "ääk"),
        ("a\u030ab", 1, False, "å"),
        ("🇫🇮🇸🇪", 3, False, "🇫🇮"),
        ("👨\u200d👩\u200d👧!", 2, False, ""),
    ],
)
def test_cuts(text, limit, at_word, kept):
    assert kept == cut_text(text, limit, at_word=at_word)


ROUNDED = load(
    "format: 1\nfields:\n"
    "  half_up: {source: x, decimals: 2}\n"
    "  half_even: {source: x, decimals: 2, rounding: half_even}\n"
    "  down: {source: x, decimals: 2, rounding: down}\n"
    "  up: {source: x, decimals: 2, rounding: up}\n"
    "  times: {transform: x * 1.255}\n"
)


@given(MONEY)
@settings(max_examples=2000, deadline=None)
def test_money_is_exact(amount):
    result = apply_mapping(ROUNDED, Scope({"x": amount}, {}))

    cent = Decimal("0.01")
    assert {
        "half_up": amount.quantize(cent, decimal.ROUND_HALF_UP),
        "half_even": amount.quantize(cent, decimal.ROUND_HALF_EVEN),
        "down": amount.quantize(cent, decimal.ROUND_DOWN),
        "up": amount.quantize(cent, decimal.ROUND_UP),
        "times": amount * Decimal("1.255"),
    } == result.payload


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (100.005, "100.01"),
        ("10.005", "10.01"),
        (Decimal("-0.005"), "-0.01"),
        (7, "7.00"),
    ],
)
def test_rounding_of_every_kind_of_number(value, expected):
    result = apply_mapping(ROUNDED, Scope({"x": value}, {}))

    assert expected == str(result.payload["half_up"])


WEIGHTS = st.lists(
    st.decimals(min_value=Decimal(0), max_value=Decimal(1000), places=2), max_size=12
)


@given(MONEY, WEIGHTS, st.integers(0, 4))
@settings(max_examples=500, deadline=None)
def test_shares_sum_to_the_total(total, weights, places):
    shares = share_out(total, weights, places)

    assert len(weights) == len(shares)
    assert not shares or total == sum(shares)
    assert all(share * total >= 0 for share in shares)
    assert shares == [-share for share in share_out(-total, weights, places)]


@given(MONEY, st.lists(st.tuples(st.sampled_from("AB"), MONEY), max_size=8))
@settings(max_examples=300, deadline=None)
def test_each_group_sums_to_the_total(total, pairs):
    items = [{"dimension": d, "weight": w} for d, w in pairs]

    result = allocate(items, total, by="dimension")

    for name in {item["dimension"] for item in items}:
        assert total == sum(i["value"] for i in result if i["dimension"] == name)


def test_no_weight_shares_equally():
    assert [Decimal("3.34"), Decimal("3.33"), Decimal("3.33")] == share_out(
        Decimal(10), [Decimal(0)] * 3, 2
    )


SAMPLE = {
    "invoice": {"number": "1001", "date": "2026-01-31", "total": Decimal("10.50")},
    "customer": {"name": "Firma Oy", "contact": {"name": "Aino", "email": "a@b.fi"}},
    "language": "fi",
    "rows": [
        {
            "code": "A",
            "text": "Työ",
            "quantity": Decimal(2),
            "price": Decimal("5.25"),
        },
        {
            "code": None,
            "text": "Matka",
            "quantity": Decimal(1),
            "price": Decimal(3),
        },
    ],
}
RULES = """
format: 1
tables: {languages: {fi: FINNISH, sv: SWEDISH}}
vars:
  channel: {choose: {EMAIL: customer.contact.email is filled, MAIL: otherwise}}
fields:
  number: {source: invoice.number, required: yes}
  contact: {join: [customer.name, customer.contact.name], with: ' / ', limit: 20}
  greeting: {text: 'Hei {{ customer.contact.name }}'}
  loud: {transform: customer.name | upper}
  both: {transform: "customer.name ~ language"}
  language: {source: language, lookup: languages, else: ENGLISH, default: FINNISH}
  channel: vars.channel
  total: {source: invoice.total, decimals: 2}
  date: invoice.date
  rows:
    each: rows
    where: quantity is filled
    fields:
      code: {source: code, default: MUU}
      text: {first_of: [text, doc.invoice.number]}
      sum: {transform: quantity * price}
"""


def iter_places(value, way=()):
    items = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        yield (*way, key)
        yield from iter_places(inner, (*way, key))


@pytest.mark.parametrize("how", [None, "", "  ", [], {}, MISSING])
def test_nothing_is_made_from_nothing(how):
    """Empty every place of a sample: no "None", no dangling sign; or a named fault."""
    mapping = load(RULES)
    for way in iter_places(SAMPLE):
        document = copy.deepcopy(SAMPLE)
        owner = document
        for key in way[:-1]:
            owner = owner[key]
        if how is MISSING:
            del owner[way[-1]]
        else:
            owner[way[-1]] = how

        result = apply_mapping(mapping, Scope(document, {"doc": document}))

        for text in iter_texts(result.payload):
            assert not any(j in text for j in ("None", "null", "ndefined", "MISSING"))
            assert text == text.strip(" /")
        for violation in result.violations:
            assert violation.field
            assert violation.position is not None


def iter_texts(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from iter_texts(item)
    elif isinstance(value, str):
        yield value


def test_all_errors_at_once():
    """Ten faults in one document give ten messages."""
    fields = "".join(f"  f{i}: {{source: a{i}, required: yes}}\n" for i in range(10))

    result = apply("format: 1\nfields:\n" + fields, {})

    assert [f"f{i}" for i in range(10)] == [v.field for v in result.violations]


BUSINESS_IDS = read_yaml(CASES / "business_ids.yaml")


@pytest.mark.parametrize("case", BUSINESS_IDS, ids=lambda c: c["spelling"] or "empty")
def test_business_ids(case):
    assert (case["id"] or None) == find_business_id(case["spelling"])


EXAMPLE = {
    "rows": [
        {"code": "A", "name": "Työ", "amount": Decimal("10.00")},
        {"code": "B", "name": "Matka", "amount": Decimal("20.00")},
        {"code": "A", "name": "Lisä", "amount": Decimal("30.00")},
    ],
    "periods": [
        {"name": "winter", "from": "2025-12-01", "to": "2026-01-31"},
        {"name": "spring", "from": "2026-02-01", "to": None},
    ],
    "countries": [{"code": "SE", "name": "Ruotsi"}, {"code": "FI", "name": "Suomi"}],
}


def compute(text):
    cell = load_yaml("cell: " + yaml_quoted(text), "case.yaml").get("cell")
    return compile_formula(cell).evaluate(Scope(EXAMPLE, {"doc": EXAMPLE}))


def yaml_quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"\n'


@pytest.mark.parametrize(
    "spec",
    [*FILTERS.values(), *TESTS.values()],
    ids=lambda spec: f"{spec.gives}-{spec.name}",
)
def test_every_filter_shows_an_example_that_works(spec):
    lines = spec.description.splitlines()
    given_ = [line.removeprefix(">>> ") for line in lines if line.startswith(">>> ")]
    expected = lines[lines.index(f">>> {given_[0]}") + 1]

    assert 1 == len(given_)
    assert spec.name in given_[0]
    assert compute(expected) == compute(given_[0])


@pytest.mark.parametrize("spec", FILTERS.values(), ids=lambda spec: spec.name)
def test_a_filter_declares_parameters_that_it_has(spec):
    named = {*spec.fields, *filter(None, [spec.equals])}

    assert named <= set(inspect.signature(spec.function).parameters)


@pytest.mark.parametrize("rule", ["{source: a, source: b}", "{fixed: [a}", "[a"])
def test_broken_yaml_is_a_rule_error(rule):
    with pytest.raises(RuleError):
        load(f"format: 1\nfields:\n  a: {rule}\n")


def test_a_cell_outside_a_target_keeps_its_type():
    mapping = load("format: 1\nvars: {n: a}\nfields: {a: vars.n}\n")

    value = apply_rule(mapping.variables["n"], Scope({"a": 7}, {}))

    assert 7 == value


@pytest.mark.parametrize("name", [n for n, one in FILTERS.items() if one.at_once])
@given(text=st.from_regex(r"[ -~]*[!-~][ -~]*", fullmatch=True))
def test_what_is_done_at_once_is_what_the_filter_does(name, text):
    spec = FILTERS[name]

    assert spec.function(text) == eval(spec.at_once.format("text"))
