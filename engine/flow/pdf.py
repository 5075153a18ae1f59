"""Make one PDF of several files: PDFs page by page, pictures as a page each.

The same files give the same bytes: no date, no random id, no name of a machine gets
in. A JPEG goes in as it is, turned by its page instead of being packed again, so no
receipt loses a digit; a HEIC becomes the JPEG that its telephone could have made. Pure;
what a hostile file raises becomes a violation.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from engine.errors import Violation, ViolationError
from engine.flow.attachments import find_format, open_pdf, quiet_pypdf
from engine.flow.pictures import (
    MAX_PIXELS,
    PICTURE_WORDS,
    PictureTooLargeError,
    open_picture,
)
from engine.systems.file_formats import FileContent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PIL import Image
    from pypdf import PdfWriter

A4: Final = (595.276, 841.89)  # points; ISO 216, 210 x 297 mm
MARGIN: Final = 28.35  # points: 10 mm
POINTS_PER_PIXEL: Final = 0.75  # at most: a small picture is not blown up
_QUALITY: Final = 90  # of a JPEG; what cameras use, our own figure
_ORIENTATION: Final = 0x0112  # Exif 2.32, 4.6.4: how a camera was held, 1 to 8
# How each orientation stands on the page: a, b, c, d of ISO 32000-1, 8.3.3, and the
# corner that it starts from, in widths and heights of the box.
_TURNS: Final = {
    1: (1, 0, 0, 1, 0, 0),
    2: (-1, 0, 0, 1, 1, 0),
    3: (-1, 0, 0, -1, 1, 1),
    4: (1, 0, 0, -1, 0, 1),
    5: (0, -1, -1, 0, 1, 1),
    6: (0, -1, 1, 0, 0, 1),
    7: (0, 1, 1, 0, 0, 0),
    8: (0, 1, -1, 0, 1, 0),
}


@dataclass(frozen=True, slots=True)
class _Picture:
    """A picture as it goes into a page; its bytes are packed."""

    width: int
    height: int
    colours: str  # a colour space of ISO 32000-1
    packing: str  # a filter of ISO 32000-1
    content: bytes
    orientation: int = 1


def merge_files(files: Iterable[tuple[str, FileContent]]) -> FileContent:
    """Give one PDF with the pages of all files, in their order.

    A picture gets an A4 page, upright or lying as it is itself, within a margin of a
    centimetre. Of a moving picture the first frame is taken.

    Args:
        files: Names, for messages, and contents: PDF, JPEG, GIF, PNG or HEIC.

    Raises:
        ViolationError: ``FILE_DAMAGED``, ``FILE_FORMAT`` or ``PICTURE_TOO_LARGE``, for
            every file that cannot go in.
    """
    from pypdf import PdfWriter

    writer = PdfWriter()
    found: list[Violation] = []
    with quiet_pypdf():
        for name, file in files:
            form = find_format(file.content)
            word = form.word if form else ""
            try:
                if word == "pdf":
                    _add_pages(writer, name, file.content)
                elif word in PICTURE_WORDS:
                    _add_picture(writer, _read_picture(name, file.content, word))
                else:
                    said = "only PDF, JPEG, GIF, PNG and HEIC can be merged"
                    raise _error("FILE_FORMAT", name, said)
            except ViolationError as error:
                found.extend(error.violations)
        if found:
            raise ViolationError(found)
        out = io.BytesIO()
        writer.write(out)
    return FileContent(out.getvalue())


def _add_pages(writer: PdfWriter, name: str, content: bytes) -> None:
    try:
        writer.append(open_pdf(content), import_outline=False)
    except Exception as error:  # a hostile file may raise whatever it likes
        said = "the PDF is damaged: its pages cannot be read"
        raise _error("FILE_DAMAGED", name, said) from error


def _read_picture(name: str, content: bytes, word: str) -> _Picture:
    try:
        with open_picture(content, word) as image:
            if word == "jpeg":
                return _take_jpeg(image, content)
            return _photograph(image) if word == "heic" else _pack(image)
    except PictureTooLargeError as error:
        said = f"the picture has more than {MAX_PIXELS:,} pixels"
        raise _error("PICTURE_TOO_LARGE", name, said) from error
    except Exception as error:  # as for a PDF
        said = "the picture is damaged: it cannot be opened"
        raise _error("FILE_DAMAGED", name, said) from error


def _take_jpeg(image: Image.Image, content: bytes) -> _Picture:
    """Take a JPEG as it is; one in printer's colours is packed anew."""
    width, height = image.size
    orientation = _find_orientation(image)
    colours = {"L": "/DeviceGray", "RGB": "/DeviceRGB"}.get(image.mode)
    if colours is None:
        return replace(_pack(image), orientation=orientation)
    # All of it must be readable; an eighth of its size is enough to see that.
    image.draft(None, (max(width // 8, 1), max(height // 8, 1)))
    image.load()
    return _Picture(width, height, colours, "/DCTDecode", content, orientation)


def _find_orientation(image: Image.Image) -> int:
    try:
        turned = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001  # a broken note of the camera spoils no picture
        return 1
    return turned if turned in _TURNS else 1


def _pack(image: Image.Image) -> _Picture:
    """Pack a picture without loss."""
    plain = _flatten(image)
    content = zlib.compress(plain.tobytes(), 9)
    return _Picture(plain.width, plain.height, "/DeviceRGB", "/FlateDecode", content)


def _photograph(image: Image.Image) -> _Picture:
    """Make a JPEG of a photograph: without loss, twelve megapixels are ten megabytes.

    Its reader has turned it already.
    """
    plain, out = _flatten(image), io.BytesIO()
    plain.save(out, "JPEG", quality=_QUALITY)
    size = plain.size
    return _Picture(*size, "/DeviceRGB", "/DCTDecode", out.getvalue())


def _flatten(image: Image.Image) -> Image.Image:
    """Give a picture in three colours; what is transparent becomes white."""
    from PIL import Image

    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA"):
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, "white")
        image = Image.alpha_composite(ground, layer)
    return image.convert("RGB")


def _add_picture(writer: PdfWriter, picture: _Picture) -> None:
    from pypdf.generic import DictionaryObject, NameObject, NumberObject, StreamObject

    is_turned = picture.orientation >= 5
    width, height = picture.width, picture.height
    if is_turned:
        width, height = height, width
    page_width, page_height = A4 if width <= height else (A4[1], A4[0])
    scale = min(
        (page_width - 2 * MARGIN) / width,
        (page_height - 2 * MARGIN) / height,
        POINTS_PER_PIXEL,
    )
    box = (width * scale, height * scale)
    left, bottom = (page_width - box[0]) / 2, page_height - MARGIN - box[1]
    image = StreamObject()
    image._data = picture.content  # noqa: SLF001  # packed bytes have no public way in
    entries = {
        "/Type": NameObject("/XObject"),
        "/Subtype": NameObject("/Image"),
        "/Width": NumberObject(picture.width),
        "/Height": NumberObject(picture.height),
        "/ColorSpace": NameObject(picture.colours),
        "/BitsPerComponent": NumberObject(8),
        "/Filter": NameObject(picture.packing),
    }
    image.update({NameObject(name): value for name, value in entries.items()})
    drawing = StreamObject()
    matrix = _matrix(picture.orientation, box, (left, bottom))
    drawing.set_data(f"q {matrix} cm /Picture Do Q\n".encode())
    page = writer.add_blank_page(page_width, page_height)
    pictures = DictionaryObject({NameObject("/Picture"): writer._add_object(image)})  # noqa: SLF001
    page[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/XObject"): pictures}
    )
    page[NameObject("/Contents")] = writer._add_object(drawing)  # noqa: SLF001


def _matrix(
    orientation: int, box: tuple[float, float], corner: tuple[float, float]
) -> str:
    """Give the six numbers that put the unit square of a picture into its box."""
    a, b, c, d, x, y = _TURNS[orientation]
    width, height = box
    left, bottom = corner[0] + x * width, corner[1] + y * height
    numbers = (a * width, b * height, c * width, d * height, left, bottom)
    return " ".join(f"{number:.4f}" for number in numbers)


def _error(code: str, name: str, message: str) -> ViolationError:
    return ViolationError([Violation(code, message, field="attachment", value=name)])
