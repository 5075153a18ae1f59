"""Make the pages that are generated: the grammar's keys, the filters, the advice.

``docs/rules.md`` comes from ``schemas/grammar/`` and the filter table,
``docs/errors.md`` from ``mappings/advice.yaml``, ``docs/findings.md`` from the texts of
all codes, ``docs/flows/`` from each flow and its mappings. The same files give the same
bytes. Markdown is kept in git; HTML and the editors' schemas are made where they are
needed.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.cli.docs.editor_schemas import FOLDER, editor_schemas
from engine.cli.docs.flow_page import render_flow
from engine.cli.docs.html_page import render_html
from engine.cli.docs.markdown import table
from engine.cli.findings_index import load_findings, render_findings
from engine.language.filters.declaration import Filter
from engine.language.filters.registry import FILTERS, TESTS
from engine.project.advice import AdviceBook
from engine.project.project import load_project
from engine.rulefiles.grammar_load import load_grammars

MADE = "<!-- made by `python -m engine docs`; edit the files it is made from -->"
_ELSEWHERE = """\
A page each explains [paths](paths.md), [formulas](formulas.md) and the names that both
may use, [roots](roots.md); a change of a rule from its beginning to its end, the
[consultant guide](consultant-guide.md)."""
Row = tuple[str, str, str]
_LONGEST_TWICE = 60  # characters of a meaning that is said again
_RETRY = """\
Move the invoice to draft, correct it, set it back to the transfer status;
the next run tries again. `runner.py retry NUMBER` tries it unchanged."""
GRAMMARS = (
    "mapping",
    "match",
    "flow",
    "system",
    "table",
    "advice",
    "notices",
    "company",
)


# Folders that hold nothing but generated files: what is left over there goes.
OWN_FOLDERS = ("docs/flows", FOLDER)


def write_pages(root: Path, *, only_local: bool = False) -> list[str]:
    """Write every generated page that differs; give the names of those written.

    With ``only_local`` what is kept in git is left alone.

    Raises:
        RuleError: The rules are wrong, so nothing can be said of them.
    """
    pages = _pages(root)
    differing = [name for name, text in pages.items() if _read(root / name) != text]
    written = [
        name
        for name in (*differing, *_left_over(root, pages))
        if not (only_local and _is_kept(name))
    ]
    for name in written:
        path = root / name
        if name in pages:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(pages[name], "utf-8", newline="\n")
        else:
            path.unlink()
    return written


def check_pages(root: Path) -> list[str]:
    """Say what is wrong with the generated pages, a sentence each.

    A page that is kept in git must be as its sources say. Any other is made anew
    wherever it is needed, and must come out the same each time.

    Raises:
        RuleError: The rules are wrong, so nothing can be said of them.
    """
    pages, again = _pages(root), _pages(root)
    kept = {name: text for name, text in pages.items() if _is_kept(name)}
    stale = [name for name, text in kept.items() if _read(root / name) != text]
    stale += [name for name in _left_over(root, pages) if _is_kept(name)]
    unlike = [name for name, text in pages.items() if again.get(name) != text]
    return [
        *(f"{name} is stale\n  do: python -m engine docs" for name in stale),
        *(f"{name} comes out differently each time it is made" for name in unlike),
    ]


def _is_kept(name: str) -> bool:
    return name.endswith(".md")


def _left_over(root: Path, pages: Mapping[str, str]) -> list[str]:
    found = (path for own in OWN_FOLDERS for path in sorted((root / own).rglob("*.*")))
    names = [path.relative_to(root).as_posix() for path in found if path.is_file()]
    return [name for name in names if name not in pages]


def _read(path: Path) -> str | None:
    return path.read_bytes().decode("utf-8", "replace") if path.is_file() else None


def _pages(root: Path) -> dict[str, str]:
    project = load_project(root)
    pages = {
        "docs/rules.md": render_rules(root),
        "docs/errors.md": render_advice(project.advice),
        "docs/findings.md": render_findings(load_findings().values(), MADE),
    }
    for flow in project.flows.values():
        page = render_flow(project, flow, MADE)
        pages[f"docs/flows/{flow.name}.md"] = page
        pages[f"docs/flows/{flow.name}.html"] = render_html(page)
    return pages | editor_schemas(project)


def render_rules(root: Path) -> str:
    """Give the page of all keys, filters and tests."""
    blocks = ["# Rules: every key of every file", MADE, _ELSEWHERE]
    grammars = load_grammars(root)
    told: dict[str, list[Row]] = {}  # kinds of files share definitions
    for name in GRAMMARS:
        schema = grammars[name]
        blocks += [f"## {schema['title']}", schema["description"]]
        blocks.append(_table(_rows(schema.get("properties", {}))))
        for key, part in schema.get("$defs", {}).items():
            rows = _rows(part.get("properties", {}))
            if rows and rows not in told.values():
                title = part.get("title", key)
                blocks += [f"### {title}", part.get("description", "")]
                before = told.setdefault(title, rows)
                more = [row for row in rows if row not in before]
                if 0 < len(more) < len(rows) // 2:
                    anchor = title.replace(" ", "-")
                    blocks.append(f"The keys of a [{title}](#{anchor}), and:")
                blocks.append(_table(more or rows))
    blocks += ["## Filters", "`value | filter`; an empty value stays empty."]
    pages = dict.fromkeys(spec.function.__module__ for spec in FILTERS.values())
    for page in pages:
        about = re.split("[.:,]", sys.modules[page].__doc__ or "")[0]
        own = {n: s for n, s in FILTERS.items() if s.function.__module__ == page}
        blocks += [f"### {about}", _functions(own)]
    blocks += ["## Tests", "`value is test`, `value is not test`."]
    return "\n\n".join([*blocks, _functions(TESTS)]).rstrip() + "\n"


def _rows(properties: Mapping[str, Any]) -> list[Row]:
    rows = []
    said: dict[str, str] = {}
    for key, part in _flat("", properties):
        shown = part.get("examples", [""])[0]
        if not isinstance(shown, str):
            shown = json.dumps(shown, ensure_ascii=False)
        about = " ".join(part.get("description", "").split())
        first = said.setdefault(about, key)
        if first != key and len(about) > _LONGEST_TWICE:
            about = f"As `{first}`."
        code = f"`{' '.join(shown.split())}`" if shown else ""
        rows.append((f"`{key}`", about, code))
    return rows


def _table(rows: list[Row]) -> str:
    return table(("key", "meaning", "example"), rows)


def _flat(
    prefix: str, properties: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key, part in properties.items():
        if not isinstance(part, dict):
            continue  # `true`: a condition speaks of the key, it is described elsewhere
        yield f"{prefix}{key}", part
        yield from _flat(f"{prefix}{key}.", part.get("properties", {}))


def _functions(functions: Mapping[str, Filter]) -> str:
    lines = []
    for name, spec in sorted(functions.items()):
        said, _, example = spec.description.partition("\n")
        shown = [line.strip() for line in example.strip().splitlines() if line.strip()]
        lines += [f"- **`{name}`** {said.strip()}"]
        if shown:
            lines += ["", "  ```", *(f"  {line}" for line in shown), "  ```", ""]
    return "\n".join(lines)


def render_advice(book: AdviceBook) -> str:
    """Give the page of all codes that the transfer log may show."""
    blocks = [
        "# Errors: what the transfer log says, and what to do",
        MADE,
        _RETRY,
    ]
    for entry in sorted(book.entries, key=lambda entry: entry.code):
        advice = book.find(entry.code, "en")
        assert advice is not None
        filled = advice.fill()
        blocks += [f"## {entry.code}", filled.meaning, f"**Do:** {filled.do}"]
        if filled.where:
            blocks.append(f"**Where:** {filled.where}")
        also = f" Also seen as: {', '.join(entry.aliases)}." if entry.aliases else ""
        blocks.append(f"Who: {entry.who}. Kind: {entry.kind}.{also}")
    return "\n\n".join(blocks) + "\n"
