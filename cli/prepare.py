"""Make the environment: the locked Python packages and the pinned Java artefacts, once.

Run by ./cardwatch with the machine's own Python 3.11 before the environment exists, so this module
and what it imports use the standard library only.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from stack import prerequisites

_STAMPED = ("requirements.lock", "pom.xml")
_TELL_EVERY = 20
_JAR_FOLDERS = ("kafka", "flink")

# Set by .ci/run: run the commands that install what is missing instead of naming them.
_INSTALL_MISSING = "CARDWATCH_INSTALL_MISSING"


class PrepareError(Exception):
    """The environment cannot be made; the message says why and what to do."""


class Preparation:
    """The set-up of one checkout below ROOT/.cardwatch.

    Every step can be interrupted and run again: packages are installed into an environment that
    is marked as unfinished until it is complete, jars are fetched beside and moved into place,
    and the stamps that ./cardwatch compares are written last.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.run = root / ".cardwatch"
        self.venv = self.run / "venv"
        self.jars = self.run / "jars"
        self.stamps = self.run / "installed"
        self.unfinished = self.run / "venv.unfinished"

    def prepare(self) -> None:
        """Install what is missing or out of date; a second call waits for the first."""
        self.run.mkdir(exist_ok=True)
        with (self.run / "prepare.lock").open("w") as lock:
            _wait_for(lock.fileno())
            if self._is_done():
                return
            started = time.monotonic()
            _check_machine()
            if not self._stamp_is_current("requirements.lock") or not self._venv_works():
                self._install_packages()
            if not self._stamp_is_current("pom.xml"):
                self._install_jars()
            (self.stamps / "root").write_text(str(self.root))
            _say(f"ready after {time.monotonic() - started:.0f} s")

    def _is_done(self) -> bool:
        return all(map(self._stamp_is_current, _STAMPED)) and self._venv_works()

    def _stamp_is_current(self, name: str) -> bool:
        stamp = self.stamps / name
        return stamp.is_file() and stamp.read_bytes() == (self.root / name).read_bytes()

    def _stamp(self, name: str) -> None:
        self.stamps.mkdir(exist_ok=True)
        shutil.copyfile(self.root / name, self.stamps / name)

    def _venv_works(self) -> bool:
        """Say whether the environment was finished, at this path, and its Python starts."""
        place = self.stamps / "root"
        moved = place.is_file() and place.read_text() != str(self.root)
        if self.unfinished.exists() or moved:
            return False
        return _succeeds([str(self.venv / "bin" / "python"), "-c", "import pip"])

    def _install_packages(self) -> None:
        if not self._venv_works():
            _say(f"1/2 making a Python environment in {self.venv}")
            shutil.rmtree(self.venv, ignore_errors=True)
            self.unfinished.touch()
            _run([sys.executable, "-m", "venv", str(self.venv)], "making the environment")
        self.unfinished.touch()
        _say("1/2 installing the locked Python packages (a few minutes the first time)")
        pip = [str(self.venv / "bin" / "python"), "-m", "pip", "install"]
        options = ["--disable-pip-version-check", "--no-input", "--require-hashes"]
        lock = self.root / "requirements.lock"
        packages = lock.read_text().count("==")
        _run([*pip, *options, "-r", str(lock)], "installing the packages", of=packages)
        self.unfinished.unlink()
        self._stamp("requirements.lock")

    def _install_jars(self) -> None:
        _say("2/2 fetching the Java artefacts")
        fresh = self.run / "jars.fetching"
        shutil.rmtree(fresh, ignore_errors=True)
        maven = str(prerequisites.maven().found)
        pom = ["-f", str(self.root / "pom.xml"), f"-Dcardwatch.jars={fresh}"]
        _run([maven, "-q", "-B", *pom, "package"], "fetching the jars")
        for name in _JAR_FOLDERS:
            shutil.rmtree(self.jars / name, ignore_errors=True)
            self.jars.mkdir(exist_ok=True)
            (fresh / name).rename(self.jars / name)
        shutil.rmtree(fresh, ignore_errors=True)
        self._stamp("pom.xml")


def _check_machine() -> None:
    lacking = [check for check in _needed() if not check.found]
    if lacking and os.environ.get(_INSTALL_MISSING):
        if any("apt-get" in check.fix for check in lacking):
            _run(["apt-get", "update", "-q"], "asking for the newest packages")
        for check in lacking:
            _say(check.fix)
            _run([*shlex.split(check.fix), "-y"], check.fix)
        lacking = [check for check in _needed() if not check.found]
    if lacking:
        raise PrepareError(
            "\n  ".join(["This machine lacks something:", *prerequisites.missing(*lacking)])
            + f"\nWith {_INSTALL_MISSING}=1 in the environment, root has these commands run."
        )


def _needed() -> list[prerequisites.Prerequisite]:
    return [
        prerequisites.java(),
        prerequisites.maven(),
        prerequisites.libpython(),
        prerequisites.venv(),
    ]


def _wait_for(lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _say("waiting for another ./cardwatch that is installing")
        fcntl.flock(lock, fcntl.LOCK_EX)


def _run(command: Sequence[str], what: str, of: int = 0) -> None:
    """Run a command silently; count the packages where it tells of `of` that it collects."""
    told: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            told.append(line)
            _count(line, sum(kept.startswith("Collecting") for kept in told), of)
    if process.returncode:
        raise PrepareError(f"{what.capitalize()} failed:\n{''.join(told).strip()[-3000:]}")


def _count(line: str, collected: int, of: int) -> None:
    if of and line.startswith("Collecting") and collected % _TELL_EVERY == 0:
        _say(f"    {collected} of {of} fetched")
    elif of and line.startswith("Installing collected"):
        _say("    unpacking them")


def _succeeds(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False


def _say(line: str) -> None:
    print(f"cardwatch: {line}", file=sys.stderr, flush=True)


def main() -> None:
    """Prepare the checkout that the first argument names."""
    # The environment's pip must not see what this process was told to import.
    os.environ.pop("PYTHONPATH", None)
    try:
        Preparation(Path(sys.argv[1])).prepare()
    except PrepareError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit("cardwatch: interrupted; the next call goes on from here")


if __name__ == "__main__":
    main()
