"""A flow's slots in words: what is fetched, read, required, written, and by which rule.

Each function gives list items in Markdown, with their points below. Pure.
"""

from __future__ import annotations

from datetime import timedelta

from engine.cli.docs.field_cells import only_words
from engine.cli.docs.markdown import points
from engine.cli.docs.rule_words import full_words
from engine.language.formulas import Condition
from engine.language.paths import Path
from engine.mapping.match import MatchRule
from engine.mapping.words import code, escape, join_words, link
from engine.project.advice import AdviceBook
from engine.project.flow_spec import (
    Acknowledge,
    CheckFilesStep,
    Deliver,
    DeriveStep,
    EndpointCall,
    Expand,
    Fetch,
    Find,
    JoinRecords,
    JoinStep,
    MergeFilesStep,
    ReadStep,
    RequireStep,
    Send,
    Step,
    Window,
    WriteStep,
)


def mapping_link(name: str) -> str:
    """Lead to a mapping on a flow's page."""
    return link(code(name), mapping_anchor(name))


def mapping_anchor(name: str) -> str:
    """Name the place of a mapping on a flow's page."""
    return f"mapping-{name.removesuffix('.yaml')}"


class FlowWords:
    """Says a flow's steps; advice is shown in English."""

    def __init__(self, advice: AdviceBook) -> None:
        self._advice = advice

    def step(self, step: Step, remark: str) -> str:
        """Say one step of a slot, with the remark that stands beside it."""
        words, below = self._step(step)
        return points(words + remark, below)

    def _step(self, step: Step) -> tuple[str, list[str]]:
        below: list[str] = []
        match step:
            case ReadStep():
                words = _read(step)
            case JoinStep():
                words = f"Hang {code(step.source.text)}{_join(step.join)}"
                words += _only(step.when)
            case DeriveStep():
                what = f"derive what mapping {mapping_link(step.mapping.name)} makes"
                words = _for_each(step.each, what) + _only(step.when)
            case RequireStep():
                words, below = _require(step), self._advise(step.code)
            case CheckFilesStep():
                formats = escape(", ".join(step.formats))
                size = f"each has at most {step.max_bytes:,} bytes"
                files = code(step.files.text)
                words = (
                    f"Check the files in {files}: their content is {formats}, {size}"
                )
            case MergeFilesStep():
                words = (
                    f"Make one PDF of the files in {code(step.files.text)}, named "
                    f"{full_words(step.name)}, kept as {code(step.save)}"
                )
            case WriteStep():
                words = _for_each(step.each, f"write {code(step.name)}")
                words += f"{_only(step.when)}; one for each {code(step.key.text)}"
                below = self._write(step)
        return words, below

    def fetch(self, fetch: Fetch) -> list[str]:
        """Say which documents are fetched, and how each is known."""
        known = (
            f"Each is kept as {code(fetch.save)}, known by {code(fetch.key.text)}, "
            f"{_shown(fetch)}, at most {fetch.reference_limit} characters"
        )
        items = [points(f"Fetch from {_request(fetch.request)}", [known])]
        if fetch.window is not None:
            items.append(_window(fetch.window))
        if fetch.again is not None:
            paths = [fetch.again.status, *fetch.again.same]
            same = ", ".join(code(path.text) for path in paths if path)
            when = "just before it is created" if same else "while it is unfinished"
            must = f"; as before must be {same}" if same else ""
            request = _request(fetch.again.request)
            items.append(f"Read it again {when}, from {request}{must}")
        return items

    def expand(self, expand: Expand) -> list[str]:
        """Say how one record becomes several documents."""
        each, key = code(expand.each.text), code(expand.key.text)
        kept = f"kept as {code(expand.save)}, known by {key}, {_shown(expand)}"
        return [f"One document for each of {each}, {kept}"]

    def deliver(self, deliver: Deliver) -> list[str]:
        """Say how the document is looked for, created and proved."""
        counts = f"; a candidate counts when {code(deliver.where.text)}"
        looked = [_find(find) + counts for find in deliver.finds]
        same = [
            f"{escape(same.name)}: {code(same.theirs.text)} is {code(same.ours.text)}, "
            f"else stop with {code(same.code)}"
            for same in deliver.same
        ]
        for name in dict.fromkeys(same.code for same in deliver.same):
            same += [f"{code(name)}: {advice}" for advice in self._advise(name)]
        name = escape(deliver.name)
        items = [points(f"Look whether the {name} is there already", looked)]
        if same:
            agree = "If it is, it is taken as ours when all of this agrees"
            items.append(points(agree, same))
        items.append(f"Otherwise create it: {_send(deliver.send)}")
        read = _request(deliver.read)
        items.append(f"Read it back from {read}, kept as {code(deliver.save)}")
        return items

    def acknowledge(self, acknowledge: Acknowledge) -> list[str]:
        """Say how the source learns of it."""
        words = f"Last of all, tell the source: {_send(acknowledge.send)}"
        return [points(words, [f"Done when {code(acknowledge.verify.text)}"])]

    def _write(self, step: WriteStep) -> list[str]:
        below = [_find(find) for find in step.finds]
        if step.guard is not None:
            asked = f"{_request(step.guard.request)}, kept as {code(step.guard.name)}"
            below.insert(0, f"Before each try it is read from {asked}")
        if step.match is not None:
            rules = [self._match_rule(rule) for rule in step.match.rules]
            asked = f"{escape(step.match.name)}? The first that holds"
            below.append(points(asked, rules))
        if step.create is not None:
            below.append(f"Create: {_send(step.create)}")
        if step.update is not None:
            below.append(f"Update: {_send(step.update)}")
        if step.save:
            below.append(f"Kept as {code(step.save)}")
        return below

    def _match_rule(self, rule: MatchRule) -> str:
        words = f"otherwise {rule.action}"
        if rule.condition is not None:
            words = f"{rule.action} when {code(rule.condition.text)}"
        if rule.when is not None:
            words += f", only if {code(rule.when.text)}"
        if rule.code:
            words += f", with {code(rule.code)}"
        if rule.warn:
            words += f", with the warning {code(rule.warn)}"
        if rule.note:
            words += f" ({escape(rule.note)})"
        return points(words, self._advise(rule.code))

    def _advise(self, about: str) -> list[str]:
        advice = self._advice.find(about) if about else None
        if advice is None:
            return []
        filled = advice.fill()
        where = f" ({filled.where})" if filled.where else ""
        return [escape(f"{filled.meaning} {filled.do}{where}")]


