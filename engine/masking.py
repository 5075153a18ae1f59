"""Mask what must not be read in a log: personal ids and bank accounts.

Shown are the last four characters at most. Pure; used on every text that leaves for the
ledger's log or a screen.
"""

from __future__ import annotations

import re

# Finnish personal identity code: a day, a century sign (newer letters since 2023),
# three digits, a check character. A Swedish organisation number has the same shape but
# never a day, and is public.
FINNISH_ID = re.compile(
    r"\b(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}[-+A-FU-Y]\d{3}[0-9A-Z]\b"
)
# Swedish personal number: yymmdd or yyyymmdd, sign, four digits; the day may be 60 up.
SWEDISH_ID = re.compile(r"\b(?:\d{2})?\d{2}(?:0[1-9]|1[0-2])[0-9]\d[-+]\d{4}\b")
# No IBAN is shorter than 15 characters; a VAT number (SE and 12 digits) is.
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z]{4})?(?: ?\d){11,30}\b")


def mask_text(text: str) -> str:
    """Give the text with every personal id and bank account masked to its last four.

    >>> mask_text("131052-308T")
    '…308T'
    """
    for pattern in (FINNISH_ID, SWEDISH_ID, _IBAN):
        text = pattern.sub(lambda found: "…" + found.group()[-4:], text)
    return text
