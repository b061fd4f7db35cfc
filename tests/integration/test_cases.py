"""The folder ../shared/cases as one test: to each thing that others send, the right answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.cases.files import FILE_CASES
from tests.integration.cases.ground import CASES, Ground
from tests.integration.cases.stream import STREAM_CASES
from tests.running import RunningJob

ELSEWHERE = {
    "status-while-the-job-restarts": "tests/integration/test_not_well.py",
    "unread-payments-deleted": "tests/integration/test_not_well.py",
}
"""Cases without a file, which the project's own tests show on a stack of their own."""

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="../shared/cases is not here")


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CARDWATCH_FOLDER", str(tmp_path / "stack"))


@pytest.fixture(scope="module")
def ground(job: RunningJob) -> Ground:
    """Return the one job that the stream cases share."""
    return Ground(job)


def test_every_case_has_its_check() -> None:
    """A new folder without a check is seen, and so is a check without a folder."""
    folders = {folder.name for folder in CASES.iterdir() if folder.is_dir()}
    assert folders == {*FILE_CASES, *STREAM_CASES, *ELSEWHERE}


@pytest.mark.parametrize("name", FILE_CASES)
def test_a_case_without_a_job(name: str) -> None:
    """The command, or the core, gives the right answer."""
    FILE_CASES[name](CASES / name)


@pytest.mark.parametrize("name", STREAM_CASES)
def test_a_case_on_the_job(name: str, ground: Ground) -> None:
    """The running job gives the right answer."""
    STREAM_CASES[name](ground, CASES / name)
