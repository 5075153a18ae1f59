"""Samples: one gathered document each, and what the rules make of it.

Each file ``tests/samples/FLOW/CASE.yaml`` is one sample. ``pytest`` and ``python -m
engine test`` read and run samples here, so that both say the same.

    about: one sentence            # what is to be seen, with the number of the demand
    base: base.json                # the document that is changed; the default
    mapping: partner               # default: what the flow sends
    item: rows[0]                  # for a mapping of one item of an each
    for: demo                      # the company; default: demo, else the first
    company: {sales: {...}}        # changes to the company's settings
    change:                        # dotted path -> value
      rows[0].description: {repeat: ä, times: 81}
      customer.vatNumber: null     # null is sent by the source; `remove` leaves it out
      invoice.receiverAddress: remove
    change_derived:                # the same for what the flow derives, with item:
      lines[0].posting: {id: 900}
    leaves: null                   # every value of the document, all shapes kept
    off_schema: yes                # the source would never answer so

Texts stay as typed: ``no`` and ``012`` in ``change`` are texts, ``true`` is a truth.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from engine.cli.named import read_file
from engine.cli.samples.fake_documents import fake_document
from engine.cli.samples.sample_file import read_sample_file, sample_fault
from engine.errors import Position, Problem, SettingsError, Violation
from engine.flow.offline import (
    check_is_gathered,
    map_document,
    pick_mapping,
    read_document,
)
from engine.json_text import render_json
from engine.language.leaves import iter_leaves, without_indexes
from engine.language.scope import Scope
from engine.mapping.apply import (
    LazyVars,
    Mapping,
    MappingResult,
    Recorder,
    apply_mapping,
)
from engine.project.flow_spec import Flow
from engine.project.project import Project

SAMPLES: Final = "tests/samples"
DEMO: Final = "demo"
_LONGEST_RULE: Final = 60  # characters of a rule that a snapshot shows
_LONGEST_SHOWN: Final = 600  # characters of a text that a snapshot holds in full


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample, with its document made and its settings merged."""

    file: str  # relative to the project's root
    flow: str
    case: str
    about: str
    mapping: str | None
    item: str | None
    company: str
    settings: Dictionary[str, Any]
    document: dict[str, Any]
    derived: Dictionary[str, Any]  # place -> value, once the flow has derived it
    is_off_schema: bool


@dataclass(frozen=True, slots=True)
class SampleRun:
    """What became of a sample; ``stops`` are the flow's requirements."""

    result: MappingResult
    stops: tuple[Violation, ...]


def find_samples(root: Path, flow: str | None = None) -> list[Path]:
    """List the sample files of a flow, or of all, sorted.

    Raises:
        SettingsError: Two samples have one name; snapshots are found by it.
    """
    paths = sorted((root / SAMPLES).rglob("*.yaml"))
    seen: dict[str, Path] = {}
    for path in paths:
        if path.stem in seen:
            other = seen[path.stem].relative_to(root).as_posix()
            said = f"{other} has the name {path.stem} too"
            place = Position(path.relative_to(root).as_posix(), 1, 1)
            raise SettingsError([Problem("M611", said, place, "rename one of them")])
        seen[path.stem] = path
    return [path for path in paths if flow is None or path.parent.name == flow]


def load_sample(project: Project, path: Path) -> Sample:
    """Read a sample and make its document and settings.

    Raises:
        SettingsError: A key is unknown, a file is missing, or a changed place is not
            in the document.
    """
    file = path.relative_to(project.root).as_posix()
    said = read_sample_file(path, file)
    base = path.parent / said.get("base", "base.json")
    if not base.is_file():
        raise sample_fault("M612", file, f"there is no document {base.name} beside it")
    document = read_document(base.read_bytes(), base.name)
    if "leaves" in said:
        registers = document.pop("run", {})
        document = {**_empty_leaves(document), "run": registers}
    for place, value in (said.get("change") or {}).items():
        _change(document, place, value, file)
    known = project.companies
    company = str(said.get("for") or (DEMO if DEMO in known else next(iter(known))))
    if company not in known:
        raise sample_fault(
            "M613", file, f"there is no company {company}", company, known
        )
    settings = copy.deepcopy(dict(known[company].settings))
    return Sample(
        file,
        path.parent.name,
        path.stem,
        str(said.get("about", "")),
        said.get("mapping"),
        said.get("item"),
        company,
        _merge(settings, said.get("company") or {}),
        document,
        said.get("change_derived") or {},
        "off_schema" in said,
    )


