"""Where the tests find things, and how they read and change files."""

import shutil
from pathlib import Path
from typing import Any

import yaml

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
# The library's parser in C, where its wheel has it: cases are many.
_TYPED = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXTS = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def read_yaml(path: Path) -> Any:
    """Read cases whose numbers and truth values are such."""
    return yaml.load(path.read_text("utf-8"), _TYPED)  # a safe loader


def read_texts(path: Path) -> Any:
    """Read cases whose every value is the text that was typed, as the engine does."""
    return yaml.load(path.read_text("utf-8"), _TEXTS)  # a safe loader


def copy_rules(folder: Path) -> Path:
    """Copy the shipped rules and their schemas into a folder; give the folder."""
    for name in ("mappings", "schemas"):
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("editor")
        )
    return folder


def replace_once(path: Path, old: str, new: str) -> None:
    """Change a text that a file holds exactly once."""
    text = path.read_text("utf-8")
    assert 1 == text.count(old), old
    path.write_text(text.replace(old, new), "utf-8")
