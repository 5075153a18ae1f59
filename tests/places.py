"""Where the tests find things: the project's root and the folder of tests."""

from pathlib import Path

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
