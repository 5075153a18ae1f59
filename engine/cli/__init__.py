"""What people type and read: commands, samples, pages, screens.

``operator`` and ``consultant`` hold a command each per module, ``samples`` and ``docs``
what those commands are made of. May import every room; no room may import it.
"""
