"""From a formula's text to Jinja's syntax tree, with the place of every node.

Jinja is the parser of formulas and nothing else.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.lexer import Token, TokenStream
from jinja2.parser import Parser

from engine.language.cell_problems import CellProblems
from engine.language.values import MAX_DIGITS

if TYPE_CHECKING:
    from engine.errors import RuleError
    from engine.rulefiles.nodes import Scalar

MAX_FORMULA: Final = 2000  # characters
MAX_DEPTH: Final = 25
# What a backslash changes in a quoted text. Any other stays as typed: a pattern's \d.
_ESCAPED: Final = re.compile(r"\\(?:[ntr\\'\"]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})")


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
        parser = Parser(_SYNTAX, problems.text, state="variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            raise _misread(problems, parser.stream.current.lineno)
    except TemplateSyntaxError as error:
        at = re.search(r" at (\d+)$", error.message or "")
        raise _misread(problems, int(at[1]) if at else error.lineno) from None
    except RecursionError:
        raise too_deep(problems) from None
    return tree


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
    hint = None
    before = text[max(offset - 2, 0) : offset + 2]
    if "||" in before:
        hint = "write or; for the first filled value use first_of:"
    elif "&&" in before:
        hint = "write and"
    elif found == "=":
        hint = "compare with =="
    elif found in {"%", "{", "#"} or "{{" in rest:
        hint = "leave the braces out"
    elif found == "?":
        hint = "write A if CONDITION else B"
    elif found == "!":
        hint = "write not, or !="
    said = f"this formula cannot be read at {found}"
    return problems.refusal("M301", said, offset, found, hint)


def too_deep(problems: FormulaProblems) -> RuleError:
    """Say that a formula is nested too deeply."""
    said = f"this formula is nested deeper than {MAX_DEPTH} levels"
    return problems.refusal("M305", said, hint="share parts through vars:")
