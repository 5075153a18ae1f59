"""A flow's slots in words: what is fetched, read, required, written, and by which rule.

Pure; imports the flow's dataclasses, the advice book and pagewords.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from engine.cli.docs.blocks import Code, Item, Link, join_words
from engine.cli.docs.rule_words import formula_code, full_words
from engine.project.flow_spec import (
    CheckFilesStep,
    DeriveStep,
    EndpointCall,
    JoinStep,
    MergeFilesStep,
    ReadStep,
    RequireStep,
    WriteStep,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from engine.cli.docs.blocks import Words
    from engine.language import Condition, Path
    from engine.mapping.apply import Mapping
    from engine.mapping.match import MatchRule
    from engine.project.advice import AdviceBook
    from engine.project.flow_spec import (
        Acknowledge,
        Deliver,
        Expand,
        Fetch,
        Find,
        JoinRecords,
        Send,
        Step,
        Window,
    )


def mapping_anchor(name: str) -> str:
    """Name the place of a mapping on a flow's page."""
    return f"mapping-{name.removesuffix('.yaml')}"


class FlowWords:
    """Says a flow's steps; advice is shown in English."""

    def __init__(self, advice: AdviceBook) -> None:
        self._advice = advice

    def step(self, step: Step) -> Item:
        """Say one step of a slot."""
        match step:
            case ReadStep():
                return self._read(step)
            case JoinStep():
                words = ("Hang ", _path(step.source), *_join(step.join))
                return Item((*words, *_only(step.when)))
            case DeriveStep():
                words = ("derive what mapping ", _mapping(step.mapping), " makes")
                return Item((*_for_each(step.each, words), *_only(step.when)))
            case RequireStep():
                return self._require(step)
            case CheckFilesStep():
                formats = ", ".join(step.formats)
                size = f"{step.max_bytes:,} bytes"
                said = f": their content is {formats}, each has at most {size}"
                return Item(("Check the files in ", _path(step.files), said))
            case MergeFilesStep():
                named = (", named ", *full_words(step.name), ", kept as ")
                words = ("Make one PDF of the files in ", _path(step.files))
                return Item((*words, *named, Code(step.save)))
            case WriteStep():
                return self._write(step)

    def fetch(self, fetch: Fetch) -> list[Item]:
        """Say which documents are fetched, and how each is known."""
        known = (
            "Each is kept as ",
            Code(fetch.save),
            ", known by ",
            _path(fetch.key),
            ", shown as ",
            _path(fetch.label),
            "; its reference in the target is ",
            _path(fetch.reference),
            f", at most {fetch.reference_limit} characters",
        )
        items = [Item(("Fetch from ", *_request(fetch.request)), (Item(known),))]
        if fetch.window is not None:
            items.append(Item(_window(fetch.window)))
        if fetch.again is not None:
            same = join_words([(_path(p),) for p in fetch.again.same], ", ")
            before = " just before it is created" if same else " while it is unfinished"
            words = (f"Read it again{before}, from ",)
            must = ("; as before must be ", *same) if same else ()
            items.append(Item((*words, *_request(fetch.again.request), *must)))
        return items

    def expand(self, expand: Expand) -> list[Item]:
        """Say how one record becomes several documents."""
        words: Words = (
            "One document for each of ",
            _path(expand.each),
            ", kept as ",
            Code(expand.save),
            ", known by ",
            _path(expand.key),
            ", shown as ",
            _path(expand.label),
            "; its reference in the target is ",
            _path(expand.reference),
        )
        return [Item(words)]

    def deliver(self, deliver: Deliver) -> list[Item]:
        """Say how the document is looked for, created and proved."""
        looked = [
            Item((*_find(find), "; a candidate counts when ", _formula(deliver.where)))
            for find in deliver.finds
        ]
        same = [
            Item(
                (
                    f"{same.name}: ",
                    formula_code(same.theirs.text),
                    " is ",
                    formula_code(same.ours.text),
                    ", else stop with ",
                    Code(same.code),
                )
            )
            for same in deliver.same
        ]
        for code in dict.fromkeys(same.code for same in deliver.same):
            same += [Item((Code(code), ": ", *a.words)) for a in self._advise(code)]
        items = [
            Item((f"Look whether the {deliver.name} is there already",), tuple(looked))
        ]
        if same:
            words = ("If it is, it is taken as ours when all of this agrees",)
            items.append(Item(words, tuple(same)))
        items.append(Item(("Otherwise create it: ", *_send(deliver.send))))
        read = ("Read it back from ", *_request(deliver.read), ", kept as ")
        items.append(Item((*read, Code(deliver.save))))
        return items

    def acknowledge(self, acknowledge: Acknowledge) -> list[Item]:
        """Say how the source learns of it."""
        verify = ("Done when ", formula_code(acknowledge.verify.text))
        words = ("Last of all, tell the source: ", *_send(acknowledge.send))
        return [Item(words, (Item(verify),))]

    def _read(self, step: ReadStep) -> Item:
        what: Words = ("read ", Code(step.name), " from ", *_request(step.request))
        words: Words = (*_for_each(step.each, what), *_only(step.when))
        if step.batch is not None:
            words = (
                *words,
                f", {step.batch.size} at a time by ",
                Code(step.batch.argument),
            )
        if step.order_by is not None:
            words = (*words, ", in the order of ", _path(step.order_by))
        if step.join is not None:
            words = (*words, "; hang them", *_join(step.join))
        if step.is_cached:
            words = (*words, "; kept for the whole run")
        return Item(words)

    def _require(self, step: RequireStep) -> Item:
        words: Words = (
            f"{step.label}: ",
            *(() if step.each is None else ("for each of ", _path(step.each), " ")),
            _formula(step.unless),
            *_only(step.when),
            ", else pass over with " if step.is_skip else ", else stop with ",
            Code(step.code),
        )
        return Item(words, self._advise(step.code))

    def _write(self, step: WriteStep) -> Item:
        words: Words = (
            *_for_each(step.each, ("write ", Code(step.name))),
            *_only(step.when),
            "; one for each ",
            formula_code(step.key.text),
        )
        below = [Item(_find(find)) for find in step.finds]
        if step.match is not None:
            rules = tuple(self._match_rule(rule) for rule in step.match.rules)
            below.append(Item((f"{step.match.name}? The first that holds",), rules))
        if step.create is not None:
            below.append(Item(("Create: ", *_send(step.create))))
        if step.update is not None:
            below.append(Item(("Update: ", *_send(step.update))))
        if step.save:
            below.append(Item(("Kept as ", Code(step.save))))
        return Item(words, tuple(below))

    def _match_rule(self, rule: MatchRule) -> Item:
        words: Words = (rule.action,)
        if rule.condition is None:
            words = (f"otherwise {rule.action}",)
        else:
            words = (*words, " when ", _formula(rule.condition))
        if rule.when is not None:
            words = (*words, ", only if ", _formula(rule.when))
        if rule.code:
            words = (*words, ", with ", Code(rule.code))
        if rule.warn:
            words = (*words, ", with the warning ", Code(rule.warn))
        if rule.note:
            words = (*words, f" ({rule.note})")
        return Item(words, self._advise(rule.code))

    def _advise(self, code: str) -> tuple[Item, ...]:
        advice = self._advice.find(code) if code else None
        if advice is None:
            return ()
        filled = advice.fill()
        where = f" ({filled.where})" if filled.where else ""
        return (Item((f"{filled.meaning} {filled.do}{where}",)),)


