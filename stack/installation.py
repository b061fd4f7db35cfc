"""Places of the installed programs that the stack starts."""

from __future__ import annotations

import importlib.util
import sys
import sysconfig
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from stack import prerequisites
from stack.errors import StackError

ROOT = Path(__file__).resolve().parent.parent
RUN_FOLDER = ROOT / ".cardwatch"


@dataclass(frozen=True)
class Installation:
    """The folders of one checkout and its environment.

    Attributes:
        root: The repository, which job code is imported from.
        jars: Holds kafka/ and flink/ with what pom.xml pins and builds.
    """

    root: Path = ROOT
    jars: Path = RUN_FOLDER / "jars"

    @cached_property
    def flink(self) -> Path:
        """The Flink distribution inside the pip-installed PyFlink package."""
        spec = importlib.util.find_spec("pyflink")
        if spec is None or not spec.submodule_search_locations:
            raise StackError("PyFlink is not installed in this environment: run ./cardwatch up.")
        return Path(spec.submodule_search_locations[0])

    @cached_property
    def java(self) -> Path:
        """The Java 17 launcher, as a real path, so that its JAVA_HOME can be told."""
        java = prerequisites.java()
        if java.found is None:
            raise StackError(f"{java.problem} Install it with: {java.fix}")
        return java.found.resolve()

    @property
    def java_home(self) -> Path:
        """The Java home that the launcher belongs to."""
        return self.java.parent.parent

    @property
    def python(self) -> Path:
        """The interpreter of the environment, which runs clients and process-mode workers."""
        return Path(sys.executable)

    @property
    def site_packages(self) -> Path:
        """The installed packages; thread mode is told of them by name."""
        return Path(sysconfig.get_path("purelib"))

    @property
    def numba_cache(self) -> Path:
        """Folder of compiled kernels, shared by every process of this checkout."""
        return self.root / ".cardwatch" / "numba"

    def shipped_config(self) -> dict[str, object]:
        """Return the config.yaml that the distribution ships, nested as in the file."""
        text = (self.flink / "conf" / "config.yaml").read_text()
        config: dict[str, object] = yaml.safe_load(text)
        return config

    def check(self) -> None:
        """Raise StackError where the jars, the Java or the Python library are missing."""
        self.check_jars()
        problems = prerequisites.missing(prerequisites.java(), prerequisites.libpython())
        if problems:
            raise StackError(" ".join(problems))

    def check_jars(self) -> None:
        """Raise StackError where the Java artefacts are missing."""
        needed = (
            ("kafka", "kafka_2.13-*.jar"),
            ("flink", "flink-sql-connector-*.jar"),
            ("flink", "cardwatch-edge.jar"),
        )
        for folder, jar in needed:
            if not any((self.jars / folder).glob(jar)):
                raise StackError(
                    f"The Java artefacts are not in {self.jars / folder}: "
                    "run ./cardwatch up, which fetches them."
                )
