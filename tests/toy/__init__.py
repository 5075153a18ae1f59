"""A second pair of systems, made up: a web shop and the books behind it.

Nothing here shares a word, a field or a file with the systems that ship. When the
engine works for both, what it knows of either stands in YAML.
"""