def pick_sample_mapping(project: Project, sample: Sample) -> Mapping:
    """Give the mapping that a sample shows.

    Raises:
        SettingsError: There is no such flow or mapping.
    """
    flow = _flow(project, sample)
    return pick_mapping(project, flow, sample.mapping, sample.company)


def run_sample(
    project: Project, sample: Sample, recorder: Recorder | None = None
) -> SampleRun:
    """Map a sample's document, or the item of it that the sample names.

    Raises:
        SettingsError: There is no such flow, mapping or item.
    """
    flow = _flow(project, sample)
    mapping = pick_sample_mapping(project, sample)
    document, settings = copy.deepcopy(sample.document), sample.settings
    if sample.item is None:
        offline = map_document(flow, mapping, document, settings, recorder=recorder)
        return SampleRun(offline.result, offline.stops)
    # The flow's own derivations first: they stand on the items.
    main = pick_mapping(project, flow, None, sample.company)
    stops = map_document(flow, main, document, settings).stops
    for place, value in sample.derived.items():
        _change(document, place, value, sample.file)
    item: Any = document
    for part in _split(sample.item):
        item = _step(item, part, sample.item, sample.file)
    roots = {"doc": document, "company": settings, "run": document.get("run", {})}
    scope = Scope(document, roots)
    scope = scope.with_roots(vars=LazyVars(dict(flow.variables), scope))
    return SampleRun(apply_mapping(mapping, scope.with_item(item), recorder), stops)


def show_run(project: Project, sample: Sample, run: SampleRun) -> str:
    """Show a sample as its snapshot does: the sentence, then payload, cuts, errors."""
    result, lines = run.result, _Lines(project.root)
    found = {
        "payload": result.payload,
        "truncations": [
            {
                "path": cut.path,
                "limit": cut.limit,
                "kept": cut.kept,
                "moved_to": cut.moved_to,
                "rule": lines.show(cut.position),
            }
            for cut in result.truncations
        ],
        "errors": [
            {
                "code": violation.code,
                "field": violation.field,
                "message": violation.message,
                "rule": lines.show(violation.position),
            }
            for violation in (*run.stops, *result.violations)
        ],
    }
    return f"{sample.about}\n{render_json(_shorten(found))}"


