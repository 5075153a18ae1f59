"""``rule``: what a finding's code means, why it matters, and what to write instead."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.consultant import Reply
from engine.cli.findings_index import load_findings, render_finding
from engine.cli.named import pick_named


def add_command(add: Any) -> None:
    command = add("rule", run, "explain the code of a finding, such as M201")
    command.add_argument("code", metavar="CODE", help="the code of a finding")


def run(arguments: argparse.Namespace) -> Reply:
    text = pick_named(load_findings(), arguments.code.upper(), "code")
    return Reply(render_finding(text))
