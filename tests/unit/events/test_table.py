"""Payments as a table."""

from typing import Any

import pyarrow as pa
import pytest

from events.errors import EventError
from events.table import attribute_names, check_table, payments, table_schema
from events.transaction import Transaction
from tests.unit.events.samples import NOW_MS

FULL = Transaction(
    "tx-1", "card-1", NOW_MS, 1234, "EUR", "m-1", "5411", "online", "DE", "Köln", 50.9, 6.9,
    "customer-1", "device-1", "ip-1", "Asia/Kathmandu", "NP", {"V1": 1.5},
)  # fmt: skip
LEAST = Transaction("tx-2", "card-2", NOW_MS + 1, 0, "JPY", "m-2")


def table(**columns: Any) -> pa.Table:
    """Return two rows, FULL and LEAST, with columns replaced; ... removes one."""
    data: dict[str, Any] = {
        name: [getattr(FULL, name), getattr(LEAST, name)]
        for name in table_schema().names
        if name != "is_fraud"
    }
    data |= {"is_fraud": [True, None], "attributes.V1": [1.5, None]} | columns
    return pa.table({name: column for name, column in data.items() if column is not ...})


def test_rows_become_payments() -> None:
    """A missing attribute is absent from its payment, null or NaN alike."""
    assert list(payments(check_table(table()))) == [FULL, LEAST]
    with_nan = table(**{"attributes.V1": [1.5, float("nan")]})
    assert list(payments(check_table(with_nan))) == [FULL, LEAST]


def test_checked_table_has_its_schema() -> None:
    """Absent optional columns come back as nulls, narrower types as declared."""
    optional = dict.fromkeys(table_schema().names[6:], ...)
    small = table(
        **optional,
        **{"attributes.V1": ...},
        amount_minor=pa.array([1234, 0], pa.int32()),
        card_id=pa.array(["card-1", "card-2"]).dictionary_encode(),
    )
    checked = check_table(small)
    assert checked.schema == table_schema()
    assert [payment.city for payment in payments(checked)] == [None, None]
    assert attribute_names(checked) == ()


def test_order_of_rows_and_chunks_is_kept() -> None:
    """Training relies on it."""
    both = pa.concat_tables([table(), table()])
    assert list(payments(check_table(both))) == [FULL, LEAST, FULL, LEAST]


def test_empty_table_is_fine() -> None:
    """No rows, no payments."""
    assert list(payments(check_table(table_schema(("V1",)).empty_table()))) == []


@pytest.mark.parametrize(
    ("column", "values", "code"),
    [
        ("merchant_id", ..., "bad_table"),
        ("surname", ["a", "b"], "bad_table"),
        ("amount_minor", ["a", "b"], "bad_table"),
        ("amount_minor", [1.5, 2.0], "bad_table"),
        ("timestamp_ms", [NOW_MS, None], "missing_field"),
        ("timestamp_ms", [NOW_MS, NOW_MS // 1000], "bad_timestamp"),
        ("amount_minor", [1, -1], "bad_amount"),
        ("amount_minor", [1, 2**40], "bad_amount"),
        ("currency", ["EUR", "EURO"], "bad_currency"),
        ("time_zone", ["Asia/Kathmandu", "asia/kathmandu"], "bad_time_zone"),
        ("home_country", [None, "np"], "bad_home_country"),
        ("transaction_id", ["a", ""], "bad_identifier"),
        ("city", [None, "x" * 129], "bad_identifier"),
        ("city", [None, "a\x1bb"], "bad_identifier"),
        ("lat", [50.9, 91.0], "bad_coordinates"),
        ("lat", [50.9, 1.0], "bad_coordinates"),
        ("lat", [50.9, float("nan")], "bad_coordinates"),
        ("attributes.V1", [None, float("inf")], "bad_attributes"),
        ("attributes." + "x" * 65, [1.0, 1.0], "bad_table"),
        ("card_id", ["card-1", "4111-1111-1111-1111"], "card_number"),
        ("card_id", ["card-1", "tok_4111111111111111"], "card_number"),
        ("city", [None, "4111 1111 1111 1111"], "card_number"),
        ("device_id", ["d", ";4111111111111111=2512?"], "card_data"),
    ],
)
def test_refusals_name_column_and_row(column: str, values: Any, code: str) -> None:
    """The sentence is enough to find the cell."""
    with pytest.raises(EventError) as caught:
        check_table(table(**{column: values}))
    assert caught.value.code == code
    assert column in caught.value.sentence or code == "bad_table"
    assert "row 1" in caught.value.sentence or code == "bad_table"
    assert "4111" not in caught.value.sentence
