"""Is a payload right? One question to the schema, and the answer in plain words.

The rule for payloads is jsonschema-rs: exact with Decimal, linear in time, formats on,
and without any way to fetch a schema. What it finds is reworded for a bookkeeper, with
the payload path of the field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs
import msgspec

from engine.errors import Position, Violation
from engine.kinds import PHRASES
from engine.language.schema import SUFFIX, load_schemas
from engine.language.values import show_value
from engine.problems import Problems

if TYPE_CHECKING:
    from pathlib import Path

    from engine.language.schema import SchemaStore

_SHOWN: Final = 8
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_LEAVES: Final = frozenset({int, float, Decimal, bool, type(None)})
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# How JSON writes control characters, but for tab and line end.
_ESCAPED: Final = re.compile(rb"\\[bfru]")
_CHARSET_KEY: Final = "x-charset"
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_FORMATS: Final = {
    "date": "a date like 2026-01-31",
    "date-time": "a date and time like 2026-01-31T12:00:00Z",
    "email": "a mail address",
    "uuid": "an id like 123e4567-e89b-12d3-a456-426614174000",
    "uri": "a web address",
}
# What a keyword of the schema says: a code, and a sentence.
_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "maxLength": ("TOO_LONG", "{size} characters, at most {kind.limit} are allowed"),
    "minLength": ("TOO_SHORT", "{size} characters, at least {kind.limit} are needed"),
    "maxItems": ("TOO_MANY", "{size} rows, at most {kind.limit} are allowed"),
    "minItems": ("TOO_FEW", "{size} rows, at least {kind.limit} needed"),
    "uniqueItems": ("NOT_UNIQUE", "two rows are the same"),
    "falseSchema": ("NOT_ALLOWED", "nothing may stand here"),
    "pattern": ("WRONG_FORM", "'{shown}' has not the form {kind.pattern}"),
} | {
    keyword: ("OUT_OF_RANGE", f"{{shown}} {sentence}")
    for keyword, sentence in {
        "minimum": "is too small; at least {kind.limit} is needed",
        "exclusiveMinimum": "is too small; more than {kind.limit} is needed",
        "maximum": "is too large; at most {kind.limit} is allowed",
        "exclusiveMaximum": "is too large; less than {kind.limit} is allowed",
        "multipleOf": "has more decimals than {kind.multiple_of} allows",
    }.items()
}


def load_sound_schemas(root: Path) -> SchemaStore:
    """Load the schemas below a folder, and see that each can judge a payload.

    Raises:
        RuleError: M408, as ``load_schemas``; or one cannot work, such as for a pattern
            that is no regular expression.
    """
    store, problems = load_schemas(root), Problems()
    for name in store.documents:
        try:
            _validator(store, name)
        except jsonschema_rs.ValidationError as error:
            where = ".".join(str(part) for part in error.instance_path)
            said = f"this schema cannot work: {where}: {error.message}"
            problems.add("M408", said, _place(root, name, error))
    problems.raise_if_any()
    return store


def _place(root: Path, name: str, error: Any) -> Position:
    """Find what is wrong in a schema's file: the first line that has key and value."""
    file = root / f"{name}{SUFFIX}"
    key = json.dumps(str(error.instance_path[-1]) if error.instance_path else "$ref")
    value = json.dumps(error.instance, ensure_ascii=False, default=str)
    for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1):
        if key in line and (value in line or not isinstance(error.instance, str)):
            return Position(f"{root.name}/{name}{SUFFIX}", number, line.index(key) + 1)
    return Position(f"{root.name}/{name}{SUFFIX}", 1, 1)


def validate_payload(store: SchemaStore, name: str, payload: Any) -> list[Violation]:
    """Hold a payload against a schema; an empty list means that it may be sent.

    ``x-charset`` at the schema's root names the encoding that every text must fit.
    Control characters other than line feed and tab are refused in any case.
    """
    validator, charset = _validator(store, name)
    try:
        if validator.is_valid(payload) and _is_sendable(payload, charset):
            return []
    except (TypeError, ValueError):
        pass  # no plain JSON: what it is, is found below
    texts: list[tuple[str, str]] = []
    is_plain = _find_texts("", payload, texts)
    found = [
        violation
        for error in validator.iter_errors(payload if is_plain else _checkable(payload))
        for violation in _reword(error, store)
    ]
    for path, text in texts:
        violation = _check_characters(path, text, charset)
        if violation is not None:
            found.append(violation)
    return list(dict.fromkeys(found))


def _validator(store: SchemaStore, name: str) -> tuple[Any, str | None]:
    """Give a schema's validator, and the encoding that its texts must fit."""
    if name not in store.validators:

        def retrieve(uri: str) -> Any:
            document = store.find_document(uri)
            if document is None:
                # Nothing is ever fetched, whatever a reference says.
                raise ValueError(f"{uri} is not one of the loaded schemas")
            return document

        document = store.documents[name]
        validator = jsonschema_rs.Draft202012Validator(
            {**document, "$id": store.uri(name)},
            validate_formats=True,
            retriever=retrieve,
            pattern_options=jsonschema_rs.RegexOptions(),
        )
        store.validators[name] = validator, document.get(_CHARSET_KEY)
    return store.validators[name]


def _is_sendable(payload: Any, charset: str | None) -> bool:
    """Tell in one pass that every text can be sent; "no" is looked at more closely."""
    content = _ENCODER.encode(payload)
    if b"\\" in content and _ESCAPED.search(content):
        return False
    if content.isascii():
        return b"\x7f" not in content
    text = content.decode()
    if not text.isprintable() and _CONTROL.search(text):
        return False
    text.encode(charset or "utf-8")  # raises when a letter does not fit
    return True


