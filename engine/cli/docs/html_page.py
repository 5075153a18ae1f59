"""Write a page as one HTML file that needs nothing else. Imports pagewords."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from engine.cli.docs.blocks import Code, Fold, Heading, Listing, Paragraph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.cli.docs.blocks import Block, DocPage, Item, Link, Row, Table, Words

_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 90rem;
  margin: 0 auto; padding: 1rem 1.5rem; }
h1, h2, h3 { line-height: 1.25; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #ccc; }
code { font: 0.9em ui-monospace, monospace; background: #f2f2f2; padding: 0 0.2em;
  overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
th, td { border: 1px solid #ccc; padding: 0.25rem 0.5rem; text-align: left;
  vertical-align: top; }
th { background: #f2f2f2; position: sticky; top: 0; }
tr.group td { background: #f8f8f8; }
tr:target td { background: #fff6d6; }
nav ul { columns: 2; padding-left: 1.2rem; }
ol ul { color: #444; }
summary { cursor: pointer; color: #444; }
input { font: inherit; width: 20rem; margin: 0.5rem 0; }
@media print {
  body { max-width: none; padding: 0; font-size: 10px; }
  table { font-size: 9px; }
  thead { display: table-header-group; }
  tr { break-inside: avoid; }
  th { position: static; }
  nav, input { display: none; }
}
""".strip()
_SCRIPT: Final = """
for (const box of document.querySelectorAll("input[data-filter]")) {
  box.hidden = false;
  box.addEventListener("input", () => {
    const wanted = box.value.toLowerCase();
    for (const row of box.nextElementSibling.tBodies[0].rows) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
    }
  });
}
""".strip()


def render_html(page: DocPage, made: str) -> str:
    """Write a page; ``made`` is a comment at its top."""
    lines = [
        "<!DOCTYPE html>",
        made,
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{escape(page.title)}</title>",
        f"<style>\n{_STYLE}\n</style>",
        "</head>",
        "<body>",
    ]
    for block in page.blocks:
        lines += _block(block)
        if isinstance(block, Heading) and block.level == 1:
            lines += _contents(page)
    lines += [f"<script>\n{_SCRIPT}\n</script>", "</body>", "</html>"]
    return "\n".join(lines) + "\n"


def _contents(page: DocPage) -> Iterator[str]:
    yield "<nav><ul>"
    for block in page.blocks:
        if isinstance(block, Heading) and block.level == 2:
            yield f'<li><a href="#{escape(block.anchor)}">{escape(block.text)}</a></li>'
    yield "</ul></nav>"


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        tag, anchor = f"h{block.level}", escape(block.anchor)
        yield f'<{tag} id="{anchor}">{escape(block.text)}</{tag}>'
    elif isinstance(block, Paragraph):
        yield f"<p>{_words(block.words)}</p>"
    elif isinstance(block, Listing):
        start = f' start="{block.start}"' if block.start else ""
        tag = "ol" if block.start else "ul"
        yield f"<{tag}{start}>"
        for item in block.items:
            yield from _item(item)
        yield f"</{tag}>"
    elif isinstance(block, Fold):
        yield f"<details><summary>{escape(block.summary)}</summary>"
        for inner in block.blocks:
            yield from _block(inner)
        yield "</details>"
    else:
        yield from _table(block)


def _item(item: Item) -> Iterator[str]:
    yield f"<li>{_words(item.words)}"
    if item.below:
        yield "<ul>"
        for below in item.below:
            yield from _item(below)
        yield "</ul>"
    yield "</li>"


def _table(table: Table) -> Iterator[str]:
    if table.can_filter:
        yield '<input data-filter type="search" placeholder="filter the rows" hidden>'
    heads = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    yield f"<table><thead><tr>{heads}</tr></thead><tbody>"
    for row in table.rows:
        yield _row(row)
    yield "</tbody></table>"


def _row(row: Row) -> str:
    anchor = f' id="{escape(row.anchor)}"' if row.anchor else ""
    group = ' class="group"' if row.is_group else ""
    cells = []
    for number, words in enumerate(row.cells):
        indent = f' style="padding-left:{0.5 + row.depth}rem"' if not number else ""
        cells.append(f"<td{indent}>{_words(words)}</td>")
    return f"<tr{anchor}{group}>{''.join(cells)}</tr>"


def _words(words: Words) -> str:
    return "".join(
        escape(piece, quote=False)
        if isinstance(piece, str)
        else _code(piece.text)
        if isinstance(piece, Code)
        else _link(piece)
        for piece in words
    )


def _link(link: Link) -> str:
    text = _code(link.text) if link.is_code else escape(link.text, quote=False)
    return f'<a href="#{escape(link.anchor)}">{text}</a>'


def _code(text: str) -> str:
    return f"<code>{escape(text, quote=False)}</code>"
