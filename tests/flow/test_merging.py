"""Merged files: every page in order, pictures upright, the same bytes each time."""

from __future__ import annotations

import io
import subprocess
import sys

import pypdf
import pytest
from PIL import Image, ImageOps

from engine.errors import ViolationError
from engine.flow.attachments import check_file
from engine.flow.pdf import A4, MARGIN, merge_files
from engine.systems.file_formats import FileContent
from tests.places import ROOT
from tests.simulators.files import make_gif, make_heic, make_jpeg, make_pdf

CORNERS = {(0, 0): "red", (1, 0): "green", (0, 1): "blue", (1, 1): "white"}


def make_picture(size=(40, 20), kind="JPEG", mode="RGB", orientation=None):
    """Give a picture whose four quarters differ."""
    small = Image.new("RGB", (2, 2))
    for corner, colour in CORNERS.items():
        small.paste(colour, (*corner, corner[0] + 1, corner[1] + 1))
    image = small.resize(size, Image.Resampling.NEAREST).convert(mode)
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    out = io.BytesIO()
    if kind == "JPEG":
        image.save(out, kind, quality=95, exif=exif)
    else:
        image.save(out, kind)
    return out.getvalue()


def merge(*files):
    named = [(f"{n}_file", FileContent(content)) for n, content in enumerate(files, 1)]
    return merge_files(named)


def pages_of(merged):
    return pypdf.PdfReader(io.BytesIO(merged.content)).pages


def matrix_of(page):
    words = page.get_contents().get_data().decode().split()
    return [float(word) for word in words[1:7]]


def place(matrix, u, v):
    """Give where a point of the unit square stands on the page."""
    a, b, c, d, e, f = matrix
    return (a * u + c * v + e, b * u + d * v + f)


def test_all_pages_in_their_order():
    merged = merge(make_pdf(["report"]), make_jpeg(), make_gif(), make_pdf(["last"]))

    texts = [page.extract_text().strip() for page in pages_of(merged)]
    assert ["report", "", "", "last"] == texts
    assert "application/pdf" == check_file("x.pdf", merged, max_bytes=10_000_000)


def test_the_same_files_give_the_same_bytes():
    """In another process too, whatever its hash seed: nothing random gets in."""
    code = (
        "from tests.flow.test_merging import *\n"
        "print(merge(make_pdf(['a']), make_picture(), make_gif()).sha256)"
    )
    sums = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }

    assert {merge(make_pdf(["a"]), make_picture(), make_gif()).sha256} == sums


def test_a_jpeg_goes_in_as_it_is():
    content = make_picture()

    (page,) = pages_of(merge(content))

    picture = page["/Resources"]["/XObject"]["/Picture"]
    assert "/DCTDecode" == picture["/Filter"]
    assert content == picture._data


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("CMYK", "JPEG"), ("L", "JPEG"), ("P", "GIF"), ("RGB", "PNG"), ("RGBA", "PNG")],
)
def test_other_colours(mode, kind):
    """Printer's colours, grey and palettes become what every reader shows."""
    content = make_picture(mode=mode, kind=kind)

    (page,) = pages_of(merge(content))

    shown = page.images[0].image.convert("RGB").resize((2, 2), Image.Resampling.BOX)
    expected = Image.open(io.BytesIO(content)).convert("RGB")
    expected = expected.resize((2, 2), Image.Resampling.BOX)
    for corner in CORNERS:
        pairs = zip(shown.getpixel(corner), expected.getpixel(corner), strict=True)
        assert all(abs(a - b) < 8 for a, b in pairs)


def test_glass_in_a_png_is_white():
    out = io.BytesIO()
    image = Image.new("RGBA", (2, 1), (255, 0, 0, 0))
    image.putpixel((1, 0), (0, 0, 255, 255))
    image.save(out, "PNG")

    (page,) = pages_of(merge(out.getvalue()))

    shown = page.images[0].image.convert("RGB")
    assert [(255, 255, 255), (0, 0, 255)] == [shown.getpixel((x, 0)) for x in (0, 1)]


@pytest.mark.parametrize("cipher", ["RC4-128", "AES-128", "AES-256"])
def test_a_pdf_with_limited_rights_is_merged(cipher):
    writer = pypdf.PdfWriter(
        clone_from=pypdf.PdfReader(io.BytesIO(make_pdf(["receipt"])))
    )
    writer.encrypt("", "owner", algorithm=cipher)
    out = io.BytesIO()
    writer.write(out)

    pages = pages_of(merge(out.getvalue(), b"x" * 1000 + make_pdf(["late"])))

    assert ["receipt", "late"] == [page.extract_text().strip() for page in pages]


