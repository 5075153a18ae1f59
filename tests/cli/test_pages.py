"""A flow's page: each target field once, in the schema's order, with what beside it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from engine.cli.docs.flow_page import render_flow
from engine.cli.docs.html_page import render_html
from engine.cli.docs.rule_words import full_words
from engine.cli.docs.target_rows import list_target_rows
from engine.errors import Position
from engine.language.schema import SchemaStore
from engine.mapping.apply import load_mapping
from engine.mapping.rules import Rule
from engine.rulefiles.comments import Remark, read_remark, read_remarks
from engine.rulefiles.nodes import MapNode
from engine.rulefiles.reader import load_yaml
from tests.worlds import ROOT, project

FLOWS = sorted(project().flows)
MAPPINGS = [
    (folder, name)
    for folder, mappings in sorted(project().mappings.items())
    for name, mapping in sorted(mappings.items())
    if mapping.target
]


def leaves_of(name: str, schema: dict[str, Any], prefix: str = "") -> list[str]:
    """List a target schema's leaves by hand: from the JSON, not by the engine."""
    schema, name = follow(name, schema)
    properties = schema.get("properties")
    items = schema.get("items")
    if properties:
        return [
            leaf
            for key, part in properties.items()
            for leaf in leaves_of(name, part, f"{prefix}.{key}" if prefix else key)
        ]
    if items is not None and "properties" in follow(name, items)[0]:
        return leaves_of(name, items, f"{prefix}[]")
    return [prefix]


def follow(name: str, schema: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Follow a reference to another file, or ``anyOf`` to its one real branch."""
    if "$ref" in schema:
        name = str(Path(name).parent / schema["$ref"]).removesuffix(".schema.json")
        return follow(name, document_of(name))
    real = [part for part in schema.get("anyOf", ()) if part != {"type": "null"}]
    return follow(name, real[0]) if len(real) == 1 else (schema, name)


def document_of(name: str) -> dict[str, Any]:
    path = (ROOT / "schemas" / f"{name}.schema.json").resolve()
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def test_every_target_leaf_has_one_row():
    """Mapped or not, the invoice's table is complete, and in the schema's order."""
    mapping = project().mappings["mappings/sales_invoice"]["invoice.yaml"]
    rows = [row.path for row in list_target_rows(mapping) if row.kind != "group"]
    expected = leaves_of(mapping.target, document_of(mapping.target))

    assert 80 < len(expected)
    assert expected == rows


@pytest.mark.parametrize(("folder", "name"), MAPPINGS, ids=[n for _, n in MAPPINGS])
def test_every_rule_has_its_row(folder: str, name: str):
    """No rule is left out, and no field stands twice."""
    mapping = project().mappings[folder][name]
    rows = list_target_rows(mapping)
    paths = [row.path for row in rows]

    assert sorted(set(paths)) == sorted(paths)
    assert rules_of(mapping.fields) == {a.rule.path for row in rows for a in row.makers}


def rules_of(fields: Any) -> set[str]:
    found = set()
    for node in fields:
        if isinstance(node, Rule):
            found.add(node.path)
        else:
            for part in getattr(node, "parts", (node,)):
                found |= rules_of(part.fields)
    return found


def test_nothing_required_is_missing():
    """What the target requires, a rule makes: ``check`` would say so too."""
    for mappings in project().mappings.values():
        for mapping in mappings.values():
            missing = [r.path for r in list_target_rows(mapping) if r.kind == "missing"]
            assert [] == missing


@pytest.mark.parametrize("name", FLOWS)
def test_pages_show_every_reference(name: str):
    """Each number in a comment beside a rule or a step stands on the flow's page."""
    flow = project().flows[name]
    text = render_flow(project(), flow, "")
    folder = ROOT / Path(flow.file).parent
    wanted = {
        number
        for path in folder.glob("*.yaml")
        if not path.name.endswith(".match.yaml") and path.name != "flow.yaml"
        for line in path.read_text("utf-8").splitlines()
        if re.match(r"\s*\S.*\s# ", line) and not line.lstrip().startswith("#")
        for number in re.findall(r"\bR\d{3}\b", line.partition(" # ")[2])
    }

    assert wanted or name != "sales_invoice"
    assert [] == sorted(number for number in wanted if number not in text)


@pytest.mark.parametrize("name", FLOWS)
def test_the_html_page_needs_nothing_else(name: str):
    """It opens from a mail: no link leads out, every link leads somewhere."""
    page = _Page()
    page.feed(html_of(name))
    page.close()

    assert [] == page.open
    assert [] == [link for link in page.links if not link.startswith("#")]
    assert set() == {link[1:] for link in page.links} - set(page.anchors)
    assert sorted(set(page.anchors)) == sorted(page.anchors)


def html_of(name: str) -> str:
    return render_html(render_flow(project(), project().flows[name], "<!-- -->"))


class _Page(HTMLParser):
    """Collects links and anchors, and sees that every tag is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.links += [str(found[k]) for k in ("href", "src") if k in found]
        self.anchors += [str(found["id"])] if "id" in found else []
        if tag not in ("meta", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open.pop()


def test_the_same_rules_give_the_same_bytes():
    assert html_of(FLOWS[0]) == html_of(FLOWS[0])


def test_the_html_page_is_the_markdown_page():
    """Its contents name every part; a field's row and a heading can be linked to."""
    page = _Page()
    page.feed(html_of("sales_invoice"))
    markdown = render_flow(project(), project().flows["sales_invoice"], "")
    heads = re.findall(r'<a id="(.+)"></a>\n\n## ', markdown)

    assert 10 < len(heads)
    assert [f"#{head}" for head in heads] == page.links[: len(heads)]
    assert "mapping-invoice-counterParty.counterPartyAddress.name" in page.anchors


def test_a_page_shows_angle_brackets():
    """A formula with < and & does not become markup."""
    text = html_of("sales_invoice")

    assert "<code>size &lt;= 10000000</code>" in text


# --- words ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("a.b", "a.b"),
        ("{first_of: [a, b, c]}", "a, else b, else c"),
        ("{join: [a, b], with: ' / '}", "a / b, those that are filled"),
        ("{join: [a, b], with: '/'}", "a / b, those that are filled"),
        (
            '{join: [a, b], with: "\\n"}',
            "a, b, each that is filled on its own line",
        ),
        ("{join: [a, b], with: ' '}", 'a, b, those that are filled, with " " between'),
        ("{fixed: X}", "always X"),
        ("{fixed: ''}", "always an empty text"),
        ("{choose: {X: a == '1', Y: otherwise}}", "X when a == '1'; else Y"),
        (
            "{choose: [{when: a == '1', then: {source: b, required: yes}}]}",
            "b (required) when a == '1'",
        ),
        ("{text: 'No {{ a.b }}'}", "the text No {{ a.b }}"),
        ("{transform: a * 2}", "calculated a * 2"),
        ("{source: a, transform: value | upper}", "a, then value | upper"),
        (
            "{source: a, lookup: t}",
            "a, through table [t](#table-t) (not in it: an error)",
        ),
        (
            "{source: a, lookup: t, else: Z}",
            "a, through table [t](#table-t) (not in it: Z)",
        ),
        (
            "{source: a, lookup: {k: v}, else: Z}",
            "a, through k → v (not in it: Z)",
        ),
        ("{source: a, decimals: 1}", "a, 1 decimal, half up"),
        (
            "{source: a, decimals: 2, rounding: half_even}",
            "a, 2 decimals, half to even",
        ),
        ("{source: a, date: D.M.YYYY}", "a, read as D.M.YYYY"),
        ("{source: a, limit: 8}", "a, at most 8, cut with a warning"),
        ("{source: a, limit: 8, too_long: cut}", "a, at most 8, cut, only counted"),
        ("{source: a, limit: 8, too_long: error}", "a, at most 8, longer is an error"),
        (
            "{source: a, limit: 8, cut_at: word}",
            "a, at most 8, cut between words with a warning",
        ),
        (
            "{source: a, limit: 8, overflow_to: y}",
            "a, at most 8, cut, what does not fit goes to y",
        ),
        ("{source: a, default: X}", "a, when empty X"),
        ("{source: a, default_from: b, default: X}", "a, when empty b, else X"),
        ("{source: a, required: yes}", "a, required"),
        ("{source: a, required_when: b is filled}", "a, required when b is filled"),
        ("{source: a, when: b is filled}", "a, only when b is filled"),
        ("{source: a, send_null: yes}", "a, null when empty"),
    ],
)
def test_a_rule_in_words(rule: str, expected: str):
    """As a vendor's table would say it."""
    text = f"format: 1\nname: x\nfrom: ''\nto: ''\nfields:\n  x: {rule}\n  y: other\n"
    node = load_yaml(text, "x.yaml")
    assert isinstance(node, MapNode)
    tables = {"t": {"k": "v"}}
    mapping = load_mapping(node, store=SchemaStore({}), tables=tables, name="x.yaml")
    [found, _] = mapping.fields
    assert isinstance(found, Rule)

    assert expected == full_words(found).replace("`", "").strip()


