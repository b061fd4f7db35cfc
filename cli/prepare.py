"""Make the environment, once: locked Python packages, pinned Java artefacts, the Java edge.

Run by ./cardwatch with the machine's own Python 3.11 before the environment exists, so this module
and what it imports use the standard library only. Run once more by a command that needs a larger
group of packages (cli/groups.py) than the environment has.
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
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from cli.groups import GROUPS, lacking
from cli.installer import install
from stack import prerequisites

_RUNTIME_LOCK = GROUPS["runtime"].lock
_JAVA_STAMP = "java"
_EDGE = "jobs/java"
_TOLD_OF_UV = ("Downloading", "Prepared", "Installed")
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

    @property
    def site_packages(self) -> Path:
        """Return the folder that the environment's packages are in."""
        return self.venv / "lib" / f"python{prerequisites.PYTHON_VERSION}" / "site-packages"

    def prepare(self, group: str = "runtime") -> None:
        """Install what is missing or out of date; a second call waits for the first.

        Args:
            group: Name of the packages in GROUPS that the call needs; larger ones stay.
        """
        self.run.mkdir(exist_ok=True)
        with (self.run / "prepare.lock").open("w") as lock:
            _wait_for(lock.fileno())
            if self._is_done(group):
                return
            started = time.monotonic()
            _check_machine()
            self._install(group)
            (self.stamps / "root").write_text(str(self.root))
            _say(f"ready after {time.monotonic() - started:.0f} s")

    def _install(self, group: str) -> None:
        """Install packages and jars side by side: one mostly unpacks, the other mostly waits."""
        with ThreadPoolExecutor() as pool:
            steps: list[Future[None]] = []
            if not self._packages_are_current(group):
                steps.append(pool.submit(self._install_packages, group))
            if not self._jars_are_current():
                steps.append(pool.submit(self._install_jars))
            for step in steps:
                step.result()

    def _is_done(self, group: str) -> bool:
        return self._jars_are_current() and self._packages_are_current(group)

    def _packages_are_current(self, group: str) -> bool:
        lock = self.root / GROUPS[group].lock
        return (
            self._stamp_is(_RUNTIME_LOCK, self._runtime_lock())
            and self._venv_works()
            and not (lock.name != _RUNTIME_LOCK and lacking(lock, self.site_packages))
        )

    def _jars_are_current(self) -> bool:
        return self._stamp_is(_JAVA_STAMP, self.java_sources())

    def _runtime_lock(self) -> bytes:
        return (self.root / _RUNTIME_LOCK).read_bytes()

    def java_sources(self) -> bytes:
        """Return what the jars are made from, in the order in which ./cardwatch joins the files."""
        edge = self.root / _EDGE
        classes = sorted((edge / "src/main/java/io/cardwatch/edge").glob("*.java"))
        paths = [self.root / "pom.xml", edge / "pom.xml", *classes]
        return b"".join(path.read_bytes() for path in paths)

    def _stamp_is(self, name: str, content: bytes) -> bool:
        stamp = self.stamps / name
        return stamp.is_file() and stamp.read_bytes() == content

    def _stamp(self, name: str, content: bytes) -> None:
        self.stamps.mkdir(exist_ok=True)
        (self.stamps / name).write_bytes(content)

    def _venv_works(self) -> bool:
        """Say whether the environment was finished, at this path, and its Python starts."""
        place = self.stamps / "root"
        moved = place.is_file() and place.read_text() != str(self.root)
        if self.unfinished.exists() or moved:
            return False
        return _succeeds([str(self.venv / "bin" / "python"), "-c", "import pip"])

    def _install_packages(self, group: str) -> None:
        lock = self._runtime_lock()
        if not self._venv_works():
            _say(f"making a Python environment in {self.venv}")
            shutil.rmtree(self.venv, ignore_errors=True)
            self.unfinished.touch()
            _run([sys.executable, "-m", "venv", str(self.venv)], "making the environment")
        self.unfinished.touch()
        wanted = GROUPS[group]
        _say(f"installing the {group} packages, once: {wanted.holds} ({wanted.size_mb} MB)")
        install(self.root / wanted.lock, self.venv, _run)
        self.unfinished.unlink()
        self._stamp(_RUNTIME_LOCK, lock)

    def _install_jars(self) -> None:
        _say("fetching Kafka and Flink's connectors, building the job's Java edge (110 MB)")
        sources = self.java_sources()
        fresh = self.run / "jars.fetching"
        shutil.rmtree(fresh, ignore_errors=True)
        maven = str(prerequisites.maven().found)
        pom = ["-f", str(self.root / "pom.xml"), f"-Dcardwatch.jars={fresh}"]
        java = prerequisites.jdk().found
        assert java is not None, "the machine has been checked"
        home = {**os.environ, "JAVA_HOME": str(java.resolve().parent.parent)}
        _run([maven, "-q", "-B", *pom, "package"], "fetching and building the jars", home)
        for name in _JAR_FOLDERS:
            shutil.rmtree(self.jars / name, ignore_errors=True)
            self.jars.mkdir(exist_ok=True)
            (fresh / name).rename(self.jars / name)
        shutil.rmtree(fresh, ignore_errors=True)
        self._stamp(_JAVA_STAMP, sources)


def _check_machine() -> None:
    absent = [check for check in _needed() if not check.found]
    if absent and os.environ.get(_INSTALL_MISSING):
        if any("apt-get" in check.fix for check in absent):
            _run(["apt-get", "update", "-q"], "asking for the newest packages")
        for check in absent:
            _say(check.fix)
            _run([*shlex.split(check.fix), "-y"], check.fix)
        absent = [check for check in _needed() if not check.found]
    if absent:
        raise PrepareError(
            "\n  ".join(["This machine lacks something:", *prerequisites.missing(*absent)])
            + f"\nWith {_INSTALL_MISSING}=1 in the environment, root has these commands run."
        )


def _needed() -> list[prerequisites.Prerequisite]:
    return [
        prerequisites.jdk(),
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


def _run(command: Sequence[str], what: str, environment: dict[str, str] | None = None) -> None:
    """Run a command and show the lines of uv that say how far the command is."""
    told: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        for line in process.stdout or ():
            told.append(line)
            if line.startswith(_TOLD_OF_UV):
                _say(f"    {line.strip()}")
    if process.returncode:
        raise PrepareError(f"{what.capitalize()} failed:\n{''.join(told).strip()[-3000:]}")


def _succeeds(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False


def _say(line: str) -> None:
    print(f"cardwatch: {line}", file=sys.stderr, flush=True)


def main() -> None:
    """Prepare the checkout that the first argument names for the group that the second names."""
    try:
        Preparation(Path(sys.argv[1])).prepare(*sys.argv[2:])
    except PrepareError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit("cardwatch: interrupted; the next call goes on from here")


if __name__ == "__main__":
    main()
