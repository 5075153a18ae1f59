"""The language's three kinds of cell that look at a document: path, formula, template.

The parts live in :mod:`engine.scope`, :mod:`engine.paths` and :mod:`engine.formulas`;
this is the one place that the rest of the engine imports them from.
"""

from __future__ import annotations

from engine.formulas import (
    Condition,
    Formula,
    Template,
    compile_condition,
    compile_formula,
    compile_template,
)
from engine.paths import Path, compile_path
from engine.scope import ROOTS, NameFault, Scope, Shape, Types
from engine.values import ValueFault, is_empty, show_value

__all__ = [
    "ROOTS",
    "Condition",
    "Formula",
    "NameFault",
    "Path",
    "Scope",
    "Shape",
    "Template",
    "Types",
    "ValueFault",
    "compile_condition",
    "compile_formula",
    "compile_path",
    "compile_template",
    "is_empty",
    "show_value",
]
