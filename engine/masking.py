"""Mask what must not be read in a log: personal ids and bank accounts.

Shown are the last four characters at most. Pure; used on every text that leaves for the
ledger's log or a screen.
"""

from __future__ import annotations

import re

# Finnish personal identity code: ddmmyy, century sign, three digits, check character.
# The sign's newer letters are in use since 2023.
_FINNISH = re.compile(r"\b\d{6}[-+A-FU-Y]\d{3}[0-9A-Z]\b")
# Swedish personal number: yymmdd or yyyymmdd, sign, four digits. An organisation number
# has the same shape but a month of 20 or more, and is public.
_SWEDISH = re.compile(r"\b(?:\d{2})?\d{2}(?:0\d|1[0-2])\d{2}[-+]\d{4}\b")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[0-9A-Z]{4}){2,7}(?: ?[0-9A-Z]{1,3})?\b")


def mask_text(text: str) -> str:
    """Give the text with every personal id and bank account masked to its last four.

    >>> mask_text("131052-308T")
    '…308T'
    """
    for pattern in (_FINNISH, _SWEDISH, _IBAN):
        text = pattern.sub(lambda found: "…" + found.group()[-4:], text)
    return text
