"""The cases that need no job: files, options, bundles and the pure core."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq

from cli.stack.submit import ROOT
from events.label import Label
from events.transaction import Transaction
from features.money.shipped import SHIPPED
from features.windows import DAY_MS
from scoring.messages import ScoringRequest
from scoring.path import payment_path
from scoring.steps import walk
from tests.integration.cases.ground import EURO, call, produce, read, rejects
from tests.unit.features.singly import AtCard, pay_at, pay_by, tell_at

_TEST_CARD = "4111111111111111"
_T = 1_795_000_000_000


def _payment(transaction_id: str, day: int) -> Transaction:
    """Return a payment of 50 EUR at the merchant of the cases, so many days from their moment."""
    return Transaction(transaction_id, "c", _T + day * DAY_MS, 5000, "EUR", "m")


def _python(*arguments: object) -> str:
    """Run a script of a case with the project's Python, in its root; return what it printed."""
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


def an_option_that_is_not_there(case: Path) -> None:
    """A history that is too short names the option that shortens the delay."""
    columns = ("card_id=card", "timestamp=at", "amount=amount", "merchant_id=shop", "is_fraud=bad")
    maps = [f"--map={pair}" for pair in columns]
    result = call("train", "--data", case / "history.csv", *maps, EURO)
    assert result.exit_code == 1
    assert "--label-delay" in result.output
    assert "--label-delay-days" not in result.output


def card_numbers_in_clear(case: Path) -> None:
    """Every spelling of a card number becomes the token of its digits, or a refused row."""
    plain = Path("plain.csv")
    plain.write_text(f"card,at,amount,shop\n{_TEST_CARD},2024-05-01 09:00:00,1,m1\n")
    _, (one,) = read(plain, EURO)
    rows = {
        "spellings.csv": len((case / "spellings.csv").read_text().splitlines()) - 1,
        "float64.parquet": pq.read_metadata(case / "float64.parquet").num_rows,
    }
    for name, count in rows.items():
        result, payments = read(case / name, EURO)
        assert len(payments) + len(rejects()) == count, result.output
        tokens = {str(each["card_id"]) for each in payments}
        assert one["card_id"] in tokens
        seen = result.output + str(payments) + str(rejects())
        assert "4111" not in seen.replace("4,111", "")


def card_numbers_in_scientific_notation(case: Path) -> None:
    """A card number that a spreadsheet has rounded is refused, for it is many cards."""
    result, payments = read(case / "excel.csv", "--layout", "kaggle")
    assert payments == []
    assert len(rejects()) == 3
    assert "text" in str(rejects()[0]["sentence"]), result.output


def combine_rank_fails_its_gate(case: Path) -> None:
    """Training with rank combination ends with a bundle."""
    history = Path("history.csv")
    _python(case / "make.py", history.resolve())
    columns = ("card_id=card", "timestamp=at", "amount=amount", "merchant_id=shop", "is_fraud=bad")
    maps = [f"--map={pair}" for pair in (*columns, "transaction_id=id")]
    settings = Path("rank.json")
    settings.write_text('{"settings": {"combine": "rank", "calibration": "none"}}')
    rank = ("--settings", settings, "--out", "registry")
    result = call("train", "--data", history, *maps, EURO, *rank)
    assert result.exit_code == 0, result.output


def constants_that_do_nothing(case: Path) -> None:
    """A constant reaches every payment, whatever its field."""
    some = ("is_fraud=1", "lat=48", "lon=11", "attributes.x=2")
    _, (one,) = read(case / "frauds.csv", EURO, *(f"--constant={pair}" for pair in some))
    assert (one["lat"], one["lon"], one["attributes"]) == (48, 11, {"x": 2})
    bare = [f"--map={pair}" for pair in ("card_id=card", "merchant_id=shop")]
    for given, constant in (
        ("timestamp=at", "amount=5"),
        ("amount=amount", "timestamp=2024-01-01"),
    ):
        out = Path(f"{constant[:3]}.jsonl")
        with_constant = (*bare, f"--map={given}", f"--constant={constant}", EURO)
        result = call("produce", "file", case / "frauds.csv", *with_constant, "--to-file", out)
        assert result.exit_code == 0 and out.exists(), result.output


def error_in_the_middle_of_a_file(case: Path) -> None:
    """A file that breaks off ends with the account of what was written, and how to go on."""
    path = Path("payments.csv")
    _python(case / "make.py", path.resolve())
    result, _ = read(path, EURO, "--map", "transaction_id=id")
    assert result.exit_code == 1
    assert "shop" in result.output, "the column by its name"
    assert "payments written" in result.output


def european_csv(case: Path) -> None:
    """Separators, decimal commas and encodings are found, and said."""
    for name in ("semicolon.csv", "sep-line.csv", "tabs.txt", "utf16.csv"):
        result, payments = read(case / name, EURO)
        assert [each["amount"] for each in payments] == [12.5], result.output


def hot_card_repeat(_: Path) -> None:
    """A repeat is one, however many payments its card has made since.

    The case's script imports the card from where it lay; these are its payments.
    """

    def pay(state: bytes | None, number: int) -> AtCard:
        at_ms = _T + 1000 * number
        return pay_by(state, Transaction(f"p{number}", "hot", at_ms, 100, "EUR", "m"))

    state: bytes | None = None
    for number in range(1025):
        state = pay(state, number).state
    assert all(pay(state, number).repeated for number in (0, 300, 511, 512, 600, 1024))


def local_times(case: Path) -> None:
    """With the zone of the file, a local time and the same time with an offset are one moment."""
    _, payments = read(case / "payments.csv", EURO, "--timezone", "Europe/Berlin")
    assert len({each["timestamp"] for each in payments}) == 1


