"""Everything the files declare, loaded and checked against each other.

May import ``mapping`` and what lies below. Knows no HTTP and no database: it ends in
frozen objects (Project, Flow, SystemSpec, Company, AdviceBook) or all problems at once.
"""
