"""What the tests of every room share: snapshots in one folder, loaded projects, the toy."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.amber import AmberSnapshotExtension
from syrupy.location import PyTestLocation

from tests.loading import loading_once
from tests.places import TESTS
from tests.toy.world import build_project


class OneFolder(AmberSnapshotExtension):
    """Snapshots of all rooms in ``tests/__snapshots__``: an update of one room's
    folder would remove the inputs that lie beside its tests."""

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:  # noqa: ARG003
        return str(Path(TESTS / cls.snapshot_dirname))

    @classmethod
    def matches_test_location(
        cls, *, test_location: PyTestLocation, snapshot_location: str
    ) -> bool:
        """Tell whether the file is the test's: its folder need not be beside it."""
        return snapshot_location == cls.get_location(
            test_location=test_location, index=0
        )


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(OneFolder)


@pytest.fixture(scope="session", autouse=True)
def _loading_once() -> Iterator[None]:
    """Each project is loaded once; commands that a test calls in process share it."""
    with loading_once():
        yield


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a project's folder: the toy's, whose systems nothing of ours knows."""
    return build_project(tmp_path)
