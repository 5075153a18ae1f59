"""Other systems over HTTP, by declared kinds: sign-in, paging, limits, errors.

``engine.systems.system.open_system`` opens one for one company. What a system's file
says is in ``engine.project.system_spec``. May import ``project`` and what lies below;
knows nothing of flows, ledgers or companies.
"""
