"""Siirto's engine: generic code that runs the rules in ``mappings/``.

It holds no vendor's name and no company's data. Imports go down only; the floors stand
in ``docs/architecture.md`` and a test keeps them.
"""
