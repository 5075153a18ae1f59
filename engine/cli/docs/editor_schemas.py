"""One JSON schema per mapping file, for editors: made from both payload schemas.

With it the YAML language server completes target fields and source paths, shows the
vendor's words and lengths, and marks what is no field or no value. It is a help while
typing; what is right is for ``check`` to say.

Source paths are offered (``defaultSnippets``) and not demanded: a path may have a
filter, an index or a function, which no list holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from engine.cli.docs.editor_draft07 import convert_grammar
from engine.cli.docs.rule_words import field_text
from engine.language.schema import SchemaField
from engine.language.types import Type
from engine.mapping.apply import Mapping
from engine.mapping.keys.lookup import Lookup
from engine.mapping.rules import Rows, Rule, iter_rules, iter_variables
from engine.project.flow_spec import ReadStep
from engine.project.flow_types import find_type
from engine.project.project import Project
from engine.rulefiles.grammar_load import load_grammars

FOLDER: Final = "schemas/editor"
_PATH_KEYS: Final = ("source", "each")
_PATHS_KEYS: Final = ("first_of", "join")
MAX_LEVELS: Final = 12  # a schema that holds itself ends here


@dataclass(frozen=True, slots=True)
class KnownPath:
    """One path, and what it leads to."""

    path: str
    about: str = ""


_ROW_PATHS: Final = (
    KnownPath("parent", "what the rows are in"),
    KnownPath("row_number", "from 1"),
)


def editor_schemas(project: Project) -> dict[str, str]:
    """Give every schema for editors: file name → text."""
    ours = load_grammars(project.root)
    found = {f"grammar/{kind}": convert_grammar(ours[kind]) for kind in ours}
    settings = list(iter_settings(ours["company"], "company."))
    for folder, mappings in sorted(project.mappings.items()):
        roots = [*settings, *_registers(project, folder)]
        for name, mapping in sorted(mappings.items()):
            maker = EditorSchema(project, mapping, found["grammar/mapping"], roots)
            place = f"{folder.rpartition('/')[2]}/{name.removesuffix('.yaml')}"
            found[place] = maker.schema()
    return {
        f"{FOLDER}/{place}.schema.json": json.dumps(schema, ensure_ascii=False)
        for place, schema in found.items()
    }


class EditorSchema:
    """Makes the schema of one mapping."""

    def __init__(
        self,
        project: Project,
        mapping: Mapping,
        grammar: dict[str, Any],
        roots: list[KnownPath],
    ) -> None:
        self._mapping = mapping
        self._grammar = grammar
        self._definitions = dict(grammar["definitions"])
        variables = list(iter_variables(mapping))
        self._roots = [*roots, *(KnownPath(rule.path, rule.note) for rule in variables)]
        nodes = list(iter_rules(mapping.fields))
        self._rows = {node.path: node for node in nodes if isinstance(node, Rows)}
        rules = [*variables, *nodes]
        lookups = [rule.find(Lookup) for rule in rules if isinstance(rule, Rule)]
        named = {lookup.table for lookup in lookups if lookup is not None}
        self._tables = sorted({*project.tables, *named} - {""})

    def schema(self) -> dict[str, Any]:
        mapping = self._mapping
        item = find_type(mapping.store, mapping.source)
        rule = self._rule(mapping.source, [item], is_row="#" in mapping.source)
        properties = dict(self._grammar["properties"])
        variables = self._definitions["variables"]
        properties["vars"] = {**variables, "additionalProperties": rule}
        if mapping.target:
            target = mapping.store.field(mapping.target.partition("#")[0])
            properties["fields"] = self._fields("", target, rule, 0)
        # Hovering would show a title above every field that has none of its own.
        top = {key: part for key, part in self._grammar.items() if key != "title"}
        return {**top, "properties": properties, "definitions": self._definitions}

    # What may be named ----------------------------------------------------------------

    def _rule(
        self, place: str, items: list[Type | None], *, is_row: bool
    ) -> dict[str, Any]:
        """Refer to a field rule whose paths are those of a place."""
        name = f"rule-{_slug(place)}"
        if name in self._definitions:
            return _refer(name)
        paths = [path for item in items for path in iter_paths(item)]
        if is_row:
            document = self._mapping.source.partition("#")[0]
            field = self._mapping.store.field(document) if document else None
            paths += _ROW_PATHS
            paths += iter_paths(field, "doc.", into_lists=False)
        self._definitions[f"path-{name}"] = offer([*paths, *self._roots])
        path = _refer(f"path-{name}")
        rule = self._grammar["definitions"]["rule"]
        properties = rule["properties"]
        several = {"type": "array", "minItems": 1, "items": path}
        own: dict[str, Any] = {
            **{key: {"allOf": [path]} for key in _PATH_KEYS},
            **{key: {"allOf": [several]} for key in _PATHS_KEYS},
            "default_from": {"anyOf": [path, several]},
            "lookup": {"anyOf": [{"enum": self._tables}, {"type": "object"}]},
            "fields": {"type": "object"},
        }
        for key, part in own.items():
            own[key] = {"description": properties[key].get("description", ""), **part}
        self._definitions[name] = {
            "type": rule["type"],
            "properties": {**properties, **own},
            "additionalProperties": rule["additionalProperties"],
            "anyOf": [path, {"type": ["object", "array"]}],
        }
        return _refer(name)

    # What is made ---------------------------------------------------------------------

    def _fields(
        self, path: str, target: SchemaField, rule: dict[str, Any], level: int
    ) -> dict[str, Any]:
        """Refer to a group's rules: its fields and, dotted, those further down."""
        name = f"fields-{_slug(path)}" if path else "fields-of-the-target"
        if name not in self._definitions and level <= MAX_LEVELS:
            properties: dict[str, Any] = {}
            self._definitions[name] = {
                "type": "object",
                "minProperties": 1,
                "properties": properties,
                "additionalProperties": rule if target.is_open else False,
            }
            for dotted, field, is_required in _iter_dotted("", target, level):
                about = field_text(field) + (" Required." if is_required else "")
                full = f"{path}.{dotted}".removeprefix(".")
                made = self._field(full, field, rule, level)
                properties[dotted] = {"description": about.strip(), **made}
        return _refer(name)

    def _field(
        self, path: str, field: SchemaField, rule: dict[str, Any], level: int
    ) -> dict[str, Any]:
        # The first type decides whether an editor writes `name: ` or a new line below.
        item = field.item() if "array" in field.types else None
        if item is not None and item.properties:
            below = self._fields(f"{path}[]", item, self._row_rule(path), level + 1)
            block = {"allOf": [rule], "properties": {"fields": below}}
            return {"type": ["object", "array", "string"], **block, "items": block}
        if field.properties:
            below = self._fields(path, field, rule, level + 1)
            types = ["object", "string"]
            return {"type": types, "allOf": [rule], "properties": {"fields": below}}
        types = ["string", "object", "number", "boolean"]
        return {"type": types, "allOf": [rule], "properties": _literals(field)}

    def _row_rule(self, path: str) -> dict[str, Any]:
        """Refer to a rule of a row: it may name what the ``each`` above it gives."""
        rows = self._rows.get(path)
        parts = rows.parts if rows is not None else ()
        named = "+".join(dict.fromkeys(part.path.text for part in parts))
        items = [part.path.shape.item().field for part in parts]
        return self._rule(f"{self._mapping.source}/{named}", items, is_row=True)


