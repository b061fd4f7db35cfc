"""Write what a Flink process needs that something else starts, such as a container.

    python -m stack.services.configure --profile compose --folder /var/cardwatch

The folder gets conf/ and lib/, from the same profiles and jars as the embedded stack: the
FLINK_CONF_DIR and FLINK_LIB_DIR of the distribution's own scripts.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

import yaml

from stack.installation import Installation
from stack.services.cluster import flatten, link_jars, profile
from stack.settings import Layout


def configure(install: Installation, layout: Layout, name: str) -> None:
    """Write the configuration of the way of running `name`, and link its jars.

    What the profile says wins over what is found out here.
    """
    for folder in (layout.conf, layout.logs):
        folder.mkdir(parents=True, exist_ok=True)
    options = {
        **flatten({"env": install.shipped_config()["env"]}),
        "python.executable": str(install.python),
        "python.client.executable": str(install.python),
        "python.pythonpath": f"{install.root}:{install.site_packages}",
        "execution.checkpointing.dir": layout.checkpoints.as_uri(),
        "execution.checkpointing.savepoint-dir": layout.savepoints.as_uri(),
        **profile(install, name),
    }
    text = yaml.safe_dump(options, default_style='"', width=10_000)
    (layout.conf / "config.yaml").write_text(text)
    _write_logging(install, layout)
    link_jars(install, layout)


def _write_logging(install: Installation, layout: Layout) -> None:
    """Log as the distribution does, to the console too, with the levels of the embedded stack."""
    shipped = install.flink / "conf"
    shutil.copyfile(shipped / "log4j-cli.properties", layout.conf / "log4j-cli.properties")
    own = (install.root / "flink-conf" / "log4j.properties").read_text().splitlines()
    levels = [line for line in own if line.startswith("logger.")]
    console = (shipped / "log4j-console.properties").read_text()
    text = "\n".join([console, *levels, ""])
    (layout.conf / "log4j-console.properties").write_text(text)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the arguments and write the folder."""
    install = Installation()
    names = sorted(file.stem for file in (install.root / "flink-conf").glob("*.yaml"))
    names.remove("common")
    parser = argparse.ArgumentParser(
        prog="python -m stack.services.configure", description=main.__doc__
    )
    parser.add_argument("--profile", choices=names, required=True, help="way of running")
    parser.add_argument("--folder", type=Path, required=True, help="gets conf/, lib/ and logs/")
    found = parser.parse_args(arguments)
    configure(install, Layout(found.folder.resolve()), found.profile)


if __name__ == "__main__":
    main()
