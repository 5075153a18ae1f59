"""Finds the words of rule files that a finger may slip on, each with its family."""

# ruff: noqa: PERF102 - keys and values of a node are asked for together

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.language.filters.registry import FILTERS
from engine.project.project_files import file_kind
from engine.rulefiles.grammar_load import load_grammars
from engine.rulefiles.nodes import ListNode, MapNode, Node, Scalar
from engine.rulefiles.reader import load_yaml
from tests.places import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATH_KEYS = {
    *("source", "default_from", "each", "first_of", "join", "switch", "key_path"),
    *("label", "reference", "order_by", "to", "show", "choices", "check_files"),
    *("in", "file", "id", "number", "same", "merge_files", "unit", "units", "parent"),
}
FORMULA_KEYS = {
    *("transform", "when", "where", "required_when", "only_when", "unless", "verify"),
    *("theirs", "ours", "link", "create", "update", "reject", "leave"),
}
# Filters whose texts name fields.
FIELD_FILTERS = {name for name, spec in FILTERS.items() if spec.fields}
LITERAL_KEYS = {"fixed", "else", "default"}
FILE_KEYS = {"mapping", "match", "derive"}
ENDPOINT_KEYS = {"from", "send"}
SLOTS = {
    *("setup", "fetch", "enrich", "require", "prepare", "deliver", "follow"),
    *("release", "acknowledge", "expand", "vanished"),
}
ACTIONS = {"link", "update", "create", "reject", "leave"}
FREE_KEYS = {
    *("note", "name", "require", "text", "with", "pattern", "description", "format"),
    *("date", "base_url", "path", "about"),
}
NAME = re.compile(r"[A-Za-z_]\w*")
TEXT = re.compile(r"'([^'\\]*)'")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a file that a finger may slip on."""

    family: str
    file: str
    start: int  # index into the file's text
    word: str


def _enums() -> set[str]:
    """Give every value of an enum of a payload or of the settings."""
    found: set[str] = set()

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            found.update(v for v in node.get("enum", ()) if isinstance(v, str) and v)
            for key, value in node.items():
                if key != "enum":
                    walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    for path in sorted((ROOT / "schemas").rglob("*.schema.json")):
        if "editor" not in path.parts and (
            path.parts[-2] not in ("grammar", "schemas")
        ):
            walk(json.loads(path.read_text("utf-8")))
    walk(load_grammars(ROOT)["company"])
    return found


def iter_words(files: dict[str, str]) -> Iterator[Word]:
    enums = _enums()
    used = _used_codes(files)
    for file, text in files.items():
        node = load_yaml(text, file)
        assert isinstance(node, MapNode)
        finder = _Finder(file, text, enums, used, files)
        yield from finder.words(node)


def _used_codes(files: dict[str, str]) -> set[str]:
    codes = set()
    for file, text in files.items():
        if file_kind(file) in ("flow", "match"):
            codes |= set(re.findall(r"\b(?:stop|skip|code|warn): (\w+)", text))
    return codes


class _Finder:
    """Finds the words of one file, by family."""

    def __init__(
        self,
        file: str,
        text: str,
        enums: set[str],
        used: set[str],
        files: dict[str, str],
    ) -> None:
        self.file = file
        self.kind = file_kind(file)
        self.text = text
        self.enums = enums
        self.used = used
        self.lines = [0]
        for line in text.split("\n"):
            self.lines.append(self.lines[-1] + len(line) + 1)
        self.tables_in_use = {
            name
            for other, said in files.items()
            if file_kind(other) == "mapping"
            for name in re.findall(r"\blookup: (\w+)", said)
        }

    def words(self, node: MapNode) -> Iterator[Word]:
        walk: Callable[[MapNode], Iterator[Word]] = {
            "mapping": self._mapping,
            "flow": self._flow,
            "match": self._match,
            "company": self._company,
            "table": self._table,
            "system": self._system,
            "advice": self._advice,
        }.get(self.kind, self._nothing)
        yield from walk(node)

    def _nothing(self, node: MapNode) -> Iterator[Word]:
        del node
        yield from ()

    def word(self, family: str, cell: Scalar, offset: int = 0, word: str = "") -> Word:
        at = cell.at(offset)
        start = self.lines[at.line - 1] + at.column - 1
        return Word(family, self.file, start, word or cell.text)

    # Kinds of file -------------------------------------------------------------------

    def _mapping(self, node: MapNode) -> Iterator[Word]:
        for key, value in node.items():
            yield self.word("key", key)
            if key.text == "vars" and isinstance(value, MapNode):
                for name, rule in value.items():
                    del name
                    yield from self._rule(rule)
            elif key.text == "fields" and isinstance(value, MapNode):
                yield from self._fields(value)
            elif key.text in ("from", "to") and isinstance(value, Scalar):
                for match in NAME.finditer(value.text.partition("#")[0]):
                    yield self.word("schema name", value, match.start(), match[0])
            elif key.text == "only_when" and isinstance(value, Scalar):
                yield from self._formula(value)

    def _fields(self, node: MapNode) -> Iterator[Word]:
        for key, value in node.items():
            for match in NAME.finditer(key.text):
                yield self.word("target field", key, match.start(), match[0])
            parts = value.items if isinstance(value, ListNode) else (value,)
            for part in parts:
                if isinstance(part, MapNode) and "fields" in part:
                    for name, cell in part.items():
                        yield self.word("key", name)
                        if name.text == "fields" and isinstance(cell, MapNode):
                            yield from self._fields(cell)
                        else:
                            yield from self._cell(name.text, cell)
                else:
                    yield from self._rule(part)

    def _rule(self, node: Node) -> Iterator[Word]:
        if isinstance(node, Scalar):
            yield from self._path(node)
            return
        if not isinstance(node, MapNode):
            return
        for key, value in node.items():
            yield self.word("key", key)
            if key.text == "choose":
                yield from self._choose(value)
            elif key.text == "lookup" and isinstance(value, Scalar):
                yield self.word("table name", value)
            else:
                yield from self._cell(key.text, value)

    def _choose(self, node: Node) -> Iterator[Word]:
        if isinstance(node, MapNode):
            for key, value in node.items():
                if key.text in self.enums:
                    yield self.word("enum literal", key)
                if isinstance(value, Scalar):
                    yield from self._formula(value)
            return
        for row in node.items if isinstance(node, ListNode) else ():
            if isinstance(row, MapNode):
                for key, value in row.items():
                    yield self.word("key", key)
                    if key.text == "when" and isinstance(value, Scalar):
                        yield from self._formula(value)
                    elif isinstance(value, MapNode):
                        yield from self._rule(value)

    def _cell(self, key: str, value: Node) -> Iterator[Word]:
        if isinstance(value, ListNode):
            for item in value.items:
                yield from self._cell(key, item)
        elif isinstance(value, Scalar):
            if key in FORMULA_KEYS:
                yield from self._formula(value)
            elif key in PATH_KEYS:
                yield from self._path(value)
            elif key in LITERAL_KEYS and value.text in self.enums:
                yield self.word("enum literal", value)

    def _flow(self, node: MapNode) -> Iterator[Word]:
        for key, value in node.items():
            yield self.word("slot name" if key.text in SLOTS else "key", key)
            if key.text == "vars" and isinstance(value, MapNode):
                for _, rule in value.items():
                    yield from self._rule(rule)
            elif key.text == "document" and isinstance(value, Scalar):
                for match in NAME.finditer(value.text):
                    yield self.word("schema name", value, match.start(), match[0])
            elif key.text in SLOTS:
                yield from self._slot(value)
            else:
                yield from self._cell(key.text, value)

    def _slot(self, node: Node) -> Iterator[Word]:
        if isinstance(node, ListNode):
            for item in node.items:
                yield from self._slot(item)
            return
        if not isinstance(node, MapNode):
            return
        for key, value in node.items():
            yield self.word("step key", key)
            yield from self._step_cell(key, value)

    def _step_cell(self, key: Scalar, value: Node) -> Iterator[Word]:
        name = key.text
        if name == "with" and isinstance(value, MapNode):
            for argument, rule in value.items():
                yield self.word("argument name", argument)
                yield from self._rule(rule)
        elif name == "change" and isinstance(value, MapNode):
            for place, rule in value.items():
                for match in NAME.finditer(place.text):
                    yield self.word("source path", place, match.start(), match[0])
                yield from self._rule(rule)
        elif name == "match" and isinstance(value, MapNode):
            for left, right in value.items():
                yield from self._path(left)
                yield from self._cell("source", right)
        elif isinstance(value, Scalar) and name in ENDPOINT_KEYS:
            for match in NAME.finditer(value.text):
                yield self.word("endpoint name", value, match.start(), match[0])
        elif isinstance(value, Scalar) and name in FILE_KEYS:
            yield self.word("file name", value, 0, value.text.partition(".")[0])
        elif isinstance(value, Scalar) and name in ("stop", "skip", "warn", "code"):
            yield self.word("advice code", value)
        elif isinstance(value, Scalar) and name == "argument":
            yield self.word("argument name", value)
        elif isinstance(value, Scalar) and name in ("read", "save", "as"):
            if name != "read" or "run." not in self.text or not self._is_register(key):
                yield self.word("saved name", value)
        elif isinstance(value, Scalar) and name == "key":
            yield from self._formula(value)
        elif isinstance(value, MapNode | ListNode) and name not in PATH_KEYS:
            yield from self._slot(value)
        else:
            yield from self._cell(name, value)

    def _is_register(self, key: Scalar) -> bool:
        """A register may have any name: its slip is found where it is asked for."""
        before = self.text[: self.lines[key.position.line - 1]]
        slots = re.findall(r"(?m)^(\w+):", before)
        return bool(slots) and slots[-1] == "setup"

    def _match(self, node: MapNode) -> Iterator[Word]:
        for key, value in node.items():
            yield self.word("key", key)
            if key.text != "rules" or not isinstance(value, ListNode):
                continue
            for rule in value.items:
                assert isinstance(rule, MapNode)
                for name, cell in rule.items():
                    is_action = name.text in ACTIONS
                    yield self.word("match action" if is_action else "key", name)
                    if not isinstance(cell, Scalar):
                        continue
                    if name.text in ("code", "warn"):
                        yield self.word("advice code", cell)
                    elif cell.text != "otherwise" and name.text not in FREE_KEYS:
                        yield from self._formula(cell)

    def _company(self, node: MapNode) -> Iterator[Word]:
        for key, value in node.items():
            if key.text not in ("overlays", "systems"):
                yield self.word("company setting", key)
                if isinstance(value, MapNode):
                    yield from self._company(value)
                elif isinstance(value, Scalar) and value.text in self.enums:
                    yield self.word("enum literal", value)

    def _table(self, node: MapNode) -> Iterator[Word]:
        for key, value in node.items():
            yield self.word("key", key)
            if key.text == "table" and isinstance(value, Scalar):
                yield self.word("table name", value)
            stem = self.file.rpartition("/")[2].removesuffix(".yaml")
            if isinstance(value, MapNode) and stem in self.tables_in_use:
                for _, entry in value.items():
                    if isinstance(entry, Scalar):
                        yield self.word("enum literal", entry)

    def _system(self, node: MapNode) -> Iterator[Word]:
        for key, value in node.items():
            yield self.word("key", key)
            if key.text == "secrets" and isinstance(value, MapNode):
                for name, _ in value.items():
                    yield self.word("system secret", name)
            elif key.text == "endpoints" and isinstance(value, MapNode):
                for _, endpoint in value.items():
                    yield from self._endpoint(endpoint)
            else:
                yield from self._secrets(value)

    def _secrets(self, node: Node) -> Iterator[Word]:
        if isinstance(node, MapNode):
            for key, value in node.items():
                if key.text == "secret" and isinstance(value, Scalar):
                    yield self.word("system secret", value)
                else:
                    yield from self._secrets(value)

    def _endpoint(self, node: Node) -> Iterator[Word]:
        assert isinstance(node, MapNode)
        for key, value in node.items():
            yield self.word("key", key)
            if key.text == "paging" and isinstance(value, Scalar):
                yield self.word("key", value)
            elif key.text == "schema" and isinstance(value, Scalar):
                for match in NAME.finditer(value.text):
                    yield self.word("schema name", value, match.start(), match[0])

    def _advice(self, node: MapNode) -> Iterator[Word]:
        entries = node.get("advice")
        for key, value in entries.items() if isinstance(entries, MapNode) else ():
            if key.text in self.used:
                yield self.word("advice code", key)
            for name, _ in value.items() if isinstance(value, MapNode) else ():
                yield self.word("key", name)

    # Cells ---------------------------------------------------------------------------

    def _path(self, cell: Scalar) -> Iterator[Word]:
        bare = re.sub(r"'[^']*'|`[^`]*`", lambda m: " " * len(m[0]), cell.text)
        for match in TEXT.finditer(cell.text):
            if match[1] in self.enums:
                yield self.word("enum literal", cell, match.start(1), match[1])
        yield from self._names(cell, bare)

    def _formula(self, cell: Scalar) -> Iterator[Word]:
        text = cell.text
        for match in TEXT.finditer(text):
            before = text[: match.start()]
            call = re.search(r"\|\s*(\w+)\(([^()|]*)$", before)
            if call and call[1] in FIELD_FILTERS and self._names_a_field(call):
                for part in NAME.finditer(match[1]):
                    at = match.start(1) + part.start()
                    yield self.word("source path", cell, at, part[0])
            elif match[1] in self.enums:
                yield self.word("enum literal", cell, match.start(1), match[1])
        bare = TEXT.sub(lambda m: " " * len(m[0]), text)
        for match in re.finditer(r"\|\s*([a-z_]\w*)", bare):
            yield self.word("filter", cell, match.start(1), match[1])
        for match in re.finditer(r"\bis (?:not )?([a-z_]\w*)", bare):
            yield self.word("test", cell, match.start(1), match[1])
        bare = re.sub(r"\|\s*[a-z_]\w*", lambda m: " " * len(m[0]), bare)
        bare = re.sub(r"\bis (not )?[a-z_]\w*", lambda m: " " * len(m[0]), bare)
        bare = re.sub(
            r"\b(and|or|not|in|if|else|is|true|false)\b|\b\w+(?==[^=])",
            lambda m: " " * len(m[0]),
            bare,
        )
        yield from self._names(cell, bare)

    @staticmethod
    def _names_a_field(call: re.Match[str]) -> bool:
        """Tell whether the text after this much of a call names a field."""
        place = call[2].count(",")
        name = call[1]
        if name in ("find_by", "where"):
            return place == 0
        return not (name == "find_any" and place == 0)

    def _names(self, cell: Scalar, bare: str) -> Iterator[Word]:
        for match in re.finditer(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", bare):
            parts = [(m.start() + match.start(), m[0]) for m in NAME.finditer(match[0])]
            root = parts[0][1]
            for number, (start, part) in enumerate(parts):
                family = "source path"
                if number and root == "company":
                    family = "company setting"
                elif number == 1 and root == "vars":
                    family = "variable"
                elif number == 1 and root == "run":
                    family = "register"
                if bare[start + len(part) : start + len(part) + 1] == "(":
                    family = "function"
                yield self.word(family, cell, start, part)
