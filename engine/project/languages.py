"""The languages of whatever people read: advice, names of fields, mails.

The grammars of those files ask for each of them.
"""

from __future__ import annotations

from typing import Final

LANGUAGES: Final = ("fi", "sv", "en", "nl")
FALLBACK_LANGUAGE: Final = "en"
