"""A flow moves one kind of document from one system to another, exactly once.

``spec`` holds a flow as data, ``load`` reads it from YAML, ``gather`` collects a
document, ``writes`` makes the register writes, ``transfer`` takes one document through
the protocol, ``run`` takes a company's documents through it.
"""
