"""The language's three kinds of cell that look at a document: path, formula, template.

The parts live in :mod:`engine.language.scope`, :mod:`engine.language.paths` and
:mod:`engine.language.formulas`; this is the one place that the rest of the engine
imports them from.
"""

from __future__ import annotations

from engine.language.formulas import (
    Condition,
    Formula,
    Template,
    compile_condition,
    compile_formula,
    compile_template,
)
from engine.language.paths import Path, compile_path
from engine.language.scope import ROOTS, Scope
from engine.language.symbols import Symbol, SymbolTable, UnknownName
from engine.language.values import ValueFault, is_empty, show_value

__all__ = [
    "ROOTS",
    "Condition",
    "Formula",
    "Path",
    "Scope",
    "Symbol",
    "SymbolTable",
    "Template",
    "UnknownName",
    "ValueFault",
    "compile_condition",
    "compile_formula",
    "compile_path",
    "compile_template",
    "is_empty",
    "show_value",
]
