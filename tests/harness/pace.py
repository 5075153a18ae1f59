"""What makes schedules quick and changes nothing in them: pure work is done once.

Reading a file's pages, a date's text and the same answer's JSON again and again is most
of what a schedule would do beside the protocol. Only functions whose result depends on
nothing but what they are given are kept.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import msgspec

from engine.flow import attachments
from engine.systems import answers, system
from tests.harness.network import DirectClient
from tests.simulators import base

KEPT = 512
_ENCODER = msgspec.json.Encoder(decimal_format="number")
# Place, name, and what stands in its stead.
QUICK: tuple[tuple[Any, str, Any], ...] = (
    (attachments, "find_pdf_fault", lru_cache(KEPT)(attachments.find_pdf_fault)),
    (answers, "_http_date", lru_cache(KEPT)(answers._http_date)),
    (base, "dump_json", _ENCODER.encode),  # 1.10 stays 1.10 and is not 1.1
)


@contextmanager
def quickly(*, by_the_library: bool) -> Iterator[None]:
    """Keep what is pure; send past the HTTP library unless it is asked for."""
    places = list(QUICK)
    if not by_the_library:
        places.append((system, "HttpClient", DirectClient))
    before = [(place, name, getattr(place, name)) for place, name, _ in places]
    for place, name, quick in places:
        setattr(place, name, quick)
    try:
        yield
    finally:
        for place, name, slow in before:
            setattr(place, name, slow)


@contextmanager
def without_collector(every: int = 25) -> Iterator[Any]:
    """Collect garbage between schedules, not in them; gives what to call after each."""
    gc.collect()
    gc.freeze()
    gc.disable()
    count = 0

    def tidy() -> None:
        nonlocal count
        count += 1
        if count % every == 0:
            gc.collect()

    try:
        yield tidy
    finally:
        gc.enable()
        gc.unfreeze()