# --- comments -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comment", "references", "text"),
    [
        ("R112", ("R112",), ""),
        ("R012, A12", ("R012", "A12"), ""),
        ("R116, half up", ("R116",), "half up"),
        ("R069, R070: the card's", ("R069", "R070"), "the card's"),
        ("R114, A08: one line each", ("R114", "A08"), "one line each"),
        ("R068-R072; the e-invoice wins", ("R068-R072",), "the e-invoice wins"),
        ("needed for rows (R125)", ("R125",), "needed for rows"),
        ("the card's, R068", ("R068",), "the card's"),
        ("made by R068 and R070 both", ("R068", "R070"), "made by R068 and R070 both"),
        ("a VAT rate of 25", (), "a VAT rate of 25"),
    ],
)
def test_a_comment_taken_apart(comment: str, references: tuple[str, ...], text: str):
    assert Remark(references, text) == read_remark(comment)


RULES = """\
# R001 stands alone and belongs to no rule
fields:   # R002
  a: 'x # R003 is text'      # R004
  b: {source: "y#z", limit: 1} # R005
  c: >-
    folded # R006 is text
    more
  d:                         # R007, of all its lines
    join:
      - one                  # R008
      - two
    with: '/'                # A09
  e: plain#R010
"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (3, Remark(("R004",))),
        (4, Remark(("R005",))),
        (5, Remark()),
        (8, Remark(("R007", "R008", "A09"), "of all its lines")),
        (13, Remark()),
    ],
)
def test_comments_of_a_key(line: int, expected: Remark):
    """What stands behind a rule, on whichever of its lines; never what is in a text."""
    remarks = read_remarks(load_yaml(RULES, "rules.yaml"))

    assert expected == remarks.at(Position("rules.yaml", line, 3))