def test_a_photograph_of_a_telephone_becomes_a_page():
    """HEIC goes in as a JPEG: without loss it would be ten times as large."""
    (page,) = pages_of(merge(make_heic()))

    picture = page["/Resources"]["/XObject"]["/Picture"]
    shown = page.images[0].image.convert("RGB")
    assert "/DCTDecode" == picture["/Filter"]
    assert (8, 4) == shown.size
    assert all(
        abs(a - b) < 8
        for a, b in zip((200, 30, 30), shown.getpixel((4, 2)), strict=True)
    )


def test_what_is_transparent_is_white():
    out = io.BytesIO()
    image = Image.new("P", (2, 1), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    image.save(out, "GIF", transparency=0)

    (page,) = pages_of(merge(out.getvalue()))

    shown = page.images[0].image.convert("RGB")
    assert [(255, 255, 255), (0, 0, 255)] == [shown.getpixel((x, 0)) for x in (0, 1)]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_stands_upright(orientation):
    """Each quarter of the page shows the colour that a viewer of photos shows there."""
    content = make_picture(orientation=orientation)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))

    (page,) = pages_of(merge(content))

    matrix = matrix_of(page)
    ends = [place(matrix, 0, 0), place(matrix, 1, 1)]
    left, right = sorted(x for x, _ in ends)
    bottom, top = sorted(y for _, y in ends)
    assert (right - left > top - bottom) == (upright.width > upright.height)
    stored = Image.open(io.BytesIO(content))
    for u in (0.25, 0.75):
        for v in (0.25, 0.75):
            x, y = place(matrix, u, v)
            seen = (x - left) / (right - left), 1 - (y - bottom) / (top - bottom)
            there = pixel(upright, *seen)
            ours = pixel(stored, u, 1 - v)
            assert all(abs(a - b) < 40 for a, b in zip(there, ours, strict=True))


def pixel(image, x, y):
    return image.getpixel((int(x * image.width), int(y * image.height)))


@pytest.mark.parametrize(
    ("size", "is_lying"), [((3000, 2000), True), ((2000, 3000), False), ((9, 9), False)]
)
def test_it_fits_an_a4_page(size, is_lying):
    (page,) = pages_of(merge(make_picture(size)))

    width, height = map(float, page.mediabox[2:])
    assert (width > height) == is_lying
    assert sorted(A4) == pytest.approx(sorted((width, height)))
    for u, v in ((0, 0), (1, 1)):
        x, y = place(matrix_of(page), u, v)
        assert MARGIN - 0.01 <= x <= width - MARGIN + 0.01
        assert MARGIN - 0.01 <= y <= height - MARGIN + 0.01


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (make_picture()[:-300], "FILE_DAMAGED"),
        (b"GIF89a\x01\0\x01\0", "FILE_DAMAGED"),
        (b"%PDF-1.4\nnothing\n%%EOF", "FILE_DAMAGED"),
        (b"\x89PNG\r\n\x1a\n", "FILE_DAMAGED"),
        (b"BM\0\0", "FILE_FORMAT"),
        (b"", "FILE_FORMAT"),
        # A few bytes that claim to be huge: 8,000 x 8,000 and 65,000 x 65,000 points.
        (b"GIF89a\x40\x1f\x40\x1f\x80\0\0" + make_gif()[13:], "PICTURE_TOO_LARGE"),
        (b"GIF89a\xe8\xfd\xe8\xfd\x80\0\0" + make_gif()[13:], "PICTURE_TOO_LARGE"),
    ],
)
def test_what_cannot_go_in_is_named(content, code):
    """All such files are told at once, and nothing else is raised."""
    with pytest.raises(ViolationError) as caught:
        merge(make_pdf(["good"]), content, content)

    found = [(v.code, v.value, v.field) for v in caught.value.violations]
    assert [(code, f"{n}_file", "attachment") for n in (2, 3)] == found


def test_a_broken_note_of_the_camera_spoils_no_picture():
    content = make_picture(orientation=6).replace(b"MM\x00*", b"MM\x00!")

    (page,) = pages_of(merge(content))

    assert matrix_of(page)[1] == 0  # not turned
