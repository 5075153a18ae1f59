"""Loads one system file as a project does: held against its grammar, then read."""

from __future__ import annotations

from engine.errors import RuleError
from engine.project.system_load import load_system
from engine.project.system_spec import SystemSpec
from engine.rulefiles.grammar import check_grammar
from engine.rulefiles.grammar_load import load_grammars
from engine.rulefiles.reader import load_yaml
from tests.places import ROOT

SCHEMA = load_grammars(ROOT)["system"]
DEMO = ROOT / "tests" / "cases" / "systems" / "demo.yaml"


def read_system(text: str, name: str) -> SystemSpec:
    node = load_yaml(text, f"{name}.yaml")
    if problems := check_grammar(node, SCHEMA):
        raise RuleError(problems)
    return load_system(node, name, SCHEMA)