def iter_requests(part: object) -> Iterator[EndpointCall]:
    """Give every request in a flow or a part of one."""
    if isinstance(part, EndpointCall):
        yield part
    elif isinstance(part, tuple):
        for each in part:
            yield from iter_requests(each)
    elif is_dataclass(part) and type(part).__module__ == EndpointCall.__module__:
        for known in fields(part):
            yield from iter_requests(getattr(part, known.name))


def _window(window: Window) -> Words:
    hours = _hours(window.overlap)
    said = f"What has changed since the last listing is listed, and {hours} before it"
    if window.first is not None:
        said += f"; the first run looks {window.first.days} days back"
    if window.full_every is not None:
        said += f"; every {_hours(window.full_every)} everything is listed"
    return (said,)


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:g} hours"


def _path(path: Path) -> Code:
    return formula_code(path.text)


def _formula(condition: Condition) -> Code:
    return formula_code(condition.text)


def _mapping(mapping: Mapping) -> Link:
    return Link(mapping.name, mapping_anchor(mapping.name), is_code=True)


def _only(when: Condition | None) -> Words:
    return () if when is None else (", only when ", _formula(when))


def _for_each(each: Path | None, what: Words) -> Words:
    """Begin a sentence; what is done for each item says so first."""
    if each is not None:
        return ("For each of ", _path(each), ": ", *what)
    first = what[0]
    assert isinstance(first, str)
    return (first[:1].upper() + first[1:], *what[1:])


def _request(request: EndpointCall) -> Words:
    words: Words = (Code(f"{request.system}.{request.endpoint}"),)
    arguments: list[Words] = [
        (Code(name), " = ", *full_words(rule)) for name, rule in request.arguments
    ]
    return (*words, " with ", *join_words(arguments, "; ")) if arguments else words


def _join(join: JoinRecords) -> Words:
    words: Words = (" on ", _path(join.to))
    if join.left is not None and join.right is not None:
        words = (*words, " where ", _path(join.left), " is their ", _path(join.right))
    else:
        words = (*words, ", one by one in their order")
    first = ", the first only" if join.takes_first else ""
    return (
        (*words, ", as ", Code(join.save), first)
        if first
        else (*words, ", as ", Code(join.save))
    )


def _find(find: Find) -> Words:
    words: Words = ("Look in ",)
    if find.request is not None:
        words = (*words, *_request(find.request))
    if find.path is not None:
        words = (*words, _path(find.path))
    return (*words, *_only(find.when))


def _send(send: Send) -> Words:
    parts: list[Words] = []
    if send.mapping is not None:
        parts.append(("what mapping ", _mapping(send.mapping), " makes"))
    for name, rule in send.changes:
        parts.append((Code(name), " becomes ", *full_words(rule)))
    if send.file is not None:
        parts.append(("the file ", _path(send.file)))
    words: Words = (
        ("send ", *join_words(parts, " and "), " to ") if parts else ("call ",)
    )
    return (*words, *_request(send.request))
