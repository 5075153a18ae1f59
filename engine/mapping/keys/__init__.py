"""One page for each key of a rule; :mod:`engine.mapping.rule_load` has their order."""
