"""A document through the slots, exactly once: listing, steps, transfer, endings.

``run`` takes a company's documents through it. May import ``systems``, ``ledger`` and
what lies below; knows no command line, no vendor and none of a vendor's shapes.
"""
