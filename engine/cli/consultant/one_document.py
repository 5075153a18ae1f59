"""What ``map`` and ``explain`` share: a flow, a mapping, a company and a document."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.cli.named import pick_named, read_file
from engine.cli.samples.hide_personal import Mask, find_personal
from engine.flow.offline import (
    Offline,
    check_is_gathered,
    map_document,
    pick_mapping,
)
from engine.language.schema import SchemaField
from engine.mapping.apply import Mapping, Recorder
from engine.masking import find_codes
from engine.project.flow_spec import Flow
from engine.project.project import Project, load_project


@dataclass(frozen=True, slots=True)
class OfflineRun:
    """A document that was mapped, and by what."""

    project: Project
    flow: Flow
    mapping: Mapping
    document: dict[str, Any]
    outcome: Offline
    recorder: Recorder


def add_arguments(command: Any) -> None:
    """Add the arguments that name what to map."""
    command.add_argument("flow", metavar="FLOW")
    command.add_argument("--document", type=Path, required=True, metavar="FILE")
    command.add_argument("--mapping", metavar="NAME", help="default: what it sends")
    command.add_argument("--company", metavar="NAME", help="default: the first")
    command.add_argument("--json", action="store_true", help="for programs")
    command.add_argument(
        "--mask",
        metavar="FIELDS",
        help="fields whose values are hidden, with commas between, or none; "
        "default: personal ids and bank accounts",
    )


def run_offline(arguments: argparse.Namespace) -> OfflineRun:
    """Map the document that the arguments name."""
    project = load_project(arguments.root)
    pick_named(project.flows, arguments.flow, "flow")
    name = arguments.company or next(iter(project.companies))
    company = pick_named(project.companies, name, "company")
    flow = project.flow_for(company.name, arguments.flow)
    mapping = pick_mapping(project, flow, arguments.mapping, company.name)
    document = read_file(arguments.document)
    check_is_gathered(flow, document, arguments.document.name)
    recorder = Recorder()
    outcome = map_document(flow, mapping, document, company.settings, recorder=recorder)
    return OfflineRun(project, flow, mapping, document, outcome, recorder)


def make_mask(offline: OfflineRun, said: str | None) -> Mask:
    """Give what hides values; ``said`` is what ``--mask`` names."""
    if said == "none":
        return Mask(is_on=False)
    names = [name.strip() for name in (said or "").split(",") if name.strip()]
    mapping, result = offline.mapping, offline.outcome.result
    source = _schema(offline, mapping.source.partition("#")[0])
    target = _schema(offline, mapping.target)
    hidden = find_personal(offline.document, source, names)
    hidden |= find_personal(result.payload, target, names)
    return Mask(hidden, codes=find_codes(offline.document))


def _schema(offline: OfflineRun, name: str) -> SchemaField | None:
    store = offline.project.schemas
    return store.field(name) if name in store else None
