"""The installer: uv gets from pip's own configuration where packages come from."""

from __future__ import annotations

import sys
from pathlib import Path

from cli.installer import pip_settings, uv_flags

CONFIG_LIST = [sys.executable, "-m", "pip", "config", "list"]


def test_the_environment_wins_over_a_file_and_install_over_global(tmp_path: Path) -> None:
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\nindex-url = file\nproxy = p\ntimeout = 1\n[install]\ntimeout = 2\n"
    )
    environment = {"PIP_CONFIG_FILE": str(config), "PIP_INDEX_URL": "environment"}
    found = pip_settings(CONFIG_LIST, environment)
    assert found["index-url"] == "environment"
    assert (found["proxy"], found["timeout"]) == ("p", "2")


def test_places_become_flags_and_a_folder_that_is_not_there_none(tmp_path: Path) -> None:
    settings = {
        "extra-index-url": "one\ntwo",
        "find-links": f"{tmp_path} {tmp_path}/none",
        "no-index": "true",
        "quiet": "1",
    }
    indices = ["--index", "one", "--index", "two"]
    assert uv_flags(settings) == [*indices, "--find-links", str(tmp_path), "--no-index"]


def test_a_machine_without_settings_gives_no_flags() -> None:
    assert uv_flags({"no-index": "false"}) == []
