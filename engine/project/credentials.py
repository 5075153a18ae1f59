"""Where a secret may lie; it is named in the rules and never contained there.

One name, ``SIIRTO_<COMPANY>_<SECRET>``, in three places, the first that has it wins:

1. a file in the folder the service manager made (``$CREDENTIALS_DIRECTORY``)
2. a file in the operator's folder, ours and for nobody else to read (mode 0600)
3. an environment variable, which child processes and crash reports may see: last

The environment is passed in. Messages name places, never values.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.errors import Position, Problem, SettingsError
from engine.identifiers import strip_unseen
from engine.secrets import Secret

PREFIX = "SIIRTO"
MISSING = "C201"  # the code of a secret that is nowhere
MAX_SECRET_BYTES = 65_536  # a key file is far smaller; our own figure


@dataclass(frozen=True, slots=True)
class SecretPlaces:
    """The places where this installation keeps secrets."""

    environment: Mapping[str, str]
    credentials_dir: Path | None = None  # made by the service manager for this service
    files: Path | None = None  # folder of 0600 files


@dataclass(frozen=True, slots=True)
class SecretName:
    """A secret a company needs, and where it was named."""

    name: str  # as in YAML: "client_secret"
    position: Position | None = None
    is_required: bool = True  # another one may be nowhere


def secret_key(company: str, name: str) -> str:
    """Give the one name of a secret: ``SIIRTO_ACME_CLIENT_SECRET``."""
    parts = (PREFIX, *(re.sub(r"[^A-Z0-9]", "_", t.upper()) for t in (company, name)))
    return "_".join(parts)


def find_secrets(
    company: str, names: Iterable[SecretName | str], places: SecretPlaces
) -> dict[str, Secret]:
    """Give all secrets of a company by their names in YAML.

    One that is not required may be nowhere; kept unsafely it is a problem all the same.

    Raises:
        SettingsError: Some are missing (``C201``), in a file others can read
            (``C202``) or unusable (``C203``); one problem for each.
    """
    found: dict[str, Secret] = {}
    problems: list[Problem] = []
    for wanted in names:
        secret = SecretName(wanted) if isinstance(wanted, str) else wanted
        try:
            found[secret.name] = find_secret(company, secret, places)
        except SettingsError as error:
            is_missing = error.problems[0].code == MISSING
            if secret.is_required or not is_missing:
                problems += error.problems
    if problems:
        raise SettingsError(problems)
    return found


def find_secret(company: str, name: SecretName | str, places: SecretPlaces) -> Secret:
    """Give one secret from the first place that has it.

    A file that others can read stops the search: the next place would hide the leak.

    Raises:
        SettingsError: One problem, see ``find_secrets``.
    """
    secret = SecretName(name) if isinstance(name, str) else name
    key = secret_key(company, secret.name)
    tried: list[str] = []
    if places.credentials_dir is None:
        tried.append("$CREDENTIALS_DIRECTORY (not set)")
    else:
        path = places.credentials_dir / key
        # Its rights are the service manager's: with access lists they look wider.
        text = _read(path, secret, is_private=False)
        if text is not None:
            return Secret(text)
        tried.append(f"file {path}")
    if places.files is not None:
        path = places.files / key
        text = _read(path, secret, is_private=True)
        if text is not None:
            return Secret(text)
        tried.append(f"file {path}")
    text = places.environment.get(key)
    text = None if text is None else _clean(text)
    if text == "":
        raise _fault("C203", f"environment variable {key} is empty", "set it", secret)
    if text is not None:
        return Secret(text)
    tried.append(f"environment variable {key}")
    raise _fault(
        MISSING,
        f"the secret {secret.name} of {company} is missing; tried: {', '.join(tried)}",
        f"set {key}, or put the secret into one of these files with mode 0600",
        secret,
    )


def _read(path: Path, secret: SecretName, *, is_private: bool) -> str | None:
    """Read a secret's file; None when there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _fault(
            "C203", f"file {path} cannot be read: {error.strerror}", None, secret
        ) from error
    try:
        # The rights of the open file, not of the name: nobody can swap it in between.
        _check_file(path, os.fstat(descriptor), secret, is_private=is_private)
        content = os.read(descriptor, MAX_SECRET_BYTES + 1)
    finally:
        os.close(descriptor)
    text = _decode(content)
    if text is None:
        raise _fault("C203", f"file {path} is not text in UTF-8", None, secret)
    text = _clean(text)
    if not text:
        raise _fault(
            "C203", f"file {path} is empty", "write the secret into it", secret
        )
    if len(content) > MAX_SECRET_BYTES:
        raise _fault("C203", f"file {path} is too big for a secret", None, secret)
    return text


def _clean(text: str) -> str:
    """Take off what editors and copies leave: line ends, blanks, marks, quotes."""
    text = strip_unseen(text)
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1].strip() if is_quoted else text


def _decode(content: bytes) -> str | None:
    # Its own function: a decoding error carries the bytes, so it ends here and becomes
    # neither cause nor context of what is raised.
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _check_file(
    path: Path, facts: os.stat_result, secret: SecretName, *, is_private: bool
) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise _fault("C203", f"{path} is not a file", None, secret)
    if is_private and facts.st_uid != os.geteuid():
        raise _fault(
            "C202",
            f"file {path} belongs to another user",
            f"chown {os.geteuid()} {path}",
            secret,
        )
    mode = stat.S_IMODE(facts.st_mode)
    if is_private and mode & 0o077:
        raise _fault(
            "C202",
            f"file {path} can be used by others (mode {mode:04o})",
            f"chmod 600 {path}, then change the secret: others may have read it",
            secret,
        )


def _fault(
    code: str, message: str, hint: str | None, secret: SecretName
) -> SettingsError:
    problem = Problem(code, message, secret.position, hint)
    return SettingsError([problem])
