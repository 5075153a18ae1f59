"""Pages and editor schemas that are made from the rules, for readers and editors.

May import project and what lies below. Text goes out as a value: only ``pages`` writes
files. Must not know runs, ledgers, HTTP, or the commands that call it.
"""