def _registers(project: Project, folder: str) -> Iterator[KnownPath]:
    for flow in project.flows.values():
        if flow.file.rpartition("/")[0] == folder:
            for step in flow.setup:
                if isinstance(step, ReadStep):
                    yield KnownPath(f"run.{step.name}", "read once per run")


def _literals(field: SchemaField) -> dict[str, Any]:
    """Say which literals fit a field, and how long a limit may be."""
    values: list[Any] = []
    if field.types == {"boolean"}:
        values = ["true", "false", "yes", "no", True, False]
    elif field.enum:
        others = (str(v) for v in field.enum if not isinstance(v, str))
        values = [*field.enum, *others]
    found: dict[str, Any] = {}
    if values:
        found = {key: {"enum": values} for key in ("fixed", "default", "else")}
        named = {str(value): {"type": "string"} for value in values}
        found["choose"] = {"properties": named}
    if field.max_length is not None:
        found["limit"] = {"maximum": field.max_length}
    return found


def _iter_dotted(
    prefix: str, target: SchemaField, level: int
) -> Iterator[tuple[str, SchemaField, bool]]:
    for name in target.properties:
        child = target.child(name)
        if child is None:
            continue
        yield f"{prefix}{name}", child, name in target.required
        if "array" not in child.types and child.properties and level < MAX_LEVELS:
            yield from _iter_dotted(f"{prefix}{name}.", child, level + 1)


def _refer(name: str) -> dict[str, Any]:
    return {"$ref": f"#/definitions/{name}"}


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.]+", "-", name.replace("[]", "-each")).strip("-")


# Paths to offer: into groups with a point, into lists with [] ------------------------


def iter_paths(
    field: Type | None, prefix: str = "", *, into_lists: bool = True, level: int = 0
) -> Iterator[KnownPath]:
    """Give every path below a place, in the schema's order."""
    if field is None or level > MAX_LEVELS:
        return
    for name in field.properties:
        child = field.child(name)
        path = f"{prefix}{name}"
        yield KnownPath(path, field_text(child))
        if child is None:
            continue
        if "array" in child.types:
            if into_lists:
                below = f"{path}[]."
                yield from iter_paths(child.item(), below, level=level + 1)
        elif child.properties:
            yield from iter_paths(
                child, f"{path}.", into_lists=into_lists, level=level + 1
            )


def iter_settings(schema: dict[str, Any], prefix: str) -> Iterator[KnownPath]:
    """Give every setting that a company's grammar has."""
    for name, part in schema.get("properties", {}).items():
        if not isinstance(part, dict):
            continue
        if "properties" in part:
            yield from iter_settings(part, f"{prefix}{name}.")
        else:
            yield KnownPath(f"{prefix}{name}", part.get("description", ""))


def offer(paths: Iterable[KnownPath]) -> dict[str, Any]:
    """Describe a text for which an editor offers some paths, each once."""
    found: dict[str, dict[str, str]] = {}
    for known in paths:
        snippet = {"label": known.path, "body": known.path}
        if known.about:
            snippet["description"] = known.about
        found.setdefault(known.path, snippet)
    return {"type": "string", "defaultSnippets": list(found.values())}
