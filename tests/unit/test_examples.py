"""The programs in examples/ that need no broker, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

from stack.installation import ROOT

EXAMPLES = ROOT / "examples"


def run(name: str, *arguments: str) -> list[str]:
    """Call a program as its docstring says, and return the lines that it prints."""
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    return told.stdout.splitlines()


def test_a_new_feature_counts_what_its_description_says() -> None:
    """Payments are five hours apart, so the last four before a payment are within its 24 hours."""
    heading, *lines = run("add_a_feature.py")
    assert heading.startswith("card_same_amount_24h: Earlier payments")
    told = [line.split() for line in lines]
    amounts = [fields[1] for fields in told]
    wanted = [amounts[max(0, n - 4) : n].count(amount) for n, amount in enumerate(amounts)]
    assert [int(fields[-1]) for fields in told] == wanted == [0, 0, 1, 0, 2, 3]


def test_every_program_is_in_the_list_and_says_how_to_call_it() -> None:
    listed = (EXAMPLES / "README.md").read_text()
    programs = list(EXAMPLES.glob("*.py"))
    assert programs
    for program in programs:
        assert f"[{program.name}]({program.name})" in listed
        assert f"python examples/{program.name}" in program.read_text().split('"""')[1]
