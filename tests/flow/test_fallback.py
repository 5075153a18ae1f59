"""A value that a table does not know goes as its ``else``, and the log says so."""

from __future__ import annotations

from tests.worlds import World


def test_an_unknown_unit_is_sent_as_none_and_told(tmp_path):
    """R123: the row goes without a unit; the note names the word and the row."""
    world = World(tmp_path, keep=["unit_odd"])
    for row in world.severa.data.rows:
        if row["measurementUnit"] == "ltk":
            row["measurementUnit"] = "Laatikollinen"

    world.run()

    (invoice,) = [e.body for _, e in world.requests() if e.endpoint == "POST /invoices"]
    assert "NO_UNIT" == invoice["invoiceRows"][0]["unit"]
    ledger = world.open_ledger()
    notes = {
        (row.code, row.field): row.message
        for row in ledger.log(outcome="note", latest_per_document=False)
    }
    ledger.close()
    expected = '"laatikollinen" is not in table units; NO_UNIT is sent'
    assert expected == notes["VALUE_REPLACED", "invoiceRows[0].unit"]


def test_an_unknown_language_is_told(tmp_path):
    """R119: an invoice in German goes in English, with a note."""
    world = World(tmp_path, keep=["unit_odd"])
    for invoice in world.severa.data.invoices:
        invoice["language"] = {**invoice["language"], "code": "de"}

    world.run()

    (invoice,) = [e.body for _, e in world.requests() if e.endpoint == "POST /invoices"]
    assert "ENGLISH" == invoice["language"]
    ledger = world.open_ledger()
    notes = list(ledger.log(outcome="note", latest_per_document=False))
    ledger.close()
    assert "language" in {r.field for r in notes if r.code == "VALUE_REPLACED"}
