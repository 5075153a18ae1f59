"""Samples: recorded documents, masked, and what the rules make of them.

For the consultant's loop of change and test. May import project, what lies below, and
``flow.offline``. Must not know runs, ledgers, HTTP, or the commands that call it.
"""
