"""The ledger: what was intended, sent, proved and said, so that nothing goes twice.

``open_ledger`` gives a ``Ledger``; the states are drawn in ``engine.ledger.model``.
"""
