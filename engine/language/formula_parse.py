"""From a formula's text to Jinja's syntax tree, with the place of every node.

Jinja is the parser of formulas and nothing else.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.lexer import Token, TokenStream
from jinja2.parser import Parser

from engine.language.cell_problems import CellProblems
from engine.language.filters.registry import INSTEAD
from engine.language.symbols import Symbol, UnknownName
from engine.language.values import MAX_DIGITS

if TYPE_CHECKING:
    from engine.errors import RuleError
    from engine.rulefiles.nodes import Scalar

MAX_FORMULA: Final = 2000  # characters
MAX_DEPTH: Final = 25
# What a backslash changes in a quoted text. Any other stays as typed: a pattern's \d.
_ESCAPED: Final = re.compile(r"\\(?:[ntr\\'\"]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})")


# Values that other languages have → what a formula says.
_NO_FIELDS: Final = {
    **dict.fromkeys(("null", "nil", "undefined"), "write … is empty"),
    **dict.fromkeys(("yes", "no"), "yes and no stand alone: write FIELD, or not FIELD"),
}


class FormulaProblems(CellProblems):
    """The findings of one formula, whose nodes know their place."""

    def __init__(self, scalar: Scalar, text: str, shift: int) -> None:
        super().__init__(scalar, shift)
        self.text = text

    def at_node(
        self, code: str, said: str, node: nodes.Node, hint: str | None = None
    ) -> None:
        """Keep a finding about the word with which a node begins."""
        # The place of a field after a point is the point's.
        offset = (node.lineno or 0) + isinstance(node, nodes.Getattr)
        word = re.match(r"\w+|\W", self.text[offset:])
        self.add(code, said, offset, word[0] if word else "", hint)

    def at_call(
        self, code: str, said: str, node: nodes.Filter | nodes.Test, hint: str | None
    ) -> None:
        """Keep a finding about the name of a filter or test."""
        start = node.lineno or 0
        place = self.text.find(node.name, start)
        self.add(code, said, place if place >= 0 else start, node.name, hint)

    def known(self, found: Symbol | UnknownName, offset: int) -> Symbol:
        """Report an unknown name; nothing is known of what it leads to."""
        if isinstance(found, Symbol):
            return found
        word = found.label.rsplit(".", 1)[-1]
        hint = found.hint
        if found.kind == "list" and found.elsewhere:
            hint = f"write {found.owner} | pluck('{word}')"
        hint = _NO_FIELDS.get(found.label.lower(), hint)
        self.add(found.code, found.message, offset, word, hint)
        return Symbol(None, found.label)


def _unescape(found: re.Match[str]) -> str:
    return found[0].encode("ascii").decode("unicode-escape")


class _Syntax(Environment):
    """Jinja's parser, with token places as line numbers, exact decimals, plain texts.

    Jinja's nodes carry nothing but a line number; a formula is one line to us, so the
    number is the token's offset instead. That gives findings their exact column.
    """

    def _tokenize(
        self,
        source: str,
        name: str | None,
        filename: str | None = None,
        state: str | None = None,
    ) -> TokenStream:
        raw: list[tuple[int, str, str]] = []
        offset = 0
        for _, kind, text in self.lexer.tokeniter(source, "", None, state):
            raw.append((offset, kind, text))
            offset += len(text)
        # Decimals by their digits, not through a float.
        exact = iter([Decimal(t.replace("_", "")) for _, k, t in raw if k == "float"])
        typed = iter(
            [_ESCAPED.sub(_unescape, t[1:-1]) for _, k, t in raw if k == "string"]
        )
        plain = [(at, kind, "''" if kind == "string" else t) for at, kind, t in raw]
        own = {"float": exact, "string": typed}
        tokens = (
            Token(t.lineno, t.type, next(own[t.type])) if t.type in own else t  # type: ignore[arg-type]
            for t in self.lexer.wrap(plain, name, filename)
        )
        return TokenStream(tokens, name, filename)


_SYNTAX: Final = _Syntax()


def parse_formula(problems: FormulaProblems) -> nodes.Expr:
    """Parse a formula that is no longer or deeper than anybody writes.

    Raises:
        RuleError: M301 cannot be read, M302 a number without end, M305 too long or
            deep.
    """
    _check_length(problems)
    try:
        tree, end = _tree_of(problems.text)
    except TemplateSyntaxError as error:
        at = re.search(r" at (\d+)$", error.message or "")
        raise _misread(problems, int(at[1]) if at else error.lineno) from None
    except RecursionError:
        raise too_deep(problems) from None
    if end is not None:
        raise _misread(problems, end)
    return tree


@lru_cache(maxsize=4096)  # many companies and overlays say the same formula
def _tree_of(text: str) -> tuple[nodes.Expr, int | None]:
    """Give a formula's tree, and where it ends when something stands behind it."""
    parser = Parser(_SYNTAX, text, state="variable")
    tree = parser.parse_expression()
    return tree, None if parser.stream.eos else parser.stream.current.lineno


