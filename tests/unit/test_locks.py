"""The locks: one version of a package in all of them, hashes throughout, and honest sizes."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from cli.groups import GROUPS, lacking
from cli.installer import INSTALLER_LOCK
from cli.main import COMMANDS
from stack.installation import ROOT

LOCKS = [group.lock for group in GROUPS.values()]
_PIN = re.compile(r"^([a-z0-9-]+)==(\S+) \\$", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    return dict(_PIN.findall((ROOT / lock).read_text()))


@pytest.mark.parametrize(("smaller", "larger"), list(pairwise(LOCKS)))
def test_each_lock_contains_the_smaller_one_at_the_same_versions(smaller: str, larger: str) -> None:
    assert pins(smaller).items() < pins(larger).items()


@pytest.mark.parametrize("lock", [*LOCKS, INSTALLER_LOCK])
def test_every_pin_has_a_hash_and_no_line_names_a_host(lock: str) -> None:
    text = (ROOT / lock).read_text()
    packages = [line for line in text.splitlines() if re.match(r"[a-z0-9]", line)]
    assert len(packages) == len(pins(lock)) > 0
    assert text.count("==") == len(packages)
    assert len(re.findall(r"\\\n    --hash=sha256:[0-9a-f]{64}", text)) >= len(packages)
    assert "://" not in text


def test_every_declared_package_is_in_the_lock_of_its_group() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    declared = {
        "requirements.lock": project["project"]["dependencies"],
        "requirements-training.lock": groups["training"],
        "requirements-dev.lock": [each for each in groups["dev"] if isinstance(each, str)],
        INSTALLER_LOCK: groups["installer"],
    }
    for lock, wanted in declared.items():
        assert {re.split("[=<>~]", each)[0] for each in wanted} <= set(pins(lock))


def test_the_runtime_has_no_linter_no_tuner_and_no_plotting() -> None:
    unwanted = {"ruff", "mypy", "pytest", "optuna", "matplotlib", "jinja2", "scikit-learn"}
    assert not unwanted & set(pins("requirements.lock"))


def test_every_command_needs_a_group_that_exists() -> None:
    assert {command.group for command in COMMANDS.values()} <= set(GROUPS)


def test_the_sizes_that_a_first_call_is_told_are_those_on_disk() -> None:
    """Sizes are summed over what the distributions list, within a quarter.

    The development group is smaller than the others by far, and is left out where a checkout lacks
    some of its packages.
    """
    known: set[str] = set()
    for name in ("runtime", "training"):
        added = set(pins(GROUPS[name].lock)) - known
        known |= added
        listed = [importlib.metadata.files(package) or [] for package in added]
        size = sum(file.size or 0 for files in listed for file in files)
        assert size == pytest.approx(GROUPS[name].size_mb * 1e6, rel=0.25)


def test_what_an_environment_lacks_is_told_by_its_folders(tmp_path: Path) -> None:
    lock = tmp_path / "some.lock"
    lock.write_text(
        "ruamel-yaml==0.19.1 \\\n    --hash=sha256:0\npyyaml==6.0.3 \\\nclick==8.5.1 \\\n"
    )
    (tmp_path / "ruamel.yaml-0.19.1.dist-info").mkdir()
    (tmp_path / "PyYAML-6.0.2.dist-info").mkdir()
    assert lacking(lock, tmp_path) == ["pyyaml==6.0.3", "click==8.5.1"]
