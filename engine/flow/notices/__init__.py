"""Who is told what by mail, and when; the mail itself; sending it.

May import ``ledger`` and ``project``. Never delays or stops a transfer.
"""
