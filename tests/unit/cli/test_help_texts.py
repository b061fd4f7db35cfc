"""The kept help: the same as the command line's own, and printed before anything is installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli.help_texts import texts
from cli.kept_help import FOLDER, kept
from stack.installation import ROOT

TOOLS = ("dirname", "cmp", "cat")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout that nothing is installed in, without any Python on PATH."""
    root = tmp_path_factory.mktemp("a fresh checkout")
    shutil.copy(ROOT / "cardwatch", root)
    shutil.copytree(FOLDER, root / "cli" / "help")
    (root / "tools").mkdir()
    for tool in TOOLS:
        (root / "tools" / tool).symlink_to(f"/usr/bin/{tool}")
    return root


def call(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(root / "cardwatch"), *arguments],
        env={"PATH": str(root / "tools"), "HOME": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_kept_texts_are_what_the_command_line_prints() -> None:
    """Where this fails, `make help-texts` writes them anew."""
    assert {path.name: path.read_text() for path in FOLDER.glob("*.txt")} == texts()


@pytest.mark.parametrize("words", [[], ["models", "list"]], ids=["all", "a command below another"])
def test_a_terminal_of_80_columns_shows_the_same_text(words: list[str]) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "cli.main", *words, "--help"],
        env={"PYTHONPATH": str(ROOT), "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == kept(words)


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_is_printed_without_python_and_says_what_will_be_installed(
    checkout: Path, option: str
) -> None:
    told = call(checkout, option)
    assert told.returncode == 0
    assert told.stdout == kept([])
    assert "Nothing is installed yet" in told.stderr
    assert not (checkout / ".cardwatch").exists()


def test_a_call_without_words_prints_the_help_as_a_wrong_call(checkout: Path) -> None:
    told = call(checkout)
    installed = subprocess.run(
        [sys.executable, "-m", "cli.main"], cwd=ROOT, capture_output=True, check=False
    )
    assert told.returncode == installed.returncode == 2
    assert told.stderr.startswith(kept([]))
    assert told.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "--help"], ["train"]),
        (["bench", "peers", "-h"], ["bench", "peers"]),
        (["train", "--seed", "3", "--help"], ["train"]),
        (["trian", "--help"], []),
    ],
)
def test_a_command_has_its_own_help_before_it_is_installed(
    checkout: Path, arguments: list[str], words: list[str]
) -> None:
    told = call(checkout, *arguments)
    assert told.returncode == 0
    assert told.stdout == kept(arguments) == kept(words)
