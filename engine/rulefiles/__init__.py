"""YAML read strictly, with places, and held against its grammar.

May import the ground only. Does not know what a key means: its words are nodes,
positions and problems.
"""
