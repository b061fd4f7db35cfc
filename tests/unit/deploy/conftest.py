"""The deployment files, parsed."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
import yaml

from stack.installation import ROOT, Installation
from stack.services import cluster

_VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    """Return docker-compose.yml with every variable at its default."""
    text = _VARIABLE.sub(r"\2", (ROOT / "docker-compose.yml").read_text())
    parsed: dict[str, Any] = yaml.safe_load(text)
    return parsed


@pytest.fixture(scope="session")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the services of docker-compose.yml by name."""
    found: dict[str, dict[str, Any]] = compose["services"]
    return found


@pytest.fixture(scope="session")
def compose_profile() -> dict[str, str]:
    """Return the Flink options of the Compose way, by their full key."""
    return cluster.profile(Installation(), "compose")


@pytest.fixture(scope="session")
def dockerfile() -> list[list[str]]:
    """Return the instructions of the image as words, continued lines joined, comments left out."""
    text = (ROOT / "deploy" / "flink" / "Dockerfile").read_text()
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    return [line.split() for line in lines if line.strip()]


@pytest.fixture(scope="session")
def image_environment(dockerfile: list[list[str]]) -> dict[str, str]:
    """Return what ENV sets in the image."""
    pairs = [word for words in dockerfile if words[0] == "ENV" for word in words[1:]]
    return dict(pair.split("=", 1) for pair in pairs)


@pytest.fixture
def plain_environment() -> dict[str, str]:
    """Return an environment in which the modules of the checkout are found."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
