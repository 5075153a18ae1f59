"""rulefiles."""