def manifest_unhashed(case: Path) -> None:
    """Each altered manifest is refused."""
    shutil.copytree(ROOT / "onnx_models", "registry")
    told = _python(case / "repro.py", Path("registry").resolve())
    assert Counter(line.split(": exit ")[1][0] for line in told.splitlines()) == {"1": 3}, told


def merchant_late(_: Path) -> None:
    """A payment twenty days behind its merchant is late there, and its decision says so.

    The case's script calls `advance` as it was; these are its payments.
    """
    state = pay_at(None, _payment("p1", -60)).state
    state = pay_at(state, _payment("p2", 20)).state
    late = _payment("p3", 0)
    assert pay_at(state, late).late
    (request,) = walk(
        payment_path(SHIPPED), [((late, b"{}"), _T)], {"card": {}, "merchant": {"m": state}}
    )
    assert isinstance(request, ScoringRequest)
    assert request.flags == ["late_merchant"]


def missing_cards_become_one(case: Path) -> None:
    """A missing card is missing in every spelling."""
    for name in ("nan.parquet", "null-texts.csv"):
        _, payments = read(case / name, EURO)
        assert not {"nan", "NULL", "N/A", "None"} & {str(each["card_id"]) for each in payments}
        assert {each["code"] for each in rejects()} == {"missing_field"}


def more_than_256_attributes(case: Path) -> None:
    """What the job would refuse is refused before anything is sent."""
    maps = [f"--map=attributes.V{number}=V{number}" for number in range(300)]
    result, payments = read(case / "payments.csv", EURO, *maps)
    assert result.exit_code != 0 and payments == []
    assert "256" in result.output and "300" in result.output


def quote_left_open(case: Path) -> None:
    """No row is lost behind a quote: the account adds up, or the row of the quote is named."""
    for name in ("two-quotes.csv", "one-quote.csv", "mapped.csv"):
        result, payments = read(case / name, EURO)
        rows = len((case / name).read_text().splitlines()) - 1
        if len(payments) + len(rejects()) != rows:
            assert result.exit_code == 1
            assert "quote" in result.output and "row" in result.output


def run_of_unknown_fraud(_: Path) -> None:
    """A fraud label of a payment that is not there changes no feature of its neighbours.

    The case's script calls `advance` as it was; these are its payments and its label.
    """
    state = pay_at(None, _payment("p1", -20)).state
    state = pay_at(state, _payment("p2", -10)).state
    label = Label("never-came", "c", "m", _T - 12 * DAY_MS, True, _T - 5 * DAY_MS, "s")
    told = tell_at(state, label).state
    now = _payment("p3", 0)
    before, after = (pay_at(one, now).values for one in (state, told))
    assert before.tobytes() == after.tobytes()


def sentences_that_mislead(case: Path) -> None:
    """Each refusal names the right reason and the right range."""
    columns = ("--map", "currency=cur")
    _, payments = read(case / "amounts.csv", *columns)
    assert [each["amount"] for each in payments] == [12.5, 12.5]
    large, decimals = (str(each["sentence"]) for each in rejects())
    assert "10995116277.75" in large
    assert "0 decimals" in decimals
    read(case / "milliseconds.csv", EURO, "--timestamp-unit", "s")
    assert "milliseconds" in str(rejects()[0]["sentence"])
    result = produce(
        case / "nan-label.parquet", EURO, "--map=is_fraud=bad", "--to-file", "labels.parquet"
    )
    assert result.exit_code == 0, result.output
    labels = pq.read_table("labels.parquet")["is_fraud"].to_pylist()
    assert None in labels and not any(isinstance(one, float) and math.isnan(one) for one in labels)


def tabformer_columns(case: Path) -> None:
    """The layout puts date, time and card together, and leaves refunds out by name."""
    result, (one,) = read(case / "cards.csv", "--layout", "tabformer")
    assert (one["amount"], one["currency"], one["card_id"]) == (134.09, "USD", "0-0")
    assert one["timestamp"] == 1_030_861_260_000
    assert "refund" in result.output.lower() or rejects()


def three_decimals_and_time_offsets(case: Path) -> None:
    """Amounts are rounded where that is asked for, and told; times count from a start."""
    pairs = ("card_id=card1", "timestamp=TransactionDT", "merchant_id=ProductCD")
    more = ("amount=TransactionAmt", "is_fraud=isFraud", "transaction_id=TransactionID")
    options = [f"--map={pair}" for pair in (*pairs, *more)]
    options += ["--timestamp-unit=s", "--timestamp-start=2017-12-01", "--constant=currency=USD"]
    source = ("produce", "file", case / "payments.csv")
    result = call(*source, *options, "--round-amounts", "--to-file", "out.jsonl")
    assert result.exit_code == 0, result.output
    assert "75.89" in Path("out.jsonl").read_text()
    told = call("train", "--data", case / "payments.csv", *options)
    assert "expected a time" not in told.output


FILE_CASES = {
    function.__name__.replace("_", "-"): function
    for function in (
        an_option_that_is_not_there,
        card_numbers_in_clear,
        card_numbers_in_scientific_notation,
        combine_rank_fails_its_gate,
        constants_that_do_nothing,
        error_in_the_middle_of_a_file,
        european_csv,
        hot_card_repeat,
        local_times,
        manifest_unhashed,
        merchant_late,
        missing_cards_become_one,
        more_than_256_attributes,
        quote_left_open,
        run_of_unknown_fraud,
        sentences_that_mislead,
        tabformer_columns,
        three_decimals_and_time_offsets,
    )
}
"""Each case by the name of its folder."""
