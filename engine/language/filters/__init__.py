"""Filters and tests of formulas: each a function with its declaration.

Pure: value in, value out. Knows nothing of mappings, files or systems.
"""
