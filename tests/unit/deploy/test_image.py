"""The image: every command that it lists can be imported from its own files and packages."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import COMMANDS
from stack.installation import ROOT

# Refuses the modules of every distribution that the runtime lock does not have.
_IMPORT_ALL = """
import importlib, importlib.metadata, re, sys
from cli.main import listed
pins = set(re.findall(r"^([a-z0-9-]+)==", open(sys.argv[1]).read(), re.M))
owners = importlib.metadata.packages_distributions()
canonical = lambda name: re.sub(r"[-_.]+", "-", name).lower()
absent = {module for module, names in owners.items() if not pins & set(map(canonical, names))}
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent - {"setuptools", "pkg_resources"}:
            raise ModuleNotFoundError(f"not in the image: {name}", name=name)
sys.meta_path.insert(0, Refuse())
for name, command in listed().items():
    importlib.import_module(command.module)
    print(name)
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the image, copied as the Dockerfile says."""
    root = tmp_path_factory.mktemp("image")
    for line in (ROOT / "deploy" / "flink" / "Dockerfile").read_text().splitlines():
        words = [word for word in line.split() if not word.startswith("--")]
        if words[:1] != ["COPY"] or "--from" in line or words[-1].startswith("/"):
            continue
        source, target = ROOT / words[1], root / words[2]
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return root


def call(image: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=image,
        env={"PYTHONPATH": str(image), "NUMBA_CACHE_DIR": str(ROOT / ".cardwatch" / "numba")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_listed_command_is_imported_from_the_image(image: Path) -> None:
    told = call(image, "-c", _IMPORT_ALL, str(ROOT / "requirements.lock"))
    assert told.returncode == 0, told.stderr[-2000:]
    runtime = [name for name, command in COMMANDS.items() if command.group == "runtime"]
    assert told.stdout.split() == runtime


def test_help_in_the_image_lists_what_runs_and_names_the_rest(image: Path) -> None:
    told = call(image, "-m", "cli.main", "--help").stdout
    commands = re.findall(r"^  ([a-z]+)  ", told, re.MULTILINE)
    assert "parity" in commands and "train" not in commands
    assert "A checkout also has the commands train" in " ".join(told.split())
