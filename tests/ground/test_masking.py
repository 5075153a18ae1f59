"""Personal ids and bank accounts never reach a log whole; public numbers stay."""

import pytest

from engine.masking import mask_text

CASES = [
    ("131052-308T", "…308T"),
    ("131052A308T is missing", "…308T is missing"),
    ("traveller 010101Y123N", "traveller …123N"),
    ("800101-1234", "…1234"),
    ("19800161-1234", "…1234"),
    ("FI21 1234 5600 0007 85", "…7 85"),
    ("FI2112345600000785", "…0785"),
    ("GB29 NWBK 6016 1331 9268 19", "…8 19"),
    ("2345678-9", "2345678-9"),
    ("FI23456789", "FI23456789"),
    ("556677-8899", "556677-8899"),
    ("SE556677889901", "SE556677889901"),
    ("20261001", "20261001"),
    ("2026-11-24 07:30:00", "2026-11-24 07:30:00"),
    ("mappings/sales_invoice/flow.yaml:91:5", "mappings/sales_invoice/flow.yaml:91:5"),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_masked_to_the_last_four(text, expected):
    assert expected == mask_text(text)
