from datetime import UTC, datetime
from pathlib import Path

import pytest

from producer.files.data_sets import HANDBOOK, LAYOUTS, SPARKOV, ULB
from producer.files.layouts import LayoutError, with_options
from producer.files.reading import match_columns

NEEDED = ["card_id=card", "timestamp=at", "amount=sum", "merchant_id=shop"]


def test_a_payment_of_ones_own_file_is_named_by_file_and_row_unless_mapped() -> None:
    assert "transaction_id" in with_options(None, NEEDED, ["currency=EUR"]).numbered
    named = with_options(None, [*NEEDED, "transaction_id=id"], ["currency=EUR"])
    assert "transaction_id" not in named.numbered


def test_a_map_wins_over_a_known_layout() -> None:
    layout = with_options(HANDBOOK, ["amount=AMT", "currency=CCY"], timestamp_unit="s")
    assert layout.columns["amount"] == "AMT" and layout.columns["card_id"] == "CUSTOMER_ID"
    assert layout.columns["currency"] == "CCY" and "currency" not in layout.constants
    assert layout.times.unit == "s"


def test_a_constant_wins_over_a_column() -> None:
    layout = with_options(SPARKOV, [], ["city=Bern"], start=datetime(2020, 1, 1, tzinfo=UTC))
    assert "city" not in layout.columns and layout.constants["city"] == "Bern"
    assert layout.times.start_ms == 1_577_836_800_000


def test_a_card_of_its_own_column_is_not_numbered() -> None:
    assert with_options(ULB, ["card_id=card"]).numbered == {"transaction_id"}


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        (["amount"], "--map: expected field=column, got 'amount'"),
        (["=x"], "--map: expected field=column"),
        (["amont=x", *NEEDED], "got 'amont'; fields are transaction_id"),
        (NEEDED[:3], "expected a column for currency, merchant_id, got none; add --map currency"),
    ],
)
def test_a_wrong_map_says_what_was_expected(pairs: list[str], said: str) -> None:
    with pytest.raises(LayoutError, match=said):
        with_options(None, pairs)


def test_a_missing_column_is_named_with_the_file_and_the_next_step() -> None:
    with pytest.raises(LayoutError) as caught:
        match_columns(HANDBOOK, ["", "CUSTOMER_ID", "TX_DATETIME"], Path("some.csv"))
    sentence = str(caught.value)
    assert sentence.startswith("some.csv: expected column 'TRANSACTION_ID' for transaction_id")
    assert "got CUSTOMER_ID, TX_DATETIME;" in sentence
    assert "--map transaction_id=COLUMN" in sentence


def test_a_column_that_stands_twice_is_refused() -> None:
    with pytest.raises(LayoutError, match="one column 'TX_AMOUNT', got 2"):
        match_columns(HANDBOOK, [*HANDBOOK.columns.values(), "TX_AMOUNT"], Path("some.csv"))


def test_an_optional_column_may_be_absent() -> None:
    names = [column for column in HANDBOOK.columns.values() if column != "TX_FRAUD"]
    assert "is_fraud" not in match_columns(HANDBOOK, names, Path("some.csv"))


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_every_layout_says_what_it_is_and_reads_no_personal_data(layout: object) -> None:
    assert layout.about  # type: ignore[attr-defined]  # a Layout
    personal = {"first", "last", "street", "dob", "zip", "gender", "job"}
    assert not personal & set(layout.columns.values())  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("pairs", "constants", "said"),
    [
        (["amount=sum", "amount=total"], [], "--map: expected amount once, got it twice"),
        ([], ["city=Bern", "city=Lund"], "--constant: expected city once, got it twice"),
        (["city=town"], ["city=Bern"], "got city with both --map and --constant"),
        (["lat=y"], [], "both of lat and lon, got lat alone"),
        (
            ["timestamp.year=y", "timestamp.time=t"],
            [],
            "timestamp.date, or timestamp.year",
        ),
        (["card_id.0=a"], [], "expected a field of a payment, got 'card_id.0'"),
    ],
)
def test_a_field_with_two_sources_or_half_of_one_is_refused(
    pairs: list[str], constants: list[str], said: str
) -> None:
    with pytest.raises(LayoutError, match=said):
        with_options(HANDBOOK, pairs, constants)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([f"V{number}" for number in range(257)], "256 attributes at most, got 257"),
        (["x" * 65], r"attribute names of 1 to 64 printable characters, got .* \(65\)"),
        (["bell\x07"], "printable characters"),
        ([f"{number:03}{'😀' * 61}" for number in range(256)], "payments of 65536 bytes at most"),
        (["4111111111111111"], "no card number in a name"),
    ],
)
def test_attributes_that_no_payment_could_carry_are_refused(names: list[str], said: str) -> None:
    pairs = [f"attributes.{name}={place}" for place, name in enumerate(names)]
    with pytest.raises(LayoutError, match=said) as caught:
        with_options(HANDBOOK, pairs)
    assert "4111111111111111" not in str(caught.value)
