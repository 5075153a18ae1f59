"""What people type and read; ``runner.py`` and ``engine.__main__`` call it and print.

``operator`` and ``consultant`` hold a command each per module, ``samples`` and ``docs``
what those are made of. May import every room; no room may import it. Must not know what
a rule means or when a write is safe: the rooms below say so.
"""
