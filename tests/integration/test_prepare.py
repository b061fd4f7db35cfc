"""The set-up: done once, safe when interrupted or started twice."""

import shutil
import subprocess
from pathlib import Path

import pytest

from cli.installer import INSTALLER_LOCK
from cli.prepare import Preparation
from stack.installation import ROOT


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Preparation:
    """Prepare a checkout that needs no packages and whose jars have been fetched."""
    root = tmp_path_factory.mktemp("a checkout")
    (root / "requirements.lock").write_text("# nothing\n")
    shutil.copy(ROOT / INSTALLER_LOCK, root)
    (root / "jobs" / "java").mkdir(parents=True)
    for pom in (root / "pom.xml", root / "jobs" / "java" / "pom.xml"):
        pom.write_text("<project/>")
    stamps = root / ".cardwatch" / "installed"
    stamps.mkdir(parents=True)
    (stamps / "java").write_text("<project/><project/>")
    preparation = Preparation(root)
    preparation.prepare()
    return preparation


def test_set_up_makes_an_environment_once(
    prepared: Preparation, capsys: pytest.CaptureFixture[str]
) -> None:
    python = prepared.venv / "bin" / "python"
    assert subprocess.run([python, "-c", "import pip"], check=False).returncode == 0
    capsys.readouterr()
    prepared.prepare()
    assert capsys.readouterr().err == ""


def test_an_interrupted_installation_starts_afresh(
    prepared: Preparation, capsys: pytest.CaptureFixture[str]
) -> None:
    leftover = prepared.venv / "half-installed"
    leftover.touch()
    prepared.unfinished.touch()
    prepared.prepare()
    assert not leftover.exists()
    assert "making a Python environment" in capsys.readouterr().err


def test_a_folder_that_moved_gets_a_new_environment(prepared: Preparation, tmp_path: Path) -> None:
    moved = tmp_path / "moved here"
    shutil.copytree(prepared.root, moved, symlinks=True)
    Preparation(moved).prepare()
    told = subprocess.run(
        [moved / ".cardwatch" / "venv" / "bin" / "pip", "--version"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert str(moved) in told.stdout
