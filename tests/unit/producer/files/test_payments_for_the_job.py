"""Whatever the reader lets through the job takes, and what it refuses the job would refuse too."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.card_data.masking import masked_line
from events.errors import REASONS, EventError
from events.table import payments
from events.transaction import encode_transaction, parse_transaction
from producer.files.layouts import with_options
from producer.files.mapping import read
from producer.values.amounts import AmountRules
from producer.values.rejects import Reject
from producer.values.tally import Tally
from tests.unit.producer.samples import GOOD_ROW, TOKENIZER, VISA, read_rows, write_csv

SPELLINGS = [
    *(VISA, f"{VISA}.0", f"'{VISA}", "4111.1111.1111.1111", "3.57E+15", f"paid by {VISA} today"),
    *("\uff14111111111111111", "cvv 123", f";{VISA}=2512101?", "4111111111111111000", "-4111"),
    *("m1", "EUR", "JPY", "x" * 129, "\x85", "nan", "NULL", "-", "17.0", "9007199254740993.0"),
]
GOOD = {
    **dict.fromkeys(("id", "card", "holder", "device", "shop", "town", "land"), "m1"),
    "at": "2024-05-01",
    "sum": "1",
    "cur": "EUR",
    "bad": "0",
    "y": "1",
    "x": "1",
    "v": "1",
    "pin": "1",
}
ODD = st.fixed_dictionaries(
    {
        **dict.fromkeys(
            ("id", "card", "holder", "device", "shop", "town", "land"),
            st.text(max_size=8) | st.sampled_from(SPELLINGS),
        ),
        "at": st.sampled_from(
            ["2024-05-01T12:00:00Z", "2024-05-01 12:00", "01.05.2024", "1999-01-01", "", "x", VISA]
        ),
        "sum": st.sampled_from(
            ["0", "12.34", "12.345", "-1", "1e3", "1e99999", "", "nan", "9e99", "x", " 1", VISA]
        ),
        "cur": st.sampled_from(["EUR", "JPY", "KWD", "CLF", "eur", "", "NA"]),
        "bad": st.sampled_from(["0", "1.0", "Yes", "", "nan", "2"]),
        "y": st.sampled_from(["1", "91", "", "x"]),
        "x": st.sampled_from(["1", "181", "nan"]),
        "v": st.sampled_from(
            ["1", "nan", "1e39", VISA, f"{VISA}.0", "4.111111111111111e18", "-1e20"]
        ),
        "pin": st.sampled_from(["1", "", "1234"]),
    }
)
ROW = st.builds(
    lambda odd, names: {name: (odd if name in names else GOOD)[name] for name in GOOD},
    ODD,
    st.sets(st.sampled_from(sorted(GOOD)), max_size=3),
)
WIDE = with_options(
    None,
    [
        *("transaction_id=id", "card_id=card", "customer_id=holder", "device_id=device"),
        *("merchant_id=shop", "city=town", "country=land", "timestamp=at", "amount=sum"),
        *("currency=cur", "is_fraud=bad", "lat=y", "lon=x", "attributes.v=v"),
        "attributes.pin=pin",
    ],
)


@given(st.lists(ROW, min_size=1, max_size=12), st.booleans())
@settings(max_examples=150)
def test_whatever_is_read_is_a_payment_for_the_job_too(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]], rounded: bool
) -> None:
    layout = replace(WIDE, amounts=AmountRules(rounded, rounded))
    path = tmp_path_factory.mktemp("rows") / "own.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    rejects: list[Reject] = []
    tally = Tally()
    kept = 0
    for batch in read(path, layout, TOKENIZER, rejects.append, tally=tally):
        for payment in payments(pa.Table.from_batches([batch])):
            value = encode_transaction(payment)
            assert parse_transaction(value, payment.card_id.encode(), 2**42) == payment
            kept += 1
    assert kept + len(rejects) + tally.counts["refunds_left_out"] == len(rows)
    assert {reject.code for reject in rejects} <= REASONS.keys()
    for reject in rejects:
        written = f"{reject.sentence} {reject.values}"
        assert written == masked_line(written)


def test_a_refusal_of_the_reader_is_one_of_the_job(tmp_path: Path) -> None:
    for amount in ("-1", "12.345", "x", "inf"):
        value = json.dumps(
            {
                "transaction_id": "t1",
                "card_id": "c1",
                "timestamp": "2024-05-01T12:00:00Z",
                "amount": amount,
                "currency": "EUR",
                "merchant_id": "m1",
            }
        ).encode()
        with pytest.raises(EventError) as caught:
            parse_transaction(value, b"c1", 2**42)
        _, rejects = read_rows(write_csv(tmp_path / "own.csv", [{**GOOD_ROW, "sum": amount}]))
        assert rejects[0].code == caught.value.code
