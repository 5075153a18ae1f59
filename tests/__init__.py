"""Tests, and the simulated systems that tests and demo share."""
