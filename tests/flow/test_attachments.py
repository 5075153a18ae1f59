"""Attachments: what may be sent, by content, name and size, and under which name."""

from __future__ import annotations

import hashlib
import io
import logging

import pypdf
import pytest
from pypdf.constants import UserAccessPermissions

from engine.errors import ViolationError
from engine.flow.attachments import check_file, name_with_extension
from engine.systems.file_formats import FileContent
from tests.simulators.files import make_heic, make_jpeg

LIMIT = 10_000_000
GIF = b"GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
JPEG = make_jpeg()
FORMATS = ("gif", "jpeg", "pdf")
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
HEIC = make_heic()
CIPHERS = ("RC4-40", "RC4-128", "AES-128", "AES-256-R5", "AES-256")
LEADS = (b"x" * 1000, b"\xef\xbb\xbf", b"%!PS-Adobe-3.0\r", b"1 0 obj\n<<>>\nendobj\n")


def make_pdf(pages=1, password=None, algorithm="RC4-128"):
    writer = pypdf.PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(width=72, height=72)
    if password is not None:
        none = UserAccessPermissions(0)
        writer.encrypt(password, "owner", permissions_flag=none, algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


PDF = make_pdf()
MENDED = PDF.replace(b"startxref\n", b"startxref\n9")  # readers find the table anyway
LYING = PDF.replace(b"/Count 1", b"/Count 7").replace(b"/Kids [ 4 0 R ]", b"/Kids [ ]")

PDF_TYPE, JPEG_TYPE, GIF_TYPE = "application/pdf", "image/jpeg", "image/gif"
GOOD = [
    ("invoice.pdf", PDF, PDF_TYPE),
    ("INVOICE.PDF", PDF, PDF_TYPE),
    ("liite 1.pdf", make_pdf(pages=3), PDF_TYPE),
    ("mended.pdf", MENDED, PDF_TYPE),
    ("two.parts.pdf", PDF, PDF_TYPE),
    ("with a tail.pdf", PDF + b"\n" * 900, PDF_TYPE),
    ("photo.jpg", JPEG, JPEG_TYPE),
    ("photo.JPG", JPEG, JPEG_TYPE),
    ("photo.jpeg", JPEG, JPEG_TYPE),
    ("photo.Jpeg", JPEG, JPEG_TYPE),
    ("photo.jfif", JPEG, JPEG_TYPE),
    ("photo.jpe", JPEG, JPEG_TYPE),
    ("photo.jpg ", JPEG, JPEG_TYPE),
    ("photo.jpg\u00a0\u200b", JPEG, JPEG_TYPE),
    ("scan", PDF, PDF_TYPE),
    ("scan.", PDF, PDF_TYPE),
    ("pdf", PDF, PDF_TYPE),
    ("rights only.pdf", make_pdf(password=""), PDF_TYPE),
    *((f"{c}.pdf", make_pdf(password="", algorithm=c), PDF_TYPE) for c in CIPHERS),
    ("late.pdf", b"\n" * 1024 + PDF, PDF_TYPE),
    *((f"{n}.pdf", lead + PDF, PDF_TYPE) for n, lead in enumerate(LEADS)),
    ("photo.heic", HEIC, "image/heic"),
    ("IMG_0042.HEIF ", HEIC, "image/heic"),
    ("mailed.pdf", b"Content-Type: application/pdf\r\n\r\n" + PDF, PDF_TYPE),
    ("logo.gif", GIF, GIF_TYPE),
    ("old.gif", b"GIF87a" + GIF[6:], GIF_TYPE),
    ("full.jpg", JPEG.ljust(LIMIT, b"\0"), JPEG_TYPE),
]
BAD = [
    ("empty.pdf", b"", ["FILE_EMPTY"], "is empty"),
    (
        *("big.jpg", JPEG.ljust(LIMIT + 1, b"\0"), ["FILE_TOO_BIG"]),
        "has 10,000,001 bytes, at most 10,000,000",
    ),
    ("big.png", PNG.ljust(LIMIT + 1), ["FILE_TOO_BIG", "FILE_FORMAT"], "PNG"),
    ("photo.png", PNG, ["FILE_FORMAT"], "is PNG by its content, allowed are GIF, JPEG"),
    ("photo.jpg", PNG, ["FILE_FORMAT"], "is PNG by its content"),
    ("photo.heic", HEIC, ["FILE_FORMAT"], "is HEIC by its content"),
    ("photo.jpg", HEIC, ["FILE_FORMAT"], "is HEIC by its content"),
    ("photo.webp", b"RIFF\0\0\0\0WEBP", ["FILE_FORMAT"], "is WebP"),
    ("sheet.xlsx", b"PK\3\4\x14\0", ["FILE_FORMAT"], "is ZIP or Office"),
    ("page.pdf", b"<html>Not found</html>", ["FILE_FORMAT"], "is HTML or XML"),
    ("text.txt", b"hello", ["FILE_FORMAT"], "is unknown"),
    ("short.gif", b"GIF8", ["FILE_FORMAT"], "is unknown"),
    ("short.jpg", b"\xff\xd8", ["FILE_FORMAT"], "is unknown"),
    ("late.pdf", b"\n" * 1025 + PDF, ["FILE_FORMAT"], "is unknown"),
    ("cut.jpg", JPEG[: len(JPEG) // 2], ["FILE_DAMAGED"], "picture is damaged"),
    ("head.gif", GIF[:12], ["FILE_DAMAGED"], "picture is damaged"),
    ("photo.pdf", JPEG, ["FILE_FORMAT"], "its name ends with .pdf instead of .jpg"),
    ("photo.gif", JPEG, ["FILE_FORMAT"], "is JPEG by its content"),
    ("scan.jpg", PDF, ["FILE_FORMAT"], "its name ends with .jpg instead of .pdf"),
    ("scan.pdf.exe", PDF, ["FILE_FORMAT"], "ends with .exe instead of .pdf"),
    ("cut.pdf", PDF[:-60], ["FILE_DAMAGED"], "is cut"),
    ("half.pdf", PDF[: len(PDF) // 2], ["FILE_DAMAGED"], "is cut"),
    ("head.pdf", b"%PDF-1.7\n", ["FILE_DAMAGED"], "is cut"),
    ("ends.pdf", b"%PDF-1.7\n%%EOF\n", ["FILE_DAMAGED"], "cannot be opened"),
    ("noise.pdf", b"%PDF-1.7\n" + b"\xa5" * 500 + b"%%EOF", ["FILE_DAMAGED"], "opened"),
    ("none.pdf", make_pdf(pages=0), ["FILE_DAMAGED"], "has no pages"),
    ("lying.pdf", LYING, ["FILE_DAMAGED"], "PDF"),
    *(
        ("locked.pdf", make_pdf(1, "secret", cipher), ["FILE_DAMAGED"], "password")
        for cipher in CIPHERS
    ),
]


@pytest.mark.parametrize(
    ("name", "data", "media_type"), GOOD, ids=lambda v: str(v)[:20]
)
def test_a_good_file_has_its_media_type(name, data, media_type):
    assert media_type == check_file(name, FileContent(data), max_bytes=LIMIT)


@pytest.mark.parametrize(
    ("name", "data", "codes", "words"), BAD, ids=lambda v: str(v)[:20]
)
def test_a_bad_file_says_why(name, data, codes, words, caplog):
    with pytest.raises(ViolationError) as caught:
        check_file(name, data, max_bytes=LIMIT, formats=FORMATS)

    violations = caught.value.violations
    assert codes == [violation.code for violation in violations]
    assert words in violations[-1].message
    assert {name} == {violation.value for violation in violations}
    assert [] == caplog.records


def test_settings_narrow_the_formats():
    with pytest.raises(ViolationError, match="is GIF by its content, allowed are PDF"):
        check_file("a.gif", GIF, max_bytes=LIMIT, formats=["pdf"])


def test_pypdf_is_silent_only_while_we_read(caplog):
    loggers = logging.root.manager.loggerDict
    check_file("mended.pdf", MENDED, max_bytes=LIMIT)
    assert [] == caplog.records
    left = [name for name in loggers if getattr(loggers[name], "filters", [])]
    assert [] == [name for name in left if name.startswith("pypdf")]
    assert logging.getLogger("pypdf").propagate

    pypdf.PdfReader(io.BytesIO(MENDED))
    assert caplog.records  # the sample does make it talk


def test_a_content_shows_its_size_and_hash_only():
    content = FileContent(b"salary list")

    assert 11 == content.size
    assert hashlib.sha256(b"salary list").hexdigest() == content.sha256
    assert f"FileContent(size=11, sha256={content.sha256})" == repr(content)
    assert content == FileContent(b"salary list")


@pytest.mark.parametrize(
    ("name", "data", "sent"),
    [
        ("kuitti", PDF, "kuitti.pdf"),
        ("kuva.", JPEG, "kuva.jpg"),
        ("kuva.jpg \u200b", JPEG, "kuva.jpg"),
        ("lasku 1.2.2026 hotellista", PDF, "lasku 1.2.2026 hotellista.pdf"),
        ("muistio.txt", b"text", "muistio.txt"),
    ],
)
def test_a_name_without_an_extension_gets_one(name, data, sent):
    """R066: a good file is not kept back by its name."""
    assert sent == name_with_extension(name, data)
