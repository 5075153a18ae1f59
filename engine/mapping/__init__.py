"""A mapping as data, and what it makes of a document.

May import ``language``, ``rulefiles`` and the ground. Knows no flow, no system, no
company: a document and its roots come in, a payload and its log go out.
"""
