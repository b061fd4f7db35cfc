"""python -m stack.services.configure: the folder that a container's Flink starts from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from stack.installation import Installation
from stack.services.cluster import profile
from stack.services.configure import configure
from stack.settings import Layout


@pytest.fixture
def written(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "a folder")
    configure(Installation(), layout, "compose")
    return layout


def options(layout: Layout) -> dict[str, str]:
    parsed: dict[str, str] = yaml.safe_load((layout.conf / "config.yaml").read_text())
    return parsed


def test_the_profile_is_all_there(written: Layout) -> None:
    assert profile(Installation(), "compose").items() <= options(written).items()


def test_the_shipped_java_options_stay(written: Layout) -> None:
    assert "--add-opens=java.base/java.lang=ALL-UNNAMED" in options(written)["env.java.opts.all"]


def test_paths_are_those_of_the_interpreter_and_the_folder(written: Layout) -> None:
    found = options(written)
    assert found["python.executable"] == found["python.client.executable"] == sys.executable
    assert found["execution.checkpointing.dir"] == written.checkpoints.as_uri()
    assert found["execution.checkpointing.savepoint-dir"] == written.savepoints.as_uri()


def test_a_profile_with_a_bucket_keeps_it(tmp_path: Path) -> None:
    configure(Installation(), Layout(tmp_path), "kubernetes")
    assert options(Layout(tmp_path))["execution.checkpointing.dir"] == "s3://cardwatch/checkpoints"


def test_the_jars_of_the_connector_and_the_interpreter_are_linked(written: Layout) -> None:
    names = "\n".join(jar.name for jar in written.lib.iterdir())
    assert all(
        part in names for part in ("flink-dist", "flink-python", "flink-sql-connector-kafka")
    )


def test_the_console_is_logged_to_without_the_chatter(written: Layout) -> None:
    lines = (written.conf / "log4j-console.properties").read_text().splitlines()
    assert "appender.console.type = CONSOLE" in lines
    assert "logger.clients.level = WARN" in lines


def test_a_container_that_starts_again_writes_the_same(written: Layout) -> None:
    before = options(written)
    configure(Installation(), written, "compose")
    assert options(written) == before


def test_an_unknown_profile_is_a_wrong_call(plain_environment: dict[str, str]) -> None:
    words = [
        sys.executable,
        "-m",
        "stack.services.configure",
        "--profile",
        "common",
        "--folder",
        "/nowhere",
    ]
    told = subprocess.run(words, capture_output=True, text=True, env=plain_environment)
    assert told.returncode == 2
    assert "compose" in told.stderr
