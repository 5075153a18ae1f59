"""Damaged documents, and what the engine makes of each: the same from change to change."""
