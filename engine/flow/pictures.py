"""Pictures are opened before they are sent: what cannot be shown helps nobody."""

from __future__ import annotations

import io
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

MAX_PIXELS: Final = 50_000_000  # a scanner's A3 at 600 dpi; our own figure
PICTURE_WORDS: Final = ("gif", "heic", "jpeg", "png")


class PictureTooLargeError(Exception):
    """A picture has more pixels than are unpacked."""


@contextmanager
def open_picture(data: bytes, word: str) -> Iterator[Image.Image]:
    """Open a picture as what it is by its first bytes; nothing is unpacked yet.

    Args:
        data: Its bytes.
        word: One of ``PICTURE_WORDS``.

    Raises:
        PictureTooLargeError: It has more than ``MAX_PIXELS``.
    """
    from PIL import Image

    if word == "heic":
        from pillow_heif import register_heif_opener

        # A preview says nothing of the picture beside it.
        register_heif_opener(thumbnails=False)
    opener = "HEIF" if word == "heic" else word.upper()
    with warnings.catch_warnings():
        # What is far over the limit is only warned about; here it ends the reading.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            image = Image.open(io.BytesIO(data), formats=[opener])
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise PictureTooLargeError from error
        with image:
            if image.width * image.height > MAX_PIXELS:
                raise PictureTooLargeError
            yield image


def find_picture_fault(data: bytes, word: str) -> str | None:
    """Tell why a picture cannot go: damaged, cut. One that is huge is not looked at."""
    try:
        with open_picture(data, word) as image:
            # An eighth of its size is enough to see that all can be read.
            image.draft(None, (image.width // 8 or 1, image.height // 8 or 1))
            image.load()
    except PictureTooLargeError:
        return None
    except Exception:  # noqa: BLE001  # a hostile file may raise whatever it likes
        return "the picture is damaged: it cannot be opened"
    return None
