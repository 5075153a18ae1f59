"""Small real files, made in code: PDF, JPEG, GIF, PNG, HEIC that readers accept."""

from __future__ import annotations

import base64
import random
import struct
import zlib


def make_pdf(lines: list[str], size: int | None = None) -> bytes:
    """Give a one-page PDF; ``size`` pads it, inside a stream, to exactly that many bytes."""
    text = "BT /F1 12 Tf 14 TL 60 780 Td\n"
    for line in lines:
        safe = line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        text += f"({safe}) Tj T*\n"
    stream = (text + "ET\n").encode("cp1252", "replace")
    content = _pdf(stream)
    if size is None:
        return content
    for _ in range(3):  # the lengths written inside grow with the padding, so settle
        stream += b" " * (size - len(content))
        content = _pdf(stream)
        if len(content) > size:
            stream = stream[: len(stream) - (len(content) - size)]
            content = _pdf(stream)
    return content


def _pdf(stream: bytes) -> bytes:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        (
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica"
            b" /Encoding /WinAnsiEncoding >>"
        ),
    ]
    return _write_objects(objects)


def _write_objects(objects: list[bytes]) -> bytes:
    content = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(content)
    content += b"xref\n0 6\n0000000000 65535 f \n"
    content += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    content += b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start
    return content


def make_scan(title: str, size: int) -> bytes:
    """Give a one-page PDF of exactly ``size`` bytes: one grey picture of noise.

    The noise is the same for the same title, and no packing makes it smaller.
    """
    width, height = 2000, size // 2000 - 1
    grey = random.Random(title).randbytes(width * height)
    draw = b"q 595 0 0 842 0 0 cm /Im1 Do Q\n"
    for _ in range(3):  # the length written inside grows with the padding, so settle
        missing = size - len(_picture_page(width, height, grey, draw))
        draw = draw + b" " * missing if missing >= 0 else draw[:missing]
    return _picture_page(width, height, grey, draw)


def _picture_page(width: int, height: int, grey: bytes, draw: bytes) -> bytes:
    return _write_objects(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            (
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
                b" /Resources << /XObject << /Im1 5 0 R >> >> >>"
            ),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(draw), draw),
            (
                b"<< /Type /XObject /Subtype /Image /Width %d /Height %d"
                b" /ColorSpace /DeviceGray /BitsPerComponent 8 /Length %d >>"
                b"\nstream\n%s\nendstream" % (width, height, len(grey), grey)
            ),
        ]
    )


def make_jpeg() -> bytes:
    """Give a grey JPEG of one pixel: one code in each Huffman table is enough."""

    def segment(marker: int, body: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body

    one_code = bytes([1] + [0] * 15) + b"\x00"
    return (
        b"\xff\xd8"
        + segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")
        + segment(0xDB, b"\x00" + b"\x01" * 64)
        + segment(0xC0, b"\x08\x00\x01\x00\x01\x01\x01\x11\x00")
        + segment(0xC4, b"\x00" + one_code)
        + segment(0xC4, b"\x10" + one_code)
        + segment(0xDA, b"\x01\x01\x00\x00\x3f\x00")
        + b"\x3f\xff\xd9"
    )


def make_gif() -> bytes:
    """Give a white GIF of one pixel."""
    return (
        b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00"
        b",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
    )


def make_png() -> bytes:
    """Give a grey PNG of one pixel."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixel = zlib.compress(b"\x00\x80")
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", pixel)
        + chunk(b"IEND", b"")
    )


def make_heic() -> bytes:
    """Give a red HEIC of 8 x 4 pixels, as a telephone packs it."""
    return base64.b64decode(HEIC)


HEIC = (
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAWhtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABw"
    "aWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAAAAAERAAAEAAQAAAAABjAABAAAAAAAAADMAAAAjaWlu"
    "ZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA6GlwcnAAAADJaXBj"
    "bwAAAHVodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMA"
    "HroCQGEAAQApQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqrprm4CGgwIAAAAyAAAADAIRiAAEABkQB"
    "wXPBiQAAABRpc3BlAAAAAAAAAEAAAABAAAAAKGNsYXAAAAAIAAAAAQAAAAQAAAAB////yAAAAAL/"
    "///EAAAAAgAAABBwaXhpAAAAAAMICAgAAAAXaXBtYQAAAAAAAAABAAEEgQIEgwAAADttZGF0AAAA"
    "LygBrxMhZGNA9Sci//9qup/60Fn/b/ZYWdyugMFb8vrA9mSbwPOqkZ6Ah2mnMBV4"
)
