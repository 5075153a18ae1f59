"""Whether what a document was refused for has been corrected since.

A back-off spares the target the same refusal every ten minutes. It is no reason not to
look: what was read of the source when the document was refused is read again in each
run, and any other value makes it due at once. Files are not fetched for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import RecordError, SystemDownError, TransientError
from engine.flow.content import keep_read
from engine.flow.context import GoneError
from engine.flow.digests import digest_of
from engine.flow.steps import run_step
from engine.language.values import ValueFault
from engine.ledger.model import Content
from engine.project.flow_spec import ReadStep, WriteStep

if TYPE_CHECKING:
    from engine.flow.context import Document, RunContext


def reads_of(run: RunContext, document: Document) -> Content | None:
    """Give a digest of each answer that was read for a document; None without any.

    A flow without a status to wait in lists what has changed; there it is not asked.
    """
    if run.flow.acknowledge is None:
        return None
    files = _file_reads(run)
    parts = {
        name: digest_of(part)
        for name, part in document.parts.items()
        if name not in files
    }
    return Content("", parts) if parts else None


def is_corrected(run: RunContext, document: Document) -> bool:
    """Read again what was read when it was refused; tell whether any of it differs.

    Raises:
        SystemDownError: No further document would fare better.
    """
    refused = document.transfer.refused
    if refused is None:
        return False
    save = run.flow.fetch.save
    keep_read(run, document, save, document.data[save])
    try:
        for step in (*run.flow.enrich, *run.flow.prepare):
            if refused.fields.keys() <= document.parts.keys():
                break
            if isinstance(step, WriteStep):
                break
            run_step(step, run.access, document)
    except SystemDownError:
        raise
    except TransientError:
        return False
    except GoneError:
        return True
    except (RecordError, ValueFault):
        pass  # it stops where it stopped before, or its reads say so
    now = {name: digest_of(part) for name, part in document.parts.items()}
    return any(now.get(name) != known for name, known in refused.fields.items())


def _file_reads(run: RunContext) -> set[str]:
    """Name the reads that fetch files themselves, not lists of them."""
    steps = (*run.flow.enrich, *run.flow.prepare)
    reads = [step for step in steps if isinstance(step, ReadStep)]
    return {
        read.name
        for read in reads
        if run.systems[read.request.system]
        .spec.endpoints[read.request.endpoint]
        .response
        == "file"
    }
