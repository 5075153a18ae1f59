"""A flow's Markdown page as one HTML file that needs nothing else."""

from __future__ import annotations

import re
from typing import Final

from markdown_it import MarkdownIt

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
tr:has(td:first-child strong) td { background: #f8f8f8; }
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
# A table of eight columns is a mapping's: it gets a box that filters its rows.
_SCRIPT: Final = """
for (const table of document.querySelectorAll("h2 ~ table:has(th:nth-child(8))")) {
  const box = document.createElement("input");
  box.type = "search";
  box.placeholder = "filter the rows";
  table.before(box);
  box.addEventListener("input", () => {
    const wanted = box.value.toLowerCase();
    for (const row of table.tBodies[0].rows) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
    }
  });
}
""".strip()
_PLACE = re.compile(r'(<a id="[^"]+"></a>)\n\n(#+) ')
_HEAD = re.compile(r'<h2><a id="([^"]+)"></a>(.*)</h2>')
_HEAD_OR_ROW = re.compile(
    r'<h\d><a id="(?P<anchor>[^"]+)">'
    r"|<tr>(?=\s*<td>[^<]*(?:<strong>)?<code>(?P<field>[^<]+)</code>)"
)


def render_html(page: str) -> str:
    """Write a page of Markdown as HTML, with the contents below its title."""
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    body = _name_rows(markdown.render(_PLACE.sub(r"\2 \1", page)))
    head, _, rest = body.partition("</h1>\n")
    contents = "".join(
        f'<li><a href="#{anchor}">{title}</a></li>\n'
        for anchor, title in _HEAD.findall(rest)
    )
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{head.removeprefix("<h1>")}</title>
<style>
{_STYLE}
</style>
</head>
<body>
{head}</h1>
<nav><ul>
{contents}</ul></nav>
{rest}<script>
{_SCRIPT}
</script>
</body>
</html>
"""


def _name_rows(html: str) -> str:
    """Give each row of a field a place that a link can name: mapping-x-field."""
    anchor, used = "", set()

    def name(found: re.Match[str]) -> str:
        nonlocal anchor
        anchor = found["anchor"] or anchor
        row = f"{anchor.removesuffix('-variables')}-{found['field']}"
        if found["anchor"] or row in used:
            return found[0]
        used.add(row)
        return f'<tr id="{row}">'

    return _HEAD_OR_ROW.sub(name, html)
