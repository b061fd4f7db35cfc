"""What the machine lacks is named, with the command that installs it."""

from pathlib import Path

import pytest

from stack import prerequisites
from stack.errors import StackError
from stack.services import memory
from stack.settings import StackSettings


def java_that_says(folder: Path, version: str) -> Path:
    """Write a launcher that prints a version as Java does, and return its home."""
    launcher = folder / "bin" / "java"
    launcher.parent.mkdir(parents=True)
    launcher.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    launcher.chmod(0o755)
    return folder


@pytest.mark.parametrize(("told", "major"), [("17.0.15", 17), ("1.8.0_392", 8), ("21", 21)])
def test_versions_of_every_age_are_read(tmp_path: Path, told: str, major: int) -> None:
    assert prerequisites.java_major(java_that_says(tmp_path, told) / "bin" / "java") == major


def test_a_launcher_that_does_not_start_has_no_version(tmp_path: Path) -> None:
    assert prerequisites.java_major(tmp_path / "java") is None


def test_java_home_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = java_that_says(tmp_path, "17.0.1")
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert prerequisites.java().found == home / "bin" / "java"


def test_a_java_without_a_compiler_is_no_jdk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = java_that_says(tmp_path, "17.0.1")
    monkeypatch.setenv("JAVA_HOME", str(home))
    [line] = prerequisites.missing(prerequisites.jdk())
    assert line.startswith(f"{home}/bin/java is Java 17 without a compiler (javac). Install it")
    assert "openjdk-17-jdk" in line or "devel" in line or "openjdk@17" in line
    (home / "bin" / "javac").touch()
    assert prerequisites.jdk().found == home / "bin" / "java"


def test_a_wrong_java_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = java_that_says(tmp_path, "11.0.2")
    candidates = iter([home / "bin" / "java"])
    monkeypatch.setattr(prerequisites, "_java_candidates", lambda: candidates)
    found = prerequisites.java()
    assert found.problem == f"Java 17 is needed, found {home}/bin/java is Java 11."
    assert "install" in found.fix


def test_missing_tools_come_with_their_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    [line] = prerequisites.missing(prerequisites.maven())
    assert line == "Maven (mvn) was not found. Install it with: apt-get install maven"


def test_the_shared_library_of_this_interpreter_is_found() -> None:
    found = prerequisites.libpython().found
    assert found is not None
    assert found.name.startswith("libpython3.11")


def test_too_little_memory_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"may need \d+ MiB of memory and \d+ MiB are free: "):
        memory.check(StackSettings(tmp_path, taskmanagers=64, taskmanager_heap_mb=100_000))
