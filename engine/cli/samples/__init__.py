"""Samples: recorded documents, masked, and what the rules make of them.

For the consultant's loop of change and test. May import ``project`` and below;
knows nothing of runs, ledgers or HTTP.
"""