def _read(step: ReadStep) -> str:
    what = f"read {code(step.name)} from {_request(step.request)}"
    words = _for_each(step.each, what) + _only(step.when)
    if step.batch is not None:
        words += f", {step.batch.size} at a time by {code(step.batch.argument)}"
    if step.order_by is not None:
        words += f", in the order of {code(step.order_by.text)}"
    if step.join is not None:
        words += f"; hang them{_join(step.join)}"
    words += "; kept for the whole run" if step.is_cached else ""
    may_lack = "; without it where the key has no right to it"
    return words + (may_lack if step.is_optional else "")


def _require(step: RequireStep) -> str:
    each = "" if step.each is None else f"for each of {code(step.each.text)} "
    end = "pass over" if step.is_skip else "stop"
    must = f"{escape(step.label)}: {each}{code(step.unless.text)}{_only(step.when)}"
    return f"{must}, else {end} with {code(step.code)}"


def _shown(part: Fetch | Expand) -> str:
    label, reference = code(part.label.text), code(part.reference.text)
    return f"shown as {label}; its reference in the target is {reference}"


def _window(window: Window) -> str:
    hours = _hours(window.overlap)
    said = f"What has changed since the last listing is listed, and {hours} before it"
    if window.first is not None:
        said += f"; the first run looks {window.first.days} days back"
    if window.full_every is not None:
        said += f"; every {_hours(window.full_every)} everything is listed"
    return said


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:g} hours"


def _only(when: Condition | None) -> str:
    return "" if when is None else f", {only_words(when)}"


def _for_each(each: Path | None, what: str) -> str:
    """Begin a sentence; what is done for each item says so first."""
    if each is None:
        return what[:1].upper() + what[1:]
    return f"For each of {code(each.text)}: {what}"


def _request(request: EndpointCall) -> str:
    arguments = "; ".join(
        f"{code(name)} = {full_words(rule)}" for name, rule in request.arguments
    )
    words = code(f"{request.system}.{request.endpoint}")
    return f"{words} with {arguments}" if arguments else words


def _join(join: JoinRecords) -> str:
    how = ", one by one in their order"
    if join.left is not None and join.right is not None:
        how = f" where {code(join.left.text)} is their {code(join.right.text)}"
    first = ", the first only" if join.takes_first else ""
    return f" on {code(join.to.text)}{how}, as {code(join.save)}{first}"


def _find(find: Find) -> str:
    request = "" if find.request is None else _request(find.request)
    path = "" if find.path is None else code(find.path.text)
    return f"Look in {request}{path}{_only(find.when)}"


def _send(send: Send) -> str:
    parts = []
    if send.mapping is not None:
        parts.append(f"what mapping {mapping_link(send.mapping.name)} makes")
    parts += [f"{code(name)} becomes {full_words(rule)}" for name, rule in send.changes]
    if send.file is not None:
        parts.append(f"the file {code(send.file.text)}")
    words = f"send {join_words(parts, ' and ')} to" if parts else "call"
    return f"{words} {_request(send.request)}"
