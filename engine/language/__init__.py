"""The mapping language: what a value, a path, a formula and a filter is.

Below are values and scopes (``values``, ``scope``, ``conversion``), what is known
before a document is read (``types``, ``symbols``, ``schema``), and the cells that look
at a document: ``paths`` (JMESPath) and ``formulas`` (Jinja's expressions, with
``filters``). May import ``rulefiles`` and the ground; knows no mapping, flow or system.
"""
