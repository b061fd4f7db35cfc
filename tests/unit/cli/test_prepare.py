"""The script at the root: what it compares, and what it says without a Python."""

import subprocess
from pathlib import Path

from stack.installation import ROOT


def test_the_script_compares_the_stamps_that_the_set_up_writes() -> None:
    """The shell script compares the same stamps that the set-up writes."""
    script = (ROOT / "cardwatch").read_text()
    for name in ("installed/requirements.lock", "installed/java", "installed/root"):
        assert name in script


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
