"""The script at the root: what it compares, and what it says without a Python."""

import subprocess
from pathlib import Path

from cli.prepare import Preparation
from stack.installation import ROOT


def test_the_script_compares_the_stamps_that_the_set_up_writes() -> None:
    """The shell script compares the same stamps that the set-up writes."""
    script = (ROOT / "cardwatch").read_text()
    for name in ("installed/requirements.lock", "installed/java", "installed/root"):
        assert name in script


def test_the_script_joins_the_java_sources_as_the_set_up_does(tmp_path: Path) -> None:
    """Whatever the user's language: in some, a file name's case and its dot do not count."""
    functions = (ROOT / "cardwatch").read_text().partition("\njava_sources() (")[2]
    body = functions.partition("\n)\n")[0]
    classes = tmp_path / "jobs/java/src/main/java/io/cardwatch/edge"
    classes.mkdir(parents=True)
    for path in ("pom.xml", "jobs/java/pom.xml"):
        (tmp_path / path).write_text(f"<!-- {path} -->\n")
    for name in ("Batch", "BatchReader", "batcha", "B", "Keys"):
        (classes / f"{name}.java").write_text(f"class {name} {{}}\n")
    joined = subprocess.run(
        ["/bin/sh", "-c", f"root={tmp_path}\n{body}"],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "en_US.UTF-8"},
        capture_output=True,
        check=True,
    )
    assert joined.stdout == Preparation(tmp_path).java_sources()


def test_a_machine_without_python_is_told_the_command(tmp_path: Path) -> None:
    for name in ("cardwatch", "requirements.lock", "pom.xml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("dirname", "cmp", "cat", "id"):
        (tools / tool).symlink_to(f"/usr/bin/{tool}")
    told = subprocess.run(
        ["/bin/sh", str(tmp_path / "cardwatch"), "up"],
        env={"PATH": str(tools), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 1
    assert "Python 3.11 was not found" in told.stderr
    assert "apt-get install python3.11" in told.stderr
