"""Secrets: where they may lie, in which order, and what is said when they do not."""

from __future__ import annotations

import os

import pytest

from engine.errors import Position, SettingsError
from engine.project.credentials import (
    SecretName,
    SecretPlaces,
    find_secret,
    find_secrets,
    secret_key,
)

KEY = "SIIRTO_ACME_CLIENT_SECRET"


@pytest.fixture
def places(tmp_path):
    """All three places, empty."""
    (tmp_path / "credentials").mkdir()
    (tmp_path / "files").mkdir()
    return SecretPlaces({}, tmp_path / "credentials", tmp_path / "files")


def put(folder, content, mode=0o600, key=KEY):
    path = folder / key
    path.write_bytes(content)
    path.chmod(mode)
    return path


def find(places):
    return find_secret("acme", "client_secret", places)


def refusal(places):
    with pytest.raises(SettingsError) as caught:
        find(places)
    (problem,) = caught.value.problems
    chain = (caught.value, caught.value.__cause__, caught.value.__context__)
    shown = f"{chain} {problem}"
    assert "hunter" not in shown
    return problem


@pytest.mark.parametrize(
    ("company", "name", "key"),
    [
        ("acme", "client_secret", KEY),
        ("acme-oy", "api.key", "SIIRTO_ACME_OY_API_KEY"),
        ("Työ", "k", "SIIRTO_TY__K"),
        ("2nd", "k", "SIIRTO_2ND_K"),
    ],
)
def test_a_secret_has_one_name_everywhere(company, name, key):
    assert key == secret_key(company, name)


def test_the_first_place_that_has_it_wins(places):
    environment = {KEY: "hunter-environment"}
    places = SecretPlaces(environment, places.credentials_dir, places.files)

    assert "hunter-environment" == find(places).reveal()
    put(places.files, b"hunter-file\n")
    assert "hunter-file" == find(places).reveal()
    put(places.credentials_dir, b"hunter-manager\n", mode=0o444)
    assert "hunter-manager" == find(places).reveal()
    assert "***" == str(find(places))


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"hunter", "hunter"),
        (b"hunter\n", "hunter"),
        (b"hunter\r\n", "hunter"),
        (b" hunter \n", "hunter"),
        (b"hunter\n\n", "hunter"),
        (b"\xef\xbb\xbfhunter\r\n", "hunter"),
        (b'"hunter"\n', "hunter"),
        (b"'hunter'", "hunter"),
        (b"hun\"ter'", "hun\"ter'"),
        ("\u00a0hunter\u200b".encode(), "hunter"),
        ("hünter".encode(), "hünter"),
    ],
)
def test_what_editors_and_copies_leave_is_no_part_of_it(places, content, text):
    put(places.files, content)

    assert text == find(places).reveal()


def test_a_missing_secret_lists_every_place_tried(places, tmp_path):
    problem = refusal(places)

    assert "C201" == problem.code
    assert (
        "the secret client_secret of acme is missing; tried: "
        f"file {tmp_path}/credentials/{KEY}, file {tmp_path}/files/{KEY}, "
        f"environment variable {KEY}"
    ) == problem.message
    assert KEY in problem.hint


def test_places_that_are_not_set_up_are_said_so():
    problem = refusal(SecretPlaces({"PATH": "hunter"}))

    assert (
        "the secret client_secret of acme is missing; tried: "
        f"$CREDENTIALS_DIRECTORY (not set), environment variable {KEY}"
    ) == problem.message


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620, 0o610, 0o777])
def test_a_file_others_can_use_is_refused(places, mode):
    places = SecretPlaces({KEY: "hunter"}, places.credentials_dir, places.files)
    path = put(places.files, b"hunter", mode)
    problem = refusal(places)  # the environment has it, and would hide the leak

    assert "C202" == problem.code
    assert f"(mode {mode:04o})" in problem.message
    assert f"chmod 600 {path}" in problem.hint


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_for_us_alone_is_read(places, mode):
    put(places.files, b"hunter", mode)

    assert "hunter" == find(places).reveal()


def test_a_file_of_another_user_is_refused(places, monkeypatch):
    put(places.files, b"hunter")
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)

    assert "belongs to another user" in refusal(places).message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"hunter\xff", "is not text in UTF-8"),
        (b"hunter" * 20_000, "is too big for a secret"),
    ],
)
@pytest.mark.parametrize("place", ["files", "credentials_dir"])
def test_a_file_that_is_no_secret_is_refused(places, place, content, words):
    put(getattr(places, place), content)
    problem = refusal(places)

    assert ("C203", True) == (problem.code, words in problem.message)


def test_a_folder_or_a_pipe_is_no_secret(places):
    (places.files / KEY).mkdir()
    assert "C203" == refusal(places).code
    (places.files / KEY).rmdir()
    os.mkfifo(places.files / KEY, 0o600)
    assert "is not a file" in refusal(places).message


def test_a_place_that_is_no_folder_has_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    places = SecretPlaces({KEY: "hunter"}, tmp_path / "file", tmp_path / "missing")

    assert "hunter" == find(places).reveal()


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_variable_is_refused(text):
    assert "is empty" in refusal(SecretPlaces({KEY: text})).message


def test_all_missing_secrets_are_told_at_once_with_their_line():
    position = Position("mappings/companies/acme.yaml", 12, 5)
    names = ["client_id", SecretName("client_secret", position), "api_key"]
    places = SecretPlaces({"SIIRTO_ACME_CLIENT_ID": "hunter"})
    with pytest.raises(SettingsError) as caught:
        find_secrets("acme", names, places)

    assert [position, None] == [p.position for p in caught.value.problems]
    assert ["client_secret", "api_key"] == [
        problem.message.split()[2] for problem in caught.value.problems
    ]


def test_all_secrets_come_by_their_names():
    places = SecretPlaces({"SIIRTO_ACME_A": "hunter1", "SIIRTO_ACME_B": "hunter2"})
    found = find_secrets("acme", ["a", "b"], places)

    assert {"a": "hunter1", "b": "hunter2"} == {
        name: secret.reveal() for name, secret in found.items()
    }
