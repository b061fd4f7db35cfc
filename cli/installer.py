"""Install a lock into an environment: pip brings uv, and uv brings the packages.

Standard library only: the set-up uses this module before the environment exists. Both tools check
the hash of every file. uv obeys what pip has been configured to, such as a company's own index.
"""

from __future__ import annotations

import ast
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

INSTALLER_LOCK = "requirements-installer.lock"

# pip's settings that say where packages come from, and uv's names for them. The others have no
# meaning for uv, or would change what is installed.
_FLAGS = {
    "index-url": "--default-index",
    "extra-index-url": "--index",
    "find-links": "--find-links",
    "trusted-host": "--allow-insecure-host",
    "cert": "--cert",
}
_VARIABLES = {
    "client-cert": "SSL_CLIENT_CERT",
    "proxy": "ALL_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
}

Run = Callable[[Sequence[str], str, dict[str, str]], None]
"""Runs a command: its words, what it does for the error, the environment."""


def install(lock: Path, venv: Path, run: Run) -> None:
    """Install every package of `lock` into the environment `venv`.

    Args:
        lock: File of pins with hashes; requirements-installer.lock lies beside it.
        venv: Environment made with pip in it.
        run: Runs one command and raises where it fails.
    """
    python = str(venv / "bin" / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    bring = [*pip, "install", "--quiet", "--no-input", "--require-hashes"]
    installer = str(lock.parent / INSTALLER_LOCK)
    run([*bring, "-r", installer], "installing the installer", environment)
    settings = pip_settings([*pip, "config", "list"], environment)
    uv = [python, "-m", "uv", "pip", "install", "--python", python, "--no-config"]
    hashed = ["--require-hashes", "-r", str(lock), "--index-strategy", "unsafe-best-match"]
    for name, variable in _VARIABLES.items():
        if name in settings:
            environment.setdefault(variable, settings[name])
    run([*uv, *hashed, *uv_flags(settings)], "installing the packages", environment)


def pip_settings(config_list: Sequence[str], environment: dict[str, str]) -> dict[str, str]:
    """Return pip's settings for an installation by their long names; the environment's win."""
    told = subprocess.run(config_list, env=environment, capture_output=True, text=True, check=False)
    ranks = {"global": 0, "install": 1, ":env:": 2}
    found: list[tuple[int, str, str]] = []
    for line in told.stdout.splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.rpartition(".")
        if section in ranks:
            found.append((ranks[section], name, str(ast.literal_eval(value))))
    return {name: value for _, name, value in sorted(found)}


def uv_flags(settings: dict[str, str]) -> list[str]:
    """Return uv's flags for pip's settings."""
    return [word for name, flag in _FLAGS.items() for word in _flags(name, flag, settings)] + (
        ["--no-index"] if settings.get("no-index") in ("1", "true", "yes", "on") else []
    )


def _flags(name: str, flag: str, settings: dict[str, str]) -> Iterator[str]:
    """Yield a flag for each value; pip overlooks a folder that is not there, and uv stops at it."""
    for value in settings.get(name, "").split():
        folder = "://" not in value and name == "find-links"
        if not folder or Path(value).exists():
            yield from (flag, value)
