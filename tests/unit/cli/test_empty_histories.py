"""A history that nothing can be learnt from is one sentence, in train, evaluate and tune."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from cli.model import evaluate, evaluation_data, train, tune

MAP = (
    "--map=transaction_id=id", "--map=card_id=card", "--map=timestamp=at", "--map=amount=sum",
    "--map=merchant_id=shop", "--map=is_fraud=bad", "--constant=currency=EUR", "--jobs=1",
    "--skip-bad-rows",
)  # fmt: skip
TRAIN = (*MAP, f"--settings={Path(__file__).parent / 'few_trees.json'}")
JUDGE = (*MAP, "--resamples=20")
HEAD = "id,card,at,sum,shop,bad"
Label = Callable[[int], str]


@pytest.fixture(autouse=True)
def _folders_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for module, name in ((evaluation_data, "TUNED"), (evaluate, "REPORTS")):
        monkeypatch.setattr(module, name, tmp_path / name.lower())
    monkeypatch.setattr(evaluation_data, "CACHE", tmp_path / "cache")


def payments(
    count: int = 400, days: float = 40, label: Label = lambda row: str(int(row % 9 == 0))
) -> str:
    """Write payments over some days, an even distance apart."""
    random = np.random.default_rng(3)
    lines = [HEAD]
    for row in range(count):
        at = datetime(2024, 1, 1) + timedelta(days=days * row / count)  # noqa: DTZ001  # as in files
        numbers = f"{random.uniform(1, 200):.2f},s{random.integers(9)}"
        lines.append(f"t{row},c{random.integers(20)},{at:%Y-%m-%d %H:%M:%S},{numbers},{label(row)}")
    return "\n".join(lines) + "\n"


def never(_: int) -> str:
    return "0"


HISTORIES = {
    "an empty file": "",
    "a header alone": f"{HEAD}\n",
    "every row refused": f"{HEAD}\n" + "".join(f"t{i},c,no time,1.00,s,0\n" for i in range(5)),
    "no label": payments(label=lambda _: ""),
    "no fraud": payments(label=never),
    "frauds alone": payments(label=lambda _: "1"),
    "one payment": payments(1),
    "two payments": payments(2),
    "fewer days than the label delay": payments(days=5),
    "a day more than the label delay": payments(days=8),
    "one moment": payments(days=0),
    "one fraud": payments(label=lambda row: str(int(row == 5))),
    "frauds at the beginning alone": payments(label=lambda row: str(int(row < 30))),
    "frauds at the end alone": payments(label=lambda row: str(int(row > 390))),
    "too few frauds": payments(label=lambda row: str(int(row in (9, 300, 310, 350, 360, 390)))),
}


def refusal(command: click.Command, *arguments: object) -> str:
    """Return the one sentence that a call ends with, and hold it to being one."""
    result = CliRunner().invoke(command, [str(argument) for argument in arguments])
    assert result.exit_code == 1, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    before, _, sentence = result.stderr.rpartition("Error: ")
    assert "Error" not in before and len(sentence.strip().splitlines()) == 1
    return sentence


@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.parametrize(
    ("command", "words", "options"),
    [
        (train.command, ("--data",), TRAIN),
        (evaluate.command, ("file",), JUDGE),
        (tune.command, ("file",), (*MAP, "--trials=1")),
    ],
    ids=["train", "evaluate", "tune"],
)
def test_a_history_that_teaches_nothing_is_one_sentence(
    tmp_path: Path, command: click.Command, words: Sequence[str], options: Sequence[str], name: str
) -> None:
    path = tmp_path / "own.csv"
    path.write_text(HISTORIES[name])
    sentence = refusal(command, *words, path, *options)
    if name not in ("an empty file", "every row refused"):
        assert "give " in sentence.lower()
    assert not (tmp_path / "ensemble").exists() and not (tmp_path / "tuned").exists()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("--until", "2023-12-31"), "No payment is before --until 2023-12-31 00:00: the first is"),
        (("--only-known-labels", "--label-delay", "90d"), "With --only-known-labels no label is"),
    ],
)
def test_what_an_option_leaves_nothing_of_is_named(
    tmp_path: Path, given: Sequence[str], sentence: str
) -> None:
    path = tmp_path / "own.csv"
    path.write_text(payments(label=lambda row: str(int(row < 30))))
    assert sentence in refusal(train.command, "--data", path, *TRAIN, *given, "--out", tmp_path)


def test_one_card_at_one_shop_with_one_amount_is_a_history(tmp_path: Path) -> None:
    """Most columns do not vary then, and those that do are learnt from."""
    path = tmp_path / "own.csv"
    random = np.random.default_rng(4)
    lines = [HEAD]
    for row in range(600):
        at = datetime(2024, 1, 1) + timedelta(minutes=90 * row)  # noqa: DTZ001  # as in files
        lines.append(f"t{row},c,{at:%Y-%m-%d %H:%M:%S},5.00,s,{int(random.random() < 0.2)}")
    path.write_text("\n".join(lines) + "\n")
    goals = ("--medium", "share:0.3", "--high", "share:0.05")
    result = CliRunner().invoke(
        train.command, ["--data", str(path), *TRAIN, *goals, "--out", str(tmp_path)]
    )
    assert result.exit_code == 0, result.output
