"""The programs in examples/ that need no broker, each in a process of its own."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

from stack.installation import ROOT

EXAMPLES = ROOT / "examples"


def run(name: str, *arguments: str) -> list[str]:
    """Call a program as its docstring says, and return the lines that it prints."""
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    return told.stdout.splitlines()


def test_payments_of_a_usual_month_are_low_and_a_night_far_from_home_raises_alerts() -> None:
    lines = run("score_a_payment.py")
    answers = [line.split() for line in lines if not line.startswith(" ")]
    levels = {name: level for name, level, _ in answers}
    assert len(levels) == len(answers) == 42
    assert {level for name, level in levels.items() if name.startswith("day")} == {"LOW"}
    assert "HIGH" in {level for name, level in levels.items() if name.startswith("night")}
    for before, line in itertools.pairwise(lines):
        if " LOW " in before:
            assert not line.startswith(" "), "only an alert has reasons"
        elif not before.startswith(" "):
            assert line.startswith("    "), "an alert has a reason"


def test_payments_of_a_file_are_scored_refused_or_repeated(tmp_path: Path) -> None:
    good = {
        "transaction_id": "p1", "card_id": "c1", "merchant_id": "m1", "currency": "EUR",
        "timestamp": "2026-11-29T09:00:00Z", "amount": 12.5,
    }  # fmt: skip
    file = tmp_path / "payments.jsonl"
    file.write_text("\n".join(map(json.dumps, [good, good, {**good, "amount": -1}])))
    scored, repeated, refused = run("score_a_payment.py", str(file))
    assert scored.split()[:2] == ["p1", "LOW"]
    assert repeated.startswith("repeated: ")
    assert refused.startswith("refused: ") and "amount" in refused


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
