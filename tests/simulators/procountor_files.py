"""Files of the simulated Procountor."""

from __future__ import annotations

from tests.simulators.base import RefusedRequest, Reply, Request
from tests.simulators.bodies import Part, dump_json
from tests.simulators.procountor_core import (
    ProcountorCore,
    errors_reply,
    refuse_findings,
    to_number,
)
from tests.simulators.procountor_shapes import (
    ATTACHMENT,
)
from tests.simulators.shape import Finding, blank, invalid, iter_findings

MAX_FILE_BYTES = 10_000_000
MIME_TYPES = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "png": "image/png",
}


class Files(ProcountorCore):
    """What happens under /attachments."""

    def _no_archive(self, _: Request) -> Reply:
        raise self._refuse(403, None, "Document management is not in use.")

    def _create_attachment(self, request: Request) -> Reply:
        if not request.content_type.startswith("multipart/form-data"):
            raise self._refuse(400, None, "The body must be multipart/form-data.")
        parts = {part.name: part for part in request.parts()}
        meta_part, file_part = parts.get("meta"), parts.get("file")
        if meta_part is None or file_part is None:
            missing = "meta" if meta_part is None else "file"
            raise self._refuse(
                400, missing, f"Value of the '{missing}' cannot be blank."
            )
        meta = self._json(meta_part.content, meta_part.content_type)
        findings = list(iter_findings(meta, ATTACHMENT))
        refuse_findings(findings + _check_file(file_part))
        if meta["referenceType"] != "INVOICE":
            raise self._refuse(
                400, "referenceType", "The simulator takes INVOICE only."
            )
        invoice = self.data.invoices.get(int(meta["referenceId"]))
        if invoice is None:
            raise self._refuse(404, "referenceId", "Not found")
        if "." not in meta["name"].strip("."):
            raise RefusedRequest(errors_reply(400, [invalid("name", meta["name"])]))
        is_sales = invoice["type"] == "SALES_INVOICE"
        if meta["sendWithInvoice"] and invoice["type"] == "TRAVEL_INVOICE":
            raise RefusedRequest(
                errors_reply(400, [invalid("sendWithInvoice", "true")])
            )
        changeable = {"UNFINISHED"} if is_sales else {"UNFINISHED", "RECEIVED"}
        if invoice["status"] not in changeable:  # approved is closed; a guess here
            raise self._refuse(
                403, "referenceId", f"Not possible in status {invoice['status']}."
            )
        extension = meta["name"].rpartition(".")[2].lower()
        attachment = {
            "id": self.data.take_id(),
            "name": meta["name"],
            "referenceType": "INVOICE",
            "referenceId": meta["referenceId"],
            "mimeType": MIME_TYPES.get(extension, "application/octet-stream"),
            "sendWithInvoice": meta["sendWithInvoice"],
        }
        self.data.attachments[attachment["id"]] = (attachment, file_part.content)
        invoice["attachments"].append(attachment)
        return Reply(body=attachment)

    def _attachment(self, request: Request) -> Reply:
        number = to_number(request.params["attachmentId"])
        if number not in self.data.attachments:
            raise self._refuse(404, None, "Not found")
        meta, content = self.data.attachments[number]
        pieces = (
            (b"application/json", dump_json(meta)),
            (meta["mimeType"].encode(), content),
        )
        body = b"".join(
            b"--part\r\nContent-Type: " + kind + b"\r\n\r\n" + piece + b"\r\n"
            for kind, piece in pieces
        )
        return Reply(
            body=body + b"--part--\r\n", content_type="multipart/mixed; boundary=part"
        )


def _check_file(part: Part) -> list[Finding]:
    findings = []
    if not part.filename:
        findings.append(blank("file"))
    if len(part.content) > MAX_FILE_BYTES:
        findings.append(Finding("file", "File size too big"))
    return findings
