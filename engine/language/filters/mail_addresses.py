"""Mail addresses as people type them: several, with names, as a link, with a leftover.

Deliberately plain: one @, no blanks, a point in the domain. The receiving system's own
check is stricter or laxer in ways nobody writes down.
"""

from __future__ import annotations

import re
from typing import Any

from engine.identifiers import drop_unseen

_ADDRESS = (
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
    r"@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63}"
)
_EMAIL = re.compile(_ADDRESS, re.ASCII)
# Between addresses: a comma, a semicolon, a blank, or an angle of "Name <address>".
_BETWEEN = re.compile(r"[\s,;<>()\[\]\"]+")
_LINK = re.compile(r"^mailto:|\?.*$|^'|'$|\.$", re.IGNORECASE)


def is_email(value: Any) -> bool:
    """Tell whether a text looks like one mail address: ``name@firm.fi``."""
    return isinstance(value, str) and bool(_EMAIL.fullmatch(value.strip()))


def find_addresses(text: str) -> list[str]:
    """Give every usable address of a field, each once, in its order."""
    words = (_LINK.sub("", word) for word in _BETWEEN.split(drop_unseen(text)))
    return list(dict.fromkeys(word for word in words if _EMAIL.fullmatch(word)))
