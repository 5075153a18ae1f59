"""Schedules that once failed, kept as data: a changed generator changes none of them."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from tests.harness.plan import Plan, make_plan
from tests.places import read_yaml

FILE = Path(__file__).with_name("kept.yaml")


@cache
def kept_words() -> list[dict[str, Any]]:
    """Give all entries: ``about``, ``plan``, and ``waits_for`` while it does not hold."""
    return list(read_yaml(FILE))


def kept_plan(words: dict[str, Any]) -> Plan:
    """Give an entry's schedule, unplayed."""
    return msgspec.convert(words["plan"], Plan)


def describe(seed: int, runners: int, about: str) -> str:
    """Give a seed's schedule as an entry of the file; only what is not the default."""
    plan = make_plan(seed, runners)
    usual = Plan(seed)
    told = msgspec.to_builtins(plan)
    words = {
        field.name: told[field.name]
        for field in fields(Plan)
        if field.name == "seed"
        or getattr(plan, field.name) != getattr(usual, field.name)
    }
    entry = [{"about": about, "plan": words}]
    return yaml.safe_dump(entry, sort_keys=False, default_flow_style=None, width=100)
