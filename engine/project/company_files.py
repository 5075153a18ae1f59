"""All company files of a project; one that is wrong leaves out its company alone.

A fault in what all share stops all. The documents of a company that is left out stay
its own: its unit is known as far as its file can be read, and where it cannot be, what
might be its own is left alone by the others (``engine.flow.ownership``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.errors import Problem, RuleError
from engine.problems import Problems
from engine.project.company import Company, check_schedule, read_company
from engine.project.company_check import (
    check_company,
    check_secret_names,
    check_settle_time,
    check_shared,
    check_systems,
    check_values,
)
from engine.project.company_overlays import Bases, CompanyFlows, load_company_flows
from engine.project.cross_check import check_name
from engine.project.flow_spec import Flow
from engine.project.project_files import ProjectFiles, file_kind
from engine.project.system_spec import SystemSpec
from engine.rulefiles.nodes import MapNode


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why a company does not run, and what is known of its settings."""

    problems: tuple[Problem, ...]
    settings: Mapping[str, Any]  # as far as they can be read, and switched off
    is_whole: bool  # False: what is not there may be what could not be read


@dataclass(slots=True)
class CompanyFiles:
    """What the company files say, by the names of the files."""

    sound: dict[str, Company] = field(default_factory=dict)  # as far as its grammar
    overlaid: dict[str, CompanyFlows] = field(default_factory=dict)
    half_read: dict[str, Company] = field(default_factory=dict)
    own: dict[str, Problems] = field(default_factory=dict)  # by file, of one alone

    def leave_out(self, found: Sequence[Problem]) -> dict[str, LeftOut]:
        """Give the companies that findings keep from running, with those of each.

        Raises:
            RuleError: Something that all share is wrong; it says whom it concerns.
        """
        owners = {p: file for file, problems in self.own.items() for p in problems}
        faults: dict[str, list[Problem]] = {}
        is_shared = False
        for problem in found:
            at = problem.position
            file = owners.get(problem) or (at.file if at else "")
            if problem.is_warning:
                continue
            is_shared |= file_kind(file) != "company"
            faults.setdefault(_name_of(file), []).append(problem)
        known = {**self.half_read, **self.sound}
        if is_shared:
            names = [name for name, company in known.items() if company.is_enabled]
            said = "nothing runs: what all companies share is wrong"
            hint = f"it concerns {', '.join(sorted(names)) or 'no company yet'}"
            raise RuleError([*found, Problem("C113", said, hint=hint)])
        settings = {name: company.settings for name, company in known.items()}
        return {
            name: LeftOut(
                tuple(problems),
                {**settings.get(name, {}), "enabled": False},
                is_whole=name in self.sound,
            )
            for name, problems in faults.items()
        }


def load_companies(
    files: ProjectFiles,
    systems: Mapping[str, SystemSpec],
    flows: Collection[Flow],
    bases: Bases,
    *,
    broken: Iterable[str],
    has_sound_bases: bool,
) -> CompanyFiles:
    """Read all company files; findings go to ``files``.

    Args:
        broken: Systems whose files are not sound.
        has_sound_bases: Overlays are read too; else they would say all faults again.
    """
    all_mappings = [m for each in bases.mappings.values() for m in each.values()]
    grammar = files.grammar("company")
    nodes: dict[str, MapNode] = {}
    found = CompanyFiles()
    for file, node in files.of("company"):
        own = found.own[file] = Problems()
        check_name(node, "company", "C101", "company", own)
        check_systems(node, systems, broken, own)
        # The file's name counts: one that was copied takes no other's place.
        name = _name_of(file)
        company = replace(read_company(node, grammar), name=name)
        if file in files.ungrammatical:
            found.half_read[name] = company
        else:
            found.sound[name], nodes[name] = company, node
            check_company(node, company, grammar, own)
            check_schedule(node, company, own)
            check_settle_time(node, company, systems, own)
            check_values(node, company, all_mappings, own)
            if "overlays" in node and has_sound_bases:
                found.overlaid[name] = load_company_flows(node, bases, flows, own)
        files.problems.extend(own)
    check_secret_names(nodes, systems, files.problems)
    check_shared(nodes, grammar, files.problems)
    return found


def _name_of(file: str) -> str:
    return file.rpartition("/")[2].rpartition(".")[0]
