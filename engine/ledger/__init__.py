"""The ledger: what was intended, sent, proved and said, so that nothing goes twice.

``open_ledger`` gives a ``Ledger``; the states are drawn in ``engine.ledger.model``. May
import ``project`` and what lies below; knows no HTTP and no other system.
"""