def _checkable(value: Any) -> Any:
    """Replace what is no JSON (file contents) by an empty group: its shape is free."""
    if isinstance(value, Mapping):
        return {str(key): _checkable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_checkable(item) for item in value]
    if isinstance(value, str):
        # Lone halves of a character cannot even be handed over; they are reported by
        # the character check.
        return value.encode("utf-8", "replace").decode("utf-8")
    if value is None or isinstance(value, bool | int | float | Decimal):
        return value
    return {}


def dotted(path: list[str | int], name: str = "") -> str:
    """Write a path as people read it: ``rows[2].unit``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return f"{text}.{name}" if text and name else text or name


def _reword(error: Any, store: SchemaStore) -> Iterator[Violation]:
    kind, path, value = error.kind, error.instance_path, error.instance
    match kind.name:
        case "required":
            missing = dotted(path, kind.property)
            yield Violation("REQUIRED", "required, but there is no value", missing)
        case "additionalProperties" | "unevaluatedProperties":
            for name in kind.unexpected:
                extra = dotted(path, name)
                yield Violation("UNKNOWN_FIELD", "the target has no such field", extra)
        case "anyOf" | "oneOf":
            yield from _nearest(error, store)
        case "minLength" if not value:
            yield Violation("REQUIRED", "required, but empty", dotted(path))
        case _:
            code, said = _word(kind, value, error.message)
            yield Violation(code, said, dotted(path), show_value(value))


def _word(kind: Any, value: Any, otherwise: str) -> tuple[str, str]:
    match kind.name:
        case "enum":
            return "NOT_ALLOWED", _not_allowed(value, kind.options)
        case "const":
            return "NOT_ALLOWED", _not_allowed(value, [kind.expected_value])
        case "type":
            return "WRONG_TYPE", _wrong_type(value, kind)
        case "format":
            form = _FORMATS.get(kind.format, kind.format)
            return "WRONG_FORM", f"'{show_value(value)}' is not {form}"
    if kind.name not in _SENTENCES:
        return "NOT_VALID", otherwise
    code, sentence = _SENTENCES[kind.name]
    size = len(value) if isinstance(value, str | list) else 0
    return code, sentence.format(kind=kind, shown=show_value(value), size=size)


def _not_allowed(value: Any, options: list[Any]) -> str:
    allowed = [o for o in options if o is not None]
    listed = ", ".join(show_value(o) for o in allowed[:_SHOWN])
    more = ", …" if len(allowed) > _SHOWN else ""
    return f"'{show_value(value)}' is not allowed; allowed: {listed}{more}"


def _wrong_type(value: Any, kind: Any) -> str:
    types = kind.types if hasattr(kind, "types") else [kind.as_dict()]
    wanted = " or ".join(PHRASES[str(t)] for t in types if str(t) != "null")
    return f"{show_value(value) or 'empty'} is not {wanted}"


def _nearest(error: Any, store: SchemaStore) -> Iterator[Violation]:
    """Report the alternative that was probably meant: not null, fewest faults."""
    branches = [
        branch
        for branch in error.kind.context
        if not any(e.kind.name == "type" and _is_null_type(e.kind) for e in branch)
    ]
    if not branches:
        said = "the value fits none of the forms that are allowed here"
        place = dotted(error.instance_path)
        yield Violation("NOT_VALID", said, place, show_value(error.instance))
        return
    for inner in min(branches, key=len):
        yield from _reword(inner, store)


def _is_null_type(kind: Any) -> bool:
    types = getattr(kind, "types", None)
    return types is not None and [str(t) for t in types] == ["null"]


def _find_texts(path: str, value: Any, found: list[tuple[str, str]]) -> bool:
    """Collect the texts that need a look; tell whether all of it is plain JSON."""
    is_plain = True
    if isinstance(value, dict):
        for key, item in value.items():
            if type(item) in _LEAVES and type(key) is str:
                continue
            inner = f"{path}.{key}" if path else str(key)
            is_plain = _find_texts(inner, item, found) and is_plain
            is_plain = is_plain and type(key) is str
    elif isinstance(value, list):
        for index, item in enumerate(value):
            is_plain = _find_texts(f"{path}[{index}]", item, found) and is_plain
    elif isinstance(value, str):
        if not (value.isascii() and value.isprintable()):
            found.append((path, value))
            is_plain = not _SURROGATE.search(value)
    elif isinstance(value, Mapping | tuple):
        return _find_texts(path, _as_json(value), found) and False
    else:
        return type(value) in _LEAVES
    return is_plain


def _as_json(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else list(value)


def _check_characters(path: str, text: str, charset: str | None) -> Violation | None:
    for character in text:
        number = f"U+{ord(character):04X}"
        if character in "\n\t":
            continue
        if ord(character) < 32 or 127 <= ord(character) < 160:
            said = f"the control character {number} cannot be sent"
            return Violation("TEXT_NOT_ALLOWED", said, path, show_value(text))
        try:
            character.encode(charset or "utf-8")
        except UnicodeEncodeError:
            shown = character if character.isprintable() else "one"
            said = f"the character {shown} ({number}) cannot be sent"
            safe = show_value(text.encode("utf-8", "replace").decode("utf-8"))
            return Violation("TEXT_NOT_ALLOWED", said, path, safe)
    return None
