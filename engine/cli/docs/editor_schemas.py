"""One JSON schema per mapping file, for editors: made from both payload schemas.

With it the YAML language server completes target fields and source paths, shows the
vendor's words and lengths, and marks what is no field or no value. It is a help while
typing; what is right is for ``check`` to say.

Source paths are offered (``defaultSnippets``) and not demanded: a path may have a
filter, an index or a function, which no list holds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from engine.cli.docs.editor_draft07 import DRAFT, convert_grammar, render_schema
from engine.cli.docs.editor_paths import (
    MAX_LEVELS,
    KnownPath,
    describe_field,
    iter_paths,
    iter_settings,
    snippets_of,
)
from engine.mapping.keys.lookup import Lookup
from engine.mapping.rules import Rows, Rule, iter_rules
from engine.project.flow_spec import ReadStep
from engine.project.flow_types import find_place
from engine.rulefiles.grammar_load import load_grammars

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.language.schema import SchemaField
    from engine.language.types import Type
    from engine.mapping.apply import Mapping
    from engine.project.project import Project

FOLDER: Final = "schemas/editor"
PATHS_FILE: Final = "_paths.schema.json"


def editor_schemas(project: Project) -> dict[str, str]:
    """Give every schema for editors: file name → text."""
    ours = load_grammars(project.root)
    grammars = {kind: convert_grammar(grammar) for kind, grammar in ours.items()}
    found = {
        f"{FOLDER}/grammar/{kind}.schema.json": render_schema(grammar)
        for kind, grammar in grammars.items()
    }
    settings = list(iter_settings(ours["company"], "company."))
    rules = grammars["mapping"]
    for folder, mappings in sorted(project.mappings.items()):
        place = f"{FOLDER}/{folder.rpartition('/')[2]}"
        roots = [*settings, *_registers(project, folder)]
        scopes: dict[str, Any] = {}
        for name, mapping in sorted(mappings.items()):
            maker = EditorSchema(project, mapping, rules, roots, scopes)
            file = f"{place}/{name.removesuffix('.yaml')}.schema.json"
            found[file] = render_schema(maker.schema())
        paths = {"$schema": DRAFT, "definitions": scopes}
        found[f"{place}/{PATHS_FILE}"] = render_schema(paths)
    return found


def modeline(file: str) -> str:
    """Give the comment by which an editor finds a rule file's schema.

    Args:
        file: The rule file, relative to the project's root.
    """
    from engine.project.project import kind_of

    folder, _, name = file.rpartition("/")
    up = "../" * file.count("/")
    kind = kind_of(file)
    place = f"grammar/{kind}"
    if kind == "mapping":
        place = f"{folder.rpartition('/')[2]}/{name.removesuffix('.yaml')}"
    return f"# yaml-language-server: $schema={up}{FOLDER}/{place}.schema.json"


def _registers(project: Project, folder: str) -> Iterator[KnownPath]:
    for flow in project.flows.values():
        if flow.file.rpartition("/")[0] == folder:
            for step in flow.setup:
                if isinstance(step, ReadStep):
                    yield KnownPath(f"run.{step.name}", "read once per run")


class EditorSchema:
    """Makes the schema of one mapping."""

    def __init__(
        self,
        project: Project,
        mapping: Mapping,
        grammar: dict[str, Any],
        roots: list[KnownPath],
        scopes: dict[str, Any],
    ) -> None:
        self._mapping = mapping
        self._grammar = grammar
        self._roots = roots
        self._scopes = scopes
        self._tables = sorted(project.tables)
        self._definitions: dict[str, Any] = {}
        self._enums: dict[tuple[str, ...], str] = {}
        self._row_scopes: set[str] = set()
        source = mapping.source.partition("#")[0]
        self._document = mapping.store.field(source) if source else None
        self._rows = {
            node.path: node
            for node in iter_rules(mapping.fields)
            if isinstance(node, Rows)
        }

    def schema(self) -> dict[str, Any]:
        """Give the schema of one mapping file."""
        grammar, mapping = self._grammar, self._mapping
        item = find_place(mapping.store, mapping.source)
        is_row = bool(mapping.source.partition("#")[2])
        scope = self._scope(mapping.source, [item], is_row=is_row)
        top = {k: v for k, v in grammar.items() if k != "definitions"}
        top["properties"] = dict(grammar["properties"])
        # Hovering would show a title above every field that has none of its own.
        top.pop("title", None)
        rule = {"$ref": f"#/definitions/{self._rule(scope)}"}
        variables = dict(grammar["definitions"]["variables"])
        top["properties"]["vars"] = {**variables, "additionalProperties": rule}
        if mapping.target:
            target = mapping.store.field(mapping.target.partition("#")[0])
            fields = self._fields("", target, scope, 0)
            top["properties"]["fields"] = {"$ref": f"#/definitions/{fields}"}
        kept = ("path", "formula", "literal", "yes_no", "field_name", "entries")
        shared = {name: grammar["definitions"][name] for name in kept}
        top["definitions"] = {**shared, **self._definitions, **self._generic()}
        return top

    def _generic(self) -> dict[str, Any]:
        names = ("choose", "option", "result", "rule", "rows", "fields", "variables")
        return {name: self._grammar["definitions"][name] for name in names}

    # What may be named ----------------------------------------------------------------

    def _scope(self, name: str, items: list[Type | None], *, is_row: bool) -> str:
        """Define the paths of one place, in the file that the folder shares."""
        key = _slug(name)
        if key not in self._scopes:
            paths = [path for item in items for path in iter_paths(item)]
            if is_row:
                paths.append(KnownPath("parent", "what the rows are in"))
                paths.append(KnownPath("row_number", "from 1"))
            self._scopes[key] = _offer(paths)
        if is_row:
            self._row_scopes.add(key)
        return key

    def _roots_of(self, scope: str) -> Iterator[str]:
        """Name the shared definitions of what may be named beside the item's fields."""
        if "roots" not in self._scopes:
            self._scopes["roots"] = _offer(self._roots)
        yield "roots"
        if scope in self._row_scopes:
            document = _slug(f"doc.{self._mapping.source.partition('#')[0]}")
            if document not in self._scopes:
                paths = iter_paths(self._document, "doc.", into_lists=False)
                self._scopes[document] = _offer(paths)
            yield document

    def _rule(self, scope: str) -> str:
        """Define a field rule whose paths are those of a scope."""
        name = f"rule-{scope}"
        if name in self._definitions:
            return name
        self._definitions[name] = {}
        path = {"$ref": f"#/definitions/path-{scope}"}
        variables = [
            KnownPath(f"vars.{key}", rule.note)
            for key, rule in self._mapping.variables.items()
        ]
        self._definitions[f"path-{scope}"] = {
            "allOf": [
                *(
                    {"$ref": f"{PATHS_FILE}#/definitions/{name}"}
                    for name in (scope, *self._roots_of(scope))
                ),
                _offer(variables),
            ]
        }
        rule = dict(self._grammar["definitions"]["rule"])
        properties = dict(rule["properties"])
        paths = {"type": "array", "minItems": 1, "items": path}
        for key, part in (
            ("source", path),
            ("default_from", path),
            ("each", path),
            ("first_of", paths),
            ("join", paths),
        ):
            about = properties[key].get("description", "")
            properties[key] = {"description": about, "allOf": [part]}
        lookup = properties["lookup"]
        own = self._own_tables()
        properties["lookup"] = {
            "description": lookup["description"],
            "anyOf": [
                {"type": "string", "enum": sorted({*self._tables, *own})},
                {"type": "object"},
            ],
        }
        properties["fields"] = {
            "type": "object",
            "description": properties["fields"]["description"],
        }
        rule["properties"] = properties
        rule["anyOf"] = [path, {"type": ["object", "array"]}]
        for key in ("description", "title", "oneOf", "items", "minLength"):
            rule.pop(key, None)
        self._definitions[name] = rule
        return name

    def _own_tables(self) -> list[str]:
        rules = [n for n in iter_rules(self._mapping.fields) if isinstance(n, Rule)]
        rules += self._mapping.variables.values()
        lookups = [rule.find(Lookup) for rule in rules]
        return [one.table for one in lookups if one is not None and one.table]

    # What is made ---------------------------------------------------------------------

    def _fields(
        self,
        path: str,
        target: SchemaField,
        scope: str,
        level: int,
    ) -> str:
        """Define the rules of a group: its fields and, dotted, those further down."""
        name = f"fields-{_slug(path)}" if path else "fields-of-the-target"
        if name in self._definitions or level > MAX_LEVELS:
            return name
        properties: dict[str, Any] = {}
        self._definitions[name] = {
            "type": "object",
            "minProperties": 1,
            "properties": properties,
        }
        if not target.is_open:
            self._definitions[name]["additionalProperties"] = False
        else:
            rule = {"$ref": f"#/definitions/{self._rule(scope)}"}
            self._definitions[name]["additionalProperties"] = rule
        for dotted, field, is_required in _iter_dotted("", target, level):
            full = f"{path}.{dotted}" if path else dotted
            about = describe_field(field) + (" Required." if is_required else "")
            properties[dotted] = self._field(full, field, about.strip(), scope, level)
        return name

    def _field(
        self,
        path: str,
        field: SchemaField,
        about: str,
        scope: str,
        level: int,
    ) -> dict[str, Any]:
        rule = {"$ref": f"#/definitions/{self._rule(scope)}"}
        # The first type decides whether an editor writes `name: ` or a new line below.
        kinds = ["string", "object", "number", "boolean"]
        schema: dict[str, Any] = {"description": about, "type": kinds, "allOf": [rule]}
        item = field.item() if "array" in field.types else None
        if item is not None and item.properties:
            inside = f"{path}[]"
            inner = self._row_scope(path)
            below = self._fields(inside, item, inner, level + 1)
            fields = {"fields": {"$ref": f"#/definitions/{below}"}}
            block = {"allOf": [rule], "properties": fields}
            kinds = ["object", "array", "string"]
            schema |= {"type": kinds, "properties": fields, "items": block}
        elif field.properties:
            below = self._fields(path, field, scope, level + 1)
            fields = {"fields": {"$ref": f"#/definitions/{below}"}}
            schema |= {"type": ["object", "string"], "properties": fields}
        else:
            literals = self._literals(field)
            if literals:
                schema["properties"] = literals
        return schema

    def _row_scope(self, path: str) -> str:
        """Say what the fields of a row may name: those of the ``each`` above them."""
        rows = self._rows.get(path)
        parts = rows.parts if rows is not None else ()
        named = "+".join(dict.fromkeys(part.path.text for part in parts))
        items = [part.path.shape.item().field for part in parts]
        return self._scope(f"{self._mapping.source}/{named}", items, is_row=True)

    def _literals(self, field: SchemaField) -> dict[str, Any]:
        """Say which literals fit a field, and how long a limit may be."""
        values: list[Any] = []
        if field.types == {"boolean"}:
            values = ["true", "false", "yes", "no", True, False]
        elif field.enum:
            others = (str(v) for v in field.enum if not isinstance(v, str))
            values = [*field.enum, *others]
        found: dict[str, Any] = {}
        if values:
            name = self._enum(values)
            literal = {"$ref": f"#/definitions/{name}"}
            found = dict.fromkeys(("fixed", "default", "else"), literal)
            found["choose"] = {"$ref": f"#/definitions/{name}-choose"}
        if field.max_length is not None:
            found["limit"] = {"maximum": field.max_length}
        return found

    def _enum(self, values: list[Any]) -> str:
        known = tuple(map(repr, values))
        if known not in self._enums:
            name = f"values-{len(self._enums) + 1}"
            self._enums[known] = name
            self._definitions[name] = {"enum": values}
            named = {str(value): {"type": "string"} for value in values}
            self._definitions[f"{name}-choose"] = {"properties": named}
        return self._enums[known]


def _offer(paths: Iterable[KnownPath]) -> dict[str, Any]:
    """Define a text for which an editor offers some paths."""
    return {"type": "string", "defaultSnippets": snippets_of(paths)}


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


def _slug(name: str) -> str:
    return (
        re.sub(r"[^A-Za-z0-9_.]+", "-", name.replace("[]", "-each")).strip("-") or "-"
    )
