"""Find what has to be on the machine: a JDK 17, Maven, the shared library of Python 3.11.

Standard library only: the set-up uses this module before the environment exists.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

JAVA_VERSION = 17
PYTHON_VERSION = "3.11"

_INSTALL = {
    "apt-get": {
        "java": "apt-get install openjdk-17-jdk-headless",
        "maven": "apt-get install maven",
        "libpython": "apt-get install libpython3.11",
        "venv": "apt-get install python3.11-venv",
    },
    "dnf": {
        "java": "dnf install java-17-openjdk-devel",
        "maven": "dnf install maven",
        "libpython": "dnf install python3.11-libs",
        "venv": "dnf install python3.11",
    },
    "brew": {
        "java": "brew install openjdk@17",
        "maven": "brew install maven",
        "libpython": "brew install python@3.11",
        "venv": "brew install python@3.11",
    },
}


@dataclass(frozen=True)
class Prerequisite:
    """One thing that the machine must offer.

    Attributes:
        name: What it is, for people.
        found: Where it is, or None where it is missing or of a wrong version.
        problem: What is wrong, as a sentence; empty when found.
        fix: The command that installs it; empty when found.
    """

    name: str
    found: Path | None
    problem: str = ""
    fix: str = ""


def install_command(thing: str) -> str:
    """Return the command that installs `thing` ("java", "maven", "libpython", "venv") here."""
    tool = next((name for name in _INSTALL if shutil.which(name)), "apt-get")
    return _INSTALL[tool][thing]


def java_major(java: Path) -> int | None:
    """Return the major version of a Java launcher, None where it does not start."""
    try:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r'version "(?:1\.)?(\d+)', told.stderr)
    return int(match[1]) if match else None


def _java_candidates() -> Iterator[Path]:
    home = os.environ.get("JAVA_HOME")
    if home:
        yield Path(home, "bin", "java")
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path)
    for folder in ("/usr/lib/jvm", "/opt/homebrew/opt", "/usr/local/opt"):
        yield from sorted(Path(folder).glob("*17*/bin/java"))


def java() -> Prerequisite:
    """Find a Java 17 launcher: JAVA_HOME, then PATH, then the usual folders."""
    name = f"Java {JAVA_VERSION}"
    seen: dict[Path, int | None] = {}
    for candidate in _java_candidates():
        seen[candidate] = java_major(candidate)
        if seen[candidate] == JAVA_VERSION:
            return Prerequisite(name, candidate)
    others = ", ".join(f"{path} is Java {major}" for path, major in seen.items() if major)
    problem = f"{name} is needed, found {others}." if others else f"{name} was not found."
    return Prerequisite(name, None, problem, install_command("java"))


def jdk() -> Prerequisite:
    """Find a Java 17 launcher with a compiler beside it, which the set-up needs."""
    launcher = java()
    if launcher.found is None or (launcher.found.resolve().parent / "javac").is_file():
        return launcher
    problem = f"{launcher.found} is Java {JAVA_VERSION} without a compiler (javac)."
    return Prerequisite(launcher.name, None, problem, install_command("java"))


def maven() -> Prerequisite:
    """Find the Maven launcher, which fetches the Java artefacts and builds the Java edge."""
    found = shutil.which("mvn")
    if found:
        return Prerequisite("Maven", Path(found))
    return Prerequisite("Maven", None, "Maven (mvn) was not found.", install_command("maven"))


def venv() -> Prerequisite:
    """Find the module that makes environments, which Debian keeps in a package of its own."""
    name = f"venv of Python {PYTHON_VERSION}"
    if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"):
        return Prerequisite(name, Path(sys.executable))
    problem = f"Python {PYTHON_VERSION} cannot make environments: venv or ensurepip is missing."
    return Prerequisite(name, None, problem, install_command("venv"))


def libpython() -> Prerequisite:
    """Find the shared library of the running interpreter.

    Flink's thread mode loads it into the JVM. Distributions keep it in a package of its own, and
    an interpreter built from source has it only with --enable-shared.
    """
    name = f"Python {PYTHON_VERSION} shared library"
    for candidate in _libpython_candidates():
        if candidate.is_file():
            return Prerequisite(name, candidate)
    problem = f"The shared library of Python {PYTHON_VERSION} (libpython) was not found."
    fix = install_command("libpython")
    if ".pyenv" in sysconfig.get_config_var("prefix"):
        fix = "PYTHON_CONFIGURE_OPTS=--enable-shared pyenv install --force " + PYTHON_VERSION
    return Prerequisite(name, None, problem, fix)


def _libpython_candidates() -> Iterator[Path]:
    variables = sysconfig.get_config_vars()
    library = Path(variables.get("LIBDIR") or "/usr/lib")
    folders = [library, library / (variables.get("MULTIARCH") or "")]
    framework = variables.get("PYTHONFRAMEWORKPREFIX")
    if framework:
        folders.append(Path(framework))
    for folder in folders:
        for key in ("INSTSONAME", "LDLIBRARY"):
            file = variables.get(key)
            if file and not str(file).endswith(".a"):
                yield folder / file
    for folder in folders:
        yield folder / f"libpython{PYTHON_VERSION}.so.1.0"


def missing(*checks: Prerequisite) -> list[str]:
    """Return one line for each prerequisite that was not found, with its remedy."""
    return [f"{check.problem} Install it with: {check.fix}" for check in checks if not check.found]