def _check_length(problems: FormulaProblems) -> None:
    text = problems.text
    if len(text) > MAX_FORMULA:
        said = f"this formula is longer than {MAX_FORMULA} characters"
        raise problems.refusal("M305", said)
    if not text.strip():
        raise problems.refusal("M301", "the formula is empty")
    numbers = re.finditer(r"\d[\d_]*", text)
    long = next((n for n in numbers if len(n[0]) > MAX_DIGITS), None)
    if long:
        said = f"a number has at most {MAX_DIGITS} digits"
        raise problems.refusal("M302", said, long.start(), long[0])


def _misread(problems: FormulaProblems, offset: int) -> RuleError:
    """Say where a formula stops making sense."""
    text = problems.text
    offset = min(max(offset, 0), max(len(text) - 1, 0))
    rest = text[offset:]
    word = re.match(r"\w+|\W", rest)
    found = word[0] if word and word[0].strip() else "its end"
    hint = _hint(text, offset, found, rest)
    said = f"this formula cannot be read at {found}"
    return problems.refusal("M301", said, offset, found, hint)


def _hint(text: str, offset: int, found: str, rest: str) -> str | None:
    """Give the way out for what other languages write at a place."""
    before = text[max(offset - 2, 0) : offset + 2]
    if found in INSTEAD:
        return INSTEAD[found]
    commas = (c for c in re.finditer(r"\d+,\d+", text) if c.start() < offset < c.end())
    if (comma := next(commas, None)) is not None:
        return f"a decimal has a point: {comma[0].replace(',', '.')}"
    hints = (
        ("||" in before, "write or; for the first filled value use first_of:"),
        ("&&" in before, "write and"),
        ("<>" in before, "write !="),
        ("=>" in before or "=<" in before, "write >= or <="),
        (found == "=", "compare with =="),
        (found in {"%", "{", "#"} or "{{" in rest, "leave the braces out"),
        (found == "?", "write A if CONDITION else B"),
        (found == "[", "write (… | filter)[0]: in ( ) what the list is made by"),
        (found == "!", "write not, or !="),
        (found in {"AND", "OR", "NOT"}, f"write {found.lower()}"),
        (found == "then", "write A if CONDITION else B"),
        (found == "filled", "write … is filled"),
        (found == "empty", "write … is empty"),
        (re.match(r"not\s+(empty|null|none)\b", rest), "write … is filled"),
        (re.match(r"not\s+filled\b", rest), "write … is empty"),
    )
    return next((hint for holds, hint in hints if holds), None)


def too_deep(problems: FormulaProblems) -> RuleError:
    """Say that a formula is nested too deeply."""
    said = f"this formula is nested deeper than {MAX_DEPTH} levels"
    return problems.refusal("M305", said, hint="share parts through vars:")
