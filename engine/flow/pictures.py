"""Pictures are opened before they are sent: what cannot be shown helps nobody."""

from __future__ import annotations

import io
import warnings
from typing import Final

MAX_PIXELS: Final = 50_000_000  # a scanner's A3 at 600 dpi; our own figure


def find_picture_fault(data: bytes) -> str | None:
    """Tell why a picture cannot go: damaged, cut. One that is huge is not looked at."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=["JPEG", "GIF", "PNG"]) as image:
                if image.width * image.height <= MAX_PIXELS:
                    # An eighth of its size is enough to see that all can be read.
                    image.draft(None, (image.width // 8 or 1, image.height // 8 or 1))
                    image.load()
    except Image.DecompressionBombError:
        return None
    except Exception:  # noqa: BLE001  # a hostile file may raise whatever it likes
        return "the picture is damaged: it cannot be opened"
    return None
