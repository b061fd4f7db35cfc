"""Public data sets: small invented rows in each layout, and the payments that come of them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from events.transaction import MAX_ATTRIBUTES
from producer.files.data_sets import BANKSIM, IEEE_CIS, LAYOUTS, PAYSIM, TABFORMER, ULB
from producer.files.layouts import Layout, LayoutError
from producer.files.mapping import read
from producer.values.rejects import Reject
from producer.values.tally import Tally
from tests.unit.producer.samples import TOKENIZER


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def payments(
    path: Path, layout: Layout, tally: Tally | None = None, join: Path | None = None
) -> list[dict[str, Any]]:
    refused: list[Reject] = []
    batches = read(path, layout, TOKENIZER, refused.append, tally=tally, join=join)
    rows = [row for batch in batches for row in batch.to_pylist()]
    assert not refused
    return rows


def at(row: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(row["timestamp_ms"] / 1000, UTC)


def test_tabformer_has_a_date_in_four_columns_a_card_in_two_and_leaves_refunds_out(
    tmp_path: Path,
) -> None:
    path = written(
        tmp_path / "cards.csv",
        [
            "User,Card,Year,Month,Day,Time,Amount,Use Chip,Merchant Name,Merchant City,"
            "Merchant State,Zip,MCC,Errors?,Is Fraud?",
            "3,1,2011,2,7,06:05,$84.20,Chip Transaction,4111111111111111,Lund,,,5411,,No",
            "3,0,2011,2,7,06:06,$9,Online Transaction,-5,ONLINE,,,5912,Bad PIN,Yes",
            "3,0,2011,2,7,06:07,$-7.10,Online Transaction,-5,ONLINE,,,5912,,No",
        ],
    )
    tally = Tally()
    first, second = payments(path, TABFORMER, tally)
    assert at(first) == datetime(2011, 2, 7, 6, 5, tzinfo=UTC)
    assert (first["card_id"], second["card_id"]) == ("3-1", "3-0")
    assert (first["amount_minor"], second["amount_minor"]) == (8_420, 900)
    assert (first["is_fraud"], second["is_fraud"]) == (False, True)
    assert (first["merchant_id"], second["merchant_id"]) == (
        "4111111111111111m",
        "-5m",
    )
    assert tally.counts["refunds_left_out"] == 1


def test_paysim_counts_hours(tmp_path: Path) -> None:
    path = written(
        tmp_path / "paysim.csv",
        [
            "step,type,amount,nameOrig,oldbalanceOrg,newbalanceOrig,nameDest,oldbalanceDest,"
            "newbalanceDest,isFraud,isFlaggedFraud",
            "25,TRANSFER,9839.64,C77,170136,160296.36,M19,0,0,1,0",
        ],
    )
    (row,) = payments(path, PAYSIM)
    assert at(row) == datetime(2017, 1, 2, 1, tzinfo=UTC)
    assert (row["card_id"], row["merchant_id"], row["channel"]) == ("C77", "M19", "TRANSFER")
    assert row["is_fraud"] is True and not any(name.startswith("attributes.") for name in row)


def test_banksim_counts_days_and_has_apostrophes_around_its_texts(tmp_path: Path) -> None:
    path = written(
        tmp_path / "banksim.csv",
        [
            "step,customer,age,gender,zipcodeOri,merchant,zipMerchant,category,amount,fraud",
            "2,'C10','4','M','28007','M34','28007','es_food',4.55,0",
        ],
    )
    (row,) = payments(path, BANKSIM)
    assert at(row) == datetime(2012, 11, 3, tzinfo=UTC)
    assert (row["card_id"], row["merchant_id"]) == ("C10", "M34")
    assert (row["merchant_category"], row["amount_minor"]) == ("es_food", 455)


def ieee_files(folder: Path) -> tuple[Path, Path]:
    attributes = [name for name in IEEE_CIS.attributes if not name.startswith("id_")]
    cards = [f"card{number}" for number in range(1, 7)]
    heads = ["TransactionID", "isFraud", "TransactionDT", "TransactionAmt", "ProductCD"]
    names = [*heads, *cards, "addr1", *attributes]
    same = ["139", "36", "", "visa", "142", "debit", "", *["1"] * len(attributes)]
    lines = [["31", "0", "86400", "75.887", "C", *same], ["32", "1", "86401", "29.0", "W", *same]]
    first = written(folder / "first.csv", [",".join(row) for row in (names, *lines)])
    identity = [f"id_{number:02}" for number in range(1, 12)]
    second = [["TransactionID", *identity, "DeviceType"], ["32.0", *"5" * 11, "mobile"]]
    return first, written(folder / "second.csv", [",".join(row) for row in second])


def test_ieee_cis_joins_its_two_files_by_id(tmp_path: Path) -> None:
    first, second = ieee_files(tmp_path)
    tally = Tally()
    alone, joined = payments(first, IEEE_CIS, tally, second)
    assert at(alone) == datetime(2017, 12, 2, tzinfo=UTC)
    assert alone["card_id"] == "card-139-36--visa-142-debit-"
    assert (alone["amount_minor"], joined["amount_minor"]) == (7_589, 2_900)
    assert (alone["channel"], joined["channel"]) == (None, "mobile")
    assert (alone["attributes.id_01"], joined["attributes.id_01"]) == (None, 5.0)
    assert tally.counts == {"amounts_rounded": 1, "not_joined": 1}


def test_ieee_cis_is_read_without_its_second_file_too(tmp_path: Path) -> None:
    first, _ = ieee_files(tmp_path)
    assert "attributes.id_01" not in payments(first, IEEE_CIS)[0]


def test_a_second_file_with_two_rows_for_one_payment_is_refused(tmp_path: Path) -> None:
    first, second = ieee_files(tmp_path)
    second.write_text(second.read_text() + second.read_text().splitlines()[1] + "\n")
    with pytest.raises(LayoutError, match="one row for each TransactionID, got several"):
        payments(first, IEEE_CIS, join=second)


def test_a_second_file_needs_a_layout_of_two(tmp_path: Path) -> None:
    first, second = ieee_files(tmp_path)
    with pytest.raises(LayoutError, match="--join: expected a layout of two files, got ulb"):
        payments(first, ULB, join=second)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_no_layout_has_more_attributes_than_a_payment_may(layout: Layout) -> None:
    layout.check_needed()
    assert len(layout.attributes) <= MAX_ATTRIBUTES
