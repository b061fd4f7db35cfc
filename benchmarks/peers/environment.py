"""Environment of a peer beside the project's own: pinned packages and jars.

A peer's packages go into an environment below .cardwatch/peers that lies over the project's: what
the peer's lock pins comes first, and everything else, above all what features and scores are
computed with, is the project's. So no peer changes what the product runs with.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.errors import BenchmarkError
from stack import prerequisites
from stack.installation import RUN_FOLDER, Installation

HERE: Final = Path(__file__).resolve().parent

_TIMEOUT_S = 900.0


@dataclass(frozen=True)
class Environment:
    """The packages of requirements/NAME.lock and what NAME/pom.xml fetches or builds, if any."""

    name: str
    home: Path = RUN_FOLDER / "peers"
    sources: Path = HERE

    @property
    def folder(self) -> Path:
        """Folder of the peer's installation."""
        return self.home / self.name

    @property
    def lock(self) -> Path:
        """The pinned packages, with their hashes."""
        return self.sources / "requirements" / f"{self.name}.lock"

    @property
    def project(self) -> Path:
        """The Maven project's folder."""
        return self.sources / self.name

    @property
    def python(self) -> Path:
        """The interpreter that sees the peer's packages, the project's where it has none."""
        own = self.folder / "venv" / "bin" / "python"
        return own if self.lock.is_file() else Path(sys.executable)

    @property
    def jars(self) -> list[Path]:
        """Jars that Maven has fetched or built."""
        return sorted((self.folder / "jars").glob("*.jar"))

    def ready(self) -> bool:
        """Say whether it is installed as its files say now; one that needs nothing is."""
        if not any(self._files()):
            return True
        stamp = self.folder / "installed"
        return stamp.is_file() and stamp.read_text() == self._fingerprint()

    def prepare(self, progress: Callable[[str], None]) -> None:
        """Install it where it is missing or out of date; BenchmarkError where it cannot be."""
        if self.ready():
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        if self.lock.is_file():
            progress(f"{self.name}: installing its packages, once")
            self._install_packages()
        if (self.project / "pom.xml").is_file():
            progress(f"{self.name}: fetching and building its jars, once")
            self._install_jars()
        (self.folder / "installed").write_text(self._fingerprint())

    def _install_packages(self) -> None:
        venv = self.folder / "venv"
        self._run(
            [sys.executable, "-m", "venv", "--without-pip", str(venv)], "making its environment"
        )
        packages = next((venv / "lib").glob("python*")) / "site-packages"
        (packages / "cardwatch.pth").write_text(f"{Installation().site_packages}\n")
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "--no-input"]
        self._run([*pip, "--require-hashes", "-r", str(self.lock)], "installing its packages")

    def _install_jars(self) -> None:
        maven = prerequisites.maven()
        if maven.found is None:
            raise BenchmarkError(f"{maven.problem} Install it with: {maven.fix}")
        pom = ["-f", str(self.project / "pom.xml"), f"-Dpeer.folder={self.folder}"]
        flink = f"-Dflink.lib={Installation().flink / 'lib'}"
        self._run([str(maven.found), "-q", "-B", *pom, flink, "package"], "building its jars")

    def _run(self, command: Sequence[str], what: str) -> None:
        told = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S)
        if told.returncode:
            lines = (told.stdout + told.stderr).strip().splitlines() or ["it gave no reason"]
            said = next((line for line in lines if "ERROR" in line), lines[-1])
            raise BenchmarkError(
                f"Peer {self.name}: {what} failed: {said.strip()} Leave it out with --peer, or "
                f"remove {self.folder.name} below .cardwatch/peers and try again."
            )

    def _fingerprint(self) -> str:
        """Return a hash of everything that it is made from."""
        digest = hashlib.sha256(sys.version.encode())
        for path in self._files():
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def _files(self) -> Iterator[Path]:
        if self.lock.is_file():
            yield self.lock
        if self.project.is_dir():
            yield from sorted(path for path in self.project.rglob("*") if path.is_file())