class _Lines:
    """Shows what stands at a place: a line number would change with every new line."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[str, list[str]] = {}

    def show(self, position: Position | None) -> str:
        if position is None:
            return ""
        if position.file not in self._files:
            text = (self._root / position.file).read_text("utf-8")
            self._files[position.file] = text.splitlines()
        line = self._files[position.file][position.line - 1]
        before, at_place = line[: position.column - 1], line[position.column - 1 :]
        key = re.search(r"(\w+: )$", before)
        said = re.split(r", |\}|  #" if key else "  #", at_place)[0].rstrip()
        name = position.file.rpartition("/")[2]
        return f"{name} {key[1] if key else ''}{said[:_LONGEST_RULE]}"


def _shorten(value: Any) -> Any:
    """Show both ends and the length of a text that is too long to read."""
    if isinstance(value, dict):
        return {key: _shorten(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shorten(item) for item in value]
    if isinstance(value, str) and len(value) > _LONGEST_SHOWN:
        return f"{value[:40]} ({len(value)} characters) {value[-40:]}"
    return value


def _empty_leaves(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _empty_leaves(item) for key, item in value.items()}
    return [_empty_leaves(item) for item in value] if isinstance(value, list) else None


def _change(document: dict[str, Any], place: str, value: Any, file: str) -> None:
    """Set, replace or remove one value; an index one past the end adds an item."""
    *way, last = _split(place)
    target: Any = document
    for part in way:
        target = _step(target, part, place, file)
    is_list = isinstance(target, list)
    fits = is_list if isinstance(last, int) else isinstance(target, dict)
    if not fits:
        raise sample_fault("M614", file, f"the document has no place {place}")
    if value == "remove":
        _step(target, last, place, file)
        del target[last]
    elif is_list and last == len(target):
        target.append(_spell_out(value))
    else:
        if is_list:
            _step(target, last, place, file)
        target[last] = _spell_out(value)


def _step(value: Any, part: str | int, place: str, file: str) -> Any:
    try:
        return value[part]
    except (KeyError, IndexError, TypeError):
        message = f"the document has no place {place}: there is no {part}"
        known = value if isinstance(value, dict) else ()
        raise sample_fault("M614", file, message, str(part), known) from None


def _split(place: str) -> list[str | int]:
    parts = re.findall(r"\[(\d+)\]|([^.\[\]]+)", place)
    return [int(index) if index else name for index, name in parts]


def _spell_out(value: Any) -> Any:
    if isinstance(value, dict) and "repeat" in value:
        start, end = value.get("start", ""), value.get("end", "")
        return f"{start}{value['repeat'] * value['times']}{end}"
    return value


def _merge(settings: dict[str, Any], changes: Dictionary[str, Any]) -> dict[str, Any]:
    for name, value in changes.items():
        is_group = isinstance(value, dict) and isinstance(settings.get(name), dict)
        settings[name] = _merge(settings[name], value) if is_group else value
    return settings


def _flow(project: Project, sample: Sample) -> Flow:
    if sample.flow not in project.flows:
        message = f"there is no flow {sample.flow}"
        raise sample_fault("M613", sample.file, message, sample.flow, project.flows)
    return project.flow_for(sample.company, sample.flow)


# A new sample -------------------------------------------------------------------------


def make_sample(
    project: Project, flow: str, file: Path, case: str, about: str | None
) -> tuple[Sample, list[str]]:
    """Write the sample; give it, and what the masked document does differently.

    Raises:
        SettingsError: The file holds no document, or the name is taken or no name.
    """
    if not re.fullmatch(r"[a-z0-9_]+", case):
        said = f"{case} is no name for a sample"
        hint = "small letters, digits and _ only"
        raise SettingsError([Problem("M617", said, hint=hint)])
    folder = project.root / SAMPLES / flow
    taken = {path.stem for path in find_samples(project.root)}
    if case in taken or (folder / f"{case}.json").exists():
        said = f"there is a sample {case} already"
        raise SettingsError([Problem("M617", said, hint="take another name")])
    document = read_file(file)
    check_is_gathered(project.flows[flow], document, file.name)
    source = pick_mapping(project, project.flows[flow], None).source.partition("#")[0]
    store = project.schemas
    masked = fake_document(document, store.field(source) if source in store else None)
    folder.mkdir(parents=True, exist_ok=True)
    sentence = about or f"A document of {flow}, masked"
    # In quotes: the sentence may hold any sign.
    said = "about: '" + " ".join(sentence.split()).replace("'", "''") + "'"
    path = folder / f"{case}.yaml"
    (folder / f"{case}.json").write_text(render_json(masked) + "\n", "utf-8")
    path.write_text(f"{said}\nbase: {case}.json\n", "utf-8")
    sample = load_sample(project, path)
    return sample, _find_differences(project, sample, document)


def _find_differences(
    project: Project, sample: Sample, document: dict[str, Any]
) -> list[str]:
    """Tell where the masked document takes another way than the document itself."""
    own = _outline(run_sample(project, replace(sample, document=document)))
    masked = _outline(run_sample(project, sample))
    gone, come = sorted(own - masked), sorted(masked - own)
    return [
        *(f"the document has {said}, its masked copy has not" for said in gone),
        *(f"the masked copy has {said}, the document has not" for said in come),
    ]


def _outline(run: SampleRun) -> set[str]:
    leaves = iter_leaves("", run.result.payload)
    return {
        *(without_indexes(path) for path, _ in leaves),
        *(f"a cut of {without_indexes(cut.path)}" for cut in run.result.truncations),
        *(
            f"{violation.code} at {without_indexes(violation.field) or 'the document'}"
            for violation in (*run.stops, *run.result.violations)
        ),
    }
